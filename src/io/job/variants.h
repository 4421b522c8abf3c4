/* A job's specifications: its keys read with every combination of the values of its label axes. */
#ifndef IO_JOB_VARIANTS_H
#define IO_JOB_VARIANTS_H

#include "io/job/job.h"

/* Read all keys except the axes, which have been read already, into the job and its variants. A key that only
 * an axis sets has its first value in j->base. */
status job_variants_read(job *j, error_info *error);

size_t job_variant_count(const job *j);

/* The combination of label values at a position of the grid. index: (axis_count) */
size_t job_variant_of(const job *j, const size_t index[GRID_MAX_AXES]);

/* Whether a variant is that of cells with this value of an axis. */
bool job_variant_has(const job *j, size_t variant, int axis, size_t index);

/* The first position of the grid with a variant. */
void job_variant_position(const job *j, size_t variant, size_t index[GRID_MAX_AXES]);

/* Put the label values of a variant into the job's tree, so that places found there are those of its keys. */
status job_variant_select(const job *j, size_t variant, error_info *error);

/* Store a value of a number axis, or the numbers of a draw, over a variant. */
void job_apply_number(const job *j, int axis, size_t index, training_spec *spec);

#endif

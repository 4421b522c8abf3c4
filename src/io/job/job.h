/* The job file: YAML in, a checked job out. */
#ifndef IO_JOB_JOB_H
#define IO_JOB_JOB_H

#include <stdint.h>
#include <stdio.h>

#include "base/status.h"
#include "engine/engine.h"
#include "grid/grid.h"
#include "io/data/data_spec.h"

typedef struct job_details job_details; /* private: where keys are in the file, what axes set */

typedef struct job {
    char *path;
    char *text; /* the file, byte for byte */
    char name[GRID_NAME_SIZE];
    char title[256];
    uint64_t seed;
    double checkpoint_every; /* seconds; 0: only at a stop; OPTION_AUTO: if a cell takes long */
    data_spec data;
    training_spec base; /* with the first value of every axis of labels, before any number is applied */
    grid grid;
    job_details *details;
    char *canonical; /* one "key = value" line per key that matters to the results, defaults included,
                        sorted; two jobs with equal text here have equal results */
    uint64_t digest; /* hash_bytes of canonical */
} job;

/* Read, check and complete the job file at `path`, with the `count` settings "KEY=VALUE" applied over it.
 * Every mistake is STATUS_USAGE with "FILE:LINE:COLUMN: what, the value, what is accepted, nearest known key"
 * ("--set KEY=VALUE: …" for a setting). An unreadable file is STATUS_IO. */
status job_load(job **out, const char *path, const char *const settings[], int count, error_info *error);

/* The settings that a job was read with, "KEY=VALUE", as a JSON list: a results file keeps it with the text
 * of the job file. The caller frees *list. */
status job_list_settings(const job *j, char **list, error_info *error);

/* Read a job again from what a results file keeps of it, as job_load does, with the `count` settings applied
 * over those of the list. `path` names the text in messages; relative paths in it begin in its directory. */
status job_restore(job **out, const char *path, const char *text, const char *list,
                   const char *const settings[], int count, error_info *error);

/* Whether sweep.where leaves a cell out: it is not to be trained. */
bool job_leaves_out(const job *j, size_t cell);

/* Unmark these cells in selected (cells); how many were marked. */
size_t job_drop_left_out(const job *j, bool *selected);

/* Whether the values of an axis were drawn. */
bool job_axis_is_drawn(const job *j, int axis);

/* The specification of one cell, which points to what the job owns. */
void job_cell_spec(const job *j, size_t cell, training_spec *spec);

/* Check every combination of labels and every number of an axis against the data (engine_plan), and give the
 * plan of the base specification (`plan` may be NULL). Messages name the place in the job file. */
status job_check(const job *j, const dataset *data, training_plan *plan, error_info *error);

/* The layout that has room for what every cell records: cells may differ in steps, epochs and models. After
 * job_check. STATUS_USAGE when a combination of axis values is impossible, or a record is never due. */
status job_layout(const job *j, const dataset *data, record_layout *layout, error_info *error);

/* The canonical text of the job with fewer values on its axes, other axes first, or without axes that have a
 * base, which it then has. Each axis of `part` is one of the job's (grid_find_axis), and each of its values
 * is on that (grid_find_value). The caller frees *canonical, also on failure. */
status job_part_canonical(const job *j, const grid *part, char **canonical, error_info *error);

/* The differences between two canonical texts, one "key: a → b" per line, for people. */
void job_print_differences(FILE *out, const char *canonical_a, const char *canonical_b);

/* The reference of all keys as Markdown: docs/job-format.md is this text. */
void job_print_reference(FILE *out);

void job_destroy(job **j);

#endif

/* The keys of a job file. */
#ifndef IO_JOB_TABLE_H
#define IO_JOB_TABLE_H

#include "io/job.h"
#include "io/option.h"

/* What a job remembers beyond its public part, for messages and for setting axis values. */
struct job_details {
    tree_node *tree; /* the file with the settings applied */
    char **sources;  /* (source_count) "--set KEY=VALUE", named by places in the tree */
    int source_count;
    const option *targets[GRID_MAX_AXES]; /* what each axis sets; NULL for the run axis */
};

/* Options whose object is a job. */
extern const option_table job_table;

/* Where an axis stores its value in the specification of a cell. Only options of the training_spec with a
 * number type can be set by an axis. */
bool job_option_is_settable(const option *o);
void *job_option_value(const option *o, training_spec *spec);

#endif

/* The keys of a job file. */
#ifndef IO_JOB_TABLE_H
#define IO_JOB_TABLE_H

#include "io/job/initial_parameters.h"
#include "io/job/job.h"
#include "io/option/option.h"

enum { AXIS_MAX_KEYS = 16 };

/* What one axis does. Its nodes belong to the job's tree. */
typedef struct job_axis {
    int key_count; /* 0: the run axis */
    const tree_node *keys[AXIS_MAX_KEYS];
    bool zipped;                                   /* several keys: each value is a list of the same length */
    const tree_node *values, *linspace, *logspace; /* as written; one of them is */
    const tree_node *base;                         /* as written; NULL: none */
    const option *number;                          /* AXIS_NUMBER: what the key takes, and … */
    size_t offset;                                 /* … where its value is in a training_spec */
} job_axis;

/* The private part of a job. */
struct job_details {
    tree_node *tree; /* the file with the settings applied, completed by axis values (job_variants.h) */
    char **sources;  /* (source_count) "--set KEY=VALUE", named by places in the tree */
    int source_count;
    job_axis axes[GRID_MAX_AXES];
    job_array *arrays;       /* that the specifications point to */
    training_spec *variants; /* by combination of the values of label axes, the last axis fastest */
};

/* Options whose object is a job. */
extern const option_table job_table;

#endif

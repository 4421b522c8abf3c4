/* The keys of a job file. */
#ifndef IO_JOB_TABLE_H
#define IO_JOB_TABLE_H

#include "io/job/initial_parameters.h"
#include "io/job/job.h"
#include "io/option/option.h"

enum { AXIS_MAX_KEYS = 16 };

/* How a drawn axis takes the values of a key from its range. */
typedef enum draw_kind { DRAW_UNIFORM, DRAW_LOG_UNIFORM, DRAW_INTEGERS, DRAW_CHOICE, DRAW_KINDS } draw_kind;
typedef enum draw_sequence { DRAW_RANDOM, DRAW_SOBOL } draw_sequence;

/* One key of a drawn axis. */
typedef struct drawn_key {
    draw_kind kind;
    const tree_node *range;  /* as written: [low, high], or the choices */
    const option *number;    /* what the key takes, and … */
    size_t offset;           /* … where its value is, in a training_spec or … */
    layer_path layer;        /* … in this layer of it; number NULL: it takes words */
    double *numbers;         /* (count), or … */
    const tree_node **words; /* … (count): the choices that were drawn */
} drawn_key;

/* What a drawn axis sets. */
typedef struct job_draws {
    drawn_key keys[AXIS_MAX_KEYS]; /* (key_count) */
    /* Of several keys, draws with the same words share a specification: */
    size_t combinations;    /* 1 when all keys take numbers */
    size_t *combination_of; /* (count) */
    size_t *first_with;     /* (combinations) the first draw that has it */
} job_draws;

typedef struct axis_key {
    const char *text; /* not owned */
    tree_place place;
} axis_key;

/* What one axis does. Its nodes belong to the job's tree. */
typedef struct job_axis {
    int key_count; /* 0: the run axis */
    axis_key keys[AXIS_MAX_KEYS];
    bool zipped;                                   /* several keys: each value is a list of the same length */
    const tree_node *values, *linspace, *logspace; /* as written; or … */
    const tree_node *ranges[DRAW_KINDS];           /* … of a drawn axis; one of them is there */
    const tree_node *base;                         /* as written; NULL: none */
    int count, sequence;                           /* of a drawn axis: 0: not written; a draw_sequence */
    const option *number;                          /* AXIS_NUMBER of one key: what it takes, and … */
    size_t offset;                                 /* … where its value is, in a training_spec or … */
    layer_path layer;                              /* … in this layer of it */
    job_draws *draws;                              /* owned; NULL: the axis is not drawn */
} job_axis;

/* A combination of axis values that sweep.where leaves out. */
typedef struct job_rule {
    bool *chosen[GRID_MAX_AXES]; /* (count of the axis) whether it has the value; NULL: it has all */
} job_rule;

/* The private part of a job. */
struct job_details {
    tree_node *tree; /* the file with the settings applied, completed by axis values (job_variants.h) */
    char **sources;  /* (source_count) "--set KEY=VALUE", named by places in the tree */
    int source_count;
    job_axis axes[GRID_MAX_AXES];
    size_t rule_count;
    job_rule *rules;
    job_array *arrays;       /* that the specifications point to */
    training_spec *variants; /* by combination of the values of label axes, the last axis fastest */
};

/* Options whose object is a job. */
extern const option_table job_table;

#endif

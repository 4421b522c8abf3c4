/* Drawn axes in the sweep section of a job file: ranges from which the values of keys are drawn. */
#ifndef IO_JOB_DRAWN_AXIS_H
#define IO_JOB_DRAWN_AXIS_H

#include "base/name_table.h"
#include "io/job/table.h"

extern const option_type option_draw_range, option_draw_choice;
extern const name_table draw_sequence_names;

enum { MOST_DRAWS = 1000000 };

/* Rows of options: the ranges of one `object`, whose `field` is a node for each kind; and of an axis, how
 * many are drawn and how. */
#define DRAWN_AXIS_RANGE(object, field, kind) offsetof(object, field) + (kind) * sizeof(const tree_node *)
#define DRAWN_AXIS_OPTIONS(object, field)                                                                    \
    {"uniform", &option_draw_range, DRAWN_AXIS_RANGE(object, field, DRAW_UNIFORM), .default_text = "",       \
     .help = "numbers drawn evenly between low and high"},                                                   \
        {"log_uniform", &option_draw_range, DRAWN_AXIS_RANGE(object, field, DRAW_LOG_UNIFORM),               \
         .default_text = "", .help = "numbers whose logarithm is drawn evenly; both ends are above 0"},      \
        {"integers", &option_draw_range, DRAWN_AXIS_RANGE(object, field, DRAW_INTEGERS), .default_text = "", \
         .help = "integers from low to high, both included, drawn evenly"},                                  \
    {                                                                                                        \
        "choice", &option_draw_choice, DRAWN_AXIS_RANGE(object, field, DRAW_CHOICE),                         \
            .default_text = "", .help = "one of these values, drawn evenly"                                  \
    }
#define DRAWN_AXIS_COUNT_OPTIONS                                                                             \
    {"count",                                                                                                \
     &option_integer,                                                                                        \
     offsetof(job_axis, count),                                                                              \
     .min = 1,                                                                                               \
     .max = MOST_DRAWS,                                                                                      \
     .default_text = "",                                                                                     \
     .help = "how many values are drawn; a larger count keeps those of a smaller one"},                      \
    {                                                                                                        \
        "sequence", &option_choice, offsetof(job_axis, sequence),                                            \
            .choices = &draw_sequence_names, .default_text = "random",                                       \
            .help = "independent draws, or Sobol's sequence, whose points lie more evenly"                   \
    }

/* Whether the axis is written as a map of keys to their ranges, `{optimizer.lr: {uniform: [0, 1]}, count:
 * 9}`, and the reading of one. */
bool drawn_axis_is_map(const tree_node *entry);
status drawn_axis_read_map(job_axis *source, const tree_node *entry, error_info *error);

/* Give each key of an axis with `set` its range, when it has ranges. Nothing for a listed axis. */
status drawn_axis_read(job_axis *source, const tree_node *entry, error_info *error);

/* Check the ranges of the axis `index` and draw its values into the grid: of one key they are the values of
 * the axis, all different; of several the axis has the numbers of the draws, and each key an auxiliary
 * coordinate, still without a name. */
status drawn_axis_take(job *j, int index, error_info *error);

#endif

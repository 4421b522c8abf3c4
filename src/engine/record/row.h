/* What a recorded quantity is: a row of names, checks and functions. numbers.c, layers.c and samples.c have
 * the rows, records.c the list. Private to the records.
 *
 * A row has two halves: `add` lays out what a specification has recorded, before any training; `write`
 * gives the values of one moment. */
#ifndef ENGINE_RECORD_ROW_H
#define ENGINE_RECORD_ROW_H

#include "engine/record/records.h"
#include "engine/trainer.h"

typedef struct record_row record_row;

/* A layout in the making. */
typedef struct builder {
    const training_spec *spec;
    const dataset *data;
    const model *model;
    long steps;
    record_layout *layout;
    fault *fault;
    const record_row *row; /* of the quantity that is added */
    const measurement *of;
    error_info *error;
} builder;

/* One moment as it is written. */
typedef struct note {
    trainer *trainer;
    const moment *moment;
    const record_row *row; /* of the quantity that is written */
    const measurement *of;
    loss_sums sums[SET_COUNT]; /* samples 0: not evaluated yet */
    bool has_test_gradient;    /* in the model's gradient block */
} note;

struct record_row {
    const char *long_name;
    bool of_classes; /* needs them */
    bool of_numbers; /* needs a regression */
    /* Add the variables of the quantity. STATUS_USAGE and its fault when it cannot be. */
    status (*add)(builder *b, record_quantity q);
    /* The values of this moment → out (record_moment_size). */
    void (*write)(note *n, const record_variable *v, float *out);
    /* Samples that a moment of it runs the model on, in addition to those that it is measured on; NULL:
     * none. */
    double (*samples)(const record_variable *v, const record_spec *r, size_t test_samples);
    bool differentiates; /* … forward and backward */
};

#define X(quantity, name) extern const record_row record_##name;
RECORD_QUANTITIES(X)
#undef X

const record_row *record_row_of(record_quantity q);

/* The sums of a set, which is evaluated once, however many records need it. */
const loss_sums *note_sums(note *n, sample_set set);

/* Where a field of a quantity's record_spec is in a training_spec. */
#define RECORD_FIELD(q, field)                                                                               \
    (offsetof(training_spec, records) + (size_t)(q) * sizeof(record_spec) + offsetof(record_spec, field))

/* STATUS_USAGE; `field`: the offset in a training_spec of what is refused. */
status record_refuse(const builder *b, size_t field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add a variable to the layout. */
status record_append(const builder *b, const record_variable *v);

/* The variable of a quantity, without dimensions. */
record_variable record_new_variable(const builder *b, record_quantity q);

/* Add a dimension 0, 1, …; the second has a name that no other variable's has: "weights_0_output". */
record_dimension *record_add_dimension(record_variable *v, const char *name, size_t length);
record_dimension *record_add_own_dimension(record_variable *v, const char *name, size_t length);

#endif

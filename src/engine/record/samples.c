/* Of the test samples, one by one, and of a grid of points. */
#include "engine/record/row.h"

static status add_test_samples(builder *b, record_quantity q) {
    record_variable v = record_new_variable(b, q);
    record_add_dimension(&v, "test_sample", b->data->test.count);
    if (q == RECORD_TEST_INPUT)
        record_add_own_dimension(&v, "feature", shape_size(b->data->shape));
    return record_append(b, &v);
}

/* The predictions for the samples of the last pass (count, outputs), in the memory of the output's
 * gradient. */
static const real *outputs_of(trainer *t, size_t count) {
    real *outputs = model_output_gradient(&t->model);
    loss_outputs(&t->loss, model_output(&t->model), count, outputs);
    return outputs;
}

/* Run the model on the test set, chunk by chunk: `write` turns the outputs z (count, K) of the last pass into
 * the values of its samples, out (count). */
static void write_chunks(trainer *t, void (*write)(trainer *t, const real *z, size_t count, float *out),
                         float *out) {
    const dataset_split *test = &t->data->test;
    for (size_t first = 0; first < test->count && !trainer_is_stopped(t); first += t->model.capacity) {
        const size_t count = trainer_forward(t, test, first);
        write(t, model_output(&t->model), count, out + first);
    }
}

static void chunk_probabilities(trainer *t, const real *z, size_t count, float *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = (float)loss_probability(&t->loss, z + i * (size_t)t->loss.outputs, t->targets.labels[i]);
}

static void chunk_classes(trainer *t, const real *z, size_t count, float *out) {
    for (size_t i = 0; i < count; i++)
        out[i] = (float)loss_class(&t->loss, z + i * (size_t)t->loss.outputs);
}

/* The first output of each. */
static void chunk_outputs(trainer *t, const real *z, size_t count, float *out) {
    z = outputs_of(t, count);
    for (size_t i = 0; i < count; i++)
        out[i] = (float)z[i * (size_t)t->loss.outputs];
}

static void write_probabilities(note *n, const record_variable *v, float *out) {
    (void)v;
    write_chunks(n->trainer, chunk_probabilities, out);
}

static void write_predictions(note *n, const record_variable *v, float *out) {
    (void)v;
    write_chunks(n->trainer, n->trainer->data->classes > 0 ? chunk_classes : chunk_outputs, out);
}

static void write_targets(note *n, const record_variable *v, float *out) {
    (void)v;
    const trainer *t = n->trainer;
    const dataset_split *test = &t->data->test;
    for (size_t i = 0; i < test->count; i++) {
        const size_t place = split_place(test, i);
        out[i] = test->labels != NULL ? (float)test->labels[place]
                                      : test->targets[place * (size_t)t->data->target_count];
    }
}

static void write_inputs(note *n, const record_variable *v, float *out) {
    (void)v;
    const trainer *t = n->trainer;
    const dataset_split *test = &t->data->test;
    const size_t size = shape_size(t->data->shape);
    for (size_t i = 0; i < test->count; i++)
        for (size_t k = 0; k < size; k++)
            *out++ = split_value(test, size, i, k);
}

static double all_samples(const record_variable *v, const record_spec *r, size_t test_samples) {
    (void)v, (void)r;
    return (double)test_samples;
}

const record_row record_test_probability = {.long_name = "probability given to the true class",
                                            .add = add_test_samples,
                                            .write = write_probabilities,
                                            .of_classes = true,
                                            .samples = all_samples};
const record_row record_test_prediction = {.long_name = "predicted class, or output of a regression",
                                           .add = add_test_samples,
                                           .write = write_predictions,
                                           .samples = all_samples};
const record_row record_test_target = {
    .long_name = "true class, or target of a regression", .add = add_test_samples, .write = write_targets};
const record_row record_test_input = {.long_name = "features of the test samples as they are stored",
                                      .add = add_test_samples,
                                      .write = write_inputs};

/* ---- Grid ----------------------------------------------------------------------------------------- */

static status add_grid(builder *b, record_quantity q) {
    const record_spec *r = &b->spec->records[q];
    const size_t features = shape_size(b->data->shape);
    if (features != 2)
        return record_refuse(b, RECORD_FIELD(q, every), "the samples have %zu features; accepted: 2",
                             features);
    if (r->points < 2 || !(r->from < r->to))
        return record_refuse(b, RECORD_FIELD(q, points),
                             "%d points from %g to %g; accepted: at least 2 points, in rising order",
                             r->points, r->from, r->to);
    record_variable v = record_new_variable(b, q);
    for (int i = 0; i < 2; i++) {
        record_dimension *d = record_add_dimension(&v, i == 0 ? "grid_y" : "grid_x", (size_t)r->points);
        d->first = r->from;
        d->step = (r->to - r->from) / (r->points - 1);
    }
    record_add_dimension(&v, "output", shape_size(model_output_shape(b->model)));
    return record_append(b, &v);
}

/* Row after row of the grid, in chunks that the model takes at once. Points are samples (x, y). */
static void write_grid(note *n, const record_variable *v, float *out) {
    trainer *t = n->trainer;
    const size_t columns = v->dims[1].length, width = v->dims[2].length;
    for (size_t row = 0; row < v->dims[0].length && !trainer_is_stopped(t); row++) {
        float *points = t->recorder.points;
        for (size_t column = 0; column < columns; column++) {
            points[2 * column] = (float)(v->dims[1].first + (double)column * v->dims[1].step);
            points[2 * column + 1] = (float)(v->dims[0].first + (double)row * v->dims[0].step);
        }
        const dataset_split split = {.count = columns, .features = points};
        for (size_t first = 0; first < columns; first += t->model.capacity) {
            const size_t count = trainer_forward(t, &split, first);
            const real *outputs = outputs_of(t, count);
            for (size_t i = 0; i < count * width; i++)
                *out++ = (float)outputs[i];
        }
    }
}

static double grid_samples(const record_variable *v, const record_spec *r, size_t test_samples) {
    (void)v, (void)test_samples;
    return (double)r->points * r->points;
}

const record_row record_grid_output = {.long_name = "outputs over a grid of points",
                                       .add = add_grid,
                                       .write = write_grid,
                                       .samples = grid_samples};

/* Every row of every table is complete: a name of its own, and the functions that its users call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/initializers.h"
#include "engine/losses.h"
#include "engine/optimizers.h"
#include "engine/record/row.h"
#include "engine/schedules.h"
#include "io/data/format.h"
#include "io/job/key_tables.h"
#include "io/job/table.h"
#include "io/option/yaml_tree.h"
#include "model_memory.h"

/* ---- Names ------------------------------------------------------------------------------------- */

static void check_names(const name_table *table, size_t count, const char *what) {
    if (table->count != count)
        fail_msg("%s: %zu rows for %zu kinds", what, table->count, count);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_at(table, i);
        if (name == NULL || *name == '\0')
            fail_msg("%s: row %zu has no name", what, i);
        if (name_find(table, name) != i)
            fail_msg("%s: row %zu has the name of row %zu, %s", what, i, name_find(table, name), name);
    }
    assert_int_equal(name_find(table, "no such name"), count);
}

static void test_names(void **state) {
    (void)state;
    check_names(&layer_names, LAYER_KIND_COUNT, "layers");
    check_names(&initializer_names, INIT_KIND_COUNT, "initialisers");
    check_names(&loss_names, LOSS_KIND_COUNT, "losses");
    check_names(&optimizer_names, OPTIMIZER_KIND_COUNT, "optimisers");
    check_names(&schedule_names, SCHEDULE_KIND_COUNT, "schedules");
    check_names(&record_names, RECORD_QUANTITY_COUNT, "records");
    check_names(&data_source_names, DATA_SOURCE_COUNT, "data sources");
}

static void test_joined_names(void **state) {
    (void)state;
    char text[32];
    names_join(&optimizer_names, 1 << OPTIMIZER_SGD | 1 << OPTIMIZER_ADAM, " or ", text, sizeof text);
    assert_string_equal(text, "sgd or adam");
    names_join(&optimizer_names, 0, " or ", text, sizeof text);
    assert_string_equal(text, "");
    names_join(&optimizer_names, ~0u, ", ", text, 9);
    assert_string_equal(text, "sgd, nes");
}

/* ---- The engine's tables ----------------------------------------------------------------------- */

static void test_layers(void **state) {
    (void)state;
    for (int kind = 0; kind < LAYER_KIND_COUNT; kind++) {
        const layer_ops *ops = layer_ops_of((layer_kind)kind);
        const char *name = name_at(&layer_names, (size_t)kind);
        assert_non_null(ops);
        if (ops->setup == NULL && ops->keeps_values)
            continue; /* left out of models */
        if (ops->setup == NULL || ops->forward == NULL || ops->backward == NULL)
            fail_msg("%s: setup, forward and backward are not all there", name);
        if (ops->weights != NULL && ops->parameter_place == NULL)
            fail_msg("%s has weights without places", name);
    }
}

static void test_losses(void **state) {
    (void)state;
    model_spec end = {.layers = {{.kind = LAYER_DENSE}, {.kind = LAYER_SIGMOID}}};
    for (int kind = 0; kind < LOSS_KIND_COUNT; kind++) {
        end.layer_count = kind == LOSS_BINARY_CROSS_ENTROPY_WITH_LOGITS ? 1 : 2;
        loss_function l;
        const loss_spec spec = {.kind = (loss_kind)kind};
        assert_int_equal(loss_open(&l, &spec, &end, 2, NULL), STATUS_OK);
        if (l.of_sample == NULL || l.model_layers < 1)
            fail_msg("%s: there is no loss of a sample", name_at(&loss_names, (size_t)kind));
    }
}

/* One dense layer of two inputs and one output, with its memory. */
static void open_line(model *m, arena *memory, initializer_kind init) {
    const model_spec spec = {.init.weights = {init, 0.5, 0},
                             .init.biases = {init, 0.5, 0},
                             .layer_count = 1,
                             .layers = {{.kind = LAYER_DENSE, .units = 1, .bias = true}}};
    assert_int_equal(model_build(m, &spec, 0, (tensor_shape){2, 1, 1}, 1, NULL), STATUS_OK);
    take_model_memory(m, memory);
    initialize_parameters(m, &spec, 1, 2);
}

static void test_initializers(void **state) {
    (void)state;
    for (int kind = 0; kind < INIT_KIND_COUNT; kind++) {
        model m;
        arena memory = {0};
        open_line(&m, &memory, (initializer_kind)kind);
        real sum = 0;
        for (size_t i = 0; i < m.parameter_reals; i++)
            sum += m.parameters[i] * m.parameters[i];
        if (!(sum > 0 && isfinite(sum)))
            fail_msg("%s draws %g", name_at(&initializer_names, (size_t)kind), (double)sum);
        arena_release(&memory);
    }
}

static void test_optimizers(void **state) {
    (void)state;
    for (int kind = 0; kind < OPTIMIZER_KIND_COUNT; kind++) {
        const char *name = name_at(&optimizer_names, (size_t)kind);
        const optimizer_spec spec = {.kind = (optimizer_kind)kind, .beta1 = 0.9, .beta2 = 0.99, .rho = 0.9};
        model m;
        optimizer o;
        arena model_memory = {0}, memory = {0}, sizes = {0};
        open_line(&m, &model_memory, INIT_CONSTANT);
        optimizer_carve(&o, &spec, &m, &sizes);
        assert_int_equal(arena_reserve(&memory, sizes.used, NULL), STATUS_OK);
        memset(memory.memory, 0, sizes.used);
        optimizer_carve(&o, &spec, &m, &memory);
        if (optimizer_is_full_batch(spec.kind)) {
            assert_true(o.point != NULL && o.best != NULL);
        } else {
            m.gradients[0] = 1;
            optimizer_step(&o, &m, 0.1, 1);
            if (!(m.parameters[0] < (real)0.5))
                fail_msg("%s: a step leads from 0.5 to %g", name, (double)m.parameters[0]);
        }
        arena_release(&memory);
        arena_release(&model_memory);
    }
}

static void test_schedules(void **state) {
    (void)state;
    for (int kind = 0; kind < SCHEDULE_KIND_COUNT; kind++) {
        const schedule_spec spec = {.kind = (schedule_kind)kind,
                                    .factor = 0.5,
                                    .every = 1,
                                    .count = 1,
                                    .values = {3},
                                    .base = 0.1,
                                    .max = 1,
                                    .half_cycle = 2,
                                    .start = 1,
                                    .end = 0.5,
                                    .div_factor = 25,
                                    .final_div_factor = 100};
        schedule s;
        schedule_open(&s, &spec, 0.1, 3, 4);
        const double rate = schedule_rate(&s, 1, 0);
        if (!(rate > 0 && isfinite(rate)))
            fail_msg("%s: a rate of %g", name_at(&schedule_names, (size_t)kind), rate);
    }
}

static void test_records(void **state) {
    (void)state;
    for (int q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        const record_row *row = record_row_of((record_quantity)q);
        const measurement *of = record_measurement((record_quantity)q);
        const char *name = name_at(&record_names, (size_t)q);
        if (row->long_name == NULL || *row->long_name == '\0')
            fail_msg("%s has no long name", name);
        if (row->add == NULL || row->write == NULL)
            fail_msg("%s: add and write are not both there", name);
        if (of->measure != MEASURE_NONE && of->set == SET_NONE)
            fail_msg("%s is measured on no samples", name);
    }
}

/* The functions of a set begin with `product` and fill the rest of it. */
static void test_kernel_sets(void **state) {
    (void)state;
    typedef void (*function)(void);
    enum { FUNCTIONS = (sizeof(kernel_set) - offsetof(kernel_set, product)) / sizeof(function) };
    int count = 0;
    for (const kernel_set *const *set = kernels_available(); *set != NULL; set++, count++) {
        function functions[FUNCTIONS];
        memcpy(functions, (const char *)*set + offsetof(kernel_set, product), sizeof functions);
        assert_true((*set)->name != NULL && (*set)->name[0] != '\0' && (*set)->lanes > 0);
        for (int i = 0; i < FUNCTIONS; i++)
            if (functions[i] == NULL)
                fail_msg("%s: function %d of the set is missing", (*set)->name, i);
        for (int i = 0; i < count; i++)
            assert_string_not_equal(kernels_available()[i]->name, (*set)->name);
    }
    assert_true(count >= 1);
    assert_string_equal(kernels_available()[count - 1]->name, "reference");
}

/* ---- The job's tables -------------------------------------------------------------------------- */

static void test_data_formats(void **state) {
    (void)state;
    for (int source = 0; source < DATA_SOURCE_COUNT; source++) {
        const data_format *format = data_format_of((data_source)source);
        const bool drawn = DATA_POINTS >> source & 1,
                   reads = format->describe != NULL && format->read != NULL;
        if (drawn == reads || drawn != (format->points.points.kind != POINTS_NONE))
            fail_msg("%s: neither read nor drawn", name_at(&data_source_names, (size_t)source));
        if ((DATA_FILES >> source & 1) == (format->home == HOME_NONE))
            fail_msg("%s: the sets of sources and its home differ",
                     name_at(&data_source_names, (size_t)source));
    }
}

static const option *find_row(const char *key, size_t before) {
    for (size_t i = 0; i < before; i++)
        if (strcmp(job_table.options[i].key, key) == 0)
            return &job_table.options[i];
    return NULL;
}

/* What a key depends on is a choice or may be left out, and stands before it. */
static void test_job_table(void **state) {
    (void)state;
    for (size_t i = 0; i < job_table.count; i++) {
        const option *o = &job_table.options[i];
        assert_true(o->key != NULL && *o->key != '\0' && o->type != NULL);
        if (o->help == NULL || *o->help == '\0')
            fail_msg("%s has no help", o->key);
        if (o->type == &option_choice && (o->choices == NULL || o->choices->count < 2))
            fail_msg("%s has no choices", o->key);
        const option *condition = o->only_if != NULL ? find_row(o->only_if, i) : NULL;
        if (o->only_if != NULL && condition == NULL)
            fail_msg("%s depends on %s, which no row before it has", o->key, o->only_if);
        if (condition != NULL && condition->type->is_given == NULL && o->only_values == 0)
            fail_msg("%s depends on no value of %s", o->key, o->only_if);
        if (o->omits_default && o->default_text == NULL)
            fail_msg("%s omits a default that it does not have", o->key);
        if ((o->omits_for & ~o->only_values) != 0 || (o->omits_for != 0 && !o->omits_default))
            fail_msg("%s omits its default where it is not known", o->key);
    }
}

static void test_record_keys(void **state) {
    (void)state;
    for (size_t q = 0; q < RECORD_QUANTITY_COUNT; q++) {
        char key[64];
        snprintf(key, sizeof key, "record.%s.every", name_at(&record_names, q));
        const option *o = find_row(key, job_table.count);
        if (o == NULL)
            fail_msg("%s has no row", key);
        assert_int_equal(o->offset, offsetof(job, base.records) + q * sizeof(record_spec));
    }
}

static FILE *refuse_to_begin(option_writer *w, const char *key) {
    (void)w;
    fail_msg("%s: its default is written", key);
    return NULL;
}

/* A key that omits its default has one, and it is not written. */
static void check_omitted(const option *o) {
    option_writer writer = {.begin = refuse_to_begin};
    tree_node *nothing;
    void *object = calloc(1, o->offset + o->count_offset + 512);
    option alone = *o;
    alone.only_if = NULL;
    alone.omits_for = 0;
    const option_table table = {&alone, 1};
    assert_non_null(object);
    assert_non_null(o->default_text);
    assert_int_equal(tree_parse(&nothing, "nothing", false, "{}", 2, NULL), STATUS_OK);
    assert_int_equal(option_read_all(&table, "", nothing, object, NULL), STATUS_OK);
    option_write_all(&table, "", object, &writer);
    tree_destroy(&nothing);
    free(object);
}

static void test_omitted_defaults(void **state) {
    (void)state;
    key_table table;
    int count = 0;
    for (int t = 0; job_key_table(t, &table); t++)
        for (size_t i = 0; i < table.keys->count; i++)
            if (table.keys->options[i].omits_default) {
                check_omitted(&table.keys->options[i]);
                count++;
            }
    assert_true(count > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_joined_names),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_initializers),
        cmocka_unit_test(test_optimizers),
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_kernel_sets),
        cmocka_unit_test(test_data_formats),
        cmocka_unit_test(test_job_table),
        cmocka_unit_test(test_record_keys),
        cmocka_unit_test(test_omitted_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

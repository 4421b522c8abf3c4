/* The functions of mpisweep_engine.h: they fill a training_spec and a dataset, and call the engine. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "library/mpisweep_engine.h"
#include "library/settings.h"

struct mpisweep_training {
    training_spec spec;    /* as set */
    training_spec trained; /* as `planned` was opened with: what is set later does not change it */
    dataset data;
    bool per_feature;
    float *mean, *deviation; /* (C, H, W) of the training set, where it is standardised by feature */
    training *planned;       /* NULL: nothing has been trained */
    training_report report;
    arena memory;
    int (*stop)(void *context);
    void *context;
    error_info error;
};

/* ---- Failures ---------------------------------------------------------------------------------- */

static mpisweep_status status_of(status code) {
    return code == STATUS_OK ? MPISWEEP_OK : code == STATUS_USAGE ? MPISWEEP_REFUSED : MPISWEEP_NO_MEMORY;
}

/* " (nearest: optimizer.lr)" after the message about a name that the table does not have. */
static mpisweep_status unknown(mpisweep_training *t, const char *what, const char *name,
                               const name_table *known) {
    const size_t nearest = name_nearest(known, name);
    char accepted[ERROR_TEXT_SIZE];
    error_set(&t->error, STATUS_USAGE, "there is no %s \"%.100s\"", what, name);
    if (known->count <= sizeof(unsigned) * 8) { /* as many as a set of names has bits */
        names_join(known, ~0u, ", ", accepted, sizeof accepted);
        error_append(&t->error, "; accepted: ");
        error_append(&t->error, accepted);
    }
    if (nearest < known->count) {
        error_append(&t->error, "; nearest known: ");
        error_append(&t->error, name_at(known, nearest));
    }
    return MPISWEEP_REFUSED;
}

/* The table's keys as names: a row begins with its key. */
static name_table keys_of(const setting_table *table) {
    return (name_table){table->rows, table->count, sizeof table->rows[0]};
}

static mpisweep_status unknown_key(mpisweep_training *t, const setting_table *table, const char *key) {
    const name_table keys = keys_of(table);
    return unknown(t, "key", key, &keys);
}

static mpisweep_status wrong_type(mpisweep_training *t, const char *key, const char *accepted) {
    return status_of(error_set(&t->error, STATUS_USAGE, "%s: takes %s", key, accepted));
}

/* ---- Settings ---------------------------------------------------------------------------------- */

const char *mpisweep_engine_version(void) {
    return MPISWEEP_VERSION;
}

const char *mpisweep_engine_kernels(void) {
    return engine_kernels();
}

mpisweep_training *mpisweep_create(void) {
    mpisweep_training *t = calloc(1, sizeof *t);
    if (t != NULL)
        settings_preset_training(&t->spec);
    return t;
}

static void forget_results(mpisweep_training *t) {
    free(t->report.values);
    t->report = (training_report){0};
}

static void forget_statistics(mpisweep_training *t) {
    free(t->mean);
    free(t->deviation);
    t->mean = t->deviation = NULL;
    t->data.feature_mean = t->data.feature_std = NULL;
}

void mpisweep_destroy(mpisweep_training **t) {
    if (*t == NULL)
        return;
    forget_results(*t);
    forget_statistics(*t);
    training_close(&(*t)->planned);
    arena_release(&(*t)->memory);
    free(*t);
    *t = NULL;
}

const char *mpisweep_message(const mpisweep_training *t) {
    return t->error.text;
}

static const char per_feature_key[] = "data.normalize.per_feature";

mpisweep_status mpisweep_set(mpisweep_training *t, const char *key, double value) {
    if (strcmp(key, per_feature_key) == 0) { /* of the data, not of the specification */
        t->per_feature = value != 0;
        return MPISWEEP_OK;
    }
    const setting *s = setting_find(&training_settings, key);
    if (s == NULL)
        return unknown_key(t, &training_settings, key);
    if (s->type == SETTING_LIST || s->type == SETTING_CHOICE)
        return wrong_type(
            t, key, s->type == SETTING_LIST ? "a list (mpisweep_set_list)" : "a name (mpisweep_choose)");
    return status_of(setting_store(s, &t->spec, value, &t->error));
}

mpisweep_status mpisweep_set_list(mpisweep_training *t, const char *key, const double *values, size_t count) {
    const setting *s = setting_find(&training_settings, key);
    if (s == NULL)
        return unknown_key(t, &training_settings, key);
    if (s->type != SETTING_LIST)
        return wrong_type(t, key, "a single value");
    const size_t longest = s->longest > 0 ? (size_t)s->longest : ENGINE_MAX_LIST;
    if (count > longest)
        return status_of(error_set(&t->error, STATUS_USAGE, "%s: takes at most %zu numbers", key, longest));
    double checked[ENGINE_MAX_CLASSES];
    assert(longest <= ENGINE_MAX_CLASSES);
    for (size_t i = 0; i < count; i++) {
        setting item = *s;
        item.offset = i * sizeof checked[0];
        if (setting_store(&item, checked, values[i], &t->error) != STATUS_OK)
            return MPISWEEP_REFUSED;
    }
    memcpy((char *)&t->spec + s->offset, checked, count * sizeof checked[0]);
    *(int *)((char *)&t->spec + s->count_offset) = (int)count;
    return MPISWEEP_OK;
}

mpisweep_status mpisweep_choose(mpisweep_training *t, const char *key, const char *name) {
    const setting *s = setting_find(&training_settings, key);
    if (s == NULL)
        return unknown_key(t, &training_settings, key);
    if (s->type != SETTING_CHOICE)
        return wrong_type(t, key, "numbers (mpisweep_set)");
    const size_t value = name_find(s->names, name);
    if (value == s->names->count)
        return unknown(t, key, name, s->names);
    *(int *)((char *)&t->spec + s->offset) = (int)value;
    return MPISWEEP_OK;
}

/* ---- Layers ------------------------------------------------------------------------------------ */

mpisweep_status mpisweep_add_layer(mpisweep_training *t, const char *kind) {
    model_spec *model = &t->spec.model;
    const size_t found = name_find(&layer_names, kind);
    if (found == layer_names.count)
        return unknown(t, "kind of layer", kind, &layer_names);
    if (found == LAYER_RESIDUAL)
        return status_of(
            error_set(&t->error, STATUS_USAGE,
                      "layers of the kind residual cannot be built here; accepted: all other kinds"));
    if (model->layer_count == ENGINE_MAX_LAYERS)
        return status_of(
            error_set(&t->error, STATUS_USAGE, "accepted: at most %d layers", ENGINE_MAX_LAYERS));
    layer_spec *layer = &model->layers[model->layer_count++];
    *layer = (layer_spec){.kind = (layer_kind)found};
    settings_preset_layer(layer);
    return MPISWEEP_OK;
}

/* The last layer, and its row of this key. */
static mpisweep_status find_layer_setting(mpisweep_training *t, const char *key, layer_spec **layer,
                                          const setting **found) {
    model_spec *model = &t->spec.model;
    if (model->layer_count == 0)
        return status_of(error_set(&t->error, STATUS_USAGE, "%.100s: there is no layer yet", key));
    *layer = &model->layers[model->layer_count - 1];
    if (setting_find(&layer_settings, key) == NULL)
        return unknown_key(t, &layer_settings, key);
    *found = setting_of_layer((*layer)->kind, key);
    if (*found == NULL)
        return status_of(error_set(&t->error, STATUS_USAGE, "%s: a layer of the kind %s has no such key", key,
                                   name_at(&layer_names, (*layer)->kind)));
    return MPISWEEP_OK;
}

mpisweep_status mpisweep_set_layer(mpisweep_training *t, const char *key, double value) {
    layer_spec *layer = NULL;
    const setting *s = NULL;
    const mpisweep_status found = find_layer_setting(t, key, &layer, &s);
    if (found != MPISWEEP_OK)
        return found;
    if (s->type == SETTING_CHOICE)
        return wrong_type(t, key, "a name (mpisweep_choose_layer)");
    return status_of(setting_store(s, layer, value, &t->error));
}

mpisweep_status mpisweep_choose_layer(mpisweep_training *t, const char *key, const char *name) {
    layer_spec *layer = NULL;
    const setting *s = NULL;
    const mpisweep_status found = find_layer_setting(t, key, &layer, &s);
    if (found != MPISWEEP_OK)
        return found;
    if (s->type != SETTING_CHOICE)
        return wrong_type(t, key, "a number (mpisweep_set_layer)");
    const size_t value = name_find(s->names, name);
    if (value == s->names->count)
        return unknown(t, key, name, s->names);
    *(int *)((char *)layer + s->offset) = (int)value;
    return MPISWEEP_OK;
}

/* A stride that was not set. */
static void complete(layer_spec *layer) {
    const bool pools = layer->kind == LAYER_MAX_POOL || layer->kind == LAYER_AVG_POOL;
    if (layer->stride_height == 0)
        layer->stride_height = pools ? layer->kernel_height : 1;
    if (layer->stride_width == 0)
        layer->stride_width = pools ? layer->kernel_width : 1;
}

/* ---- Records ----------------------------------------------------------------------------------- */

static record_spec *find_record(mpisweep_training *t, const char *quantity) {
    const size_t found = name_find(&record_names, quantity);
    return found < record_names.count ? &t->spec.records[found] : NULL;
}

mpisweep_status mpisweep_record(mpisweep_training *t, const char *quantity, int every, mpisweep_unit unit) {
    static const record_unit units[] = {[MPISWEEP_STEPS] = RECORD_PER_STEP,
                                        [MPISWEEP_EPOCHS] = RECORD_PER_EPOCH,
                                        [MPISWEEP_AT_END] = RECORD_AT_END};
    record_spec *r = find_record(t, quantity);
    if (r == NULL)
        return unknown(t, "quantity", quantity, &record_names);
    if (every < 0 || (unsigned)unit >= sizeof units / sizeof units[0])
        return status_of(error_set(&t->error, STATUS_USAGE,
                                   "%s: every %d of unit %d; accepted: 0 (never) or more", quantity, every,
                                   (int)unit));
    r->every = unit == MPISWEEP_AT_END ? every > 0 : every;
    r->unit = units[unit];
    r->stride = r->stride > 0 ? r->stride : 1;
    r->k = r->k > 0 ? r->k : 5;
    return MPISWEEP_OK;
}

mpisweep_status mpisweep_record_layers(mpisweep_training *t, const char *quantity, const int *layers,
                                       size_t count) {
    record_spec *r = find_record(t, quantity);
    if (r == NULL)
        return unknown(t, "quantity", quantity, &record_names);
    if (count > ENGINE_MAX_LIST)
        return wrong_type(t, quantity, "at most 16 layers");
    for (size_t i = 0; i < count; i++) {
        if (layers[i] < 0 || layers[i] >= ENGINE_MAX_LAYERS)
            return wrong_type(t, quantity, "layers from 0 to 127");
        r->layers[i] = layers[i];
    }
    r->layer_count = (int)count;
    return MPISWEEP_OK;
}

mpisweep_status mpisweep_record_k(mpisweep_training *t, const char *quantity, int k) {
    record_spec *r = find_record(t, quantity);
    if (r == NULL)
        return unknown(t, "quantity", quantity, &record_names);
    if (k < 1 || k > ENGINE_MAX_CLASSES)
        return wrong_type(t, quantity, "k from 1 to 256");
    r->k = k;
    return MPISWEEP_OK;
}

/* ---- Data -------------------------------------------------------------------------------------- */

static status check_samples(const mpisweep_data *d, const mpisweep_samples *s, const char *name,
                            error_info *error) {
    if (s->count == 0)
        return STATUS_OK;
    if ((s->features == NULL) == (s->pixels == NULL))
        return error_set(error, STATUS_USAGE, "%s: accepted: features or pixels", name);
    if (d->classes > 0 ? s->labels == NULL : s->targets == NULL)
        return error_set(error, STATUS_USAGE, "%s: no %s", name, d->classes > 0 ? "labels" : "targets");
    for (size_t i = 0; d->classes > 0 && i < s->count; i++)
        if (s->labels[i] >= d->classes)
            return error_set(error, STATUS_USAGE, "%s: label %d of sample %zu; accepted: 0 to %d", name,
                             s->labels[i], i, d->classes - 1);
    return STATUS_OK;
}

static status check_data(const mpisweep_data *d, error_info *error) {
    enum { LARGEST_SIDE = 1 << 20 };
    if (d->channels < 1 || d->height < 1 || d->width < 1 || d->channels > LARGEST_SIDE ||
        d->height > LARGEST_SIDE || d->width > LARGEST_SIDE)
        return error_set(error, STATUS_USAGE,
                         "a sample of (%d, %d, %d); accepted: 1 to %d channels, rows, columns", d->channels,
                         d->height, d->width, LARGEST_SIDE);
    if (d->classes < 0 || d->classes > ENGINE_MAX_CLASSES || (d->classes == 0 && d->target_count < 1))
        return error_set(error, STATUS_USAGE,
                         "%d classes, %d targets; accepted: 1 to %d classes, or 0 and targets", d->classes,
                         d->target_count, ENGINE_MAX_CLASSES);
    if (d->train.count == 0)
        return error_set(error, STATUS_USAGE, "train: no samples");
    RETURN_IF_FAILED(check_samples(d, &d->train, "train", error));
    RETURN_IF_FAILED(check_samples(d, &d->validation, "validation", error));
    return check_samples(d, &d->test, "test", error);
}

static dataset_split split_of(const mpisweep_data *d, const mpisweep_samples *s) {
    return (dataset_split){.count = s->count,
                           .pixels = s->pixels,
                           .features = s->features,
                           .labels = d->classes > 0 ? s->labels : NULL,
                           .targets = d->classes > 0 ? NULL : s->targets};
}

mpisweep_status mpisweep_set_data(mpisweep_training *t, const mpisweep_data *d) {
    if (check_data(d, &t->error) != STATUS_OK)
        return MPISWEEP_REFUSED;
    forget_statistics(t);
    t->data = (dataset){.shape = {d->channels, d->height, d->width},
                        .classes = d->classes,
                        .target_count = d->classes > 0 ? 0 : d->target_count,
                        .train = split_of(d, &d->train),
                        .validation = split_of(d, &d->validation),
                        .test = split_of(d, &d->test)};
    return MPISWEEP_OK;
}

mpisweep_status mpisweep_start_from(mpisweep_training *t, const float *parameters, size_t count) {
    t->spec.model.start = (start_spec){.count = parameters != NULL ? count : 0, .values = parameters};
    return MPISWEEP_OK;
}

static status find_statistics(mpisweep_training *t) {
    const size_t size =
        (size_t)t->data.shape.channels * (size_t)t->data.shape.height * (size_t)t->data.shape.width;
    forget_statistics(t);
    if (!t->per_feature)
        return STATUS_OK;
    t->mean = malloc(size * sizeof *t->mean);
    t->deviation = malloc(size * sizeof *t->deviation);
    if (t->mean == NULL || t->deviation == NULL)
        return error_set(&t->error, STATUS_INTERNAL, "out of memory for the statistics of %zu features",
                         size);
    dataset_statistics(&t->data.train, size, t->mean, t->deviation);
    t->data.feature_mean = t->mean;
    t->data.feature_std = t->deviation;
    return STATUS_OK;
}

/* ---- Training ---------------------------------------------------------------------------------- */

void mpisweep_on_step(mpisweep_training *t, int (*stop)(void *context), void *context) {
    t->stop = stop;
    t->context = context;
}

static bool stops(void *context) {
    const mpisweep_training *t = context;
    return t->stop(t->context) != 0;
}

static status plan(mpisweep_training *t) {
    if (t->data.train.count == 0)
        return error_set(&t->error, STATUS_USAGE, "there are no data; call mpisweep_set_data");
    RETURN_IF_FAILED(settings_check(&t->spec, &t->error));
    RETURN_IF_FAILED(find_statistics(t));
    training_close(&t->planned);
    t->trained = t->spec;
    for (int i = 0; i < t->trained.model.layer_count; i++)
        complete(&t->trained.model.layers[i]);
    return training_open(&t->planned, &t->trained, &t->data, &t->error);
}

static status train(mpisweep_training *t, uint64_t seed, uint64_t stream) {
    const training_control control = {.stop = t->stop != NULL ? stops : NULL, .context = t};
    forget_results(t);
    RETURN_IF_FAILED(plan(t));
    const size_t values = training_planned(t->planned)->records.value_count;
    t->report.values = malloc((values > 0 ? values : 1) * sizeof *t->report.values);
    if (t->report.values == NULL)
        return error_set(&t->error, STATUS_INTERNAL, "out of memory for %zu recorded values", values);
    return engine_train(t->planned, seed, stream, &t->memory, &control, &t->report, &t->error);
}

mpisweep_status mpisweep_train(mpisweep_training *t, uint64_t seed, uint64_t stream) {
    static const mpisweep_status statuses[] = {[TRAINING_DONE] = MPISWEEP_OK,
                                               [TRAINING_DIVERGED] = MPISWEEP_DIVERGED,
                                               [TRAINING_TIMED_OUT] = MPISWEEP_TIMED_OUT,
                                               [TRAINING_STOPPED] = MPISWEEP_STOPPED};
    const status result = train(t, seed, stream);
    if (result == STATUS_OK && t->report.outcome != TRAINING_STOPPED)
        return statuses[t->report.outcome];
    forget_results(t);
    return result == STATUS_OK ? MPISWEEP_STOPPED : status_of(result);
}

/* ---- Results ----------------------------------------------------------------------------------- */

static const record_variable *find_variable(const mpisweep_training *t, const char *name) {
    if (t->planned == NULL || t->report.values == NULL)
        return NULL;
    const record_layout *records = &training_planned(t->planned)->records;
    for (int i = 0; i < records->variable_count; i++)
        if (strcmp(records->variables[i].name, name) == 0)
            return &records->variables[i];
    return NULL;
}

const float *mpisweep_values(const mpisweep_training *t, const char *name, size_t *count) {
    const record_variable *v = find_variable(t, name);
    if (count != NULL)
        *count = v != NULL ? v->count * record_moment_size(v) : 0;
    return v != NULL ? t->report.values + v->offset : NULL;
}

float mpisweep_last(const mpisweep_training *t, const char *name) {
    const record_variable *v = find_variable(t, name);
    return v != NULL && v->rank == 0 ? record_final(v, t->report.values) : NAN;
}

long mpisweep_steps(const mpisweep_training *t) {
    return t->report.steps_taken;
}

size_t mpisweep_parameters(const mpisweep_training *t) {
    return t->planned != NULL ? training_planned(t->planned)->parameters : 0;
}

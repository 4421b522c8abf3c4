#include "engine/record/probe.h"

/* A model that ends with layer `last`: the trained model may have no separate tensor for a layer's output,
 * because layers work in place and some change places. */
status probe_build(model *probe, const training_spec *spec, const dataset *data, layer_path last, arena *a) {
    const size_t samples = (size_t)spec->records[RECORD_FEATURE_MAPS].sample_count;
    const int position = layer_position(&spec->model, last);
    RETURN_IF_FAILED(model_build(probe, &spec->model, position, data->shape, samples, NULL));
    model_carve_passes(probe, a);
    return STATUS_OK;
}

/* The largest of the probes, which are used one after the other. One that cannot be built is refused when the
 * layout is made. */
static size_t probe_bytes(model *probe, const training_spec *spec, const dataset *data) {
    const record_spec *r = &spec->records[RECORD_FEATURE_MAPS];
    size_t bytes = 0;
    for (int i = 0; r->every > 0 && i < r->layer_count; i++) {
        arena measure = {0};
        bool exists = layer_position(&spec->model, r->layers[i]) >= 0;
        if (exists && probe_build(probe, spec, data, r->layers[i], &measure) == STATUS_OK &&
            measure.used > bytes)
            bytes = measure.used;
    }
    return bytes;
}

void recorder_carve(recorder *r, const training_spec *spec, const dataset *data, arena *a) {
    const record_spec *grid = &spec->records[RECORD_GRID_OUTPUT];
    const size_t bytes = probe_bytes(&r->probe, spec, data);
    r->probe_memory = (arena){.memory = arena_take(a, bytes), .capacity = bytes};
    r->points = arena_take(a, grid->every > 0 ? 2 * (size_t)grid->points * sizeof *r->points : 0);
}

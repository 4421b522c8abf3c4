/* What the layers of a specification are, one by one, for people. */
#include <stdlib.h>

#include "engine/model.h"

static layer_summary summary_of(const model *m, const model_spec *spec, int position) {
    const layer_path path = layer_path_of(spec, position);
    const layer *l = model_layer(m, path);
    return (layer_summary){.path = path,
                           .kind = spec->layers[position].kind,
                           .out = model_output_shape(m),
                           .parameters = l != NULL ? l->parameter_count : 0,
                           .flops = l != NULL ? l->flops_forward : 0};
}

/* A model may compute neighbours in another order and leave out layers that have nothing to do, so a layer's
 * output is that of a model that ends with it. */
status engine_layers(const training_spec *spec, const dataset *data, layer_summary out[ENGINE_MAX_LAYERS],
                     error_info *error) {
    model *m = malloc(sizeof *m);
    if (m == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = STATUS_OK;
    for (int i = 0; result == STATUS_OK && i < spec->model.layer_count; i++) {
        result = model_build(m, &spec->model, i, data->shape, 1, error);
        if (result == STATUS_OK)
            out[i] = summary_of(m, &spec->model, i);
    }
    free(m);
    return result;
}

/* What the layers of a specification are, one by one, for people. */
#include "engine/model.h"

/* A model may compute neighbours in another order and leave out layers that have nothing to do, so a layer's
 * output is that of a model that ends with it. */
status engine_layers(const training_spec *spec, const dataset *data, layer_summary out[ENGINE_MAX_LAYERS],
                     error_info *error) {
    for (int i = 0; i < spec->model.layer_count; i++) {
        model m;
        RETURN_IF_FAILED(model_build(&m, &spec->model, i + 1, data->shape, 1, error));
        const layer *l = model_layer(&m, i);
        out[i] = (layer_summary){.kind = spec->model.layers[i].kind,
                                 .out = m.boundaries[m.layer_count].shape,
                                 .parameters = l != NULL ? l->parameter_count : 0,
                                 .flops = l != NULL ? l->flops_forward : 0};
    }
    return STATUS_OK;
}

/* The list of layers, by kind. */
#include "engine/layers/layer.h"

static const char *const names[] = {
#define X(kind, name) [LAYER_##kind] = #name,
    LAYER_KINDS(X)
#undef X
};

const name_table layer_names = NAME_TABLE(names);

const layer_ops *layer_ops_of(layer_kind kind) {
    static const layer_ops *const ops[] = {
#define X(kind, name) [LAYER_##kind] = &layer_##name,
        LAYER_KINDS(X)
#undef X
    };
    return ops[kind];
}

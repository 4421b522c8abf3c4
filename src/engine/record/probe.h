/* Memory of the recorder, and the part of a model whose outputs are recorded. Private to the engine. */
#ifndef ENGINE_RECORD_PROBE_H
#define ENGINE_RECORD_PROBE_H

#include "engine/model.h"

typedef struct recorder {
    const record_layout *layout;
    float *values; /* (layout->value_count) of the report */
    model probe;   /* the layers whose feature maps are recorded, while they are */
    arena probe_memory;
    float *points; /* (points, 2) a row of the grid whose outputs are recorded */
} recorder;

/* A model that ends with layer `last`, with memory from `a` (measuring or real). */
status probe_build(model *probe, const training_spec *spec, const dataset *data, layer_path last, arena *a);

/* Take the recorder's memory from `a` (measuring or real). */
void recorder_carve(recorder *r, const training_spec *spec, const dataset *data, arena *a);

#endif

#include "engine/records.h"

#include <stdio.h>

typedef struct quantity_text {
    const char *name, *long_name, *units;
} quantity_text;

static const quantity_text quantities[RECORD_QUANTITY_COUNT] = {
    [RECORD_TRAIN_LOSS] = {"train_loss", "training loss of the batch, before its update", "1"},
    [RECORD_TRAIN_ACCURACY] = {"train_accuracy", "training accuracy of the batch, before its update",
                               "percent"},
    [RECORD_LEARNING_RATE] = {"learning_rate", "learning rate", "1"},
    [RECORD_TEST_LOSS] = {"test_loss", "loss over the test set", "1"},
    [RECORD_TEST_ACCURACY] = {"test_accuracy", "test accuracy", "percent"},
};

void record_layout_fill(record_layout *layout, const training_spec *spec, long steps, int epochs) {
    *layout = (record_layout){0};
    for (int i = 0; i < RECORD_QUANTITY_COUNT; i++) {
        const record_spec *r = &spec->records[i];
        const quantity_text *text = &quantities[i];
        if (r->every == 0)
            continue;
        bool per_step = r->unit == RECORD_PER_STEP;
        record_variable *v = &layout->variables[layout->variable_count++];
        *v = (record_variable){
            .units = text->units,
            .axis = per_step ? RECORD_AXIS_STEP : RECORD_AXIS_EPOCH,
            .first = r->every,
            .every = r->every,
            .count = (size_t)((per_step ? steps : epochs) / r->every),
            .offset = layout->value_count,
        };
        snprintf(v->name, sizeof v->name, "%s", text->name);
        snprintf(v->long_name, sizeof v->long_name, "%s", text->long_name);
        layout->value_count += v->count;
    }
}

bool record_due(const record_spec *r, record_unit unit, long done) {
    return r->every > 0 && r->unit == unit && done % r->every == 0;
}

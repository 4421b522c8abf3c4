/* The built-in synthetic images (engine/engine.h). */
#include <stdlib.h>

#include "io/data/format.h"

static status describe(const data_request *request, stored_split *out, error_info *error) {
    (void)error;
    const synthetic_spec *s = &request->spec->synthetic;
    *out = (stored_split){.count = request->part == PART_TEST ? s->test_count : s->train_count,
                          .shape = s->shape,
                          .classes = s->classes};
    return STATUS_OK;
}

/* When samples are only counted, none is made: labels cycle through the classes. */
static status generate(const data_request *request, const stored_split *split, sample_sink *sink,
                       error_info *error) {
    const synthetic_spec *s = &request->spec->synthetic;
    const size_t first = request->part == PART_TEST ? s->train_count : 0;
    uint8_t *image = malloc((size_t)s->shape.channels * (size_t)s->shape.height * (size_t)s->shape.width);
    if (image == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    for (size_t i = first; i < first + split->count && !sample_sink_is_full(sink); i++) {
        uint8_t label = (uint8_t)(i % (size_t)s->classes);
        if (sink->samples != NULL)
            synthetic_images(s, request->seed, i, 1, image, &label);
        sample_sink_put(sink, image, label);
    }
    free(image);
    return STATUS_OK;
}

const data_format data_synthetic = {.home = HOME_NONE, .describe = describe, .read = generate};

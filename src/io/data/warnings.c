#include "io/data/warnings.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static void add(data_warnings *w, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (w->count < DATA_MAX_WARNINGS)
        vsnprintf(w->texts[w->count++], DATA_WARNING_SIZE, format, arguments);
    va_end(arguments);
}

static void look_at_layout(const data_spec *spec, const stored_split *s, data_warnings *w) {
    const bool last = spec->layout == LAYOUT_CHANNELS_LAST;
    if (s->layout_is_doubtful)
        add(w,
            "%s is read as %d channels of %d × %d, but its %s dimension looks like the channels: "
            "data.layout: %s",
            s->x_path, s->shape.channels, s->shape.height, s->shape.width, last ? "first" : "last",
            last ? "channels_first" : "channels_last");
}

static void look_at_classes(const stored_dataset *d, const split_survey *train, data_warnings *w) {
    char list[128] = "";
    size_t used = 0;
    int empty = 0;
    for (int c = 0; c < d->data.classes; c++) {
        if (train->class_counts[c] > 0)
            continue;
        empty++;
        if (used + 16 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%d", used > 0 ? ", " : "", c);
    }
    if (empty > 0)
        add(w, "%d of %d classes have no training sample: %s%s", empty, d->data.classes, list,
            used + 16 < sizeof list ? "" : ", ...");
}

void data_warnings_find(const data_spec *spec, const stored_dataset *d, const dataset_survey *survey,
                        data_warnings *out) {
    *out = (data_warnings){0};
    look_at_layout(spec, &d->train_file, out);
    if (survey != NULL && survey->train.known && d->data.classes > 0)
        look_at_classes(d, &survey->train, out);
}

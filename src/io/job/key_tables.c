#include "io/job/key_tables.h"

#include "io/job/axes.h"
#include "io/job/layer_table.h"
#include "io/job/table.h"

bool job_key_table(int i, key_table *out) {
    enum { JOB, AXIS, FIRST_LAYER };
    *out = (key_table){.name = ""};
    if (i == JOB)
        out->keys = &job_table;
    else if (i == AXIS)
        *out = (key_table){.name = "sweep.AXIS", .keys = job_axes_table()};
    else if (i < FIRST_LAYER + LAYER_KIND_COUNT) {
        const layer_kind kind = (layer_kind)(i - FIRST_LAYER);
        out->name = name_at(&layer_names, kind);
        out->keys = layer_table_keys(kind, &out->help, &out->short_key);
    }
    return out->keys != NULL;
}

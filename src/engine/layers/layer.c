#include "engine/layers/layer.h"

void pack_panel(const real *x, size_t rows, size_t columns, size_t panel, real *out) {
    const int valid = panel_columns(columns, panel);
    const real *from = x + panel * PANEL;
    for (size_t r = 0; r < rows; r++, from += columns, out += PANEL) {
        for (int j = 0; j < valid; j++)
            out[j] = from[j];
        for (int j = valid; j < PANEL; j++)
            out[j] = 0;
    }
}

#include "cli/status_saved.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "grid/cell.h"
#include "grid/grid.h"

static double share_not_taken(size_t cells, const uint8_t *states, const int32_t *taken,
                              const float *planned) {
    double all = 0, done = 0;
    for (size_t cell = 0; cell < cells; cell++)
        if (states[cell] == CELL_DONE && isfinite(planned[cell])) {
            all += (double)planned[cell];
            done += taken[cell];
        }
    return all > 0 ? fmax(1 - done / all, 0) : NAN;
}

status status_read_saved(results_reader *r, const uint8_t *states, double *saved, error_info *error) {
    const size_t cells = grid_cells(results_reader_grid(r));
    results_dataset d;
    void *taken = NULL, *planned = NULL;
    *saved = NAN;
    if (results_reader_describe(r, RECORD_STEPS_PLANNED, &d, NULL) != STATUS_OK)
        return STATUS_OK;
    status result = results_reader_load(r, "steps_taken", ELEMENT_INT32, cells, &taken, error);
    if (result == STATUS_OK)
        result = results_reader_load(r, RECORD_STEPS_PLANNED, ELEMENT_FLOAT32, cells, &planned, error);
    if (result == STATUS_OK)
        *saved = share_not_taken(cells, states, taken, planned);
    free(taken);
    free(planned);
    return result;
}

void status_print_saved(double saved) {
    if (saved > 0)
        printf("%.*f %% of the steps were not needed: train.patience\n", saved < 0.1 ? 1 : 0, 100 * saved);
}

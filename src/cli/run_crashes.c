#include "cli/run_crashes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/crash_handler.h"
#include "grid/cell.h"
#include "io/results/crash_notes.h"

enum { MOST_CRASHES = 2 };

static status store_failure(results *r, const grid *g, const char *host, size_t cell, error_info *error) {
    char name[256];
    int32_t signal;
    cell_record record = {.cell = cell, .status = CELL_FAILED, .seconds = NAN};
    RETURN_IF_FAILED(results_read_signal(r, cell, &signal, error));
    snprintf(record.host, sizeof record.host, "%s", host);
    grid_cell_text(g, cell, name, sizeof name);
    log_warning("cell %s failed: ranks crashed while training it, the last with signal %d (%s)", name, signal,
                strsignal(signal));
    return results_store(r, &record, error);
}

status run_fail_crashed_cells(results *r, const grid *g, const char *host, uint64_t *shapes, uint64_t *once,
                              error_info *error) {
    const uint8_t *states = results_states(r);
    const size_t cells = grid_cells(g);
    int32_t *crashes = malloc(cells * sizeof *crashes);
    if (crashes == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", cells);
    status result = results_read_crashes(r, crashes, error);
    for (size_t cell = 0; result == STATUS_OK && cell < cells; cell++) {
        if (states[cell] != CELL_PENDING || crashes[cell] == 0)
            continue;
        shapes[cell] = 0;
        if (crashes[cell] >= MOST_CRASHES)
            result = store_failure(r, g, host, cell, error);
        else
            *once += (uint64_t)crashes[cell];
    }
    free(crashes);
    return result;
}

status run_watch_crashes(mpi_world *world, const results *r, error_info *error) {
    crash_notes notes = {0};
    if (mpi_world_rank(world) == 0)
        results_crash_notes(r, &notes);
    RETURN_IF_FAILED(mpi_world_broadcast(world, &notes, sizeof notes, error));
    crash_handler_install(&notes);
    return STATUS_OK;
}

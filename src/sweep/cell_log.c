#include "sweep/cell_log.h"

#include "base/log.h"

enum { CELL_TEXT_SIZE = 256 };

void cell_log_start(const grid *g, const cell_checkpoint *from, const training_report *report) {
    char name[CELL_TEXT_SIZE];
    if (from->size == 0)
        return;
    grid_cell_text(g, from->cell, name, sizeof name);
    if (report->resumed)
        log_note("cell %s resumed after %ld steps", name, report->steps_before);
    else
        log_warning("cell %s was trained from its start: its checkpoint does not match", name);
}

void cell_log_defect(const grid *g, size_t cell, const error_info *failure) {
    char name[CELL_TEXT_SIZE];
    grid_cell_text(g, cell, name, sizeof name);
    log_warning("cell %s failed: %s", name, failure->text);
}

void cell_log_no_memory(const grid *g, size_t cell, int rank, const char *host, const error_info *failure) {
    char name[CELL_TEXT_SIZE];
    grid_cell_text(g, cell, name, sizeof name);
    log_warning("cell %s stays pending: rank %d on %s: %s", name, rank, host, failure->text);
}

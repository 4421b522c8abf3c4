/* What a worker has to say of a cell, in the log. */
#ifndef SWEEP_CELL_LOG_H
#define SWEEP_CELL_LOG_H

#include "base/status.h"
#include "engine/engine.h"
#include "grid/cell.h"
#include "grid/grid.h"

/* How its checkpoint was used, if there was one. */
void cell_log_start(const grid *g, const cell_checkpoint *from, const training_report *report);

/* It cannot be trained. */
void cell_log_defect(const grid *g, size_t cell, const error_info *failure);

/* There was no memory for it on that rank. */
void cell_log_no_memory(const grid *g, size_t cell, int rank, const char *host, const error_info *failure);

#endif

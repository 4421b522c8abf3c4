/* The checkpoints of the cells that were in flight when a run was stopped: one file, RESULTS.h5.checkpoint.
 *
 * A header that names the job, then the entries one after the other, each with a checksum. The file of a run
 * is written next to the last one's and takes its place once it holds all that one still has. It never
 * decides a result: without it, or when it is damaged, cells are trained from their start, which gives the
 * same bits. So its errors are warnings in the log. */
#ifndef IO_RESULTS_CHECKPOINT_FILE_H
#define IO_RESULTS_CHECKPOINT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/cell.h"
#include "io/job/job.h"
#include "io/results/results.h"

typedef struct checkpoint_file checkpoint_file;

/* Look for the checkpoints beside the results file at `results_path`, which this process has locked;
 * `values`: of a record. Checkpoints of another job, kernel set, numerics or data are dropped, with a warning
 * that says which. STATUS_INTERNAL when memory is out. */
status checkpoint_file_open(checkpoint_file **out, const char *results_path, const job *j,
                            const results_origin *origin, size_t values, error_info *error);

/* Fill in the checkpoint of checkpoint->cell; its bytes are valid until the next call. Size 0: there is none.
 */
void checkpoint_file_read(checkpoint_file *f, cell_checkpoint *checkpoint);

/* Keep a checkpoint, unless the file is finished. */
void checkpoint_file_add(checkpoint_file *f, const cell_checkpoint *checkpoint);

/* To be called again and again while a run is stopping. What has come is on the disk and in its place when
 * this returns, or within 0.1 s of calls: whoever stops a run kills it when that takes long, and the
 * checkpoint of a rank that has died never comes. Three seconds after the first call the file is finished. */
void checkpoint_file_hurry(checkpoint_file *f, const uint8_t *states);

/* Finish the file, unless it is: what was kept, and what was there before of cells that are still pending in
 * `states` (cell_status by cell). When there is nothing it is removed. */
void checkpoint_file_close(checkpoint_file **f, const uint8_t *states);

#endif

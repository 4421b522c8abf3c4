/* The checkpoints of cells that were stopped, or that were being trained when a session died: one file,
 * RESULTS.h5.checkpoint.
 *
 * A header that names the job, then the entries one after the other, each with a checksum. The file of a
 * session is written next to that of the session before and takes its place once it holds all that is still
 * in there. More is appended to it; when most of it is stale, because newer entries or results have come, it
 * is replaced in the same way. It never decides a result: without it, or when it is damaged, cells are
 * trained from their start, which gives the same bits. So its errors are warnings in the log. */
#ifndef IO_RESULTS_CHECKPOINT_FILE_H
#define IO_RESULTS_CHECKPOINT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "grid/cell.h"
#include "io/job/job.h"
#include "io/results/results.h"

typedef struct checkpoint_file checkpoint_file;

/* Look for the checkpoints next to the results file at `results_path`, which this process has locked;
 * `values`: of a record. Checkpoints of another job, kernel set, numerics or data are dropped, with a warning
 * that says which. STATUS_INTERNAL when memory is out. */
status checkpoint_file_open(checkpoint_file **out, const char *results_path, const job *j,
                            const results_origin *origin, size_t values, error_info *error);

/* Fill in the checkpoint of checkpoint->cell; its bytes are valid until the next call. Size 0: there is none.
 */
void checkpoint_file_read(checkpoint_file *f, cell_checkpoint *checkpoint);

/* Forget those of cells that have a result in `states` (cell_status by cell). */
void checkpoint_file_drop(checkpoint_file *f, const uint8_t *states);

/* Keep a checkpoint, unless the file is finished. It takes the place of an earlier one of its cell. */
void checkpoint_file_add(checkpoint_file *f, const cell_checkpoint *checkpoint);

/* Call repeatedly, some ten times a second.
 *
 * What has been added is synced by a thread and then in its place, within about a second and the time of the
 * sync. When it cannot be written, a warning is logged once, and the file stays as it was until a later
 * checkpoint can be written.
 *
 * While a session is `stopping`, what has arrived is in its place and on disk when this returns, or within
 * 0.1 s of calls: a session that takes long to stop is killed, and the checkpoint of a rank that has died
 * never arrives. Three seconds after the first such call the file is finished. */
void checkpoint_file_tick(checkpoint_file *f, const uint8_t *states, bool stopping);

/* Finish the file, unless it is finished: it holds what was kept, and the earlier checkpoints of cells that
 * are still pending in `states` (cell_status by cell). When there are none it is removed. */
void checkpoint_file_close(checkpoint_file **f, const uint8_t *states);

#endif

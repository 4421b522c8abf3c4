/* The checkpoints of the cells that were in flight when a session was stopped: one file,
 * RESULTS.h5.checkpoint.
 *
 * A header that names the job, then the entries one after the other, each with a checksum. The file of a
 * session is written next to that of the session before and takes its place once it holds all that is still
 * in there. It never decides a result: without it, or when it is damaged, cells are trained from their start,
 * which gives the same bits. So its errors are warnings in the log. */
#ifndef IO_RESULTS_CHECKPOINT_FILE_H
#define IO_RESULTS_CHECKPOINT_FILE_H

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

/* Keep a checkpoint, unless the file is finished. */
void checkpoint_file_add(checkpoint_file *f, const cell_checkpoint *checkpoint);

/* Call repeatedly while a session is stopping. What has arrived is on disk and in its place when this
 * returns, or within 0.1 s of calls: a session that takes long to stop is killed, and the checkpoint of a
 * rank that has died never arrives. Three seconds after the first call the file is finished. */
void checkpoint_file_hurry(checkpoint_file *f, const uint8_t *states);

/* Finish the file, unless it is finished: it holds what was kept, and the earlier checkpoints of cells that
 * are still pending in `states` (cell_status by cell). When there are none it is removed. */
void checkpoint_file_close(checkpoint_file **f, const uint8_t *states);

#endif

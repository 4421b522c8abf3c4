/* The results file: one HDF5 file of labelled arrays, written so that it survives being killed at any moment.
 *
 * It is laid out once, as a whole, through the HDF5 library (temporary file, contiguous data sets allocated
 * early, NaN-filled, synced, renamed into place), and never changed through it again. Cells are then written
 * raw at the offsets that H5Dget_offset gave, each with a checksum; a cell's status is set only after a sync
 * that covers its values. docs/results-format.md describes the file. */
#ifndef IO_RESULTS_RESULTS_H
#define IO_RESULTS_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/engine.h"
#include "grid/cell.h"
#include "io/job/job.h"
#include "io/results/crash_notes.h"
#include "io/results/origin.h"

typedef struct results results;

/* Open the results file of a job for writing (`j`, `layout` and `origin` are not needed afterwards): create
 * it when it does not exist, else check that it belongs to the same job and resume. Links are followed once:
 * what is made, locked, enlarged and watched is the file at their end. Takes the lock. STATUS_IO: not
 * writable, no room, being written by another session, not a results file, damaged, or made from other data.
 * STATUS_USAGE: it belongs to another job (the differing keys are in the message) or was made with another
 * kernel set or other numerics. A file without any cell takes over kernel set, numerics and data from
 * `origin`. Cells that do not match their checksum are listed in the log. */
status results_open(results **out, const char *path, const job *j, const record_layout *layout,
                    const results_origin *origin, int ranks, error_info *error);

/* Where the file is: absolute, without links. Owned by `r`. */
const char *results_path(const results *r);

/* The state of every cell (cells): cell_status. Owned by `r`, kept up to date by results_store. */
const uint8_t *results_states(const results *r);

/* The cells that have a status and did not match their checksum when the file was opened, in ascending order,
 * and their number. Owned by `r`; results_retry_failed removes those that it marks. */
const size_t *results_damaged(const results *r, size_t *count);

/* Mark the selected (cells) ones among the cells that failed, timed out or are damaged as pending again
 * (--retry-failed) and forget their crashes; returns how many in *count. */
status results_retry_failed(results *r, const bool *selected, size_t *count, error_info *error);

/* Where ranks note crashes of cells; the path is empty when the file cannot be written. */
void results_crash_notes(const results *r, crash_notes *out);

/* What they have recorded: how often every cell crashed (cells), and the last signal of one that did. */
status results_read_crashes(results *r, int32_t crashes[], error_info *error);
status results_read_signal(results *r, size_t cell, int32_t *signal, error_info *error);

/* Write one cell. Its values are in the file when the next sync begins, and it counts as done after it. */
status results_store(results *r, const cell_record *record, error_info *error);

/* Start making stored cells durable when the last sync is a second old, and publish the statuses that a
 * finished sync covers. STATUS_IO, too, when the file was removed, moved, replaced, truncated or overwritten:
 * that is checked every second, and when it is closed. Cheap; never waits for the disk. Call it often. */
status results_tick(results *r, error_info *error);

/* Sync, publish, unlock and close. Returns the first error of the file's life. Accepts NULL. */
status results_close(results **r, error_info *error);

#endif

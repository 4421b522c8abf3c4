/* The job of a results file, restored from the file alone, with its data. */
#ifndef CLI_FILE_JOB_H
#define CLI_FILE_JOB_H

#include "engine/engine.h"
#include "grid/digest.h"
#include "io/data/dataset_reader.h"
#include "io/job/job.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/settings.h"
#include "sweep/wire.h"

/* Zero-initialised before it is restored. */
typedef struct file_job {
    job *job;
    stored_dataset stored;
    void *samples;
    data_digests digests;
    record_layout records; /* what the cells of the job record */
    results_origin origin; /* what this program would record of where cells come from; points to the rest */
    char places[SPLIT_COUNT][WIRE_PLACE_SIZE], cpu[128], *libraries;
} file_job;

/* Use the file's kernel set where this CPU has it, unless MPISWEEP_KERNELS names another; in_file: its
 * name. */
status file_job_use_kernels(results_reader *reader, char in_file[RESULTS_SETTING_SIZE], error_info *error);

/* Read the job's text and settings from the file, and apply the `count` settings "KEY=VALUE" over those.
 * `directory` is where relative paths in it begin; NULL: the directory of the file. */
status file_job_restore(file_job *f, results_reader *reader, const char *directory,
                        const char *const settings[], int count, error_info *error);

/* Check the job against its data, read and digest these. Fills in all that follows the job. */
status file_job_load_data(file_job *f, const char *data_directory, error_info *error);

void file_job_release(file_job *f);

#endif

/* What the rows of the table cannot express about the keys of data. */
#ifndef IO_JOB_DATA_H
#define IO_JOB_DATA_H

#include "base/status.h"
#include "io/data/dataset_reader.h"
#include "io/job/job.h"
#include "io/option/tree.h"

/* Keys of `data` that only go together, or not at all. STATUS_USAGE with its place. */
status job_data_check(const tree_node *job_tree, error_info *error);

/* dataset_describe of a job's data; a key that does not fit the files is named with its place. */
status job_describe_data(const job *j, const char *data_directory, stored_dataset *out, error_info *error);

#endif

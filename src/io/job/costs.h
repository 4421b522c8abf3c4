/* What training will cost: counted from the specification, or measured on this machine. */
#ifndef IO_JOB_COSTS_H
#define IO_JOB_COSTS_H

#include "base/status.h"
#include "engine/engine.h"
#include "io/job/job.h"

/* Predict the FLOPs of every cell: costs (cells). shapes (cells), or NULL: cells of one shape, other than 0,
 * can be trained as a group (training_plan). The run axis changes neither. */
status job_predict_costs(const job *j, const dataset *data, double *costs, uint64_t *shapes,
                         error_info *error);

/* Time `steps` training steps of `spec` on generated images of the shape and classes of `described`. */
status job_time_steps(const training_spec *spec, const dataset *described, int steps, engine_times *times,
                      error_info *error);

#endif

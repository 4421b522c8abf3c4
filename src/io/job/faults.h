/* The keys of faults in a job file, and their places. */
#ifndef IO_JOB_FAULTS_H
#define IO_JOB_FAULTS_H

#include "base/status.h"
#include "engine/engine.h"
#include "io/option/tree.h"

enum { FAULT_KEY_SIZE = 128 };

/* The key whose value is at `offset` in a job; "" when no key has it. */
const char *job_field_key(size_t offset);

/* The error with "PLACE: KEY: " before it; without a key, with "PLACE: ". */
status job_prefix_place(tree_place place, const char *key, error_info *error);

/* The error, of a job file, with "PLACE: KEY: " before it: where the key is written, or the innermost section
 * of it that is. */
status job_prefix_key(const tree_node *tree, const char *key, error_info *error);

/* The key that a fault is about: "optimizer.weight_decay", "model.layers[2]"; "" for FAULT_NONE. */
void job_fault_key(fault f, char key[FAULT_KEY_SIZE]);

#endif

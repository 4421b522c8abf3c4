/* The start of a checkpoint file: what must agree before its entries may be used. Private to results. */
#ifndef IO_RESULTS_CHECKPOINT_HEADER_H
#define IO_RESULTS_CHECKPOINT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/job/job.h"
#include "io/results/results.h"

/* As in the file. */
typedef struct checkpoint_header {
    char magic[8];
    uint64_t version, job_digest, values, numerics;
    data_digests data;
    char kernels[32];
} checkpoint_header;

/* Of a session; `values`: of a record. */
void checkpoint_header_fill(checkpoint_header *h, const job *j, const results_origin *origin, size_t values);

/* Whether an open file begins like a checkpoint file: another one belongs to somebody else. */
bool checkpoint_header_is_ours(int file);

/* What in a header differs from that of this session, for people; NULL when nothing does. */
const char *checkpoint_header_difference(const checkpoint_header *found, const checkpoint_header *own);

#endif

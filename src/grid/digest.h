/* Digests of data, as plain data that sweep and io share: ranks of one session, and sessions on one results
 * file, must train on the same samples. */
#ifndef GRID_DIGEST_H
#define GRID_DIGEST_H

#include <stdint.h>

/* The splits of a data set, in the order in which they are digested and named. */
#define DATA_SPLITS(X) X(SPLIT_TRAIN, "train") X(SPLIT_VALIDATION, "validation") X(SPLIT_TEST, "test")

typedef enum data_split_kind {
#define X(name, label) name,
    DATA_SPLITS(X)
#undef X
        SPLIT_COUNT
} data_split_kind;

static inline const char *data_split_label(data_split_kind split) {
    static const char *const labels[] = {
#define X(name, label) [name] = label,
        DATA_SPLITS(X)
#undef X
    };
    return labels[split];
}

/* A digest of 128 bits. Both 0: of nothing, for a split that a data set does not have. */
typedef struct digest128 {
    uint64_t high, low;
} digest128;

typedef struct data_digests {
    digest128 splits[SPLIT_COUNT];
} data_digests;

enum { DIGEST_TEXT_SIZE = 33 }; /* 32 hexadecimal digits; "none" for nothing */

void digest_text(const digest128 *d, char text[DIGEST_TEXT_SIZE]);

/* The first split that differs; SPLIT_COUNT when all are equal. */
data_split_kind data_digests_differ(const data_digests *a, const data_digests *b);

#endif

#include "grid/digest.h"

#include <inttypes.h>
#include <stdio.h>

void digest_text(const digest128 *d, char text[DIGEST_TEXT_SIZE]) {
    if (d->high == 0 && d->low == 0)
        snprintf(text, DIGEST_TEXT_SIZE, "none");
    else
        snprintf(text, DIGEST_TEXT_SIZE, "%016" PRIx64 "%016" PRIx64, d->high, d->low);
}

data_split_kind data_digests_differ(const data_digests *a, const data_digests *b) {
    int split = 0;
    while (split < SPLIT_COUNT && a->splits[split].high == b->splits[split].high &&
           a->splits[split].low == b->splits[split].low)
        split++;
    return (data_split_kind)split;
}

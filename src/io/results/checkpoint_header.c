#include "io/results/checkpoint_header.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/results/origin.h"

#define MAGIC "MSWPCKPT"

enum { VERSION = 2 };

void checkpoint_header_fill(checkpoint_header *h, const job *j, const results_origin *origin, size_t values) {
    *h = (checkpoint_header){.magic = MAGIC,
                             .version = VERSION,
                             .job_digest = j->digest,
                             .values = values,
                             .numerics = (uint64_t)origin->numerics,
                             .data = origin->data};
    snprintf(h->kernels, sizeof h->kernels, "%s", origin->kernels);
}

bool checkpoint_header_is_ours(int file) {
    char magic[sizeof((checkpoint_header *)0)->magic];
    struct stat info;
    return fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
           pread(file, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, MAGIC, sizeof magic) == 0;
}

const char *checkpoint_header_difference(const checkpoint_header *found, const checkpoint_header *own) {
    if (memcmp(found->magic, own->magic, sizeof own->magic) != 0 || found->version != own->version)
        return "format";
    if (found->job_digest != own->job_digest || found->values != own->values)
        return "job";
    if (found->numerics != own->numerics)
        return "numerics number (version of the program)";
    if (data_digests_differ(&found->data, &own->data) != SPLIT_COUNT)
        return "set of data";
    return memcmp(found->kernels, own->kernels, sizeof own->kernels) != 0 ? "kernel set" : NULL;
}

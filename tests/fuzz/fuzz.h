/* What the fuzzing programs share. Each feeds its input to one reader of mpisweep, which may refuse it with a
 * message, and must do nothing worse.
 *
 * With -DMPISWEEP_FUZZ=ON (clang) they are libFuzzer programs; else replay.c gives them the corpus. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <limits.h>
#include <stdint.h>

#include "base/status.h"
#include "io/job/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

/* The path of a file in a directory of this process, which is removed with these files at exit. */
void fuzz_path(char path[PATH_MAX], const char *name);

/* Write such a file again. */
void fuzz_write(const char *name, const void *bytes, size_t size);

/* Two files in one input: the first two bytes are the length of the first, the lower one first. */
void fuzz_write_pair(const char *first, const char *second, const uint8_t *input, size_t size);

/* Abort when a failure has no message, or a message of more than one line. */
void fuzz_check(status result, const error_info *error);

/* Describe and read a data set below the directory, unless it is larger than a test can bear. */
void fuzz_read_dataset(const data_spec *spec);

#endif

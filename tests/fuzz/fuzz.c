#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/data/dataset_reader.h"

enum { LARGEST_DATASET = 64 << 20 };

static void require(int condition, const char *what) {
    if (condition)
        return;
    perror(what);
    abort();
}

/* ---- Files ------------------------------------------------------------------------------------- */

static char directory[PATH_MAX];

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position) {
    (void)info, (void)type, (void)position;
    return remove(path);
}

static void remove_directory(void) {
    nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_directory(void) {
    const char *parent = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/mpisweep-fuzz-XXXXXX", parent != NULL ? parent : "/tmp");
    require(mkdtemp(directory) != NULL, directory);
    atexit(remove_directory);
}

void fuzz_path(char path[PATH_MAX], const char *name) {
    if (directory[0] == '\0')
        make_directory();
    int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);
    require(length > 0 && length < PATH_MAX, name);
}

/* The directories on the way to `path` below the process's own. */
static void make_parents(char *path) {
    for (char *slash = strchr(path + strlen(directory) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700); /* it may exist */
        *slash = '/';
    }
}

void fuzz_write(const char *name, const void *bytes, size_t size) {
    char path[PATH_MAX];
    fuzz_path(path, name);
    make_parents(path);
    FILE *stream = fopen(path, "wb");
    require(stream != NULL, path);
    require(fwrite(bytes, 1, size, stream) == size, path);
    require(fclose(stream) == 0, path);
}

void fuzz_write_pair(const char *first, const char *second, const uint8_t *input, size_t size) {
    if (size < 2)
        return;
    size_t length = (size_t)input[0] | (size_t)input[1] << 8;
    if (length > size - 2)
        length = size - 2;
    fuzz_write(first, input + 2, length);
    fuzz_write(second, input + 2 + length, size - 2 - length);
}

/* ---- Answers ----------------------------------------------------------------------------------- */

void fuzz_check(status result, const error_info *error) {
    if (result == STATUS_OK || (error->text[0] != '\0' && strchr(error->text, '\n') == NULL))
        return;
    fprintf(stderr, "status %d with the message \"%s\"\n", result, error->text);
    abort();
}

void fuzz_read_dataset(const data_spec *spec) {
    stored_dataset described;
    error_info error = {0};
    char below[PATH_MAX];
    fuzz_path(below, "");
    status result = dataset_describe(spec, below, &described, &error);
    if (result == STATUS_OK && dataset_bytes(&described) <= LARGEST_DATASET) {
        void *memory = malloc(dataset_bytes(&described) + 1);
        require(memory != NULL, "data set");
        result = dataset_read(spec, below, 1, memory, &described, &error);
        free(memory);
    }
    fuzz_check(result, &error);
}

/* A directory for the files of a test, removed with all that is in it. */
#ifndef TESTS_TEMPORARY_DIRECTORY_H
#define TESTS_TEMPORARY_DIRECTORY_H

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct temporary_directory {
    char path[64];
} temporary_directory;

static inline temporary_directory temporary_directory_make(void) {
    temporary_directory directory = {"/tmp/mpisweep-test-XXXXXX"};
    assert_non_null(mkdtemp(directory.path));
    return directory;
}

static inline int temporary_directory_remove_entry(const char *path, const struct stat *info, int type,
                                                   struct FTW *position) {
    (void)info, (void)type, (void)position;
    return remove(path);
}

static inline void temporary_directory_remove(const temporary_directory *directory) {
    assert_int_equal(nftw(directory->path, temporary_directory_remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The path of `name` in the directory, which the next call overwrites. */
static inline const char *temporary_directory_file(const temporary_directory *directory, const char *name) {
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory->path, name);
    return path;
}

/* How many files there are whose names begin with `name`. */
static inline int temporary_directory_count(const temporary_directory *directory, const char *name) {
    int count = 0;
    DIR *stream = opendir(directory->path);
    assert_non_null(stream);
    for (const struct dirent *entry; (entry = readdir(stream)) != NULL;)
        count += strncmp(entry->d_name, name, strlen(name)) == 0;
    assert_int_equal(closedir(stream), 0);
    return count;
}

static inline const char *temporary_directory_write(const temporary_directory *directory, const char *name,
                                                    const void *bytes, size_t size) {
    const char *path = temporary_directory_file(directory, name);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
    return path;
}

#endif

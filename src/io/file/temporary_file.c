#include "io/file/temporary_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"

/* BASE.TTTTTTTTTTTTTTTTCCCCCCCC.tmp: a random token, and the CRC-32 of BASE and the token, in hexadecimal. */
enum { TOKEN_DIGITS = 16, CHECK_DIGITS = 8, MOST_TRIES = 100 };

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static uint32_t check_of(const char *base, const char token[TOKEN_DIGITS]) {
    const uLong crc = crc32_z(0, (const Bytef *)base, strlen(base));
    return (uint32_t)crc32_z(crc, (const Bytef *)token, TOKEN_DIGITS);
}

static status make_name(const char *path, char **name, error_info *error) {
    uint64_t random;
    char token[TOKEN_DIGITS + 1];
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return error_set(error, STATUS_INTERNAL, "%s: no random name for a temporary file: %s", path,
                         strerror(errno));
    snprintf(token, sizeof token, "%016" PRIx64, random);
    if (asprintf(name, "%s.%s%08" PRIx32 ".tmp", path, token, check_of(base_of(path), token)) >= 0)
        return STATUS_OK;
    *name = NULL;
    return error_set(error, STATUS_INTERNAL, "out of memory");
}

status temporary_create(const char *path, mode_t mode, char **name, int *file, error_info *error) {
    *file = -1;
    *name = NULL;
    for (int tries = 0; *file < 0 && tries < MOST_TRIES; tries++) {
        free(*name);
        *name = NULL;
        RETURN_IF_FAILED(make_name(path, name, error));
        *file = open(*name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (*file < 0 && errno != EEXIST)
            break;
    }
    if (*file >= 0)
        return STATUS_OK;
    error_set(error, STATUS_IO, "%s: cannot create %s: %s", path, base_of(*name), strerror(errno));
    free(*name);
    *name = NULL;
    return STATUS_IO;
}

/* Is `name`, an entry of the directory, one that temporary_create made up for `base`? */
static bool is_ours(const char *base, const char *name) {
    const size_t length = strlen(base);
    if (strncmp(name, base, length) != 0 || name[length] != '.')
        return false;
    const char *token = name + length + 1;
    char expected[CHECK_DIGITS + sizeof ".tmp"];
    if (strspn(token, "0123456789abcdef") != TOKEN_DIGITS + CHECK_DIGITS)
        return false;
    snprintf(expected, sizeof expected, "%08" PRIx32 ".tmp", check_of(base, token));
    return strcmp(token + TOKEN_DIGITS, expected) == 0;
}

static void remove_entry(int directory, const char *name) {
    struct stat info;
    if (fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode) ||
        info.st_uid != geteuid())
        return;
    if (unlinkat(directory, name, 0) == 0)
        log_note("removed %s, left behind by a killed session", name);
}

void temporary_remove_leftovers(const char *path) {
    const char *base = base_of(path);
    char *place = base > path ? strndup(path, (size_t)(base - path)) : strdup(".");
    DIR *directory = place != NULL ? opendir(place) : NULL;
    free(place);
    if (directory == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (is_ours(base, entry->d_name))
            remove_entry(dirfd(directory), entry->d_name);
    closedir(directory); /* was read only */
}

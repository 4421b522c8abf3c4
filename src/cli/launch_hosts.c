#include "cli/launch_hosts.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NAME_SIZE = 256 };

/* ---- Names ------------------------------------------------------------------------------------- */

static void own_name(char name[NAME_SIZE]) {
    if (gethostname(name, NAME_SIZE - 1) != 0)
        strcpy(name, "localhost");
    name[NAME_SIZE - 1] = '\0';
}

/* With or without their domain; two domains must be the same. */
static bool same_name(const char *a, const char *b) {
    const size_t short_a = strcspn(a, "."), short_b = strcspn(b, ".");
    const bool both_long = a[short_a] != '\0' && b[short_b] != '\0';
    return both_long ? strcasecmp(a, b) == 0 : short_a == short_b && strncasecmp(a, b, short_a) == 0;
}

/* A socket can be bound to the addresses of this host and to no others. */
static bool is_own_address(const struct addrinfo *a) {
    const int probe = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool own = probe >= 0 && bind(probe, a->ai_addr, a->ai_addrlen) == 0;
    if (probe >= 0)
        close(probe);
    return own;
}

static bool has_own_address(const char *name) {
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;
    bool own = false;
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        return false;
    for (const struct addrinfo *a = found; a != NULL && !own; a = a->ai_next)
        own = is_own_address(a);
    freeaddrinfo(found);
    return own;
}

/* Hosts of an allocation that are not named ("+n0") are left to mpirun. */
static bool may_be_this_host(const char *name) {
    char own[NAME_SIZE];
    own_name(own);
    return name[0] == '+' || strcmp(name, "localhost") == 0 || same_name(name, own) || has_own_address(name);
}

/* The name in "user@name:slots" or "name slots=2"; IPv6 addresses are in brackets. */
static void cut_name(const char *entry, size_t length, char name[NAME_SIZE]) {
    const char *at = memchr(entry, '@', length), *first = at != NULL ? at + 1 : entry;
    length -= (size_t)(first - entry);
    const bool bracketed = length > 0 && *first == '[';
    if (bracketed) {
        first++;
        length--;
    }
    snprintf(name, NAME_SIZE, "%.*s", (int)(length < NAME_SIZE ? length : NAME_SIZE - 1), first);
    name[strcspn(name, bracketed ? "]" : ":")] = '\0';
}

/* ---- --host ------------------------------------------------------------------------------------ */

static bool entry_is_here(const char *entry, size_t length) {
    char name[NAME_SIZE];
    cut_name(entry, length, name);
    return may_be_this_host(name);
}

static status refuse_hosts(const char *hosts, error_info *error) {
    char own[NAME_SIZE];
    own_name(own);
    return error_set(
        error, STATUS_COMMAND,
        "--host \"%.200s\": rank 0 must run on this host, %s, which is not one of them; accepted: "
        "--host %s,%.200s, with a number of ranks after each, as in %s:4",
        hosts, own, own, hosts, own);
}

status launch_hosts_arrange(const char *hosts, char **arranged, error_info *error) {
    const char *entry = hosts;
    size_t length = strcspn(entry, ",");
    while (!entry_is_here(entry, length) && entry[length] == ',') {
        entry += length + 1;
        length = strcspn(entry, ",");
    }
    if (!entry_is_here(entry, length))
        return refuse_hosts(hosts, error);
    const int before = (int)(entry - hosts); /* those and their commas move behind it */
    const char *after = entry + length;
    const int made = asprintf(arranged, "%.*s%s%.*s%s", (int)length, entry, before > 0 ? "," : "",
                              before > 0 ? before - 1 : 0, hosts, after);
    return made < 0 ? error_set(error, STATUS_INTERNAL, "out of memory") : STATUS_OK;
}

/* ---- --hostfile -------------------------------------------------------------------------------- */

/* Its name; an empty text when the file names none. */
static void first_host(FILE *file, char name[NAME_SIZE]) {
    char *line = NULL;
    size_t room = 0;
    name[0] = '\0';
    while (name[0] == '\0' && getline(&line, &room, file) >= 0) {
        const char *entry = line + strspn(line, " \t");
        cut_name(entry, strcspn(entry, " \t\r\n#"), name);
    }
    free(line);
}

status launch_hostfile_check(const char *path, error_info *error) {
    char first[NAME_SIZE], own[NAME_SIZE];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, STATUS_IO, "--hostfile %s: cannot open: %s", path, strerror(errno));
    first_host(file, first);
    fclose(file); /* was read only */
    own_name(own);
    if (first[0] == '\0')
        return error_set(
            error, STATUS_COMMAND,
            "--hostfile %s: names no host; accepted: a line for each, as in \"%s slots=4\", with "
            "this host first",
            path, own);
    if (may_be_this_host(first))
        return STATUS_OK;
    return error_set(
        error, STATUS_COMMAND,
        "--hostfile %s: rank 0 must run on this host, %s, and the first that it names is %s; put a "
        "line \"%s\" at its beginning",
        path, own, first, own);
}

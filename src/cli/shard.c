#include "cli/shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* A decimal number at the start of `text`; *end is what follows it. 0 when there is none. */
static unsigned long parse_number(const char *text, char **end) {
    *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return 0;
    errno = 0;
    const unsigned long number = strtoul(text, end, 10);
    return errno == 0 ? number : 0;
}

static status read_shard(const cli_option *o, const char *value, void *field, error_info *error) {
    char *slash, *end = NULL;
    unsigned long count = 0;
    const unsigned long index = parse_number(value, &slash);
    if (slash != NULL && *slash == '/')
        count = parse_number(slash + 1, &end);
    if (index == 0 || index > count || end == NULL || *end != '\0')
        return cli_refuse(o, value, error, "I/N, shard I of N with I from 1 to N, such as 2/8");
    *(grid_shard *)field = (grid_shard){.index = index, .count = count};
    return STATUS_OK;
}

const cli_kind shard_kind = {.read = read_shard};

void shard_select(grid_shard shard, size_t cells, bool *selected) {
    for (size_t cell = 0; cell < cells; cell++)
        selected[cell] = selected[cell] && grid_shard_has(shard, cell);
}

const char *shard_results_name(grid_shard shard, const char *job, char name[SHARD_NAME_SIZE]) {
    if (shard.count == 0)
        snprintf(name, SHARD_NAME_SIZE, "%s.h5", job);
    else
        snprintf(name, SHARD_NAME_SIZE, "%s.shard-%zu-of-%zu.h5", job, shard.index, shard.count);
    return name;
}

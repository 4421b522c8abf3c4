#include "cli/verbs.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"

#define X(name) &cli_##name,
const cli_verb *const cli_verbs[] = {CLI_VERBS(X) NULL};
#undef X

const cli_verb *cli_find_verb(const char *name) {
    for (const cli_verb *const *v = cli_verbs; *v != NULL && name != NULL; v++)
        if (strcmp(name, (*v)->name) == 0)
            return *v;
    return NULL;
}

static const cli_verb *nearest_verb(const char *name) {
    const cli_verb *nearest = NULL;
    size_t least = SIZE_MAX;
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++) {
        const size_t distance = spelling_distance(name, (*v)->name);
        if (distance <= spelling_slips((*v)->name) && distance < least) {
            least = distance;
            nearest = *v;
        }
    }
    return nearest;
}

status cli_no_such_verb(const char *name, error_info *error) {
    char known[256] = "";
    size_t used = 0;
    for (const cli_verb *const *v = cli_verbs; *v != NULL && used < sizeof known; v++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s, ", (*v)->name);
    if (name == NULL)
        return error_set(error, STATUS_COMMAND, "no verb is given; accepted: %shelp, --help, --version",
                         known);
    const cli_verb *nearest = nearest_verb(name);
    return error_set(error, STATUS_COMMAND,
                     "there is no verb \"%.100s\"; accepted: %shelp, --help, --version%s%s", name, known,
                     nearest != NULL ? "; nearest known verb: " : "", nearest != NULL ? nearest->name : "");
}

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

status cli_list_add(cli_list *list, const char *option, const char *value, error_info *error) {
    if (list->count == CLI_MAX_REPEATS)
        return error_set(error, STATUS_COMMAND, "--%s is given more than %d times", option, CLI_MAX_REPEATS);
    list->items[list->count++] = value;
    return STATUS_OK;
}

status cli_parse_number(const char *option, const char *text, long minimum, long *number, error_info *error) {
    char *end;
    errno = 0;
    *number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *number < minimum)
        return error_set(error, STATUS_COMMAND, "--%s \"%s\": expected a whole number of at least %ld",
                         option, text, minimum);
    return STATUS_OK;
}

/* "-o, --data, --quiet" */
static void list_options(const char *shorts, const struct option *longs, char *text, size_t size) {
    size_t used = 0;
    snprintf(text, size, "none");
    for (const char *s = shorts; *s != '\0'; s++)
        if (*s != ':' && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s-%c", used > 0 ? ", " : "", *s);
    for (const struct option *o = longs; o->name != NULL && used < size; o++)
        used += (size_t)snprintf(text + used, size - used, "%s--%s", used > 0 ? ", " : "", o->name);
}

/* What is wrong with an option that getopt did not take: the name of "--name=value" is no option, the start
 * of several, or that of one without a value. */
static const char *describe_refusal(const char *word, const struct option *longs) {
    if (strncmp(word, "--", 2) != 0)
        return "unknown option";
    const size_t length = strcspn(word + 2, "=");
    int begun = 0;
    for (const struct option *o = longs; o->name != NULL; o++) {
        if (strncmp(o->name, word + 2, length) != 0)
            continue;
        if (strlen(o->name) == length)
            return "no value is accepted by option";
        begun++;
    }
    return begun == 0 ? "unknown option" : begun == 1 ? "no value is accepted by option" : "ambiguous option";
}

int cli_next_option(int argc, char **argv, const char *shorts, const struct option *longs,
                    error_info *error) {
    char silent[32]; /* a leading ':' makes getopt tell a missing value from an unknown option */
    snprintf(silent, sizeof silent, ":%s", shorts);
    int tried = optind;
    opterr = 0;
    int code = getopt_long(argc, argv, silent, longs, NULL);
    if (code != '?' && code != ':')
        return code;
    /* getopt has moved past the word, except within a cluster of short options. */
    const char *word = argv[optind > tried ? optind - 1 : tried];
    char accepted[256];
    list_options(shorts, longs, accepted, sizeof accepted);
    error_set(error, STATUS_COMMAND, "%s: %s \"%s\"; accepted: %s", argv[0],
              code == ':' ? "no value for option" : describe_refusal(word, longs), word, accepted);
    return '?';
}

status cli_single_argument(int argc, char **argv, const char *what, const char **argument,
                           error_info *error) {
    if (optind == argc)
        return error_set(error, STATUS_COMMAND, "%s: no %s is given", argv[0], what);
    if (optind + 1 < argc)
        return error_set(error, STATUS_COMMAND, "%s: one %s is accepted, \"%s\" is too many", argv[0], what,
                         argv[optind + 1]);
    if (argv[optind][0] == '\0')
        return error_set(error, STATUS_COMMAND, "%s: %s is empty", argv[0], what);
    *argument = argv[optind];
    return STATUS_OK;
}

const char *cli_data_directory(const char *option) {
    const char *environment = getenv("MPISWEEP_DATA");
    if (option != NULL)
        return option;
    return environment != NULL && environment[0] != '\0' ? environment : "./data";
}

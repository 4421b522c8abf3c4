/* The verbs of the command line, and what they share.
 *
 * A verb gets its own arguments (argv[0] is the verb), writes results to standard output and returns a
 * status; main prints the error and picks the exit code. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>

#include "base/status.h"

status cli_plan(int argc, char **argv, error_info *error);
status cli_run(int argc, char **argv, error_info *error);
status cli_launch(int argc, char **argv, error_info *error);
status cli_status(int argc, char **argv, error_info *error);
status cli_verify(int argc, char **argv, error_info *error);
status cli_bench(int argc, char **argv, error_info *error);

/* The values of an option that may be given many times; they point into argv. */
enum { CLI_MAX_REPEATS = 64 };
typedef struct cli_list {
    const char *items[CLI_MAX_REPEATS];
    int count;
} cli_list;

status cli_list_add(cli_list *list, const char *option, const char *value, error_info *error);

/* A whole number of at least `minimum`. */
status cli_parse_number(const char *option, const char *text, long minimum, long *number, error_info *error);

/* getopt_long with an empty prefix of its own: the next option's `val`, -1 after the last. An unknown option
 * or a missing value gives '?' and sets `error`, with what is accepted. `shorts` as in getopt ("o:"). */
int cli_next_option(int argc, char **argv, const char *shorts, const struct option *longs, error_info *error);

/* The one argument that is not an option; `what` names it in errors ("JOB.yaml"). Call after the last
 * option. */
status cli_single_argument(int argc, char **argv, const char *what, const char **argument, error_info *error);

/* Where data sets are: `option` (NULL when not given), else $MPISWEEP_DATA, else ./data. */
const char *cli_data_directory(const char *option);

#endif

/* What the verbs' rows say to people. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/options.h"

/* All verbs, a line each, and the exit statuses. */
void help_print(FILE *out);

/* What `word` names: a verb, "keys" for all keys of a job file, or one of them (cli/key_help.h). NULL:
 * help_print. STATUS_COMMAND for anything else, with what is near. */
status help_print_topic(FILE *out, const char *word, error_info *error);

/* Usage, description, arguments and options of one verb. */
void help_print_verb(FILE *out, const cli_verb *verb);

/* "usage: mpisweep plan JOB.yaml [--set KEY=VALUE]..." and where to read more; of no verb when it is NULL. */
void help_print_usage(FILE *out, const cli_verb *verb);

#endif

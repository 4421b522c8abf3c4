/* The verbs of mpisweep, in the order of `mpisweep help`. Each is defined in the file of its name. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/options.h"

#define CLI_VERBS(X) X(new) X(plan) X(run) X(launch) X(status) X(verify) X(merge) X(rerun) X(extend) X(bench)

#define X(name) extern const cli_verb cli_##name;
CLI_VERBS(X)
#undef X

/* All of them, then NULL. */
extern const cli_verb *const cli_verbs[];

/* NULL when there is no such verb; `name` may be NULL. */
const cli_verb *cli_find_verb(const char *name);

/* STATUS_COMMAND: there is no verb `name`, or none was given (NULL), with what is accepted and, if one is
 * near, the nearest. */
status cli_no_such_verb(const char *name, error_info *error);

#endif

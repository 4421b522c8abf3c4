/* All tables of keys that a job file can have, for help, man pages and shell completion. */
#ifndef IO_JOB_KEY_TABLES_H
#define IO_JOB_KEY_TABLES_H

#include "io/option/option.h"

typedef struct key_table {
    const char *name;      /* what is before a key of the table: "", "sweep.AXIS", or a kind of layer */
    const char *help;      /* what a layer computes; NULL for the other tables */
    const char *short_key; /* of a layer: the key that `- KIND: VALUE` sets; NULL: there is no short form */
    const option_table *keys;
} key_table;

/* The i-th table: that of the job, that of an axis, then one for every kind of layer. False after the last.
 */
bool job_key_table(int i, key_table *out);

#endif

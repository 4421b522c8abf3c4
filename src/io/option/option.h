/* Options: rows of a table, each declaring one key of the job file.
 *
 * Reading, the error texts, the canonical text, the axes of a sweep and the reference documentation all work
 * from these rows; adding a key is adding a row. The tables are in job_table.c, layer_table.c and job_axes.c.
 */
#ifndef IO_OPTION_OPTION_H
#define IO_OPTION_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/name_table.h"
#include "base/status.h"
#include "engine/engine.h"
#include "io/option/tree.h"

typedef struct option option;

/* Receives what options contribute to results: a value for each of their keys. */
typedef struct option_writer option_writer;
struct option_writer {
    /* The stream to which the value of `key` is printed, one line; NULL: it is not wanted. It stays open
     * until the next begin. */
    FILE *(*begin)(option_writer *w, const char *key);
    bool failed; /* memory ran out: what was written is of no use */
};

/* What values an option takes, and how they are stored in the object that the table describes. */
typedef struct option_type {
    /* Check `node` and store it. `name` is the full key for messages. */
    status (*read)(const option *o, const char *name, const tree_node *node, void *object, error_info *error);
    /* Print the stored value, or those of the keys below `name`. NULL: the value does not affect results. */
    void (*write)(const option *o, const char *name, const void *object, option_writer *w);
    /* "a number from 0 to 1000" */
    void (*accepted)(const option *o, char *text, size_t size);
    /* Store a number that option_accepts_number. NULL: the option takes no single numbers. */
    void (*store)(void *value, double number);
    /* Whether an option that others depend on (only_if) has been given. NULL: for option_choice, whose value
     * counts. */
    bool (*is_given)(const option *o, const void *object);
    /* Where the default is nothing, `none` (null, ~) means that: option_takes_none. */
    bool may_be_none;
} option_type;

struct option {
    const char *key; /* path within the table's map: "optimizer.lr" */
    const option_type *type;
    size_t offset;             /* of the value in the object */
    size_t count_offset;       /* lists: of the int that counts them */
    int longest;               /* option_numbers: most of them; 0: ENGINE_MAX_LIST */
    size_t given_offset;       /* option_optional: of the bool that says whether there is a value */
    double min, max;           /* range of numbers; max is the greatest length of a text */
    const char *unit;          /* "samples"; NULL for none */
    const name_table *choices; /* option_choice: names by enumerator */
    const char *default_text;  /* as written in a job file; "" for nothing; NULL: the key is required … */
    const char *default_key;   /* … unless this key gives the value */
    const char *only_if;       /* the key is known only while this option is given, or, being a choice, … */
    unsigned only_values;      /* … has one of these values (bit 1 << value); NULL: always */
    bool by_axis;              /* an axis of a sweep can set it */
    bool shapes_records;       /* its value decides how many or which values are recorded */
    bool omits_default;        /* option_write_all leaves its default out: the key is younger than results
                                  files, whose digests know nothing of it. It writes one value */
    unsigned omits_for;        /* … only with these values of only_if, a choice; 0: with all */
    const char *help;
};

typedef struct option_table {
    const option *options;
    size_t count;
} option_table;

extern const option_type option_name;       /* char[max + 1] */
extern const option_type option_text;       /* char[max + 1] */
extern const option_type option_path;       /* char[max + 1]: as written; io/file/path.h resolves it */
extern const option_type option_integer;    /* int */
extern const option_type option_unsigned;   /* uint64_t */
extern const option_type option_number;     /* double */
extern const option_type option_limit;      /* double that does not affect what is computed */
extern const option_type option_boolean;    /* bool */
extern const option_type option_choice;     /* an enum */
extern const option_type option_pair;       /* int[2]: height, width */
extern const option_type option_numbers;    /* double[ENGINE_MAX_LIST], or [longest], and a count */
extern const option_type option_integers;   /* int[ENGINE_MAX_LIST] and a count */
extern const option_type option_names;      /* name_list */
extern const option_type option_layer;      /* layer_path and a count, which is 1 */
extern const option_type option_layer_list; /* layer_path[ENGINE_MAX_LIST] and a count */
extern const option_type option_padding;    /* int[2], PADDING_SAME included */
extern const option_type option_optional;   /* double and a bool */
extern const option_type option_every;      /* record_spec: every and unit */
extern const option_type option_interval;   /* double: seconds, 0 for never, OPTION_AUTO; affects no result */

/* As option_choice; enumerator 0 means that the option is not given. */
extern const option_type option_choice_or_none;

enum { OPTION_AUTO = -1 }; /* of an interval: as is best */

/* STATUS_USAGE for a `map` that is not a map, and for keys and sections in it that the table does not
 * have. */
status option_check_keys(const option_table *table, const char *prefix, const tree_node *map,
                         error_info *error);

/* Read every option of the table from `map` into the zero-initialised `object`, defaults included. `prefix`
 * is put before keys in messages. STATUS_USAGE with its place for unknown and missing keys and wrong
 * values. */
status option_read_all(const option_table *table, const char *prefix, const tree_node *map, void *object,
                       error_info *error);

/* Write every option that affects results, but no default of one that omits it; `prefix` is put before
 * keys. */
void option_write_all(const option_table *table, const char *prefix, const void *object, option_writer *w);

/* The error for a value that an option does not take: "PLACE: NAME: value; accepted: …". */
status option_refuse(const option *o, const char *name, const tree_node *node, error_info *error);

/* The error for an unknown key, with the table's keys below `section` ("optimizer.", "" for the top) and, if
 * it is near, the nearest one. */
status option_unknown(const option_table *table, const char *section, const char *name, tree_place place,
                      error_info *error);

/* The key or section of the table that `path` may be a slip for; "" when none is near. */
void option_nearest(const option_table *table, const char *path, char *nearest, size_t size);

/* Whether `none` may be written for the option. */
bool option_takes_none(const option *o);

/* Whether the option takes this number (type integer, unsigned or number). */
bool option_accepts_number(const option *o, double number);

/* The shortest text that reads back as the same number, as in axis values. */
void option_number_text(double number, char *text, size_t size);

/* Whether `text` may name a job or an axis: letters, digits and _, beginning with a letter. */
bool option_is_name(const char *text, size_t longest);

/* The option with this key, the first one if several share it; NULL when there is none. */
const option *option_find(const option_table *table, const char *key);

/* "a number from 0 to 1000": the values that it takes. */
void option_describe_accepted(const option *o, char *text, size_t size);

/* "optimizer.kind: sgd or nesterov": what only_if asks for; "" when the key is always known. */
void option_describe_condition(const option_table *table, const option *o, char *text, size_t size);

/* One Markdown table of all options. */
void option_print_reference(const option_table *table, FILE *out);

#endif

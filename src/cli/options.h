/* The command lines of the verbs, as tables: what each accepts, where it is stored, what it means.
 *
 * Parsing, help, usage and error messages come from a verb's rows (cli_parse, cli/help.h, cli/verbs.h), and
 * other users of the rows can iterate over them. An option is one row of its verb. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/name_table.h"
#include "base/status.h"

typedef struct cli_option cli_option;

/* What an option's value is and how it is stored. */
typedef struct cli_kind {
    /* Reads `value` (NULL for a flag) into `field`, or refuses it (cli_refuse). */
    status (*read)(const cli_option *o, const char *value, void *field, error_info *error);
    bool repeats; /* may be given more than once, and every value counts; of others the last one */
} cli_kind;

struct cli_option {
    char letter;          /* '\0': none */
    const char *name;     /* the long one, without dashes; NULL: none. One of the two is there. */
    const char *argument; /* what its value is called in help; NULL: it takes none */
    const cli_kind *kind;
    size_t offset;         /* of the field in the verb's structure */
    long minimum, maximum; /* of a cli_number; a maximum of 0: none */
    const char *preset;    /* the value when it is not given; NULL: the field is left as it is */
    const char *help;
};

/* The fields are as in the comments. Texts point into argv. */
extern const cli_kind cli_flag;      /* bool */
extern const cli_kind cli_number;    /* long: a whole number */
extern const cli_kind cli_list;      /* cli_texts: every value that is given */
extern const cli_kind cli_file;      /* const char *: a name, not empty */
extern const cli_kind cli_directory; /* const char *: a name, not empty */

enum { CLI_MAX_REPEATS = 64 };
typedef struct cli_texts {
    const char *items[CLI_MAX_REPEATS];
    int count;
} cli_texts;

/* Any number of words of the command line. */
typedef struct cli_words {
    char *const *items; /* (count) in argv */
    int count;
} cli_words;

/* An argument that is not an option: the name of a file, or one of some words. */
typedef struct cli_argument {
    const char *name; /* "JOB.yaml", in help and errors. Shells complete it with files that end as it does */
    size_t offset;    /* const char *: in the verb's structure; left as it is when it is not given */
    bool optional;    /* only after those that are not */
    bool repeats;     /* only the last: this one and all that follow; the field is a cli_words */
    const name_table *words; /* what it may be, for shells, which the verb checks; NULL: any file */
    const char *help;
} cli_argument;

enum { CLI_MAX_ARGUMENTS = 2, CLI_MAX_OPTIONS = 12 };

/* A verb gets its own arguments (argv[0] is the verb), writes results to standard output and returns a
 * status; main prints the error and picks the exit code. */
typedef struct cli_verb {
    const char *name;
    const char *summary;     /* one line of `mpisweep help` */
    const char *command;     /* how its command line begins; NULL: "mpisweep NAME" */
    const char *description; /* paragraphs, each without line breaks in it */
    const char *remarks;     /* the same, after the options; may be NULL */
    status (*run)(int argc, char **argv, error_info *error);
    /* The verb that gets all arguments, and the options that only it has; NULL: none. */
    const struct cli_verb *passes_to;
    /* What the words are, in help, that may come last: after all arguments and "--". NULL: none are accepted.
     */
    const char *rest;
    /* Rows that are not used are zero. */
    cli_argument arguments[CLI_MAX_ARGUMENTS];
    cli_option options[CLI_MAX_OPTIONS];
} cli_verb;

/* The i-th option of those that the verb accepts, its own before those that it passes on; NULL after the
 * last. */
const cli_option *cli_option_at(const cli_verb *verb, int i);

/* The verb's own, not passed on? */
bool cli_option_is_own(const cli_verb *verb, const cli_option *o);

/* The i-th argument, or that of the verb to which it is passed on; NULL after the last. */
const cli_argument *cli_argument_at(const cli_verb *verb, int i);

/* "--ranks", or "-o" for an option without a long name. */
enum { CLI_NAME_SIZE = 32 };
void cli_option_name(const cli_option *o, char name[CLI_NAME_SIZE]);

/* '--ranks "two": expected a whole number of at least 1'; `expected` is formatted. STATUS_COMMAND. */
status cli_refuse(const cli_option *o, const char *value, error_info *error, const char *expected, ...)
    __attribute__((format(printf, 4, 5)));

/* Reads a command line into `object`, the verb's structure, in which it sets the fields of what is given and
 * the presets. Arguments that repeat are moved next to each other in argv. Options may be anywhere before
 * "--", as "--name VALUE", "--name=VALUE", "-n VALUE" or
 * "-nVALUE"; the start of a long name is enough when no other begins with it. STATUS_COMMAND for what is not
 * accepted, with what is. */
status cli_parse(const cli_verb *verb, int argc, char **argv, void *object, error_info *error);

/* What a verb passes on, as words of argv. */
typedef struct cli_passed {
    const char **words; /* (word_count) for the other verb: the caller's memory, room for argc */
    int word_count;
    char *const *rest; /* (rest_count) after the last "--" */
    int rest_count;
} cli_passed;

/* The same for a verb that passes on: words for the other verb, whose values are not checked here, and the
 * rest. A "--" before the arguments ends the options, as always; one after them begins the rest. */
status cli_parse_passing(const cli_verb *verb, int argc, char **argv, void *object, cli_passed *passed,
                         error_info *error);

/* Where data sets are: `option` (NULL when not given), else $MPISWEEP_DATA, else ./data. */
const char *cli_data_directory(const char *option);

#endif

#include "cli/help.h"

#include <string.h>

#include "cli/key_help.h"
#include "cli/paragraph.h"
#include "cli/verbs.h"

enum { USAGE_INDENT = 9, HELP_COLUMN = 27, TEXT_SIZE = 128 };

/* A term and what it means, in two columns. */
static void print_entry(FILE *out, const char *term, const char *help, const char *preset) {
    char text[TEXT_SIZE];
    paragraph w = {.out = out, .indent = HELP_COLUMN, .column = HELP_COLUMN};
    fprintf(out, "  %-*s", HELP_COLUMN - 2, term);
    if (2 + (int)strlen(term) + 1 > HELP_COLUMN)
        paragraph_break(&w);
    paragraph_put_text(&w, help);
    if (preset != NULL) {
        snprintf(text, sizeof text, "(default: %s)", preset);
        paragraph_put_text(&w, text);
    }
    putc('\n', out);
}

/* ---- A verb ------------------------------------------------------------------------------------ */

/* "-n, --ranks N" */
static void describe_option(const cli_option *o, char text[TEXT_SIZE]) {
    char letter[] = {'-', o->letter, '\0'};
    snprintf(text, TEXT_SIZE, "%s%s%s%s%s%s", o->letter != '\0' ? letter : "",
             o->letter != '\0' && o->name != NULL ? ", " : "", o->name != NULL ? "--" : "",
             o->name != NULL ? o->name : "", o->argument != NULL ? " " : "",
             o->argument != NULL ? o->argument : "");
}

/* "[-n N]" */
static void put_option_usage(paragraph *w, const cli_option *o) {
    char text[TEXT_SIZE], name[CLI_NAME_SIZE];
    cli_option_name(o, name);
    if (o->letter != '\0')
        snprintf(name, sizeof name, "-%c", o->letter);
    const int length = snprintf(text, sizeof text, "[%s%s%s]%s", name, o->argument != NULL ? " " : "",
                                o->argument != NULL ? o->argument : "", o->kind->repeats ? "..." : "");
    paragraph_put(w, text, length);
}

static void put_usage(paragraph *w, const cli_verb *verb) {
    const cli_option *o;
    const cli_argument *a;
    char text[TEXT_SIZE];
    snprintf(text, sizeof text, "mpisweep %s", verb->name);
    paragraph_put_text(w, verb->command != NULL ? verb->command : text);
    w->indent = USAGE_INDENT;
    for (int i = 0; (a = cli_argument_at(verb, i)) != NULL; i++) {
        snprintf(text, sizeof text, a->optional ? "[%s]%s" : "%s%s", a->name, a->repeats ? "..." : "");
        paragraph_put_text(w, text);
    }
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL && cli_option_is_own(verb, o); i++)
        put_option_usage(w, o);
    if (verb->passes_to != NULL) {
        const int length = snprintf(text, sizeof text, "[OPTIONS OF %s]", verb->passes_to->name);
        paragraph_put(w, text, length);
    }
    if (verb->rest != NULL)
        paragraph_put(w, text, snprintf(text, sizeof text, "[-- %s]", verb->rest));
    putc('\n', w->out);
}

static void print_options(FILE *out, const cli_verb *verb, bool own) {
    const cli_option *o;
    char text[TEXT_SIZE];
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++)
        if (cli_option_is_own(verb, o) == own) {
            describe_option(o, text);
            print_entry(out, text, o->help, o->preset);
        }
}

void help_print_verb(FILE *out, const cli_verb *verb) {
    const cli_argument *a;
    paragraph w = {.out = out};
    put_usage(&w, verb);
    putc('\n', out);
    paragraph_print(out, verb->description);
    putc('\n', out);
    for (int i = 0; (a = cli_argument_at(verb, i)) != NULL; i++)
        print_entry(out, a->name, a->help, NULL);
    print_options(out, verb, true);
    if (verb->passes_to != NULL) {
        fprintf(out, "\nOptions of %s, which it passes on:\n", verb->passes_to->name);
        print_options(out, verb, false);
    }
    if (verb->remarks != NULL) {
        putc('\n', out);
        paragraph_print(out, verb->remarks);
    }
}

void help_print_usage(FILE *out, const cli_verb *verb) {
    if (verb == NULL) {
        fputs("usage: mpisweep VERB ...; mpisweep help says more\n", out);
        return;
    }
    paragraph w = {.out = out};
    paragraph_put(&w, "usage:", (int)strlen("usage:"));
    put_usage(&w, verb);
    fprintf(out, "mpisweep help %s says more\n", verb->name);
}

/* ---- All of them ------------------------------------------------------------------------------- */

void help_print(FILE *out) {
    fputs("mpisweep VERB ...: trains thousands of small neural networks over a grid of hyper-parameters\n\n",
          out);
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++)
        fprintf(out, "  %-8s %s\n", (*v)->name, (*v)->summary);
    fputs("\nmpisweep help VERB (or VERB --help, VERB -h) says more, mpisweep help KEY explains a key of the "
          "job\n"
          "file, mpisweep help keys lists them all; mpisweep --version names the version.\n"
          "Exit status:\n",
          out);
#define X(name, exit_code, meaning) fprintf(out, "  %2d  %s\n", exit_code, meaning);
    STATUS_CODES(X)
#undef X
}

static status no_such_topic(const char *word, error_info *error) {
    char key[KEY_HELP_NAME_SIZE];
    status result = cli_no_such_verb(word, error);
    key_help_nearest(word, key);
    if (key[0] != '\0') {
        error_append(error, "; nearest known key of the job file: ");
        error_append(error, key);
    }
    error_append(error, "; mpisweep help keys lists the keys of the job file");
    return result;
}

status help_print_topic(FILE *out, const char *word, error_info *error) {
    const cli_verb *verb = cli_find_verb(word);
    if (word == NULL)
        help_print(out);
    else if (verb != NULL)
        help_print_verb(out, verb);
    else if (strcmp(word, "keys") == 0)
        key_help_list(out);
    else if (!key_help_print(out, word))
        return no_such_topic(word, error);
    return STATUS_OK;
}

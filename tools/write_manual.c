/* Writes the manual pages from the tables of verbs and of keys: write_manual DIR makes DIR/man1/mpisweep.1,
 * DIR/man1/mpisweep-VERB.1 and DIR/man5/mpisweep-job.5. The folders are there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/build_info.h"
#include "cli/verbs.h"
#include "io/job/key_tables.h"

enum { TEXT_SIZE = 512, PATH_SIZE = 4096 };

/* ---- roff -------------------------------------------------------------------------------------- */

/* A text within a line; hyphens are those that people type. A dot or quote that begins a line is none of
 * roff's. */
static void put(FILE *out, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        const bool begins = c == text || c[-1] == '\n';
        if (begins && (*c == '.' || *c == '\''))
            fputs("\\&", out);
        if (*c == '-' || *c == '\\')
            fputs(*c == '-' ? "\\-" : "\\e", out);
        else
            putc(*c, out);
    }
}

/* A line of its own. */
static void put_line(FILE *out, const char *text) {
    put(out, text);
    putc('\n', out);
}

/* Every end of line begins a paragraph. */
static void put_paragraphs(FILE *out, const char *text) {
    for (;;) {
        const char *end = strchrnul(text, '\n');
        char *paragraph = strndup(text, (size_t)(end - text));
        if (paragraph == NULL)
            exit(EXIT_FAILURE);
        put_line(out, paragraph);
        free(paragraph);
        if (*end == '\0')
            return;
        fputs(".PP\n", out);
        text = end + 1;
    }
}

/* A term, bold, with what stands for its value in italics (NULL: nothing), and what it means. */
static void put_entry(FILE *out, const char *term, const char *value, const char *help) {
    fputs(".TP\n\\fB", out);
    put(out, term);
    fputs("\\fR", out);
    if (value != NULL) {
        fputs(" \\fI", out);
        put(out, value);
        fputs("\\fR", out);
    }
    putc('\n', out);
    put_line(out, help);
}

static void put_head(FILE *out, const char *name, int section, const char *summary) {
    fprintf(out, ".\\\" Written by tools/write_manual.c from the tables of the program.\n.TH \"");
    for (const char *c = name; *c != '\0'; c++)
        putc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
    fprintf(out, "\" \"%d\" \"\" \"%s\" \"mpisweep\"\n.nh\n.ad l\n.SH NAME\n", section, build_version);
    put(out, name);
    fputs(" \\- ", out);
    put_line(out, summary);
}

/* ---- A verb ------------------------------------------------------------------------------------ */

static void put_option_usage(FILE *out, const cli_option *o) {
    char name[CLI_NAME_SIZE];
    cli_option_name(o, name);
    fputs("[\\fB", out);
    put(out, name);
    fputs("\\fR", out);
    if (o->argument != NULL) {
        fputs("\\ \\fI", out);
        put(out, o->argument);
        fputs("\\fR", out);
    }
    fprintf(out, "]%s\n", o->kind->repeats ? "..." : "");
}

static void put_synopsis(FILE *out, const cli_verb *verb) {
    const cli_argument *a;
    const cli_option *o;
    char command[TEXT_SIZE];
    snprintf(command, sizeof command, "mpisweep %s", verb->name);
    fputs(".SH SYNOPSIS\n\\fB", out);
    put(out, verb->command != NULL ? verb->command : command);
    fputs("\\fR\n", out);
    for (int i = 0; (a = cli_argument_at(verb, i)) != NULL; i++) {
        fputs(a->optional ? "[\\fI" : "\\fI", out);
        put(out, a->name);
        fprintf(out, "\\fR%s%s\n", a->optional ? "]" : "", a->repeats ? "..." : "");
    }
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++)
        put_option_usage(out, o);
    if (verb->rest != NULL)
        fprintf(out, "[\\fB\\-\\-\\fR \\fI%s\\fR]\n", verb->rest);
}

static void put_option(FILE *out, const cli_option *o) {
    char term[TEXT_SIZE], help[TEXT_SIZE];
    const char letter[] = {'-', o->letter, '\0'};
    const bool both = o->letter != '\0' && o->name != NULL;
    snprintf(term, sizeof term, "%s%s%s%s", o->letter != '\0' ? letter : "", both ? ", " : "",
             o->name != NULL ? "--" : "", o->name != NULL ? o->name : "");
    snprintf(help, sizeof help, "%s%s%s%s", o->help, o->preset != NULL ? " (default: " : "",
             o->preset != NULL ? o->preset : "", o->preset != NULL ? ")" : "");
    put_entry(out, term, o->argument, help);
}

static void put_options(FILE *out, const cli_verb *verb) {
    const cli_argument *a;
    const cli_option *o;
    fputs(".SH OPTIONS\n", out);
    for (int i = 0; (a = cli_argument_at(verb, i)) != NULL; i++)
        put_entry(out, a->name, NULL, a->help);
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++)
        put_option(out, o);
}

static void put_verb(FILE *out, const cli_verb *verb) {
    char name[TEXT_SIZE];
    snprintf(name, sizeof name, "mpisweep-%s", verb->name);
    put_head(out, name, 1, verb->summary);
    put_synopsis(out, verb);
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(out, verb->description);
    put_options(out, verb);
    if (verb->remarks != NULL) {
        fputs(".SH NOTES\n", out);
        put_paragraphs(out, verb->remarks);
    }
    fputs(".SH SEE ALSO\n\\fBmpisweep\\fR(1), which has the exit statuses, \\fBmpisweep\\-job\\fR(5)\n", out);
}

/* ---- The program ------------------------------------------------------------------------------- */

static void put_verbs(FILE *out) {
    fputs(".SH VERBS\n", out);
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++)
        put_entry(out, (*v)->name, NULL, (*v)->summary);
    put_entry(out, "help", "VERB|KEY", "explain a verb or a key of the job file; help keys lists the keys");
}

static void put_exit_statuses(FILE *out) {
    char code[16];
    fputs(".SH EXIT STATUS\n", out);
#define X(name, exit_code, meaning)                                                                          \
    snprintf(code, sizeof code, "%d", exit_code);                                                            \
    put_entry(out, code, NULL, meaning);
    STATUS_CODES(X)
#undef X
}

static void put_program(FILE *out) {
    put_head(out, "mpisweep", 1,
             "trains thousands of small neural networks over a grid of hyper-parameters under MPI");
    fputs(".SH SYNOPSIS\n\\fBmpisweep\\fR \\fIVERB\\fR ...\n.SH DESCRIPTION\n", out);
    put_paragraphs(
        out, "A job file says what is trained, on which data, and over which values. Every combination of "
             "the values is a cell: one training. Their results come into one HDF5 file of labelled "
             "arrays. The command that was interrupted resumes when it is run again.");
    put_verbs(out);
    put_exit_statuses(out);
    fputs(".SH ENVIRONMENT\n", out);
    put_entry(out, "MPISWEEP_DATA", NULL, "directory of the data sets, unless --data names one");
    put_entry(
        out, "MPISWEEP_KERNELS", NULL,
        "the kernel set to use: reference, portable, avx2 or avx512; else the best that all ranks have");
    fputs(".SH SEE ALSO\n\\fBmpisweep\\-job\\fR(5), \\fBmpirun\\fR(1)", out);
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++)
        fprintf(out, ",\n\\fBmpisweep\\-%s\\fR(1)", (*v)->name);
    putc('\n', out);
}

/* ---- The job file ------------------------------------------------------------------------------ */

static void put_key(FILE *out, const key_table *table, const option *o) {
    char text[TEXT_SIZE];
    put_entry(out, o->key, NULL, o->help);
    option_describe_accepted(o, text, sizeof text);
    fputs(".br\nAccepted: ", out);
    put(out, text);
    option_describe_condition(table->keys, o, text, sizeof text);
    if (text[0] != '\0') {
        fputs("; only with ", out);
        put(out, text);
    }
    if (o->default_key != NULL)
        fprintf(out, ". Default: that of %s.\n", o->default_key);
    else if (o->default_text == NULL)
        fputs(". Required.\n", out);
    else {
        fputs(". Default: ", out);
        put(out, o->default_text[0] != '\0' ? o->default_text : "none");
        fputs(".\n", out);
    }
}

static void put_table(FILE *out, const key_table *table) {
    fprintf(out, ".SH \"%s %s\"\n", table->help != NULL ? "LAYER" : "KEYS",
            table->name[0] != '\0' ? table->name : "OF THE JOB");
    if (table->help != NULL)
        put_line(out, table->help);
    for (size_t i = 0; i < table->keys->count; i++)
        put_key(out, table, &table->keys->options[i]);
}

static void put_job(FILE *out) {
    key_table table;
    put_head(out, "mpisweep-job", 5, "the job file of mpisweep");
    fputs(".SH DESCRIPTION\n", out);
    put_paragraphs(
        out,
        "A YAML document of at most 1 MiB. optimizer.lr is the key lr in the map optimizer. model.layers is "
        "a list of layers, each its kind or a map of its kind to its keys. sweep is a map of axes: run, "
        "the number of independent repeats, and any names with the keys of sweep.AXIS.\n"
        "mpisweep new prints commented jobs to start from.");
    for (int t = 0; job_key_table(t, &table); t++)
        put_table(out, &table);
    fputs(".SH SEE ALSO\n\\fBmpisweep\\-new\\fR(1), \\fBmpisweep\\-plan\\fR(1)\n", out);
}

/* ---- Files ------------------------------------------------------------------------------------- */

static FILE *create(const char *directory, const char *name, int section) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/man%d/%s.%d", directory, section, name, section);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return out;
}

static void finish(FILE *out) {
    if (fclose(out) != 0) {
        perror("write_manual");
        exit(EXIT_FAILURE);
    }
}

static void write_page(const char *directory, const char *name, int section, void (*print)(FILE *out)) {
    FILE *out = create(directory, name, section);
    print(out);
    finish(out);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: write_manual DIR\n", stderr);
        return EXIT_FAILURE;
    }
    write_page(argv[1], "mpisweep", 1, put_program);
    write_page(argv[1], "mpisweep-job", 5, put_job);
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++) {
        char name[TEXT_SIZE];
        snprintf(name, sizeof name, "mpisweep-%s", (*v)->name);
        FILE *out = create(argv[1], name, 1);
        put_verb(out, *v);
        finish(out);
    }
    return EXIT_SUCCESS;
}

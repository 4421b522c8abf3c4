#include "cli/key_help.h"

#include <string.h>

#include "cli/paragraph.h"
#include "io/job/key_tables.h"

enum { TEXT_SIZE = 512, HELP_COLUMN = 33, ENTRY_INDENT = 2, FACT_INDENT = 12 };

/* ---- Rows and their names ---------------------------------------------------------------------- */

/* A row of one of the tables. */
typedef struct key_row {
    const key_table *table;
    const option *option;
    char name[KEY_HELP_NAME_SIZE]; /* "optimizer.lr", "sweep.AXIS.values", "dense.units" */
} key_row;

static bool is_layer(const key_table *table) {
    return table->help != NULL;
}

static key_row row_at(const key_table *table, size_t i) {
    key_row row = {table, &table->keys->options[i], ""};
    snprintf(row.name, sizeof row.name, "%s%s%s", table->name, table->name[0] != '\0' ? "." : "",
             row.option->key);
    return row;
}

static const char *last_part(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot != NULL ? dot + 1 : name;
}

/* ---- Which rows a word names ------------------------------------------------------------------- */

typedef bool (*row_test)(const key_row *row, const char *word);

static bool is_named(const key_row *row, const char *word) {
    return strcmp(row->name, word) == 0;
}

/* In the section of that name? */
static bool is_within(const key_row *row, const char *word) {
    const size_t length = strlen(word);
    return strncmp(row->name, word, length) == 0 && row->name[length] == '.';
}

static bool ends_the_same(const key_row *row, const char *word) {
    return strcmp(last_part(row->name), last_part(word)) == 0;
}

static bool takes_value(const key_row *row, const char *word) {
    const name_table *choices = row->option->choices;
    return choices != NULL && name_find(choices, word) < choices->count;
}

static int count_rows(row_test test, const char *word) {
    key_table table;
    int count = 0;
    for (int t = 0; job_key_table(t, &table); t++)
        for (size_t i = 0; i < table.keys->count; i++) {
            const key_row row = row_at(&table, i);
            count += test(&row, word);
        }
    return count;
}

/* ---- Printing ---------------------------------------------------------------------------------- */

/* One of the lines below a key: "  accepted  a number from 0 to 1000". */
static void print_fact(FILE *out, const char *what, const char *text) {
    paragraph p = {.out = out, .indent = FACT_INDENT, .column = FACT_INDENT};
    fprintf(out, "%*s%-*s", ENTRY_INDENT, "", FACT_INDENT - ENTRY_INDENT, what);
    paragraph_put_text(&p, text);
    putc('\n', out);
}

static void print_default(FILE *out, const option *o) {
    char text[TEXT_SIZE];
    if (o->default_key != NULL) {
        snprintf(text, sizeof text, "that of %s", o->default_key);
        print_fact(out, "default", text);
    } else if (o->default_text == NULL)
        print_fact(out, "default", "none, it is required");
    else
        print_fact(out, "default", o->default_text[0] != '\0' ? o->default_text : "none");
}

static void print_entry(FILE *out, const key_row *row) {
    char text[TEXT_SIZE];
    fprintf(out, "%s\n", row->name);
    paragraph p = {.out = out, .indent = ENTRY_INDENT, .column = 0};
    fprintf(out, "%*s", p.column = ENTRY_INDENT, "");
    paragraph_put_text(&p, row->option->help);
    putc('\n', out);
    option_describe_accepted(row->option, text, sizeof text);
    print_fact(out, "accepted", text);
    print_default(out, row->option);
    option_describe_condition(row->table->keys, row->option, text, sizeof text);
    if (text[0] != '\0')
        print_fact(out, "only with", text);
    if (is_layer(row->table)) {
        snprintf(text, sizeof text, "model.layers[N].%s in --set and in axes, N counted from 0",
                 row->option->key);
        print_fact(out, "written", text);
    }
}

static void print_line(FILE *out, const key_row *row) {
    paragraph p = {.out = out, .indent = HELP_COLUMN, .column = HELP_COLUMN};
    fprintf(out, "  %-*s", HELP_COLUMN - 2, row->name);
    if (2 + strlen(row->name) + 1 > (size_t)HELP_COLUMN)
        paragraph_break(&p);
    paragraph_put_text(&p, row->option->help);
    putc('\n', out);
}

static void print_rows(FILE *out, row_test test, const char *word,
                       void (*print)(FILE *out, const key_row *row)) {
    key_table table;
    for (int t = 0; job_key_table(t, &table); t++)
        for (size_t i = 0; i < table.keys->count; i++) {
            const key_row row = row_at(&table, i);
            if (test(&row, word))
                print(out, &row);
        }
}

/* A kind of layer: what it computes, how it is written, and its keys. */
static void print_layer(FILE *out, const key_table *table) {
    fprintf(out, "%s, a layer: %s\n", table->name, table->help);
    if (table->keys->count == 0)
        fprintf(out, "  written as - %s; it has no keys\n", table->name);
    if (table->short_key != NULL)
        fprintf(out, "  short form: - %s: VALUE sets %s\n", table->name, table->short_key);
    for (size_t i = 0; i < table->keys->count; i++) {
        const key_row row = row_at(table, i);
        print_line(out, &row);
    }
}

static bool find_layer(const char *word, key_table *table) {
    for (int t = 0; job_key_table(t, table); t++)
        if (is_layer(table) && strcmp(table->name, word) == 0)
            return true;
    return false;
}

/* ---- The interface ----------------------------------------------------------------------------- */

/* From the clearest meaning of a word to the least clear one. */
static const struct {
    row_test test;
    void (*print)(FILE *out, const key_row *row);
    const char *title;
} meanings[] = {
    {is_named, print_entry, NULL},
    {is_within, print_line, "Keys of"},
    {ends_the_same, print_entry, NULL},
    {takes_value, print_entry, "Keys that take the value"},
};

bool key_help_print(FILE *out, const char *word) {
    key_table table;
    bool found = find_layer(word, &table);
    if (found)
        print_layer(out, &table);
    for (size_t m = 0; m < sizeof meanings / sizeof meanings[0] && (!found || m == 1); m++) {
        if (count_rows(meanings[m].test, word) == 0)
            continue;
        if (meanings[m].title != NULL)
            fprintf(out, "%s%s %s:\n", found ? "\n" : "", meanings[m].title, word);
        print_rows(out, meanings[m].test, word, meanings[m].print);
        found = true;
    }
    return found;
}

static bool is_any(const key_row *row, const char *word) {
    (void)row, (void)word;
    return true;
}

void key_help_list(FILE *out) {
    paragraph_print(out, "The keys of a job file; mpisweep help KEY says what each accepts. sweep.AXIS is "
                         "any axis; after it come the keys of the kinds of layers.");
    putc('\n', out);
    print_rows(out, is_any, "", print_line);
}

void key_help_nearest(const char *word, char nearest[KEY_HELP_NAME_SIZE]) {
    key_table table;
    nearest[0] = '\0';
    for (int t = 0; job_key_table(t, &table) && nearest[0] == '\0'; t++)
        option_nearest(table.keys, word, nearest, KEY_HELP_NAME_SIZE);
}

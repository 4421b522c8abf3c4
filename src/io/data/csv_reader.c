/* CSV files through libcsv. */
#include "io/data/csv_reader.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file/path.h"

enum { BLOCK_BYTES = 1 << 13, LONGEST_LINE = 64 << 20 };

/* ---- Parsing ----------------------------------------------------------------------------------- */

/* The row that is being assembled: its fields one after the other, each with its terminating 0. */
typedef struct row_parser {
    const char *path;
    char *text;
    size_t used, room;
    size_t *starts; /* (fields) in text */
    const char **fields;
    size_t field_count, field_room;
    size_t columns;  /* of the header; 0 before it */
    size_t line;     /* of the row being read */
    size_t newlines; /* within its fields */
    int last_end;
    bool done;
    status result;
    csv_row_function function;
    void *context;
    error_info *error;
} row_parser;

static void fail(row_parser *p, status code, const char *what) {
    p->result = error_set(p->error, code, "%s: line %zu: %s", p->path, p->line, what);
}

static bool grow(void **memory, size_t *room, size_t needed, size_t item) {
    if (needed <= *room)
        return true;
    size_t larger = 2 * needed;
    void *grown = realloc(*memory, larger * item);
    if (grown == NULL)
        return false;
    *memory = grown;
    *room = larger;
    return true;
}

static bool make_room(row_parser *p, size_t length) {
    size_t field_room = p->field_room;
    return grow((void **)&p->text, &p->room, p->used + length + 1, 1) &&
           grow((void **)&p->starts, &field_room, p->field_count + 1, sizeof *p->starts) &&
           grow((void **)&p->fields, &p->field_room, p->field_count + 1, sizeof *p->fields);
}

static void on_field(void *field, size_t length, void *parser) {
    row_parser *p = parser;
    if (p->result != STATUS_OK || p->done)
        return;
    if (p->used + length > LONGEST_LINE || !make_room(p, length)) {
        fail(p, STATUS_IO, "too long to read");
        return;
    }
    if (memchr(field, '\0', length) != NULL) {
        fail(p, STATUS_IO, "a zero byte; accepted: text");
        return;
    }
    char *to = p->text + p->used;
    memcpy(to, field, length);
    to[length] = '\0';
    for (size_t i = 0; i < length; i++)
        p->newlines += to[i] == '\n';
    p->starts[p->field_count++] = p->used;
    p->used += length + 1;
}

static void give_row(row_parser *p) {
    char text[96];
    const bool is_header = p->columns == 0;
    if (is_header)
        p->columns = p->field_count;
    if (p->field_count != p->columns) {
        snprintf(text, sizeof text, "%zu fields; accepted: %zu, as in the header", p->field_count,
                 p->columns);
        fail(p, STATUS_IO, text);
        return;
    }
    for (size_t i = 0; i < p->field_count; i++)
        p->fields[i] = p->text + p->starts[i];
    const csv_row row = {
        .is_header = is_header, .line = p->line, .count = p->field_count, .fields = p->fields};
    p->result = p->function(&row, p->context, &p->done, p->error);
}

/* `end`: the character that ended the row, or −1. Also called for empty lines, and so for the second half of
 * a CR LF. */
static void on_row(int end, void *parser) {
    row_parser *p = parser;
    if (p->result != STATUS_OK || p->done)
        return;
    const bool second_half = end == '\n' && p->last_end == '\r' && p->field_count == 0;
    p->last_end = end;
    if (second_half)
        return;
    if (p->field_count > 0)
        give_row(p);
    p->line += 1 + p->newlines;
    p->newlines = p->field_count = p->used = 0;
}

/* ---- Files ------------------------------------------------------------------------------------- */

static unsigned char separator_of(const data_spec *spec) {
    static const unsigned char separators[] = {
        [SEPARATOR_COMMA] = ',', [SEPARATOR_SEMICOLON] = ';', [SEPARATOR_TAB] = '\t'};
    return separators[spec->separator];
}

/* Excel begins its files with a byte order mark. */
static size_t skip_mark(const char *block, size_t size) {
    return size >= 3 && memcmp(block, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static void parse_block(row_parser *p, struct csv_parser *csv, const char *block, size_t size) {
    if (csv_parse(csv, block, size, on_field, on_row, p) != size && p->result == STATUS_OK)
        fail(p, STATUS_IO, csv_strerror(csv_error(csv)));
}

static void parse_stream(row_parser *p, struct csv_parser *csv, FILE *stream) {
    char block[BLOCK_BYTES];
    size_t size;
    bool first = true;
    while (p->result == STATUS_OK && !p->done && (size = fread(block, 1, sizeof block, stream)) > 0) {
        const size_t skipped = first ? skip_mark(block, size) : 0;
        parse_block(p, csv, block + skipped, size - skipped);
        first = false;
    }
    if (p->result == STATUS_OK && ferror(stream))
        p->result = error_set(p->error, STATUS_IO, "%s: %s", p->path, strerror(errno));
    if (p->result == STATUS_OK && !p->done && csv_fini(csv, on_field, on_row, p) != 0)
        fail(p, STATUS_IO, "a quote that is not closed");
}

status csv_read_rows(const data_spec *spec, const char *path, csv_row_function function, void *context,
                     error_info *error) {
    row_parser p = {.path = path, .line = 1, .function = function, .context = context, .error = error};
    struct csv_parser csv;
    uint64_t ignored;
    RETURN_IF_FAILED(path_file_size(path, &ignored, error));
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    if (csv_init(&csv, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL) == 0) {
        csv_set_delim(&csv, separator_of(spec));
        parse_stream(&p, &csv, stream);
        csv_free(&csv);
    } else {
        p.result = error_set(error, STATUS_INTERNAL, "libcsv cannot be set up");
    }
    fclose(stream); /* read only: nothing can be lost */
    free(p.text);
    free(p.starts);
    free(p.fields);
    return p.result;
}

bool csv_number(const char *text, double *number) {
    char *end;
    if (text[0] == '\0')
        return false;
    *number = strtod(text, &end);
    return *end == '\0';
}

/* ---- Columns ----------------------------------------------------------------------------------- */

void csv_columns_free(csv_columns *c) {
    for (size_t i = 0; c->names != NULL && i < c->count; i++)
        free(c->names[i]);
    free(c->names);
    free(c->features);
    *c = (csv_columns){0};
}

static status keep_header(const csv_row *row, void *context, bool *done, error_info *error) {
    csv_columns *c = context;
    *done = true;
    c->names = calloc(row->count, sizeof *c->names);
    c->features = calloc(row->count, sizeof *c->features);
    if (c->names == NULL || c->features == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    for (c->count = 0; c->count < row->count; c->count++)
        if ((c->names[c->count] = strdup(row->fields[c->count])) == NULL)
            return error_set(error, STATUS_INTERNAL, "out of memory");
    return STATUS_OK;
}

static size_t find_column(const csv_columns *c, const char *name) {
    size_t i = 0;
    while (i < c->count && strcmp(c->names[i], name) != 0)
        i++;
    return i;
}

/* A header of one column whose name contains separators. */
static const char *separator_advice(const csv_columns *c) {
    const char *found = c->count == 1 ? strpbrk(c->names[0], ";\t,") : NULL;
    return found == NULL   ? ""
           : *found == ';' ? ". Its separator may be data.separator: semicolon"
           : *found == ',' ? ". Its separator may be data.separator: comma"
                           : ". Its separator may be data.separator: tab";
}

static status no_column(const csv_columns *c, const char *path, const char *key, const char *name,
                        error_info *error) {
    char list[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < c->count && used < sizeof list - 80; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%.60s", i > 0 ? ", " : "", c->names[i]);
    return error_set(error, STATUS_IO, "%s: line 1: no column \"%s\"%s; the header has %s%s", path, name, key,
                     list[0] != '\0' ? list : "no names", separator_advice(c));
}

static bool is_named(const name_list *names, const char *name) {
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->names[i], name) == 0)
            return true;
    return false;
}

static status find_targets(const data_spec *spec, const char *path, csv_columns *c, error_info *error) {
    for (int i = 0; i < spec->target.count; i++) {
        const size_t column = find_column(c, spec->target.names[i]);
        if (column == c->count)
            return no_column(c, path, ", which data.target names", spec->target.names[i], error);
        c->targets[c->target_count++] = column;
    }
    for (int i = 0; i < spec->ignore.count; i++)
        if (find_column(c, spec->ignore.names[i]) == c->count)
            return no_column(c, path, ", which data.ignore names", spec->ignore.names[i], error);
    return STATUS_OK;
}

/* A column without a name is the row numbers that pandas writes. */
static status find_features(const data_spec *spec, const char *path, csv_columns *c, error_info *error) {
    for (size_t i = 0; i < c->count; i++) {
        if (find_column(c, c->names[i]) != i && c->names[i][0] != '\0')
            return error_set(error, STATUS_IO, "%s: line 1: two columns are called \"%s\"", path,
                             c->names[i]);
        if (c->names[i][0] != '\0' && !is_named(&spec->target, c->names[i]) &&
            !is_named(&spec->ignore, c->names[i]))
            c->features[c->feature_count++] = i;
    }
    return c->feature_count > 0 ? STATUS_OK
                                : error_set(error, STATUS_IO, "%s: line 1: no column is a feature", path);
}

static status find_features_like(const char *path, const csv_columns *like, csv_columns *c,
                                 error_info *error) {
    for (size_t i = 0; i < like->feature_count; i++) {
        const char *name = like->names[like->features[i]];
        const size_t column = find_column(c, name);
        if (column == c->count)
            return no_column(c, path, ", which the training file has", name, error);
        c->features[c->feature_count++] = column;
    }
    return STATUS_OK;
}

status csv_columns_read(const data_spec *spec, const char *path, const csv_columns *like, csv_columns *out,
                        error_info *error) {
    *out = (csv_columns){0};
    RETURN_IF_FAILED(csv_read_rows(spec, path, keep_header, out, error));
    if (out->count == 0)
        return error_set(error, STATUS_IO, "%s: empty; accepted: a header line, then rows", path);
    RETURN_IF_FAILED(find_targets(spec, path, out, error));
    return like == NULL ? find_features(spec, path, out, error) : find_features_like(path, like, out, error);
}

/* Data sets of CSV files: a header line, then a row for every sample. One or several columns, named by the
 * job, are y: whole numbers are labels, texts are classes (in alphabetical order), other numbers are targets.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/data/csv_reader.h"
#include "io/data/format.h"
#include "io/file/path.h"

/* A split's file, and the training file's columns, in whose order the features are. */
typedef struct csv_split {
    char path[PATH_MAX];
    csv_columns columns;
} csv_split;

static status resolve(const data_request *request, data_part part, char path[PATH_MAX], error_info *error) {
    const data_request of_part = {.spec = request->spec, .part = part};
    return path_beside(request->spec->job_path, data_files_of(&of_part)->file, path, error);
}

/* On failure, too, the caller frees the columns. */
static status open_split(const data_request *request, csv_split *out, error_info *error) {
    char train_path[PATH_MAX];
    csv_columns train = {0};
    *out = (csv_split){0};
    RETURN_IF_FAILED(resolve(request, request->part, out->path, error));
    if (request->part == PART_TRAIN)
        return data_named(request, out->path,
                          csv_columns_read(request->spec, out->path, NULL, &out->columns, error), error);
    RETURN_IF_FAILED(resolve(request, PART_TRAIN, train_path, error));
    status result = csv_columns_read(request->spec, train_path, NULL, &train, error);
    if (result == STATUS_OK)
        result = data_named(request, out->path,
                            csv_columns_read(request->spec, out->path, &train, &out->columns, error), error);
    csv_columns_free(&train);
    return result;
}

/* ---- Describing -------------------------------------------------------------------------------- */

/* What the columns of y have in common. */
typedef struct target_look {
    const data_request *request;
    const csv_split *split;
    size_t rows;
    bool numeric;
    answer_look numbers; /* floats: not all are written as integers */
    size_t text_line;    /* of the first that is not a number */
    char text[80];
    int class_count; /* of different texts; more than ENGINE_MAX_CLASSES: too many */
} target_look;

/* Texts in alphabetical order, each once. */
static status add_class(target_look *look, const csv_row *row, const char *text, error_info *error) {
    class_name *names = look->request->class_names;
    int at = 0;
    while (at < look->class_count && at < ENGINE_MAX_CLASSES && strcmp(names[at], text) < 0)
        at++;
    if (look->class_count > ENGINE_MAX_CLASSES || (at < look->class_count && strcmp(names[at], text) == 0))
        return STATUS_OK;
    if (strlen(text) >= sizeof *names)
        return error_set(error, STATUS_IO, "%s: line %zu: class \"%.60s…\"; accepted: up to %zu bytes",
                         look->split->path, row->line, text, sizeof *names - 1);
    if (look->class_count < ENGINE_MAX_CLASSES) {
        memmove(names + at + 1, names + at, (size_t)(look->class_count - at) * sizeof *names);
        snprintf(names[at], sizeof *names, "%s", text);
    }
    look->class_count++;
    return STATUS_OK;
}

static void look_at_text(target_look *look, const csv_row *row, const char *text) {
    if (!look->numeric)
        return;
    look->numeric = false;
    look->text_line = row->line;
    snprintf(look->text, sizeof look->text, "%.70s", text);
}

static status look_at_row(const csv_row *row, void *context, bool *done, error_info *error) {
    target_look *look = context;
    const csv_columns *c = &look->split->columns;
    double numbers[NAME_LIST_MAX];
    (void)done;
    if (row->is_header)
        return STATUS_OK;
    for (size_t i = 0; i < c->target_count; i++) {
        const char *text = row->fields[c->targets[i]];
        numbers[i] = NAN;
        if (text[0] == '\0')
            return error_set(error, STATUS_IO,
                             "%s: line %zu: column \"%s\" is empty; accepted: a class or a number",
                             look->split->path, row->line, c->names[c->targets[i]]);
        if (!csv_number(text, &numbers[i]))
            look_at_text(look, row, text);
        look->numbers.floats = look->numbers.floats || strspn(text, "+-0123456789") != strlen(text);
    }
    answers_look(&look->numbers, numbers);
    look->rows++;
    return c->target_count == 1 ? add_class(look, row, row->fields[c->targets[0]], error) : STATUS_OK;
}

static status check_texts(const target_look *look, data_task task, error_info *error) {
    const bool many = look->split->columns.target_count > 1;
    if (task == TASK_REGRESSION || many)
        return error_set(
            error, STATUS_IO, "%s: line %zu: \"%s\" in the column of a target; accepted: a number%s",
            look->split->path, look->text_line, look->text, many ? "" : ", or data.task: classification");
    if (look->class_count > ENGINE_MAX_CLASSES)
        return error_set(error, STATUS_IO, "%s: column \"%s\" has more than %d different texts, so classes",
                         look->split->path, look->split->columns.names[look->split->columns.targets[0]],
                         ENGINE_MAX_CLASSES);
    return STATUS_OK;
}

static status describe_answers(const data_request *request, const target_look *look, stored_split *out,
                               error_info *error) {
    const data_spec *spec = request->spec;
    out->answer_columns = look->split->columns.target_count;
    out->classes = spec->classes;
    if (!look->numeric) {
        RETURN_IF_FAILED(check_texts(look, spec->task, error));
        out->answers = ANSWER_LABEL;
        out->classes = look->class_count > spec->classes ? look->class_count : spec->classes;
        out->text_classes = look->class_count;
        return STATUS_OK;
    }
    out->answers = answers_form(spec, &look->numbers);
    out->target_count = out->answers == ANSWER_TARGETS ? (int)out->answer_columns : 0;
    out->answers_may_be_labels =
        look->numbers.labels && look->numbers.floats && out->target_count == 1 && spec->task == TASK_AUTO;
    if (out->answers == ANSWER_ONE_HOT)
        out->classes = (int)out->answer_columns;
    if (out->answers == ANSWER_TARGETS && spec->classes > 0)
        return data_refuse(request, offsetof(data_spec, classes), error,
                           "%d, but %s holds targets; accepted: 0, or data.task: classification",
                           spec->classes, look->split->path);
    return STATUS_OK;
}

static void describe_like(const stored_split *like, stored_split *out) {
    out->answers = like->answers;
    out->answer_columns = like->answer_columns;
    out->target_count = like->target_count;
    out->classes = like->classes;
    out->text_classes = like->text_classes;
}

static status describe_split(const data_request *request, const csv_split *split, stored_split *out,
                             error_info *error) {
    class_name unused[ENGINE_MAX_CLASSES];
    data_request own = *request;
    if (request->like != NULL)
        own.class_names = unused;
    target_look look = {.request = &own,
                        .split = split,
                        .numeric = true,
                        .numbers = {.columns = split->columns.target_count, .one_hot = true, .labels = true}};
    RETURN_IF_FAILED(csv_read_rows(request->spec, split->path, look_at_row, &look, error));
    if (look.rows == 0 || look.rows > UINT32_MAX)
        return error_set(error, STATUS_IO, "%s: %zu rows after the header; accepted: 1 to %u", split->path,
                         look.rows, UINT32_MAX);
    *out = (stored_split){.count = look.rows,
                          .shape = {(int)split->columns.feature_count, 1, 1},
                          .floats = true,
                          .x_type = "float32"};
    snprintf(out->x_path, sizeof out->x_path, "%.*s", DATA_SOURCE_SIZE - 1, split->path);
    snprintf(out->y_path, sizeof out->y_path, "%.*s", DATA_SOURCE_SIZE - 1, split->path);
    snprintf(out->y_type, sizeof out->y_type, "%s", look.numeric ? "numbers" : "texts");
    if (request->like == NULL)
        return describe_answers(request, &look, out, error);
    describe_like(request->like, out);
    return STATUS_OK;
}

static status describe(const data_request *request, stored_split *out, error_info *error) {
    *out = (stored_split){0};
    if (data_files_of(request)->file[0] == '\0') /* only the training set is required */
        return STATUS_OK;
    csv_split *split = malloc(sizeof *split);
    if (split == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = open_split(request, split, error);
    if (result == STATUS_OK)
        result = describe_split(request, split, out, error);
    csv_columns_free(&split->columns);
    free(split);
    return result;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

typedef struct sample_reading {
    const data_request *request;
    const stored_split *stored;
    const csv_split *split;
    sample_sink *sink;
    float *sample; /* (features) */
    flaws flaws;
} sample_reading;

/* A field that is not a number, with what may help. */
static status refuse_text(const sample_reading *r, const csv_row *row, size_t column, error_info *error) {
    const char *name = r->split->columns.names[column], *text = row->fields[column];
    const char *comma = strchr(text, ',');
    error_set(error, STATUS_IO, "%s: line %zu, column %zu (%.60s): \"%.60s\"; accepted: a number such as 3.5",
              r->split->path, row->line, column + 1, name, text);
    if (comma != NULL && strspn(text, "+-0123456789,eE") == strlen(text))
        return error_append(error, ", with a point");
    if (text[0] == '\0')
        return error_append(error, "; fill the gap, or leave the row or the column (data.ignore) out");
    char hint[128];
    snprintf(hint, sizeof hint, ". To leave the column out: data.ignore: [\"%.60s\"]", name);
    return error_append(error, hint);
}

static status read_features(sample_reading *r, const csv_row *row, error_info *error) {
    const csv_columns *c = &r->split->columns;
    for (size_t i = 0; i < c->feature_count; i++) {
        double number;
        if (!csv_number(row->fields[c->features[i]], &number))
            return refuse_text(r, row, c->features[i], error);
        r->sample[i] = (float)number;
    }
    if (!r->request->spec->allow_nonfinite)
        flaws_look(&r->flaws, row->line, r->sample, c->feature_count);
    return STATUS_OK;
}

/* The number of a text among the classes of the training set. */
static status find_class(const sample_reading *r, const csv_row *row, const char *text, double *label,
                         error_info *error) {
    for (int i = 0; i < r->stored->text_classes; i++)
        if (strcmp(r->request->class_names[i], text) == 0) {
            *label = i;
            return STATUS_OK;
        }
    return error_set(error, STATUS_IO,
                     "%s: line %zu: class \"%.60s\", of which the training set has no sample", r->split->path,
                     row->line, text);
}

static status read_answers(const sample_reading *r, const csv_row *row, double *answers, error_info *error) {
    const csv_columns *c = &r->split->columns;
    for (size_t i = 0; i < c->target_count; i++) {
        const char *text = row->fields[c->targets[i]];
        if (r->stored->text_classes > 0)
            RETURN_IF_FAILED(find_class(r, row, text, &answers[i], error));
        else if (!csv_number(text, &answers[i]))
            return error_set(error, STATUS_IO,
                             "%s: line %zu: \"%.60s\" in column \"%.60s\"; accepted: a number",
                             r->split->path, row->line, text, c->names[c->targets[i]]);
    }
    return STATUS_OK;
}

static status read_row(const csv_row *row, void *context, bool *done, error_info *error) {
    sample_reading *r = context;
    double answers[NAME_LIST_MAX];
    const answer_place place = {r->split->path, "line", row->line};
    if (row->is_header)
        return STATUS_OK;
    RETURN_IF_FAILED(read_answers(r, row, answers, error));
    if (sample_sink_needs_samples(r->sink))
        RETURN_IF_FAILED(read_features(r, row, error));
    RETURN_IF_FAILED(answers_put(r->request, r->stored, &place, answers, r->sample, r->sink, error));
    *done = sample_sink_is_full(r->sink);
    return STATUS_OK;
}

static status read_split(const data_request *request, const csv_split *split, const stored_split *stored,
                         sample_sink *sink, error_info *error) {
    if ((int)split->columns.feature_count != stored->shape.channels)
        return error_set(error, STATUS_IO, "%s: changed while it was read", split->path);
    sample_reading r = {.request = request, .stored = stored, .split = split, .sink = sink};
    r.sample = malloc(split->columns.feature_count * sizeof *r.sample);
    if (r.sample == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = csv_read_rows(request->spec, split->path, read_row, &r, error);
    free(r.sample);
    char where[NAME_LIST_TEXT_SIZE + 16];
    snprintf(where, sizeof where, "column \"%.60s\"",
             split->columns.names[split->columns.features[r.flaws.place]]);
    return result == STATUS_OK ? flaws_refuse(&r.flaws, split->path, "line", where, error) : result;
}

static status read_samples(const data_request *request, const stored_split *stored, sample_sink *sink,
                           error_info *error) {
    csv_split *split = malloc(sizeof *split);
    if (split == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    status result = open_split(request, split, error);
    if (result == STATUS_OK)
        result = read_split(request, split, stored, sink, error);
    csv_columns_free(&split->columns);
    free(split);
    return result;
}

const data_format data_csv = {.home = HOME_JOB, .describe = describe, .read = read_samples};

#include "cli/plan_data.h"
#include "base/log.h"
#include "base/text.h"
#include "io/data/dataset_reader.h"
#include "io/data/warnings.h"
#include "io/job/data.h"
#include "io/job/job.h"
#include "io/job/layer_table.h"
#include "io/job/table.h"
#include "io/option/option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_CLASSES_SHOWN = 40 };

/* One of the three splits. */
typedef struct split_view {
    const char *name;
    const dataset_split *split;
    const stored_split *file;
    const split_survey *survey;
} split_view;

static void view_splits(const plan_data *p, split_view views[3]) {
    const dataset *d = &p->stored.data;
    const bool own = p->stored.validation_count > 0;
    views[0] = (split_view){"train", &d->train, &p->stored.train_file, &p->survey.train};
    views[1] = (split_view){"validation", &d->validation,
                            own ? &p->stored.validation_file : &p->stored.train_file, &p->survey.validation};
    views[2] = (split_view){"test", &d->test, &p->stored.test_file, &p->survey.test};
}

static const char *source_name(const job *j) {
    return name_at(&data_source_names, j->data.source);
}

status plan_data_look(const job *j, const char *data_directory, plan_data *p, error_info *error) {
    RETURN_IF_FAILED(job_describe_data(j, data_directory, &p->stored, error));
    return dataset_look(&j->data, data_directory, j->seed, &p->stored, &p->survey, error);
}

status plan_data_add_layers(const job *j, plan_data *p, error_info *error) {
    p->layer_count = j->base.model.layer_count;
    return engine_layers(&j->base, &p->stored.data, p->layers, error);
}

/* ---- Text -------------------------------------------------------------------------------------- */

static void print_sample(const plan_data *p) {
    const tensor_shape s = p->stored.data.shape;
    const char *type = p->stored.train_file.floats ? "floating-point numbers" : "bytes";
    if (p->stored.train_count == 0)
        type = "drawn numbers";
    if (s.height * s.width == 1)
        printf("  sample     %d feature%s, %s\n", s.channels, s.channels > 1 ? "s" : "", type);
    else
        printf("  sample     %d channel%s × %d rows × %d columns, %s\n", s.channels,
               s.channels > 1 ? "s" : "", s.height, s.width, type);
}

static void print_split(const split_view *v) {
    if (v->split->count == 0)
        return;
    printf("  %-10s %zu samples", v->name, v->split->count);
    if (v->file->x_path[0] != '\0')
        printf(" of %s (%s)", v->file->x_path, v->file->x_type);
    if (v->file->y_path[0] != '\0' && strcmp(v->file->y_path, v->file->x_path) != 0)
        printf(" and %s (%s)", v->file->y_path, v->file->y_type);
    printf("\n");
}

static void print_class(const plan_data *p, const split_view views[3], int c) {
    const bool named = c < p->stored.train_file.text_classes;
    printf("  %5d %-20.*s", c, CLASS_NAME_SIZE, named ? p->stored.class_names[c] : "");
    for (int i = 0; i < 3; i++)
        if (views[i].survey->known)
            printf(" %11zu", views[i].survey->class_counts[c]);
        else
            printf(" %11s", views[i].split->count > 0 ? "?" : "-");
    printf("\n");
}

static void print_classes(const plan_data *p, const split_view views[3]) {
    const int classes = p->stored.data.classes;
    printf("  classes    %d\n", classes);
    if (!p->survey.train.known)
        return;
    printf("  %5s %-20s %11s %11s %11s\n", "class", "", "train", "validation", "test");
    for (int c = 0; c < classes && c < MOST_CLASSES_SHOWN; c++)
        print_class(p, views, c);
    if (classes > MOST_CLASSES_SHOWN)
        printf("  ... and %d more (--json has all)\n", classes - MOST_CLASSES_SHOWN);
}

static void print_targets(const plan_data *p, const split_view views[3]) {
    printf("  targets    %d per sample", p->stored.data.target_count);
    for (int i = 0; i < 3; i++)
        if (views[i].survey->known)
            printf("; %s %g to %g", views[i].name, views[i].survey->least_target,
                   views[i].survey->greatest_target);
    printf("\n");
}

static void warn(const job *j, const plan_data *p) {
    data_warnings warnings;
    data_warnings_find(&j->data, &p->stored, &p->survey, &warnings);
    for (int i = 0; i < warnings.count; i++)
        log_warning("%s", warnings.texts[i]);
}

void plan_data_print(const job *j, const plan_data *p) {
    split_view views[3];
    view_splits(p, views);
    printf("data         %s\n", source_name(j));
    for (int i = 0; i < 3; i++)
        print_split(&views[i]);
    print_sample(p);
    if (p->stored.data.classes > 0)
        print_classes(p, views);
    else
        print_targets(p, views);
    warn(j, p);
}

enum { NAME_WIDTH = 20, LAYER_TEXT_SIZE = 64 };

/* "3.0 conv"; returns its length. */
static int write_layer_name(const layer_summary *l, char text[LAYER_TEXT_SIZE]) {
    return snprintf(text, LAYER_TEXT_SIZE, "%s %s", layer_path_write(l->path).text,
                    name_at(&layer_names, l->kind));
}

/* "8 x 16 x 16", or "10" of a vector. */
static void write_shape(tensor_shape s, char text[LAYER_TEXT_SIZE]) {
    if (s.height * s.width == 1)
        snprintf(text, LAYER_TEXT_SIZE, "%d", s.channels);
    else
        snprintf(text, LAYER_TEXT_SIZE, "%d x %d x %d", s.channels, s.height, s.width);
}

void plan_data_print_layers(const job *j, const plan_data *p) {
    char name[LAYER_TEXT_SIZE], shape[LAYER_TEXT_SIZE];
    int width = NAME_WIDTH;
    for (int i = 0; i < p->layer_count; i++) {
        const int length = write_layer_name(&p->layers[i], name);
        width = length > width ? length : width;
    }
    printf("layers%s\n", j->grid.axis_count > 0 ? ", at the first labels of the axes" : "");
    printf("  %-*s %-20s %12s %18s\n", width, "layer", "output", "parameters", "FLOPs per sample");
    for (int i = 0; i < p->layer_count; i++) {
        const layer_summary *l = &p->layers[i];
        write_layer_name(l, name);
        write_shape(l->out, shape);
        printf("  %-*s %-20s %12zu %18.0f\n", width, name, shape, l->parameters, l->flops);
    }
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void print_member(const char *name, const char *text) {
    printf(", \"%s\": ", name);
    text_print_json(stdout, text);
}

/* JSON knows neither NaN nor infinity. */
static void print_json_number(double number) {
    if (isfinite(number))
        printf("%.17g", number);
    else
        printf("null");
}

static void print_json_counts(const plan_data *p, const split_survey *s) {
    const int classes = p->stored.data.classes;
    if (!s->known)
        return;
    if (classes == 0) {
        printf(", \"target_range\": [");
        print_json_number(s->least_target);
        printf(", ");
        print_json_number(s->greatest_target);
        printf("]");
        return;
    }
    printf(", \"class_counts\": [");
    for (int c = 0; c < classes; c++)
        printf("%s%zu", c > 0 ? ", " : "", s->class_counts[c]);
    printf("]");
}

static void print_json_splits(const plan_data *p) {
    split_view views[3];
    view_splits(p, views);
    for (int i = 0; i < 3; i++) {
        printf(", \"%s\": {\"samples\": %zu", views[i].name, views[i].split->count);
        if (views[i].split->count > 0 && views[i].file->x_path[0] != '\0') {
            print_member("x", views[i].file->x_path);
            print_member("y", views[i].file->y_path);
        }
        print_json_counts(p, views[i].survey);
        printf("}");
    }
}

static void print_json_data(const job *j, const plan_data *p) {
    const dataset *d = &p->stored.data;
    printf("\"data\": {\"source\": ");
    text_print_json(stdout, source_name(j));
    printf(", \"shape\": {\"channels\": %d, \"rows\": %d, \"columns\": %d}", d->shape.channels,
           d->shape.height, d->shape.width);
    printf(", \"classes\": %d, \"targets\": %d", d->classes, d->target_count);
    print_json_splits(p);
    if (p->stored.train_file.text_classes > 0) {
        printf(", \"class_names\": [");
        for (int c = 0; c < p->stored.train_file.text_classes; c++) {
            fputs(c > 0 ? ", " : "", stdout);
            text_print_json(stdout, p->stored.class_names[c]);
        }
        printf("]");
    }
    printf("}");
}

static void print_json_layers(const plan_data *p) {
    printf(", \"layers\": [");
    for (int i = 0; i < p->layer_count; i++) {
        const layer_summary *l = &p->layers[i];
        printf("%s{\"layer\": \"%s\", \"kind\": \"%s\", \"output\": [%d, %d, %d], \"parameters\": %zu, "
               "\"flops\": %.17g}",
               i > 0 ? ", " : "", layer_path_write(l->path).text, name_at(&layer_names, l->kind),
               l->out.channels, l->out.height, l->out.width, l->parameters, l->flops);
    }
    printf("]");
}

void plan_data_print_json(const job *j, const plan_data *p) {
    data_warnings warnings;
    data_warnings_find(&j->data, &p->stored, &p->survey, &warnings);
    print_json_data(j, p);
    print_json_layers(p);
    printf(", \"warnings\": [");
    for (int i = 0; i < warnings.count; i++) {
        fputs(i > 0 ? ", " : "", stdout);
        text_print_json(stdout, warnings.texts[i]);
    }
    printf("]");
}

/* What the cells of one file have in common in addition to the job: kernel set, numerics and data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "grid/cell.h"
#include "grid/digest.h"
#include "grid/grid.h"
#include "io/results/layout.h"
#include "io/results/origin.h"
#include "io/results/reader.h"
#include "io/results/settings.h"

void results_digest_name(data_split_kind split, char name[RESULTS_SETTING_SIZE]) {
    snprintf(name, RESULTS_SETTING_SIZE, "data_digest_%s", data_split_label(split));
}

void results_list_settings(const results_origin *origin, results_setting out[RESULTS_SETTINGS]) {
    out[SETTING_KERNELS] = (results_setting){.name = "kernels"};
    snprintf(out[SETTING_KERNELS].text, RESULTS_SETTING_SIZE, "%s", origin->kernels);
    out[SETTING_NUMERICS] = (results_setting){.name = "numerics"};
    snprintf(out[SETTING_NUMERICS].text, RESULTS_SETTING_SIZE, "%d", origin->numerics);
    for (int split = 0; split < SPLIT_COUNT; split++) {
        results_setting *s = &out[SETTING_DATA + split];
        results_digest_name((data_split_kind)split, s->name);
        digest_text(&origin->data.splits[split], s->text);
    }
}

static status other_kernels(const char *path, const char *made_with, const char *here, error_info *error) {
    return error_set(
        error, STATUS_USAGE,
        "%s: was made with the kernel set %s, and this session uses %s, which rounds differently; "
        "set MPISWEEP_KERNELS=%s, or name another file with -o",
        path, made_with, here, made_with);
}

/* The program that can finish the file is the one that made it. */
static status other_numerics(results_reader *reader, const char *path, const char *made_with,
                             const char *here, error_info *error) {
    char *source;
    RETURN_IF_FAILED(results_reader_attribute_or(reader, "source", "an unknown version", &source, error));
    error_set(error, STATUS_USAGE,
              "%s: was made with numerics %s by %s, and this program has numerics %s, which give different "
              "results; finish it with that program, or name another file with -o",
              path, made_with, source, here);
    free(source);
    return STATUS_USAGE;
}

static status other_data(const char *path, data_split_kind split, const char *made_from,
                         const results_setting *here, const results_origin *origin, error_info *error) {
    const char *place = origin->data_places[split];
    return error_set(error, STATUS_IO,
                     "%s: its cells were not trained on the same data as this session has, in the %s split: "
                     "digest %s in the "
                     "file, %s of %s; put the original data back, or name another file with -o",
                     path, data_split_label(split), made_from, here->text,
                     place != NULL ? place : "what was read");
}

static status differ(results_reader *reader, const char *path, const results_origin *origin, int setting,
                     const char *in_file, const results_setting *here, error_info *error) {
    switch (setting) {
    case SETTING_KERNELS:
        return other_kernels(path, in_file, here->text, error);
    case SETTING_NUMERICS:
        return other_numerics(reader, path, in_file, here->text, error);
    default:
        return other_data(path, (data_split_kind)(setting - SETTING_DATA), in_file, here, origin, error);
    }
}

/* The first setting that differs becomes the error. */
static status compare_settings(results_reader *reader, const char *path, const results_origin *origin,
                               bool *same, error_info *error) {
    results_setting settings[RESULTS_SETTINGS];
    results_list_settings(origin, settings);
    *same = true;
    for (int i = 0; i < RESULTS_SETTINGS; i++) {
        char *in_file;
        RETURN_IF_FAILED(results_reader_attribute(reader, settings[i].name, &in_file, error));
        *same = strcmp(in_file, settings[i].text) == 0;
        status result = STATUS_OK;
        if (!*same)
            result = differ(reader, path, origin, i, in_file, &settings[i], error);
        free(in_file);
        if (result != STATUS_OK)
            return result;
    }
    return STATUS_OK;
}

/* No cell was ever stored, published or not. */
static status is_untouched(results_reader *reader, bool *untouched, error_info *error) {
    const size_t cells = grid_cells(results_reader_grid(reader));
    void *states = NULL, *checksums = NULL;
    status result = results_reader_load(reader, "status", ELEMENT_INT8, cells, &states, error);
    if (result == STATUS_OK)
        result = results_reader_load(reader, "provenance/checksum", ELEMENT_UINT32, cells, &checksums, error);
    *untouched = result == STATUS_OK;
    for (size_t cell = 0; *untouched && cell < cells; cell++)
        *untouched =
            !cell_has_result(((const uint8_t *)states)[cell]) && ((const uint32_t *)checksums)[cell] == 0;
    free(states);
    free(checksums);
    return result;
}

status results_check_settings(results_reader *reader, const char *path, const results_origin *origin,
                              bool *adopt, error_info *error) {
    bool same;
    error_info difference = {0};
    *adopt = false;
    status result = compare_settings(reader, path, origin, &same, &difference);
    if (same && result == STATUS_OK)
        return STATUS_OK;
    if (!same)
        RETURN_IF_FAILED(is_untouched(reader, adopt, error));
    if (!*adopt)
        return error_set(error, result, "%s", difference.text);
    log_note("%s: holds no cell yet, and takes over kernel set, numerics and data of this session", path);
    return STATUS_OK;
}

static status read_kernels(results_reader *reader, char kernels[RESULTS_SETTING_SIZE], bool *binding,
                           error_info *error) {
    char *text;
    bool untouched;
    RETURN_IF_FAILED(results_reader_attribute(reader, "kernels", &text, error));
    snprintf(kernels, RESULTS_SETTING_SIZE, "%s", text);
    free(text);
    RETURN_IF_FAILED(is_untouched(reader, &untouched, error));
    *binding = !untouched;
    return STATUS_OK;
}

void results_peek_kernels(const char *path, char kernels[RESULTS_SETTING_SIZE], bool *binding) {
    results_reader *reader = NULL;
    error_info unused = {0};
    kernels[0] = '\0';
    *binding = false;
    if (access(path, F_OK) != 0 || results_reader_open(&reader, path, &unused) != STATUS_OK)
        return;
    if (read_kernels(reader, kernels, binding, &unused) != STATUS_OK)
        kernels[0] = '\0';
    results_reader_close(&reader);
}

/* ---- Two files --------------------------------------------------------------------------------- */

static status differs_from(results_reader *reader, results_reader *model, int setting, const char *in_file,
                           const char *in_model, error_info *error) {
    const char *path = results_reader_path(reader), *other = results_reader_path(model);
    switch (setting) {
    case SETTING_KERNELS:
        return error_set(error, STATUS_USAGE,
                         "%s: was made with the kernel set %s, and %s with %s, which rounds differently; one "
                         "file holds cells of one kernel set",
                         path, in_file, other, in_model);
    case SETTING_NUMERICS:
        return error_set(error, STATUS_USAGE,
                         "%s: was made with numerics %s, and %s with numerics %s, which give different "
                         "results; one file holds cells of one numerics number",
                         path, in_file, other, in_model);
    default:
        return error_set(error, STATUS_IO,
                         "%s: its cells were not trained on the same data as those of %s, in the %s split: "
                         "digest %s, there %s",
                         path, other, data_split_label((data_split_kind)(setting - SETTING_DATA)), in_file,
                         in_model);
    }
}

static status check_same_setting(results_reader *reader, results_reader *model, int setting, const char *name,
                                 error_info *error) {
    char *in_file = NULL, *in_model = NULL;
    status result = results_reader_attribute(reader, name, &in_file, error);
    if (result == STATUS_OK)
        result = results_reader_attribute(model, name, &in_model, error);
    if (result == STATUS_OK && strcmp(in_file, in_model) != 0)
        result = differs_from(reader, model, setting, in_file, in_model, error);
    free(in_file);
    free(in_model);
    return result;
}

status results_check_same_settings(results_reader *reader, results_reader *model, error_info *error) {
    results_setting settings[RESULTS_SETTINGS];
    results_list_settings(&(results_origin){.kernels = ""}, settings); /* for the names */
    for (int i = 0; i < RESULTS_SETTINGS; i++)
        RETURN_IF_FAILED(check_same_setting(reader, model, i, settings[i].name, error));
    return STATUS_OK;
}

/* ---- Training again ---------------------------------------------------------------------------- */

static status not_repeatable(results_reader *reader, const results_origin *origin, int setting,
                             const char *in_file, const char *here, error_info *error) {
    const char *path = results_reader_path(reader);
    if (setting == SETTING_NUMERICS)
        return error_set(error, STATUS_USAGE,
                         "%s: was made with numerics %s, and this program has numerics %s, which give "
                         "different results; use the program that made it",
                         path, in_file, here);
    const data_split_kind split = (data_split_kind)(setting - SETTING_DATA);
    const char *place = origin->data_places[split];
    return error_set(
        error, STATUS_IO,
        "%s: its cells were not trained on these data, in the %s split: digest %s in the file, %s "
        "of %s; name the directory of the original data with --data",
        path, data_split_label(split), in_file, here, place != NULL ? place : "what was read");
}

status results_check_repeatable(results_reader *reader, const results_origin *origin, error_info *error) {
    results_setting settings[RESULTS_SETTINGS];
    results_list_settings(origin, settings);
    status result = STATUS_OK;
    for (int i = SETTING_NUMERICS; result == STATUS_OK && i < RESULTS_SETTINGS; i++) {
        char *in_file;
        RETURN_IF_FAILED(results_reader_attribute(reader, settings[i].name, &in_file, error));
        if (strcmp(in_file, settings[i].text) != 0)
            result = not_repeatable(reader, origin, i, in_file, settings[i].text, error);
        free(in_file);
    }
    return result;
}

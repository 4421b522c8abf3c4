/* What the cells of one file have in common in addition to the job: kernel set, numerics, data. */
#ifndef IO_RESULTS_SETTINGS_H
#define IO_RESULTS_SETTINGS_H

#include <stdbool.h>

#include "io/results/origin.h"
#include "io/results/reader.h"

/* Attributes of the file that record them, for results_write_structure: RESULTS_SETTINGS of them. */
enum { SETTING_KERNELS, SETTING_NUMERICS, SETTING_DATA, RESULTS_SETTINGS = SETTING_DATA + SPLIT_COUNT };
enum { RESULTS_SETTING_SIZE = 40 };
typedef struct results_setting {
    char name[RESULTS_SETTING_SIZE], text[RESULTS_SETTING_SIZE];
} results_setting;
void results_list_settings(const results_origin *origin, results_setting out[RESULTS_SETTINGS]);

/* The name of the attribute with the digest of a split: "data_digest_train". */
void results_digest_name(data_split_kind split, char name[RESULTS_SETTING_SIZE]);

/* Was the file made with the kernel set, the numerics and the data of `origin`? STATUS_USAGE or, for data,
 * STATUS_IO, with what to do, when its cells were not. *adopt: it was not, but holds no cell, and must be
 * made again with those of `origin`. */
status results_check_settings(results_reader *reader, const char *path, const results_origin *origin,
                              bool *adopt, error_info *error);

/* The kernel set that the file at `path` records: what the ranks of a session should use, if all have it.
 * *binding: it holds cells, so no other set can be used. An empty text when there is no such file, or when it
 * cannot be read: results_open says why. */
void results_peek_kernels(const char *path, char kernels[RESULTS_SETTING_SIZE], bool *binding);

/* Were two files made with the same settings? STATUS_USAGE or, for data, STATUS_IO names the first that
 * differs. */
status results_check_same_settings(results_reader *reader, results_reader *model, error_info *error);

/* Can cells of the file be trained again by this program on the data of `origin`? STATUS_USAGE for other
 * numerics, STATUS_IO for other data. The kernel set is not compared. */
status results_check_repeatable(results_reader *reader, const results_origin *origin, error_info *error);

#endif

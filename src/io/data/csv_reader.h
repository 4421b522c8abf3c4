/* A CSV file with a header line, row by row: which columns are features and which are targets. */
#ifndef IO_DATA_CSV_READER_H
#define IO_DATA_CSV_READER_H

#include <stddef.h>

#include "base/status.h"
#include "io/data/data_spec.h"

typedef struct csv_columns {
    size_t count;         /* of the file */
    char **names;         /* (count), owned */
    size_t feature_count; /* … and the files' places of the features … */
    size_t *features;     /* (feature_count) */
    size_t target_count;  /* … and of the targets */
    size_t targets[NAME_LIST_MAX];
} csv_columns;

/* Find the columns of the file at `path` by its header: the targets by their names, the features by those of
 * `like` (a training file's; NULL: none), else all others that have a name and are not ignored. The caller
 * frees them, also on failure. */
status csv_columns_read(const data_spec *spec, const char *path, const csv_columns *like, csv_columns *out,
                        error_info *error);
void csv_columns_free(csv_columns *c);

/* One row, as it comes; the first is the header. */
typedef struct csv_row {
    bool is_header;
    size_t line;               /* of the file, from 1 */
    size_t count;              /* of the fields, the same in all rows */
    const char *const *fields; /* (count) */
} csv_row;

/* A failure ends the reading; `*done` ends it cleanly. */
typedef status (*csv_row_function)(const csv_row *row, void *context, bool *done, error_info *error);

/* Read the rows of the file at `path`. STATUS_IO, with the line, for rows of another length than the header
 * and quotes that are not closed. */
status csv_read_rows(const data_spec *spec, const char *path, csv_row_function function, void *context,
                     error_info *error);

/* A number of a feature or target; false when `text` is not one. */
bool csv_number(const char *text, double *number);

#endif

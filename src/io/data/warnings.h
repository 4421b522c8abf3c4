/* What is accepted in a data set, but is probably a mistake. */
#ifndef IO_DATA_WARNINGS_H
#define IO_DATA_WARNINGS_H

#include "io/data/dataset_reader.h"

enum { DATA_MAX_WARNINGS = 4, DATA_WARNING_SIZE = 512 };

typedef struct data_warnings {
    int count;
    char texts[DATA_MAX_WARNINGS][DATA_WARNING_SIZE]; /* one line each */
} data_warnings;

/* `survey` may be NULL: then only what the description shows. */
void data_warnings_find(const data_spec *spec, const stored_dataset *d, const dataset_survey *survey,
                        data_warnings *out);

#endif

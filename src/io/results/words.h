/* Words for what a results file holds: a value, and where it is. */
#ifndef IO_RESULTS_WORDS_H
#define IO_RESULTS_WORDS_H

#include <stddef.h>

#include "io/results/reader.h"

enum { RESULTS_VALUE_SIZE = 64, RESULTS_PLACE_SIZE = 2048 };

/* The shortest text that reads back as the element at `value`; NaNs also with their bits. */
void results_value_text(element type, const void *value, char text[RESULTS_VALUE_SIZE]);

/* Where element `number` of a data set is, "run=3, lr=0.01, step=17"; the number itself in a scale. */
status results_place_text(results_reader *reader, const results_dataset *d, size_t number,
                          char text[RESULTS_PLACE_SIZE], error_info *error);

#endif

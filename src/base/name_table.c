#include "base/name_table.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"

const char *name_at(const name_table *table, size_t row) {
    assert(row < table->count);
    return *(const char *const *)((const char *)table->rows + row * table->row_size);
}

size_t name_find(const name_table *table, const char *name) {
    size_t row = 0;
    while (row < table->count && strcmp(name_at(table, row), name) != 0)
        row++;
    return row;
}

void names_join(const name_table *table, unsigned set, const char *separator, char *text, size_t size) {
    size_t used = 0;
    snprintf(text, size, "%s", "");
    for (size_t row = 0; row < table->count && used < size; row++)
        if (set >> row & 1)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? separator : "",
                                     name_at(table, row));
}

size_t name_nearest(const name_table *table, const char *word) {
    size_t nearest = table->count, least = SIZE_MAX;
    for (size_t row = 0; row < table->count; row++) {
        const size_t distance = spelling_distance(word, name_at(table, row));
        if (distance <= spelling_slips(name_at(table, row)) && distance < least) {
            least = distance;
            nearest = row;
        }
    }
    return nearest;
}

#include "base/spelling.h"

#include <string.h>

enum { LONGEST_COMPARED = 64 };

static size_t lesser(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Three rows of the table of prefixes at a time. */
size_t spelling_distance(const char *a, const char *b) {
    size_t table[3][LONGEST_COMPARED + 1];
    size_t a_length = strnlen(a, LONGEST_COMPARED), b_length = strnlen(b, LONGEST_COMPARED);
    for (size_t j = 0; j <= b_length; j++)
        table[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = table[i % 3];
        const size_t *above = table[(i + 2) % 3], *above_that = table[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = lesser(lesser(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = lesser(row[j], above_that[j - 2] + 1);
        }
    }
    return table[a_length % 3][b_length];
}

size_t spelling_slips(const char *word) {
    size_t length = strlen(word);
    return length < 6 ? 1 : length < 9 ? 2 : 3;
}

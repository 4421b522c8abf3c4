/* The names of a table's rows, numbered as the rows are. A row is a name, or begins with one. */
#ifndef BASE_NAME_TABLE_H
#define BASE_NAME_TABLE_H

#include <stddef.h>

typedef struct name_table {
    const void *rows; /* each begins with a `const char *` */
    size_t count, row_size;
} name_table;

/* The initialiser for an array of rows. */
#define NAME_TABLE(rows)                                                                                     \
    { (rows), sizeof(rows) / sizeof(rows)[0], sizeof(rows)[0] }

/* The name of row `row`, which the table has. */
const char *name_at(const name_table *table, size_t row);

/* The row of that name; `count` when there is none. */
size_t name_find(const name_table *table, const char *name);

/* The row whose name `word` may be a slip for (base/spelling.h); `count` when none is near. */
size_t name_nearest(const name_table *table, const char *word);

/* The names of the rows in `set` (bits 1 << row), with `separator` between them, cut short when `text` is
 * full. */
void names_join(const name_table *table, unsigned set, const char *separator, char *text, size_t size);

#endif

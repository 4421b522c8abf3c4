/* Names that others gave, such as those of columns (option_names). */
#ifndef IO_OPTION_NAME_LIST_H
#define IO_OPTION_NAME_LIST_H

#include <stdbool.h>

enum { NAME_LIST_MAX = 32, NAME_LIST_TEXT_SIZE = 64 };

typedef struct name_list {
    int count;
    char names[NAME_LIST_MAX][NAME_LIST_TEXT_SIZE];
} name_list;

#endif

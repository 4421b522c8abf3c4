/* Text for people, wrapped at the width of a terminal. */
#ifndef CLI_PARAGRAPH_H
#define CLI_PARAGRAPH_H

#include <stdio.h>

typedef struct paragraph {
    FILE *out;
    int column, indent; /* columns written in this line; blanks before the next lines */
} paragraph;

/* Ends the line and indents the next one. */
void paragraph_break(paragraph *p);

/* A word of `length` bytes, which is kept in one line. */
void paragraph_put(paragraph *p, const char *word, int length);

/* Words between blanks, and lines that end where the text has an end of line. */
void paragraph_put_text(paragraph *p, const char *text);

/* A whole paragraph without an indent, and the end of its last line. */
void paragraph_print(FILE *out, const char *text);

#endif

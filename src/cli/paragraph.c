#include "cli/paragraph.h"

#include <stdbool.h>
#include <string.h>

enum { WIDTH = 79 };

void paragraph_break(paragraph *p) {
    fprintf(p->out, "\n%*s", p->indent, "");
    p->column = p->indent;
}

void paragraph_put(paragraph *p, const char *word, int length) {
    const bool first = p->column <= p->indent;
    if (!first && p->column + 1 + length > WIDTH)
        paragraph_break(p);
    else if (!first) {
        putc(' ', p->out);
        p->column++;
    }
    fprintf(p->out, "%.*s", length, word);
    p->column += length;
}

void paragraph_put_text(paragraph *p, const char *text) {
    while (*text != '\0') {
        const int length = (int)strcspn(text, " \n");
        if (length > 0)
            paragraph_put(p, text, length);
        text += length;
        if (*text == '\n')
            paragraph_break(p);
        text += *text != '\0';
    }
}

void paragraph_print(FILE *out, const char *text) {
    paragraph p = {.out = out};
    paragraph_put_text(&p, text);
    putc('\n', out);
}

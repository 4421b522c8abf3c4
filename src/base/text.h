/* Numbers as people read them, and strings as JSON has them. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TEXT_NUMBER_SIZE = 32 };

/* "3 h 20 min", "11 min", "42 s", "0.5 s" */
void text_duration(double seconds, char text[TEXT_NUMBER_SIZE]);

/* "7.0 MB", "512 bytes" */
void text_bytes(double bytes, char text[TEXT_NUMBER_SIZE]);

/* A measured number with the digits that it needs: percentages with two after the point ("45.30"), others
 * with four significant ones ("0.01234", "1.234e-05"). */
void text_value(double value, bool percent, char text[TEXT_NUMBER_SIZE]);

/* A JSON number with three digits after the point; null for what is not finite, which JSON has not. */
void text_print_json_number(FILE *out, double value);

/* A JSON string with its quotes; control characters, quotes and backslashes are escaped. */
void text_print_json(FILE *out, const char *string);

#endif

#include "base/text.h"

#include <math.h>

void text_duration(double seconds, char text[TEXT_NUMBER_SIZE]) {
    double minutes = seconds / 60;
    if (seconds < 10)
        snprintf(text, TEXT_NUMBER_SIZE, "%.1f s", seconds);
    else if (seconds < 120)
        snprintf(text, TEXT_NUMBER_SIZE, "%.0f s", seconds);
    else if (minutes < 120)
        snprintf(text, TEXT_NUMBER_SIZE, "%.0f min", minutes);
    else if (minutes < 48 * 60)
        snprintf(text, TEXT_NUMBER_SIZE, "%d h %d min", (int)minutes / 60, (int)minutes % 60);
    else
        snprintf(text, TEXT_NUMBER_SIZE, "%.1f days", minutes / (24 * 60));
}

void text_bytes(double bytes, char text[TEXT_NUMBER_SIZE]) {
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    if (bytes < 1000) {
        snprintf(text, TEXT_NUMBER_SIZE, "%.0f bytes", bytes);
        return;
    }
    int unit = 0;
    for (bytes /= 1000; bytes >= 1000 && unit < 3; unit++)
        bytes /= 1000;
    snprintf(text, TEXT_NUMBER_SIZE, "%.1f %s", bytes, units[unit]);
}

void text_value(double value, bool percent, char text[TEXT_NUMBER_SIZE]) {
    snprintf(text, TEXT_NUMBER_SIZE, percent ? "%.2f" : "%.4g", value);
}

void text_print_json_number(FILE *out, double value) {
    if (isfinite(value))
        fprintf(out, "%.3f", value);
    else
        fputs("null", out);
}

void text_print_json(FILE *out, const char *string) {
    putc('"', out);
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            fprintf(out, "\\u%04x", *c);
        else
            putc(*c, out);
    }
    putc('"', out);
}

/* A time between two events: "30 s", "10 min", "1.5 h". */
#include <stdio.h>
#include <string.h>

#include "io/option/option.h"

static const char *const never = "never", *const automatic = "auto";

typedef struct time_unit {
    const char *name;
    double seconds;
} time_unit;

static const time_unit units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};

/* 0 for a text that is not a unit. */
static double seconds_of(const char *unit) {
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].name, unit) == 0)
            return units[i].seconds;
    return 0;
}

/* "10 min" → 600 */
static bool parse_interval(const option *o, const char *text, double *seconds) {
    char number_text[32];
    const size_t digits = strcspn(text, " ");
    if (digits == 0 || digits >= sizeof number_text)
        return false;
    memcpy(number_text, text, digits);
    number_text[digits] = '\0';
    const tree_node scalar = {.kind = TREE_SCALAR, .text = number_text};
    double number;
    if (!tree_number(&scalar, &number))
        return false;
    *seconds = number * seconds_of(text + digits + strspn(text + digits, " "));
    return *seconds >= o->min && *seconds <= o->max;
}

static status read_interval(const option *o, const char *name, const tree_node *node, void *object,
                            error_info *error) {
    double *seconds = (double *)((char *)object + o->offset), number;
    if (node->kind != TREE_SCALAR)
        return option_refuse(o, name, node, error);
    *seconds = 0;
    if (strcmp(node->text, never) == 0 || (tree_number(node, &number) && number == 0))
        return STATUS_OK;
    if (strcmp(node->text, automatic) == 0)
        *seconds = OPTION_AUTO;
    else if (!parse_interval(o, node->text, seconds))
        return option_refuse(o, name, node, error);
    return STATUS_OK;
}

static void accepted_interval(const option *o, char *text, size_t size) {
    char least[32];
    option_number_text(o->min, least, sizeof least);
    snprintf(text, size, "\"N s\", \"N min\" or \"N h\", at least %s s, %s, or %s (0)", least, automatic,
             never);
}

const option_type option_interval = {.read = read_interval, .accepted = accepted_interval};

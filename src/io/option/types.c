/* The types of option values: how each is read, checked, stored and printed. */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "io/option/option.h"

enum { NUMBER_SIZE = 32, SHORT_TEXT_SIZE = 256 };

static void *value_of(const option *o, void *object) {
    return (char *)object + o->offset;
}

static const void *const_value_of(const option *o, const void *object) {
    return (const char *)object + o->offset;
}

/* ---- Text -------------------------------------------------------------------------------------- */

bool option_is_name(const char *text, size_t longest) {
    size_t length = strlen(text);
    bool only_letters =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == length;
    return only_letters && length <= longest && isalpha((unsigned char)text[0]);
}

static status read_name(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    if (node->kind != TREE_SCALAR || !option_is_name(node->text, (size_t)o->max))
        return option_refuse(o, name, node, error);
    memcpy(value_of(o, object), node->text, strlen(node->text) + 1);
    return STATUS_OK;
}

static void accepted_name(const option *o, char *text, size_t size) {
    snprintf(text, size, "at most %.0f letters, digits and _, beginning with a letter", o->max);
}

static bool has_control_characters(const char *text) {
    for (; *text != '\0'; text++)
        if (iscntrl((unsigned char)*text))
            return true;
    return false;
}

static status read_text(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    if (node->kind != TREE_SCALAR || strlen(node->text) > (size_t)o->max ||
        has_control_characters(node->text))
        return option_refuse(o, name, node, error);
    memcpy(value_of(o, object), node->text, strlen(node->text) + 1);
    return STATUS_OK;
}

static void accepted_text(const option *o, char *text, size_t size) {
    snprintf(text, size, "one line of text, at most %.0f bytes", o->max);
}

static void write_text(const option *o, const char *name, const void *object, option_writer *w) {
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fputs(const_value_of(o, object), out);
}

static void accepted_path(const option *o, char *text, size_t size) {
    snprintf(text, size, "a path of at most %.0f bytes", o->max);
}

const option_type option_name = {.read = read_name, .accepted = accepted_name};
const option_type option_text = {.read = read_text, .accepted = accepted_text};
const option_type option_path = {.read = read_text, .write = write_text, .accepted = accepted_path};

/* ---- Numbers ----------------------------------------------------------------------------------- */

static void store_integer(void *value, double number) {
    *(int *)value = (int)number;
}

static void store_unsigned(void *value, double number) {
    *(uint64_t *)value = (uint64_t)number;
}

static void store_number(void *value, double number) {
    *(double *)value = number;
}

static bool in_range(const option *o, double number) {
    return number >= o->min && number <= o->max;
}

bool option_accepts_number(const option *o, double number) {
    return in_range(o, number) && (o->type->store == store_number || number == floor(number));
}

static status read_any_number(const option *o, const char *name, const tree_node *node, void *object,
                              error_info *error) {
    double number;
    if (!tree_number(node, &number) || !option_accepts_number(o, number))
        return option_refuse(o, name, node, error);
    o->type->store(value_of(o, object), number);
    return STATUS_OK;
}

/* "1 to 100 samples" */
static void range_text(const option *o, char *text, size_t size) {
    char min[NUMBER_SIZE], max[NUMBER_SIZE];
    option_number_text(o->min, min, sizeof min);
    option_number_text(o->max, max, sizeof max);
    snprintf(text, size, "%s to %s%s%s", min, max, o->unit != NULL ? " " : "",
             o->unit != NULL ? o->unit : "");
}

static void accepted_integer(const option *o, char *text, size_t size) {
    char range[SHORT_TEXT_SIZE];
    range_text(o, range, sizeof range);
    snprintf(text, size, "an integer from %s", range);
}

static void accepted_number(const option *o, char *text, size_t size) {
    char range[SHORT_TEXT_SIZE];
    range_text(o, range, sizeof range);
    snprintf(text, size, "a number from %s", range);
}

static void write_integer(const option *o, const char *name, const void *object, option_writer *w) {
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fprintf(out, "%d", *(const int *)const_value_of(o, object));
}

static void write_unsigned(const option *o, const char *name, const void *object, option_writer *w) {
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)const_value_of(o, object));
}

static void write_number(const option *o, const char *name, const void *object, option_writer *w) {
    char text[NUMBER_SIZE];
    FILE *out = w->begin(w, name);
    option_number_text(*(const double *)const_value_of(o, object), text, sizeof text);
    if (out != NULL)
        fputs(text, out);
}

const option_type option_integer = {
    .read = read_any_number, .write = write_integer, .accepted = accepted_integer, .store = store_integer};
const option_type option_unsigned = {
    .read = read_any_number, .write = write_unsigned, .accepted = accepted_integer, .store = store_unsigned};
const option_type option_number = {
    .read = read_any_number, .write = write_number, .accepted = accepted_number, .store = store_number};
const option_type option_limit = {
    .read = read_any_number, .accepted = accepted_number, .store = store_number};

/* ---- Boolean and choice ------------------------------------------------------------------------ */

static bool is_word(const tree_node *node, const char *word) {
    return node->kind == TREE_SCALAR && strcmp(node->text, word) == 0;
}

static status read_boolean(const option *o, const char *name, const tree_node *node, void *object,
                           error_info *error) {
    if (node->quoted || (!is_word(node, "true") && !is_word(node, "false")))
        return option_refuse(o, name, node, error);
    *(bool *)value_of(o, object) = is_word(node, "true");
    return STATUS_OK;
}

static void write_boolean(const option *o, const char *name, const void *object, option_writer *w) {
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fputs(*(const bool *)const_value_of(o, object) ? "true" : "false", out);
}

static void accepted_boolean(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "true or false");
}

static status read_choice(const option *o, const char *name, const tree_node *node, void *object,
                          error_info *error) {
    for (size_t i = 0; i < o->choices->count; i++) {
        const char *choice = name_at(o->choices, i);
        if (is_word(node, choice) || (tree_is_none(node) && strcmp(choice, "none") == 0)) {
            *(int *)value_of(o, object) = (int)i;
            return STATUS_OK;
        }
    }
    return option_refuse(o, name, node, error);
}

static void write_choice(const option *o, const char *name, const void *object, option_writer *w) {
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fputs(name_at(o->choices, (size_t) * (const int *)const_value_of(o, object)), out);
}

static void accepted_choice(const option *o, char *text, size_t size) {
    names_join(o->choices, ~0u, ", ", text, size);
}

const option_type option_boolean = {
    .read = read_boolean, .write = write_boolean, .accepted = accepted_boolean};
const option_type option_choice = {.read = read_choice, .write = write_choice, .accepted = accepted_choice};

static bool is_chosen(const option *o, const void *object) {
    return *(const int *)const_value_of(o, object) != 0;
}

const option_type option_choice_or_none = {
    .read = read_choice, .write = write_choice, .accepted = accepted_choice, .is_given = is_chosen};

/* ---- Pair: one integer for both directions, or [height, width] --------------------------------- */

static status read_pair(const option *o, const char *name, const tree_node *node, void *object,
                        error_info *error) {
    bool listed = node->kind == TREE_LIST && node->count == 2;
    const tree_node *items[2] = {listed ? node->first : node, listed ? node->first->next : node};
    for (int i = 0; i < 2; i++) {
        double number;
        if (!tree_number(items[i], &number) || !option_accepts_number(o, number))
            return option_refuse(o, name, items[i], error);
        ((int *)value_of(o, object))[i] = (int)number;
    }
    return STATUS_OK;
}

static void write_pair(const option *o, const char *name, const void *object, option_writer *w) {
    const int *pair = const_value_of(o, object);
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fprintf(out, "[%d, %d]", pair[0], pair[1]);
}

static void accepted_pair(const option *o, char *text, size_t size) {
    char range[SHORT_TEXT_SIZE];
    range_text(o, range, sizeof range);
    snprintf(text, size, "an integer from %s, or [height, width]", range);
}

const option_type option_pair = {.read = read_pair, .write = write_pair, .accepted = accepted_pair};

/* ---- Padding: a pair, or a word for one -------------------------------------------------------- */

static status read_padding(const option *o, const char *name, const tree_node *node, void *object,
                           error_info *error) {
    bool same = is_word(node, "same");
    if (!same && !is_word(node, "valid"))
        return read_pair(o, name, node, object, error);
    int *pair = value_of(o, object);
    pair[0] = pair[1] = same ? PADDING_SAME : 0;
    return STATUS_OK;
}

static void write_padding(const option *o, const char *name, const void *object, option_writer *w) {
    if (*(const int *)const_value_of(o, object) != PADDING_SAME) {
        write_pair(o, name, object, w);
        return;
    }
    FILE *out = w->begin(w, name);
    if (out != NULL)
        fputs("same", out);
}

static void accepted_padding(const option *o, char *text, size_t size) {
    accepted_pair(o, text, size);
    size_t used = strlen(text);
    snprintf(text + used, size - used, ", same, or valid (0)");
}

const option_type option_padding = {
    .read = read_padding, .write = write_padding, .accepted = accepted_padding};

/* ---- A number that may be absent --------------------------------------------------------------- */

static bool *given_of(const option *o, void *object) {
    return (bool *)((char *)object + o->given_offset);
}

static status read_optional(const option *o, const char *name, const tree_node *node, void *object,
                            error_info *error) {
    *given_of(o, object) = true;
    return read_any_number(o, name, node, object, error);
}

static void write_optional(const option *o, const char *name, const void *object, option_writer *w) {
    if (*(const bool *)((const char *)object + o->given_offset))
        write_number(o, name, object, w);
}

const option_type option_optional = {.read = read_optional,
                                     .write = write_optional,
                                     .accepted = accepted_number,
                                     .store = store_number,
                                     .may_be_none = true};

/* ---- Lists of numbers -------------------------------------------------------------------------- */

static int longest_of(const option *o) {
    return o->longest > 0 ? o->longest : ENGINE_MAX_LIST;
}

static int *count_of(const option *o, void *object) {
    return (int *)((char *)object + o->count_offset);
}

static int const_count_of(const option *o, const void *object) {
    return *(const int *)((const char *)object + o->count_offset);
}

static status read_numbers(const option *o, const char *name, const tree_node *node, void *object,
                           error_info *error) {
    if (node->kind != TREE_LIST || node->count < 1 || node->count > (size_t)longest_of(o))
        return option_refuse(o, name, node, error);
    double *next = value_of(o, object);
    for (const tree_node *item = node->first; item != NULL; item = item->next, next++)
        if (!tree_number(item, next) || !in_range(o, *next))
            return option_refuse(o, name, item, error);
    *count_of(o, object) = (int)node->count;
    return STATUS_OK;
}

static void write_numbers(const option *o, const char *name, const void *object, option_writer *w) {
    const double *numbers = const_value_of(o, object);
    FILE *out = w->begin(w, name);
    if (out == NULL)
        return;
    fputs("[", out);
    for (int i = 0; i < const_count_of(o, object); i++) {
        char text[NUMBER_SIZE];
        option_number_text(numbers[i], text, sizeof text);
        fprintf(out, "%s%s", i > 0 ? ", " : "", text);
    }
    fputs("]", out);
}

static void accepted_numbers(const option *o, char *text, size_t size) {
    char range[SHORT_TEXT_SIZE];
    range_text(o, range, sizeof range);
    snprintf(text, size, "a list of 1 to %d numbers from %s", longest_of(o), range);
}

const option_type option_numbers = {
    .read = read_numbers, .write = write_numbers, .accepted = accepted_numbers, .may_be_none = true};

static status read_integer_at(const option *o, const char *name, const tree_node *node, int *value,
                              error_info *error) {
    double number;
    if (!tree_number(node, &number) || !option_accepts_number(o, number))
        return option_refuse(o, name, node, error);
    *value = (int)number;
    return STATUS_OK;
}

static status read_integers(const option *o, const char *name, const tree_node *node, void *object,
                            error_info *error) {
    if (node->kind != TREE_LIST || node->count < 1 || node->count > (size_t)longest_of(o))
        return option_refuse(o, name, node, error);
    int *next = value_of(o, object);
    for (const tree_node *item = node->first; item != NULL; item = item->next)
        RETURN_IF_FAILED(read_integer_at(o, name, item, next++, error));
    *count_of(o, object) = (int)node->count;
    return STATUS_OK;
}

static void write_integers(const option *o, const char *name, const void *object, option_writer *w) {
    const int *integers = const_value_of(o, object);
    FILE *out = w->begin(w, name);
    if (out == NULL)
        return;
    fputs("[", out);
    for (int i = 0; i < const_count_of(o, object); i++)
        fprintf(out, "%s%d", i > 0 ? ", " : "", integers[i]);
    fputs("]", out);
}

static void accepted_integers(const option *o, char *text, size_t size) {
    char range[SHORT_TEXT_SIZE];
    range_text(o, range, sizeof range);
    snprintf(text, size, "a list of 1 to %d integers from %s", longest_of(o), range);
}

const option_type option_integers = {
    .read = read_integers, .write = write_integers, .accepted = accepted_integers, .may_be_none = true};

/* ---- How often a quantity is recorded ---------------------------------------------------------- */

static const char *const never = "never", *const at_end = "end";

/* "10 steps" → 10, RECORD_PER_STEP */
static bool parse_every(const option *o, const char *text, record_spec *record) {
    size_t digits = strspn(text, "0123456789");
    char number_text[NUMBER_SIZE];
    if (digits == 0 || digits >= sizeof number_text || text[digits] != ' ')
        return false;
    memcpy(number_text, text, digits);
    number_text[digits] = '\0';
    tree_node scalar = {.kind = TREE_SCALAR, .text = number_text};
    double number;
    if (!tree_number(&scalar, &number) || !option_accepts_number(o, number))
        return false;
    const char *unit = text + digits + strspn(text + digits, " ");
    bool step = strcmp(unit, "step") == 0 || strcmp(unit, "steps") == 0;
    bool epoch = strcmp(unit, "epoch") == 0 || strcmp(unit, "epochs") == 0;
    record->every = (int)number;
    record->unit = step ? RECORD_PER_STEP : RECORD_PER_EPOCH;
    return step || epoch;
}

static status read_every(const option *o, const char *name, const tree_node *node, void *object,
                         error_info *error) {
    if (is_word(node, never))
        return STATUS_OK;
    record_spec *record = value_of(o, object);
    if (is_word(node, at_end)) {
        record->every = 1;
        record->unit = RECORD_AT_END;
        return STATUS_OK;
    }
    if (node->kind != TREE_SCALAR || !parse_every(o, node->text, record))
        return option_refuse(o, name, node, error);
    return STATUS_OK;
}

static void write_every(const option *o, const char *name, const void *object, option_writer *w) {
    const record_spec *record = const_value_of(o, object);
    FILE *out = record->every > 0 ? w->begin(w, name) : NULL;
    if (out != NULL && record->unit == RECORD_AT_END)
        fputs(at_end, out);
    else if (out != NULL)
        fprintf(out, "%d %s", record->every, record->unit == RECORD_PER_STEP ? "step" : "epoch");
}

static void accepted_every(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "\"N steps\" or \"N epochs\" with N ≥ 1, %s, or %s", at_end, never);
}

static bool is_recorded(const option *o, const void *object) {
    return ((const record_spec *)const_value_of(o, object))->every > 0;
}

const option_type option_every = {
    .read = read_every, .write = write_every, .accepted = accepted_every, .is_given = is_recorded};

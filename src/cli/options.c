/* Reads a command line by the rows of its verb. */
#include "cli/options.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/spelling.h"

/* ---- Rows -------------------------------------------------------------------------------------- */

static bool is_row(const cli_option *o) {
    return o->letter != '\0' || o->name != NULL;
}

static int count_options(const cli_verb *verb) {
    int count = 0;
    while (count < CLI_MAX_OPTIONS && is_row(&verb->options[count]))
        count++;
    return count;
}

static bool same_name(const cli_option *a, const cli_option *b) {
    return (a->letter != '\0' && a->letter == b->letter) ||
           (a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0);
}

static bool has_own(const cli_verb *verb, const cli_option *other) {
    const int count = count_options(verb);
    for (int i = 0; i < count; i++)
        if (same_name(&verb->options[i], other))
            return true;
    return false;
}

const cli_option *cli_option_at(const cli_verb *verb, int i) {
    const int own = count_options(verb);
    if (i < own)
        return &verb->options[i];
    int passed = own;
    const int others = verb->passes_to != NULL ? count_options(verb->passes_to) : 0;
    for (int k = 0; k < others; k++) {
        const cli_option *o = &verb->passes_to->options[k];
        if (!has_own(verb, o) && passed++ == i)
            return o;
    }
    return NULL;
}

bool cli_option_is_own(const cli_verb *verb, const cli_option *o) {
    return o >= verb->options && o < verb->options + CLI_MAX_OPTIONS;
}

const cli_argument *cli_argument_at(const cli_verb *verb, int i) {
    const cli_argument *arguments = verb->passes_to != NULL ? verb->passes_to->arguments : verb->arguments;
    return i < CLI_MAX_ARGUMENTS && arguments[i].name != NULL ? &arguments[i] : NULL;
}

/* ---- Parsing ----------------------------------------------------------------------------------- */

typedef struct parser {
    const cli_verb *verb;
    int argc, next; /* the word to be read */
    char **argv;
    char *object;       /* the verb's structure */
    cli_passed *passed; /* NULL: nothing is passed on */
    int argument;       /* number of the one that the next word is */
    int first_repeated; /* where in argv the words of one that repeats begin; 0: none yet */
    bool options_ended; /* after "--" */
} parser;

static void pass(parser *p, const char *word) {
    if (p->passed != NULL)
        p->passed->words[p->passed->word_count++] = word;
}

/* "-o, --set, -n, --ranks" */
static void list_options(const cli_verb *verb, char *text, size_t size) {
    const cli_option *o;
    size_t used = 0;
    snprintf(text, size, "no options");
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL && used < size; i++) {
        if (o->letter != '\0')
            used += (size_t)snprintf(text + used, size - used, "%s-%c", used > 0 ? ", " : "", o->letter);
        if (o->name != NULL && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s--%s", used > 0 ? ", " : "", o->name);
    }
}

/* The option whose name `word`, without a value, was meant to be; NULL when none is near. */
static const cli_option *nearest_option(const cli_verb *verb, const char *word) {
    const cli_option *o, *nearest = NULL;
    size_t least = SIZE_MAX;
    const char *name = word + strspn(word, "-");
    char typed[CLI_NAME_SIZE];
    snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++) {
        const size_t distance = o->name != NULL ? spelling_distance(typed, o->name) : SIZE_MAX;
        if (o->name != NULL && distance <= spelling_slips(o->name) && distance < least) {
            least = distance;
            nearest = o;
        }
    }
    return nearest;
}

static status refuse_word(const parser *p, const char *what, const char *word, const cli_option *nearest,
                          error_info *error) {
    char accepted[256], name[CLI_NAME_SIZE] = "";
    list_options(p->verb, accepted, sizeof accepted);
    if (nearest != NULL)
        cli_option_name(nearest, name);
    return error_set(error, STATUS_COMMAND, "%s: %s \"%.100s\"; accepted: %s%s%s", p->verb->name, what, word,
                     accepted, nearest != NULL ? "; nearest known option: " : "", name);
}

/* "-o", "-oVALUE", "-o=VALUE" */
static status find_short(const parser *p, const char *word, const cli_option **found, const char **value,
                         error_info *error) {
    const cli_option *o;
    for (int i = 0; (o = cli_option_at(p->verb, i)) != NULL; i++)
        if (o->letter != '\0' && o->letter == word[1]) {
            *found = o;
            *value = word[2] == '\0' ? NULL : word + 2 + (word[2] == '=');
            return STATUS_OK;
        }
    return refuse_word(p, "unknown option", word, nearest_option(p->verb, word), error);
}

/* "--name", "--name=VALUE", "--na" */
static status find_long(const parser *p, const char *word, const cli_option **found, const char **value,
                        error_info *error) {
    const char *name = word + 2;
    const size_t length = strcspn(name, "=");
    const cli_option *o;
    int begun = 0;
    bool exact = false;
    for (int i = 0; (o = cli_option_at(p->verb, i)) != NULL && !exact; i++) {
        if (o->name == NULL || strncmp(o->name, name, length) != 0)
            continue;
        exact = strlen(o->name) == length;
        *found = o;
        begun++;
    }
    if (begun == 0)
        return refuse_word(p, "unknown option", word, nearest_option(p->verb, word), error);
    if (begun > 1 && !exact)
        return refuse_word(p, "ambiguous option", word, NULL, error);
    *value = name[length] == '=' ? name + length + 1 : NULL;
    return STATUS_OK;
}

static status take_option(parser *p, const char *word, error_info *error) {
    const cli_option *o = NULL;
    const char *value = NULL;
    const int first = p->next - 1;
    RETURN_IF_FAILED((word[1] == '-' ? find_long : find_short)(p, word, &o, &value, error));
    assert(o != NULL);
    if (o->argument == NULL && value != NULL)
        return refuse_word(p, "no value is accepted by option", word, NULL, error);
    if (o->argument != NULL && value == NULL) {
        if (p->next == p->argc)
            return refuse_word(p, "no value for option", word, NULL, error);
        value = p->argv[p->next++];
    }
    if (cli_option_is_own(p->verb, o))
        return o->kind->read(o, value, p->object + o->offset, error);
    for (int i = first; i < p->next; i++)
        pass(p, p->argv[i]);
    return STATUS_OK;
}

/* "A.h5 [B.h5]" */
static void list_arguments(const cli_verb *verb, char *text, size_t size) {
    const cli_argument *a;
    size_t used = 0;
    snprintf(text, size, "none");
    for (int i = 0; (a = cli_argument_at(verb, i)) != NULL && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s%s%s%s", used > 0 ? " " : "",
                                 a->optional ? "[" : "", a->name, a->optional ? "]" : "",
                                 a->repeats ? "..." : "");
}

/* Words of options between those of an argument have been read: their places are free. */
static void keep_argument(parser *p, const cli_argument *a, char *word) {
    void *field = p->object + a->offset;
    if (!a->repeats) {
        *(const char **)field = word;
        return;
    }
    cli_words *words = field;
    if (p->first_repeated == 0)
        p->first_repeated = p->next - 1;
    words->items = p->argv + p->first_repeated;
    p->argv[p->first_repeated + words->count++] = word;
}

static status take_argument(parser *p, char *word, error_info *error) {
    const cli_argument *a = cli_argument_at(p->verb, p->argument);
    char accepted[64];
    list_arguments(p->verb, accepted, sizeof accepted);
    if (a == NULL)
        return error_set(error, STATUS_COMMAND, "%s: unexpected argument \"%.100s\"; accepted: %s",
                         p->verb->name, word, accepted);
    if (word[0] == '\0')
        return error_set(error, STATUS_COMMAND, "%s: %s is empty", p->verb->name, a->name);
    p->argument += !a->repeats;
    if (p->verb->passes_to == NULL)
        keep_argument(p, a, word);
    pass(p, word);
    return STATUS_OK;
}

/* "--" after all arguments, where a verb has a use for what comes then. */
static bool begins_rest(const parser *p, const char *word) {
    return p->verb->rest != NULL && p->passed != NULL && strcmp(word, "--") == 0 &&
           cli_argument_at(p->verb, p->argument) == NULL;
}

static void take_rest(parser *p) {
    p->passed->rest = p->argv + p->next;
    p->passed->rest_count = p->argc - p->next;
    p->next = p->argc;
}

static status take_word(parser *p, error_info *error) {
    char *word = p->argv[p->next++];
    if (begins_rest(p, word)) {
        take_rest(p);
        return STATUS_OK;
    }
    if (p->options_ended || word[0] != '-' || word[1] == '\0')
        return take_argument(p, word, error);
    if (strcmp(word, "--") != 0)
        return take_option(p, word, error);
    p->options_ended = true;
    pass(p, word);
    return STATUS_OK;
}

static status set_presets(const parser *p, error_info *error) {
    const int count = count_options(p->verb);
    for (int i = 0; i < count; i++) {
        const cli_option *o = &p->verb->options[i];
        if (o->preset != NULL)
            RETURN_IF_FAILED(o->kind->read(o, o->preset, p->object + o->offset, error));
    }
    return STATUS_OK;
}

static status parse(parser *p, error_info *error) {
    RETURN_IF_FAILED(set_presets(p, error));
    while (p->next < p->argc)
        RETURN_IF_FAILED(take_word(p, error));
    const cli_argument *missing = cli_argument_at(p->verb, p->argument);
    if (missing != NULL && !missing->optional && p->first_repeated == 0)
        return error_set(error, STATUS_COMMAND, "%s: no %s is given", p->verb->name, missing->name);
    return STATUS_OK;
}

status cli_parse(const cli_verb *verb, int argc, char **argv, void *object, error_info *error) {
    parser p = {.verb = verb, .argc = argc, .argv = argv, .next = 1, .object = object};
    return parse(&p, error);
}

status cli_parse_passing(const cli_verb *verb, int argc, char **argv, void *object, cli_passed *passed,
                         error_info *error) {
    parser p = {.verb = verb, .argc = argc, .argv = argv, .next = 1, .object = object, .passed = passed};
    passed->word_count = passed->rest_count = 0;
    return parse(&p, error);
}

/* Prints the completion of mpisweep for a shell, from the tables of verbs and of keys: print_completion
 * bash|zsh. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/verbs.h"
#include "io/job/key_tables.h"

/* What is offered for a value. */
typedef enum offer { OFFER_NOTHING, OFFER_FILES, OFFER_DIRECTORIES, OFFER_KEYS } offer;

static offer offer_for(const cli_option *o) {
    if (o->kind == &cli_directory)
        return OFFER_DIRECTORIES;
    if (o->kind == &cli_file)
        return OFFER_FILES;
    return o->kind == &cli_list && strcmp(o->argument, "KEY=VALUE") == 0 ? OFFER_KEYS : OFFER_NOTHING;
}

/* "RESULTS.h5" → "h5": files that end so are offered; "" for any file. */
static const char *ending(const char *argument) {
    const char *dot = strrchr(argument, '.');
    return dot != NULL ? dot + 1 : "";
}

/* ---- Words that both shells offer -------------------------------------------------------------- */

static void put_verb_names(void) {
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++)
        printf("%s ", (*v)->name);
}

static void put_words(const name_table *words) {
    for (size_t i = 0; i < words->count; i++)
        printf("%s%s", i > 0 ? " " : "", name_at(words, i));
}

static bool is_first_of_its_name(const option_table *table, size_t i) {
    return option_find(table, table->options[i].key) == &table->options[i];
}

/* The keys of the job, each followed by `end`. */
static void put_keys(const char *end) {
    key_table job;
    job_key_table(0, &job);
    for (size_t i = 0; i < job.keys->count; i++)
        if (is_first_of_its_name(job.keys, i))
            printf("%s%s ", job.keys->options[i].key, end);
}

static void put_layers(void) {
    key_table table;
    for (int t = 0; job_key_table(t, &table); t++)
        if (table.help != NULL)
            printf("%s ", table.name);
}

/* Calls `put` for every key whose values have names. */
static void for_choices(void (*put)(const char *key, const name_table *values)) {
    key_table job;
    job_key_table(0, &job);
    for (size_t i = 0; i < job.keys->count; i++)
        if (job.keys->options[i].choices != NULL && is_first_of_its_name(job.keys, i))
            put(job.keys->options[i].key, job.keys->options[i].choices);
}

/* ---- bash -------------------------------------------------------------------------------------- */

static const char bash_start[] =
    "# Completion of mpisweep for bash. Printed by tools/print_completion.c from the tables of the program.\n"
    "\n"
    "_mpisweep_words() {\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\")\n"
    "}\n"
    "\n"
    "# The files that end in .$1, all when it is empty, and directories.\n"
    "_mpisweep_files() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    if [[ $1 ]]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -f -X \"!*.$1\" -- \"$current\"; compgen -d -- \"$current\")\n"
    "    else\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
    "    fi\n"
    "}\n"
    "\n"
    "_mpisweep_directories() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -d -- \"$current\")\n"
    "}\n"
    "\n";

static const char bash_function[] = "_mpisweep() {\n"
                                    "    local current=${COMP_WORDS[COMP_CWORD]} "
                                    "previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}\n"
                                    "    COMPREPLY=()\n"
                                    "    if [[ $current == = ]]; then # bash takes = for a word\n"
                                    "        current=\n"
                                    "    elif [[ $previous == = ]]; then\n"
                                    "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
                                    "    fi\n";

static void put_bash_choice(const char *key, const name_table *values) {
    printf("    %s) _mpisweep_words '", key);
    put_words(values);
    printf("' ;;\n");
}

static void put_bash_keys(void) {
    printf("# KEY=VALUE: $previous is the key when its = has been typed.\n_mpisweep_settings() {\n"
           "    compopt -o nospace 2>/dev/null\n    _mpisweep_words '");
    put_keys("=");
    printf("'\n}\n\n_mpisweep_values() {\n    case $previous in\n");
    for_choices(put_bash_choice);
    printf("    *) return 1 ;;\n    esac\n}\n\n");
}

static void put_bash_pattern(const cli_option *o) {
    if (o->letter != '\0')
        printf("-%c", o->letter);
    printf("%s%s%s", o->letter != '\0' && o->name != NULL ? " | " : "", o->name != NULL ? "--" : "",
           o->name != NULL ? o->name : "");
}

static void put_bash_value(const cli_option *o) {
    printf("        ");
    put_bash_pattern(o);
    printf(") ");
    switch (offer_for(o)) {
    case OFFER_FILES:
        printf("_mpisweep_files '%s'; return ;;\n", ending(o->argument));
        break;
    case OFFER_DIRECTORIES:
        printf("_mpisweep_directories; return ;;\n");
        break;
    case OFFER_KEYS:
        printf("_mpisweep_settings; return ;;\n");
        break;
    case OFFER_NOTHING:
        printf("return ;;\n");
        break;
    }
}

static void put_bash_options(const cli_verb *verb) {
    const cli_option *o;
    printf("        if [[ $current == -* ]]; then\n            _mpisweep_words '");
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++) {
        if (o->name != NULL)
            printf("--%s ", o->name);
        else
            printf("-%c ", o->letter);
    }
    printf("--help'\n            return\n        fi\n");
}

/* Arguments are not counted: the files of all that the verb has. */
static void put_bash_arguments(const cli_verb *verb) {
    const cli_argument *a = cli_argument_at(verb, 0);
    if (a != NULL && a->words != NULL) {
        printf("        _mpisweep_words '");
        put_words(a->words);
        printf("'\n");
    } else if (a != NULL)
        printf("        _mpisweep_files '%s'\n", ending(a->name));
}

static void put_bash_verb(const cli_verb *verb) {
    const cli_option *o;
    printf("    %s)\n        case $previous in\n", verb->name);
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++)
        if (o->argument != NULL)
            put_bash_value(o);
    printf("        esac\n        _mpisweep_values && return\n");
    put_bash_options(verb);
    put_bash_arguments(verb);
    printf("        ;;\n");
}

static void print_bash(void) {
    fputs(bash_start, stdout);
    put_bash_keys();
    fputs(bash_function, stdout);
    printf("    if ((COMP_CWORD == 1)); then\n        _mpisweep_words '");
    put_verb_names();
    printf("help --help --version'\n        return\n    fi\n    case $verb in\n");
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++)
        put_bash_verb(*v);
    printf("    help) _mpisweep_words '");
    put_verb_names();
    printf("keys ");
    put_keys("");
    put_layers();
    printf("' ;;\n    esac\n}\ncomplete -F _mpisweep mpisweep\n");
}

/* ---- zsh --------------------------------------------------------------------------------------- */

/* Within a specification of _arguments in single quotes. */
static void put_zsh_text(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        else if (strchr("[]:\\", *text) != NULL)
            putchar('\\');
        putchar(*text);
    }
}

static void put_zsh_action(offer what, const char *argument) {
    const char *suffix = ending(argument);
    if (what == OFFER_FILES && suffix[0] != '\0')
        printf("_files -g \"*.%s\"", suffix);
    else
        fputs(what == OFFER_FILES         ? "_files"
              : what == OFFER_DIRECTORIES ? "_files -/"
              : what == OFFER_KEYS        ? "_mpisweep_settings"
                                          : " ",
              stdout);
}

/* '(-n --ranks)'{-n+,--ranks=}'[help]:N: ' */
static void put_zsh_option(const cli_option *o) {
    const bool takes = o->argument != NULL;
    printf(" \\\n            ");
    if (o->letter != '\0' && o->name != NULL)
        printf("'(-%c --%s)'{-%c%s,--%s%s}'", o->letter, o->name, o->letter, takes ? "+" : "", o->name,
               takes ? "=" : "");
    else if (o->name != NULL)
        printf("'%s--%s%s", o->kind->repeats ? "*" : "", o->name, takes ? "=" : "");
    else
        printf("'-%c%s", o->letter, takes ? "+" : "");
    putchar('[');
    put_zsh_text(o->help);
    putchar(']');
    if (takes) {
        putchar(':');
        put_zsh_text(o->argument);
        putchar(':');
        put_zsh_action(offer_for(o), o->argument);
    }
    putchar('\'');
}

static void put_zsh_argument(const cli_argument *a, int number) {
    if (a->repeats)
        printf(" \\\n            '*:");
    else
        printf(" \\\n            '%d%s", number, a->optional ? "::" : ":");
    put_zsh_text(a->name);
    putchar(':');
    if (a->words != NULL) {
        putchar('(');
        put_words(a->words);
        putchar(')');
    } else
        put_zsh_action(OFFER_FILES, a->name);
    putchar('\'');
}

static void put_zsh_verb(const cli_verb *verb) {
    const cli_option *o;
    const cli_argument *a;
    printf("        %s)\n            _arguments '(-h --help)'{-h,--help}'[explain the verb]'", verb->name);
    for (int i = 0; (o = cli_option_at(verb, i)) != NULL; i++)
        put_zsh_option(o);
    for (int i = 0; (a = cli_argument_at(verb, i)) != NULL; i++)
        put_zsh_argument(a, i + 1);
    printf("\n            ;;\n");
}

static void put_zsh_choice(const char *key, const name_table *values) {
    printf("        %s=*) compset -P '*='; compadd ", key);
    put_words(values);
    printf(" ;;\n");
}

static void put_zsh_verbs(void) {
    printf("    local -a verbs=(");
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++) {
        printf("\n        '%s:", (*v)->name);
        put_zsh_text((*v)->summary);
        putchar('\'');
    }
    printf("\n        'help:explain a verb or a key of the job file')\n");
}

static void print_zsh(void) {
    printf("#compdef mpisweep\n"
           "# Completion of mpisweep for zsh. Printed by tools/print_completion.c from the tables of the "
           "program.\n\n"
           "_mpisweep_settings() {\n    case $PREFIX in\n");
    for_choices(put_zsh_choice);
    printf("        *=*) ;;\n        *) compadd -S '' ");
    put_keys("=");
    printf(";;\n    esac\n}\n\n_mpisweep() {\n");
    put_zsh_verbs();
    printf("    if ((CURRENT == 2)); then\n        _describe verb verbs\n        compadd -- --help "
           "--version\n        return\n    fi\n"
           "    shift words\n    ((CURRENT--))\n    case $words[1] in\n");
    for (const cli_verb *const *v = cli_verbs; *v != NULL; v++)
        put_zsh_verb(*v);
    printf("        help)\n            compadd ");
    put_verb_names();
    printf("keys ");
    put_keys("");
    put_layers();
    printf("\n            ;;\n    esac\n}\n\n_mpisweep \"$@\"\n");
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "bash") == 0)
        print_bash();
    else if (argc == 2 && strcmp(argv[1], "zsh") == 0)
        print_zsh();
    else {
        fputs("usage: print_completion bash|zsh\n", stderr);
        return EXIT_FAILURE;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#include "io/job/added_axis.h"

#include <stdio.h>
#include <string.h>

#include "io/job/keys.h"
#include "io/job/table.h"

enum { KEY_SIZE = 256 };

/* The keys that an axis can set and that end with `word`, "a, b"; returns how many. A key of several kinds
 * has a row for each. */
static int find_keys(const char *word, char keys[KEY_SIZE]) {
    int count = 0;
    size_t used = 0;
    keys[0] = '\0';
    for (size_t i = 0; i < job_table.count && used < KEY_SIZE; i++) {
        const option *o = &job_table.options[i];
        if (!o->by_axis || strcmp(job_key_last_word(o->key), word) != 0 ||
            option_find(&job_table, o->key) != o)
            continue;
        used += (size_t)snprintf(keys + used, KEY_SIZE - used, "%s%s", count > 0 ? ", " : "", o->key);
        count++;
    }
    return count;
}

/* The key for what is before the "=". */
static status find_key(const char *word, char key[KEY_SIZE], error_info *error) {
    if (strchr(word, '.') != NULL) {
        snprintf(key, KEY_SIZE, "%s", word);
        return STATUS_OK;
    }
    const int count = find_keys(word, key);
    if (count == 1)
        return STATUS_OK;
    return error_set(error, STATUS_USAGE,
                     "%.100s: %s%s; accepted: run, or a key of the job that an axis can set, "
                     "such as optimizer.lr",
                     word, count > 1 ? "this may be " : "no key ends so", count > 1 ? key : "");
}

status job_added_axis(const char *text, char name[GRID_NAME_SIZE], char setting[ADDED_AXIS_SIZE],
                      error_info *error) {
    char word[KEY_SIZE], key[KEY_SIZE];
    const char *value = strchr(text, '=');
    const size_t length = value != NULL ? (size_t)(value - text) : 0;
    if (length == 0 || length >= sizeof word || value[1] == '\0')
        return error_set(error, STATUS_USAGE, "\"%.100s\": accepted: KEY=VALUE, such as optimizer.lr=0.1",
                         text);
    snprintf(word, sizeof word, "%.*s", (int)length, text);
    value++;
    int used;
    if (strcmp(word, "run") == 0) {
        snprintf(name, GRID_NAME_SIZE, "run");
        used = snprintf(setting, ADDED_AXIS_SIZE, "sweep.run={count: 1, base: %s}", value);
    } else {
        RETURN_IF_FAILED(find_key(word, key, error));
        if (name[0] == '\0')
            snprintf(name, GRID_NAME_SIZE, "%s", job_key_last_word(key));
        used = snprintf(setting, ADDED_AXIS_SIZE, "sweep.%s={set: %s, values: [%s], base: %s}", name, key,
                        value, value);
    }
    return used < ADDED_AXIS_SIZE ? STATUS_OK
                                  : error_set(error, STATUS_USAGE, "%.100s: the value is too long", word);
}

/* The keys that the library accepts: those of the job file that describe a training, as a table of its own,
 * since that of the job reads YAML. test_library compares the two. */
#ifndef LIBRARY_SETTINGS_H
#define LIBRARY_SETTINGS_H

#include "base/name_table.h"
#include "engine/engine.h"

typedef enum setting_type {
    SETTING_NUMBER,  /* double */
    SETTING_INTEGER, /* int */
    SETTING_BOOLEAN, /* bool */
    SETTING_CHOICE,  /* an enum */
    SETTING_LIST,    /* double[longest], and a count */
} setting_type;

typedef struct setting {
    const char *key;
    setting_type type;
    size_t offset;           /* in a training_spec, or in a layer_spec */
    size_t twin_offset;      /* of a second field that gets the same value; 0: none */
    size_t count_offset;     /* lists: of the int that counts them */
    int longest;             /* lists; 0: ENGINE_MAX_LIST */
    double minimum, maximum; /* of numbers */
    double preset;           /* of all but lists; NAN: it must be set where it matters, and is below its
                                minimum until then */
    const name_table *names; /* of choices, by enumerator */
    unsigned layers;         /* of a layer: the kinds that have it (bits 1 << kind) */
} setting;

typedef struct setting_table {
    const setting *rows;
    size_t count;
} setting_table;

extern const setting_table training_settings, layer_settings;

/* NULL when there is none. */
const setting *setting_find(const setting_table *table, const char *key);

/* The row of layer_settings for this kind; NULL when there is none. */
const setting *setting_of_layer(layer_kind kind, const char *key);

void settings_preset_training(training_spec *spec);

/* The rows of the layer's kind, which is set. */
void settings_preset_layer(layer_spec *layer);

/* Store a number, which the row accepts (STATUS_USAGE). `object` is what the table describes. */
status setting_store(const setting *s, void *object, double value, error_info *error);

/* STATUS_USAGE when a key that matters has not been set: of the training, then of its layers. */
status settings_check(const training_spec *spec, error_info *error);

#endif

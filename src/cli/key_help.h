/* What the tables of the job file say about a key, for people at a terminal. */
#ifndef CLI_KEY_HELP_H
#define CLI_KEY_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Explains what `word` names: a key ("optimizer.lr", "model.layers[0].units"), the last part of some ("lr"),
 * a section ("optimizer"), a kind of layer ("conv"), or a value that a key takes ("adam"). False when it
 * names nothing; nothing is printed then. */
bool key_help_print(FILE *out, const char *word);

/* All keys, a line each. */
void key_help_list(FILE *out);

enum { KEY_HELP_NAME_SIZE = 128 };

/* The key that `word` may be a slip for; "" when none is near. */
void key_help_nearest(const char *word, char nearest[KEY_HELP_NAME_SIZE]);

#endif

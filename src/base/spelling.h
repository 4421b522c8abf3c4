/* How far a word is from one that is known: for "nearest known" in messages. */
#ifndef BASE_SPELLING_H
#define BASE_SPELLING_H

#include <stddef.h>

/* Letters to insert, delete, replace, or exchange with their neighbour (Damerau 1964; optimal string
 * alignment). Only the first 64 bytes are compared. */
size_t spelling_distance(const char *a, const char *b);

/* How many slips may be in `word`; what differs by more is another word. */
size_t spelling_slips(const char *word);

#endif

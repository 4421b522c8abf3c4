/* Checkpoints: all that a stopped training needs to resume, as one block of bytes. Private to the engine.
 *
 * A header with the sizes, then the training's progress, its kept memory and its recorded values, as they are
 * in memory: a checkpoint is for the same program on the same kind of machine. Random streams are
 * counter-based and the order of an epoch is drawn again, so neither is in it. */
#ifndef ENGINE_CHECKPOINT_H
#define ENGINE_CHECKPOINT_H

#include "engine/trainer.h"

/* Write a checkpoint to the start of `out`, which is reserved again; *size is the length. */
status checkpoint_save(trainer *t, arena *out, size_t *size, error_info *error);

/* Bring `t`, which is open and has not begun, to where the checkpoint was taken. False, with `t` unchanged,
 * when there is none (NULL) or when it does not belong to such a training. */
bool checkpoint_restore(trainer *t, const void *bytes, size_t size);

#endif

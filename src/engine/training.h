/* A planned specification with its model, and the parts of its training. Private to the engine. */
#ifndef ENGINE_TRAINING_H
#define ENGINE_TRAINING_H

#include "engine/lockstep/lanes.h"
#include "engine/trainer.h"

struct training {
    training_plan plan;
    trainer trainer;
    bool ordinary; /* not in lockstep although it is eligible: for comparisons in tests */
    lanes lanes;   /* of the group whose first member this is */
};

/* Begin in memory that is reserved for it, trainer.bytes of it; *report has room for the values. Resumes from
 * the checkpoint, if that is one of this training. */
void training_start(training *planned, uint64_t seed, uint64_t coordinates, arena *memory,
                    const void *checkpoint, size_t checkpoint_size, training_report *report);

/* Do the work of the next stage; false: the training ends here. */
bool training_run_stage(trainer *t);

/* Record what is due until a step is next. False: the training ends here. */
bool training_note(trainer *t);

/* Leave a checkpoint in `keep` and continue: between two stages. */
void training_keep(training *planned, arena *keep, training_kept kept, void *context);

/* Fill *report, and `keep` when the training was stopped. */
void training_finish(trainer *t, arena *keep, training_report *report);

#endif

/* The stages of one training. */
#include <math.h>

#include "engine/checkpoint.h"
#include "engine/record/best.h"
#include "engine/record/recorder.h"
#include "engine/training.h"

/* Record what is due, and judge it. False when the training was stopped meanwhile. */
static bool record_and_judge(trainer *t, const moment *now) {
    recorder_note(t, now);
    if (!t->stopped && t->progress.outcome == TRAINING_DONE)
        record_note_best(t, now);
    return !t->stopped;
}

/* The stages: each does its work and names the next stage, or is repeated after a checkpoint when it was
 * stopped. False: the training ends here. */

static bool take_step(trainer *t) {
    training_progress *p = &t->progress;
    if (!trainer_may_step(t))
        return false;
    if (!t->order_drawn)
        trainer_draw_order(t);
    const size_t left = trainer_epoch_samples(t->spec, t->data) - p->position, batch = (size_t)t->spec->batch;
    const size_t count = left < batch ? left : batch;
    trainer_load_batch(t, p->position, count);
    p->last_batch = trainer_step(t, count);
    loss_sums_add(&p->last_epoch, p->last_batch);
    p->position += count;
    p->stage = STAGE_NOTE_STEP;
    return true;
}

static bool note_step(trainer *t) {
    training_progress *p = &t->progress;
    if (!record_and_judge(t, &(moment){RECORD_PER_STEP, (long)p->steps, p->last_batch}))
        return false;
    p->stage = monitor_ends(&t->monitor) ? STAGE_NOTE_END : STAGE_STEP;
    if (p->position == trainer_epoch_samples(t->spec, t->data))
        p->stage = STAGE_NOTE_EPOCH;
    return p->outcome == TRAINING_DONE;
}

/* Without epochs what is recorded per epoch is recorded once, after 0 of them. */
static bool note_epoch(trainer *t) {
    training_progress *p = &t->progress;
    const uint64_t epochs = (uint64_t)t->spec->epochs, done = epochs > 0 ? p->epoch + 1 : 0;
    if (!record_and_judge(t, &(moment){RECORD_PER_EPOCH, (long)done, p->last_epoch}))
        return false;
    p->stage = STAGE_NOTE_END;
    if (done < epochs && !monitor_ends(&t->monitor)) {
        p->stage = STAGE_STEP;
        p->epoch = done;
        p->position = 0;
        p->last_epoch = (loss_sums){0};
        t->order_drawn = false;
    }
    return p->outcome == TRAINING_DONE;
}

static bool note_end(trainer *t) {
    if (t->stopped || t->progress.outcome != TRAINING_DONE)
        return false;
    monitor_restore(&t->monitor, &t->model);
    recorder_note(t, &(moment){RECORD_AT_END, 1, t->progress.last_epoch});
    return false;
}

bool training_run_stage(trainer *t) {
    static bool (*const stages[STAGE_COUNT])(trainer *) = {[STAGE_STEP] = take_step,
                                                           [STAGE_NOTE_STEP] = note_step,
                                                           [STAGE_NOTE_EPOCH] = note_epoch,
                                                           [STAGE_NOTE_END] = note_end};
    return stages[t->progress.stage](t);
}

bool training_note(trainer *t) {
    while (t->progress.stage != STAGE_STEP)
        if (!training_run_stage(t))
            return false;
    return true;
}

/* A full-batch search cannot be resumed, only what follows it. */
static bool can_go_on(const trainer *t) {
    return !optimizer_is_full_batch(t->spec->optimizer.kind) || t->progress.stage == STAGE_NOTE_END;
}

double training_share_done(const training *t) {
    return t->plan.steps > 0 ? (double)t->trainer.progress.steps / (double)t->plan.steps : 0;
}

void training_keep(training *planned, arena *keep, training_kept kept, void *context) {
    size_t size;
    if (checkpoint_save(&planned->trainer, keep, &size, NULL) == STATUS_OK)
        kept(context, planned, size);
}

/* Without memory for a checkpoint there is none. */
void training_finish(trainer *t, arena *keep, training_report *report) {
    report->steps_taken = (long)t->progress.steps;
    report->seconds = trainer_seconds(t);
    report->outcome = t->stopped ? TRAINING_STOPPED : t->progress.outcome;
    if (t->stopped && keep != NULL && can_go_on(t) &&
        checkpoint_save(t, keep, &report->checkpoint_size, NULL) != STATUS_OK)
        report->checkpoint_size = 0;
}

void training_start(training *planned, uint64_t seed, uint64_t coordinates, arena *memory,
                    const void *checkpoint, size_t checkpoint_size, training_report *report) {
    trainer *t = &planned->trainer;
    trainer_start(t, seed, coordinates, memory);
    recorder_open(t, &planned->plan.records, report->values);
    if (t->spec->epochs == 0)
        t->progress.stage = STAGE_NOTE_EPOCH;
    *report = (training_report){.values = report->values};
    report->resumed = checkpoint_restore(t, checkpoint, checkpoint_size);
    report->steps_before = (long)t->progress.steps;
}

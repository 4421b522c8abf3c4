/* Drives a training: a group of one, or alone, stage by stage. */
#include "engine/full_batch.h"
#include "engine/training.h"

static void keep_if_due(training *planned, const training_control *control) {
    const bool between_steps = planned->trainer.progress.stage == STAGE_STEP;
    if (between_steps && control->due != NULL && control->due(control->context, planned))
        training_keep(planned, control->keep, control->kept, control->context);
}

static status train_alone(training *planned, uint64_t seed, uint64_t coordinates, arena *memory,
                          const training_control *control, training_report *report, error_info *error) {
    trainer *t = &planned->trainer;
    RETURN_IF_FAILED(arena_reserve(memory, t->bytes, error));
    training_start(planned, seed, coordinates, memory, control->checkpoint, control->checkpoint_size, report);
    t->stop = control->stop;
    t->stop_context = control->context;
    if (t->progress.stage == STAGE_STEP && optimizer_is_full_batch(t->spec->optimizer.kind))
        RETURN_IF_FAILED(full_batch_train(t, error));
    while (training_run_stage(t))
        keep_if_due(planned, control);
    training_finish(t, control->keep, report);
    return STATUS_OK;
}

/* An eligible network is a group of one: its bits must not depend on companions. */
status engine_train(training *planned, uint64_t seed, uint64_t coordinates, arena *memory,
                    const training_control *control, training_report *report, error_info *error) {
    if (planned->plan.shape == 0 || planned->ordinary)
        return train_alone(planned, seed, coordinates, memory, control, report, error);
    training_member member = {.planned = planned,
                              .coordinates = coordinates,
                              .checkpoint = control->checkpoint,
                              .checkpoint_size = control->checkpoint_size,
                              .report = *report};
    const group_control group = {.stop = control->stop,
                                 .context = control->context,
                                 .due = control->due,
                                 .kept = control->kept,
                                 .keep = control->keep};
    const status code = engine_train_group(&member, 1, seed, memory, &group, error);
    *report = member.report;
    return code;
}

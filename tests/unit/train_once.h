/* Plans and trains a specification once. */
#ifndef TESTS_TRAIN_ONCE_H
#define TESTS_TRAIN_ONCE_H

#include "engine/engine.h"

static inline status train_once(const training_spec *spec, const dataset *data, uint64_t seed,
                                uint64_t coordinates, arena *memory, const training_control *control,
                                training_report *report, error_info *error) {
    training *planned;
    RETURN_IF_FAILED(training_open(&planned, spec, data, error));
    const status code = engine_train(planned, seed, coordinates, memory, control, report, error);
    training_close(&planned);
    return code;
}

#endif

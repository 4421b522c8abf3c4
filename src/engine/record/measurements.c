/* What is measured on which samples, by quantity: plain facts, which the trainer needs before it is asked for
 * values. */
#include "engine/record/records.h"

#define METRICS(name, of)                                                                                    \
    [RECORD_##name##_TOP_K_ACCURACY] = {of, MEASURE_TOP_K_ACCURACY},                                         \
    [RECORD_##name##_BALANCED_ACCURACY] = {of, MEASURE_BALANCED_ACCURACY},                                   \
    [RECORD_##name##_MACRO_F1] = {of, MEASURE_MACRO_F1},                                                     \
    [RECORD_##name##_CONFUSION_MATRIX] = {of, MEASURE_CONFUSION}, [RECORD_##name##_MAE] = {of, MEASURE_MAE}, \
    [RECORD_##name##_R2] = {of, MEASURE_R2}

#define NUMBERS(name, of)                                                                                    \
    [RECORD_##name##_LOSS] = {of, MEASURE_LOSS}, [RECORD_##name##_COST] = {of, MEASURE_COST},                \
    [RECORD_##name##_ACCURACY] = {of, MEASURE_ACCURACY}

static const measurement table[RECORD_QUANTITY_COUNT] = {
    NUMBERS(TRAIN, SET_BATCH),
    NUMBERS(TRAIN_SET, SET_TRAIN),
    NUMBERS(VALIDATION, SET_VALIDATION),
    NUMBERS(TEST, SET_TEST),
    METRICS(TRAIN, SET_BATCH),
    METRICS(TRAIN_SET, SET_TRAIN),
    METRICS(VALIDATION, SET_VALIDATION),
    METRICS(TEST, SET_TEST),
    [RECORD_TEST_GRADIENT] = {SET_TEST, MEASURE_NONE},
    [RECORD_TEST_PROBABILITY] = {SET_TEST, MEASURE_NONE},
    [RECORD_TEST_PREDICTION] = {SET_TEST, MEASURE_NONE},
    [RECORD_TEST_TARGET] = {SET_TEST, MEASURE_NONE},
    [RECORD_TEST_INPUT] = {SET_TEST, MEASURE_NONE},
    [RECORD_FEATURE_MAPS] = {SET_TEST, MEASURE_NONE},
};

const measurement *record_measurement(record_quantity q) {
    return &table[q];
}

bool record_is_accuracy(record_quantity q) {
    const measure of = table[q].measure;
    return of == MEASURE_ACCURACY || of == MEASURE_TOP_K_ACCURACY || of == MEASURE_BALANCED_ACCURACY ||
           of == MEASURE_MACRO_F1;
}

bool record_is_best_high(record_quantity q) {
    return record_is_accuracy(q) || table[q].measure == MEASURE_R2;
}

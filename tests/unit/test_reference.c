/* The main job's network against PyTorch: 20 steps of SGD from the same parameters on the same pixels. The
 * vectors were made by tests/reference/make_cnn_vectors.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/trainer.h"
#include "networks.h"
#include "reference_file.h"

enum { BATCH = 16, STEPS = 20, SAMPLES = 40, TENSORS = 8 };

static const double tolerance = 1e-4;

/* Must stay the same as words() of the script. */
static uint32_t word(uint32_t stream, uint32_t i) {
    uint32_t z = (i + stream * 1000003u) * 0x9E3779B1u;
    z = (z ^ (z >> 16)) * 0x85EBCA6Bu;
    z = (z ^ (z >> 13)) * 0x27D4EB2Fu;
    return z ^ (z >> 16);
}

typedef struct vectors {
    double gradients[TENSORS][SAMPLES], parameters[TENSORS][SAMPLES], losses[STEPS];
} vectors;

static void read_tensors(FILE *file, const char *kind, double values[TENSORS][SAMPLES], int counts[TENSORS]) {
    for (int i = 0; i < TENSORS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%d", kind, i);
        counts[i] = read_vector(file, name, values[i], SAMPLES);
    }
}

/* Natural parameters of the eight tensors, in order. */
static const size_t tensor_sizes[TENSORS] = {32 * 27, 32, 64 * 288, 64, 128 * 4096, 128, 10 * 128, 10};
static const size_t fan_in[TENSORS] = {27, 27, 288, 288, 4096, 4096, 128, 128};

static void fill_parameters(float *values) {
    for (uint32_t tensor = 0; tensor < TENSORS; tensor++)
        for (uint32_t i = 0; i < tensor_sizes[tensor]; i++)
            *values++ =
                (float)((2 * (word(tensor + 1, i) / 4294967296.0) - 1) / sqrt((double)fan_in[tensor]));
}

/* Relative distance of a sampled tensor from the reference: ‖a − b‖ / ‖b‖. */
static double sampled_error(const float *values, size_t size, const double *reference, int count) {
    size_t step = size / SAMPLES > 1 ? size / SAMPLES : 1;
    double difference = 0, norm = 0;
    for (int i = 0; i < count; i++) {
        double d = (double)values[(size_t)i * step] - reference[i];
        difference += d * d;
        norm += reference[i] * reference[i];
    }
    return sqrt(difference / norm);
}

static void assert_tensors_close(const model *m, const real *stored, double reference[TENSORS][SAMPLES],
                                 const int counts[TENSORS]) {
    float *natural = malloc(m->parameter_count * sizeof *natural);
    assert_non_null(natural);
    model_get_parameters(m, stored, natural);
    const float *tensor = natural;
    for (int i = 0; i < TENSORS; i++) {
        assert_true(sampled_error(tensor, tensor_sizes[i], reference[i], counts[i]) < tolerance);
        tensor += tensor_sizes[i];
    }
    free(natural);
}

static void follows_pytorch_for_20_steps(const kernel_set *kernels) {
    static uint8_t pixels[STEPS * BATCH * 3072], labels[STEPS * BATCH];
    for (uint32_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(word(110, i) >> 24);
    for (uint32_t i = 0; i < sizeof labels; i++)
        labels[i] = (uint8_t)(word(111, i) % 10);
    const dataset data = {.shape = {3, 32, 32},
                          .classes = 10,
                          .train = {.count = STEPS * BATCH, .pixels = pixels, .labels = labels}};
    const training_spec spec = {
        .normalize = {.channels = 3, .mean = {0.4914, 0.4822, 0.4465}, .std = {0.2470, 0.2435, 0.2616}},
        .model = {.layer_count = 9, .layers = SIMPLE_CNN},
        .loss = {.entropy_weight = 5e-3},
        .optimizer = {.lr = 0.02, .momentum = 0.9},
        .epochs = 1,
        .batch = BATCH,
    };
    vectors reference;
    int gradient_counts[TENSORS], parameter_counts[TENSORS];
    FILE *file = fopen(REFERENCE_DIRECTORY "/cnn_vectors.txt", "r");
    assert_non_null(file);
    read_tensors(file, "gradient", reference.gradients, gradient_counts);
    assert_int_equal(read_vector(file, "losses", reference.losses, STEPS), STEPS);
    read_tensors(file, "parameter", reference.parameters, parameter_counts);
    fclose(file);

    arena memory = {0};
    trainer t;
    error_info error;
    assert_int_equal(trainer_build(&t, &spec, &data, &error), STATUS_OK);
    assert_int_equal(trainer_begin(&t, 0, 0, &memory, &error), STATUS_OK);
    t.model.kernels = kernels;
    float *natural = malloc(t.model.parameter_count * sizeof *natural);
    assert_non_null(natural);
    fill_parameters(natural);
    model_set_parameters(&t.model, natural);
    free(natural);
    for (uint32_t i = 0; i < STEPS * BATCH; i++)
        t.order[i] = i;
    for (int step = 0; step < STEPS; step++) {
        trainer_load_batch(&t, (size_t)step * BATCH, BATCH);
        double loss = trainer_step(&t, BATCH).loss / BATCH;
        assert_true(fabs(loss - reference.losses[step]) < tolerance * reference.losses[step]);
        if (step == 0)
            assert_tensors_close(&t.model, t.model.gradients, reference.gradients, gradient_counts);
    }
    assert_tensors_close(&t.model, t.model.parameters, reference.parameters, parameter_counts);
    arena_release(&memory);
}

static void every_kernel_set_follows_pytorch(void **state) {
    (void)state;
    for (const kernel_set *const *set = kernels_available(); *set != NULL; set++) {
        print_message("kernel set %s\n", (*set)->name);
        follows_pytorch_for_20_steps(*set);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kernel_set_follows_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

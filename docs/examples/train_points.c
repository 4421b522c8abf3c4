/* Trains a small network to tell the inside of a circle from its outside.
 *
 *     cc train_points.c $(pkg-config --cflags --libs --static mpisweep_engine) -o train_points */
#include <mpisweep_engine.h>
#include <stdio.h>
#include <stdlib.h>

enum { TRAIN = 2000, TEST = 500, EPOCHS = 30 };

static float points[TRAIN + TEST][2];
static uint8_t inside[TRAIN + TEST];

static void draw_points(void) {
    for (int i = 0; i < TRAIN + TEST; i++) {
        const float x = points[i][0] = 2.0f * (float)rand() / (float)RAND_MAX - 1;
        const float y = points[i][1] = 2.0f * (float)rand() / (float)RAND_MAX - 1;
        inside[i] = x * x + y * y < 0.6f;
    }
}

static void describe(mpisweep_training *t) {
    const mpisweep_data data = {.channels = 2,
                                .height = 1,
                                .width = 1,
                                .classes = 2,
                                .train = {.count = TRAIN, .features = points[0], .labels = inside},
                                .test = {.count = TEST, .features = points[TRAIN], .labels = inside + TRAIN}};
    mpisweep_set_data(t, &data);
    mpisweep_add_layer(t, "dense");
    mpisweep_set_layer(t, "units", 16);
    mpisweep_add_layer(t, "tanh");
    mpisweep_add_layer(t, "dense");
    mpisweep_set_layer(t, "units", 2);
    mpisweep_choose(t, "optimizer.kind", "adam");
    mpisweep_set(t, "optimizer.lr", 0.02);
    mpisweep_set(t, "train.epochs", EPOCHS);
    mpisweep_set(t, "train.batch", 32);
    mpisweep_record(t, "train_loss", 1, MPISWEEP_EPOCHS);
    mpisweep_record(t, "test_accuracy", 1, MPISWEEP_EPOCHS);
}

int main(void) {
    mpisweep_training *t = mpisweep_create();
    if (t == NULL)
        return EXIT_FAILURE;
    draw_points();
    describe(t);
    if (mpisweep_train(t, 0, 0) != MPISWEEP_OK) {
        fprintf(stderr, "%s\n", mpisweep_message(t));
        return EXIT_FAILURE;
    }
    size_t count;
    const float *loss = mpisweep_values(t, "train_loss", &count);
    for (size_t epoch = 0; epoch < count; epoch += 10)
        printf("epoch %zu: loss %.4f\n", epoch, loss[epoch]);
    printf("%zu parameters, %ld steps, test accuracy %.1f %%, %s kernels\n", mpisweep_parameters(t),
           mpisweep_steps(t), mpisweep_last(t, "test_accuracy"), mpisweep_engine_kernels());
    mpisweep_destroy(&t);
    return EXIT_SUCCESS;
}

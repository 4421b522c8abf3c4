#include "io/job_table.h"

#include <assert.h>

#include "io/job_axes.h"
#include "io/layer_table.h"

static_assert(sizeof(size_t) == sizeof(uint64_t), "option_unsigned also stores counts of type size_t");

static const char *const data_sources[] = {[DATA_CIFAR10] = "cifar10", [DATA_SYNTHETIC] = "synthetic", NULL};
static const char *const initializers[] = {[INIT_PYTORCH] = "pytorch", NULL};
static const char *const losses[] = {[LOSS_CROSS_ENTROPY] = "cross_entropy", NULL};
static const char *const optimizers[] = {[OPTIMIZER_SGD] = "sgd", NULL};

#define FIELD(field) .offset = offsetof(job, field)
#define RANGE(least, greatest) .min = (least), .max = (greatest)
#define ONLY_CIFAR10 .only_if = "data.source", .only_value = DATA_CIFAR10
#define ONLY_SYNTHETIC .only_if = "data.source", .only_value = DATA_SYNTHETIC
#define RECORD(of) FIELD(base), .quantity = (of), RANGE(1, 1000000), .default_text = "never"

/* A condition (only_if) must stand before the rows that it governs. */
static const option job_options[] = {
    {"job", &option_name, FIELD(name), .max = GRID_NAME_SIZE - 1, .help = "short name"},
    {"title", &option_text, FIELD(title), .max = sizeof((job *)0)->title - 1, .default_text = "",
     .help = "what the sweep shows, for people"},
    {"seed", &option_unsigned, FIELD(seed), RANGE(0, UINT32_MAX), .default_text = "0",
     .help = "names all random streams of the job"},

    {"data.source", &option_choice, FIELD(data.source), .choices = data_sources,
     .help = "images to train and test on"},
    {"data.train_count", &option_integer, FIELD(data.train_count), RANGE(0, 50000), .unit = "samples",
     ONLY_CIFAR10, .default_text = "0", .help = "use the first so many training images; 0: all"},
    {"data.test_count", &option_integer, FIELD(data.test_count), RANGE(0, 10000), .unit = "samples",
     ONLY_CIFAR10, .default_text = "0", .help = "use the first so many test images; 0: all"},
    {"data.channels", &option_integer, FIELD(data.synthetic.shape.channels),
     RANGE(1, ENGINE_MAX_CHANNELS_NORMALIZED), ONLY_SYNTHETIC, .default_text = "3", .help = "colour planes"},
    {"data.height", &option_integer, FIELD(data.synthetic.shape.height), RANGE(1, 256), .unit = "pixels",
     ONLY_SYNTHETIC, .default_text = "32", .help = "image height"},
    {"data.width", &option_integer, FIELD(data.synthetic.shape.width), RANGE(1, 256), .unit = "pixels",
     ONLY_SYNTHETIC, .default_text = "32", .help = "image width"},
    {"data.classes", &option_integer, FIELD(data.synthetic.classes), RANGE(2, ENGINE_MAX_CLASSES),
     ONLY_SYNTHETIC, .default_text = "10", .help = "number of classes"},
    {"data.train_count", &option_unsigned, FIELD(data.synthetic.train_count), RANGE(1, 10000000),
     .unit = "samples", ONLY_SYNTHETIC, .default_text = "2000", .help = "training images to generate"},
    {"data.test_count", &option_unsigned, FIELD(data.synthetic.test_count), RANGE(1, 10000000),
     .unit = "samples", ONLY_SYNTHETIC, .default_text = "1000", .help = "test images to generate"},
    {"data.normalize.mean", &option_numbers, FIELD(base.normalize.mean),
     .count_offset = offsetof(job, base.normalize.channels), RANGE(-1000, 1000), .default_text = "",
     .help = "per channel; x = (pixel / 255 - mean) / std"},
    {"data.normalize.std", &option_numbers, FIELD(base.normalize.std),
     .count_offset = offsetof(job, base.normalize.channels), RANGE(1e-6, 1e6), .default_text = "",
     .help = "per channel, as many as mean"},

    {"model.init", &option_choice, FIELD(base.model.init), .choices = initializers, .default_text = "pytorch",
     .help = "initial parameters; pytorch: weights and biases uniform in ±1/√fan_in"},
    {"model.layers", &option_layers, FIELD(base.model), .help = "see Layers"},

    {"loss.kind", &option_choice, FIELD(base.loss.kind), .choices = losses, .default_text = "cross_entropy",
     .help = "cross_entropy: mean over the batch of -log softmax(logits)[label]"},
    {"loss.entropy_weight", &option_number, FIELD(base.loss.entropy_weight), RANGE(-1000, 1000),
     .default_text = "0",
     .help = "λ: adds λ times the mean over the batch of the entropy of softmax(logits)"},

    {"optimizer.kind", &option_choice, FIELD(base.optimizer.kind), .choices = optimizers,
     .default_text = "sgd", .help = "sgd: v = momentum * v + gradient, w = w - lr * v"},
    {"optimizer.lr", &option_number, FIELD(base.optimizer.lr), RANGE(0, 1000), .help = "learning rate"},
    {"optimizer.momentum", &option_number, FIELD(base.optimizer.momentum), RANGE(0, 1), .default_text = "0",
     .help = "0: plain gradient descent"},

    {"train.epochs", &option_integer, FIELD(base.epochs), RANGE(1, 1000000), .unit = "epochs",
     .help = "passes over the training images"},
    {"train.batch", &option_integer, FIELD(base.batch), RANGE(1, 1000000), .unit = "samples",
     .help = "samples of a step; the last, shorter batch of an epoch is kept"},

    {"record.train_loss.every", &option_every, RECORD(RECORD_TRAIN_LOSS),
     .help = "loss of the batch, before its update"},
    {"record.train_accuracy.every", &option_every, RECORD(RECORD_TRAIN_ACCURACY),
     .help = "percent of the batch that is classified rightly, before its update"},
    {"record.test_loss.every", &option_every, RECORD(RECORD_TEST_LOSS), .help = "loss over the test images"},
    {"record.test_accuracy.every", &option_every, RECORD(RECORD_TEST_ACCURACY),
     .help = "percent of the test images that is classified rightly"},

    {"sweep.paired", &option_boolean, FIELD(grid.paired), .default_text = "false",
     .help = "cells of one run share initial weights and order of samples"},
    {"sweep", &option_axes, .offset = 0, .default_text = "", .help = "see Sweep; none: one cell"},
};

const option_table job_table = {job_options, sizeof job_options / sizeof job_options[0]};

bool job_option_is_settable(const option *o) {
    size_t start = offsetof(job, base);
    return o->type->store != NULL && o->offset >= start && o->offset < start + sizeof(training_spec);
}

void *job_option_value(const option *o, training_spec *spec) {
    return (char *)spec + (o->offset - offsetof(job, base));
}

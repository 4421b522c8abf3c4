#include "io/job/layer_table.h"
#include "io/option/yaml_tree.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum { PREFIX_SIZE = 64, LARGEST_WINDOW = 256, MOST_UNITS = 1000000 };

/* option_pair stores height and width side by side. */
static_assert(offsetof(layer_spec, kernel_width) == offsetof(layer_spec, kernel_height) + sizeof(int),
              "pair");
static_assert(offsetof(layer_spec, stride_width) == offsetof(layer_spec, stride_height) + sizeof(int),
              "pair");
static_assert(offsetof(layer_spec, dilation_width) == offsetof(layer_spec, dilation_height) + sizeof(int),
              "pair");
static_assert(offsetof(layer_spec, padding_width) == offsetof(layer_spec, padding_height) + sizeof(int),
              "pair");

#define FIELD(field) .offset = offsetof(layer_spec, field)
#define ONLY_SCALED(key) .only_if = key, .only_values = INITIALIZERS_WITH_SCALE

/* Keys of layers with weights: what differs from the model's. */
#define L2                                                                                                   \
    {                                                                                                        \
        "l2", &option_optional, FIELD(l2), .given_offset = offsetof(layer_spec, own_l2), .max = 1e6,         \
                                           .default_text = "", .help = "in place of loss.l2"                 \
    }
#define INITIALIZERS                                                                                         \
    {"init",                                                                                                 \
     &option_choice,                                                                                         \
     FIELD(init.weights.kind),                                                                               \
     .choices = &initializer_names,                                                                          \
     .default_text = "default",                                                                              \
     .help = "how weights start; default: as model.init says"},                                              \
        {"init_scale", &option_number, FIELD(init.weights.scale),    ONLY_SCALED("init"),                    \
         .min = -1000, .max = 1000,    .help = "as model.init_scale"},                                       \
        {"bias_init",                                                                                        \
         &option_choice,                                                                                     \
         FIELD(init.biases.kind),                                                                            \
         .choices = &initializer_names,                                                                      \
         .default_text = "default",                                                                          \
         .help = "how biases start; default: as model.bias_init says"},                                      \
    {                                                                                                        \
        "bias_init_scale", &option_number, FIELD(init.biases.scale), ONLY_SCALED("bias_init"),               \
            .min = -1000, .max = 1000, .help = "as model.init_scale"                                         \
    }

#define GAIN                                                                                                 \
    {                                                                                                        \
        "init_gain", &option_number, FIELD(init.weights.gain),                                               \
            .only_if = "init", .only_values = INITIALIZERS_WITH_GAIN, .min = 1e-6, .max = 1000,              \
            .default_text = "1", .omits_default = true, .help = "as model.init_gain"                         \
    }

static const option dense_options[] = {
    {"units", &option_integer, FIELD(units), .shapes_records = true, .min = 1, .max = MOST_UNITS,
     .help = "number of outputs"},
    {"bias", &option_boolean, FIELD(bias), .default_text = "true",
     .help = "add a learned constant to each output"},
    L2,
    INITIALIZERS,
    GAIN,
};

static const option conv_options[] = {
    {"filters", &option_integer, FIELD(filters), .shapes_records = true, .min = 1, .max = MOST_UNITS,
     .help = "output channels"},
    {"kernel", &option_pair, FIELD(kernel_height), .min = 1, .max = LARGEST_WINDOW, .unit = "pixels",
     .help = "height and width of the filters"},
    {"stride", &option_pair, FIELD(stride_height), .min = 1, .max = LARGEST_WINDOW, .unit = "pixels",
     .default_text = "1", .help = "distance between outputs"},
    {"padding", &option_padding, FIELD(padding_height), .min = 0, .max = LARGEST_WINDOW, .unit = "pixels",
     .default_text = "0",
     .help =
         "zeros added on each side; same: as many as keep the image's size, for odd kernels with stride 1"},
    {"bias", &option_boolean, FIELD(bias), .default_text = "true", .omits_default = true,
     .help = "add a learned constant to each output channel"},
    {"dilation", &option_pair, FIELD(dilation_height), .min = 1, .max = LARGEST_WINDOW, .unit = "pixels",
     .default_text = "1", .omits_default = true, .help = "distance between the inputs that a filter sees"},
    {"groups", &option_integer, FIELD(groups), .min = 1, .max = MOST_UNITS, .default_text = "1",
     .omits_default = true,
     .help =
         "into how many channels and filters are divided; a filter sees the channels of its group. As many "
         "as channels: a depthwise convolution"},
    L2,
    INITIALIZERS,
    GAIN,
};

static const option pool_options[] = {
    {"kernel", &option_pair, FIELD(kernel_height), .min = 1, .max = LARGEST_WINDOW, .unit = "pixels",
     .help = "height and width of the window"},
    {"stride", &option_pair, FIELD(stride_height), .min = 1, .max = LARGEST_WINDOW, .unit = "pixels",
     .default_key = "kernel", .help = "distance between windows"},
    {"padding", &option_pair, FIELD(padding_height), .min = 0, .max = LARGEST_WINDOW, .unit = "pixels",
     .default_text = "0", .omits_default = true,
     .help = "on each side, up to half of the window: minus infinity, or zeros, which count, for a mean"},
};

static const option batch_norm_options[] = {
    {"momentum", &option_number, FIELD(momentum), .min = 0, .max = 1, .default_text = "0.9",
     .help = "weight of the old running statistics (Keras's convention; PyTorch's is 1 - this)"},
    {"epsilon", &option_number, FIELD(epsilon), .min = 1e-12, .max = 1, .default_text = "1e-5",
     .help = "added to the variance"},
};

#define EPSILON                                                                                              \
    {                                                                                                        \
        "epsilon", &option_number, FIELD(epsilon), .min = 1e-12, .max = 1, .default_text = "1e-5",           \
                                                   .help = "added to the variance"                           \
    }

static const option layer_norm_options[] = {EPSILON};

static const option group_norm_options[] = {
    {"groups", &option_integer, FIELD(groups), .min = 1, .max = MOST_UNITS,
     .help = "into how many the channels are divided"},
    EPSILON,
};

static const option dropout_options[] = {
    {"rate", &option_number, FIELD(rate), .min = 0, .max = 0.999,
     .help = "share of values set to 0 in training"},
};

static const option leaky_relu_options[] = {
    {"slope", &option_number, FIELD(slope), .min = 0, .max = 1, .default_text = "0.01", .help = "for x < 0"},
};

static const option elu_options[] = {
    {"alpha", &option_number, FIELD(alpha), .min = 0, .max = 1000, .default_text = "1",
     .help = "-alpha is the limit for small x"},
};

static const option gelu_options[] = {
    {"approximate", &option_choice, FIELD(approximate), .choices = &gelu_approximation_names,
     .default_text = "none", .help = "tanh: x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2"},
};

static const option softplus_options[] = {
    {"beta", &option_number, FIELD(beta), .min = 1e-3, .max = 1000, .default_text = "1",
     .help = "how sharply it bends: large, and it is nearly relu"},
    {"threshold", &option_number, FIELD(threshold), .min = 0, .max = 1e6, .default_text = "20",
     .help = "the output is x where beta * x is above this"},
};

/* ---- Residual blocks --------------------------------------------------------------------------- */

/* A block while it is read: what is within it is put behind it. */
typedef struct residual_block {
    model_spec *model;
    int position;
    layer_path path;
} residual_block;

static status read_inner(const option *o, const char *name, const tree_node *node, void *object,
                         error_info *error);
static status read_shortcut(const option *o, const char *name, const tree_node *node, void *object,
                            error_info *error);
static void accepted_layers(const option *o, char *text, size_t size);
static void accepted_shortcut(const option *o, char *text, size_t size);

/* What is within a block is written layer by layer, each with its path. */
static const option_type option_inner = {.read = read_inner, .accepted = accepted_layers};
static const option_type option_shortcut = {.read = read_shortcut, .accepted = accepted_shortcut};

static const option residual_options[] = {
    {"layers", &option_inner, .help = "what is added to the shortcut, a list as model.layers is"},
    {"shortcut", &option_shortcut, .default_text = "identity",
     .help = "identity, a layer, or a list of layers: the other way from the block's input to the sum"},
};

typedef struct layer_row {
    option_table table;
    const char *short_key; /* `- dense: 128` sets this key; NULL: there is no short form */
    const char *help;
} layer_row;

#define TABLE(options)                                                                                       \
    { options, sizeof options / sizeof options[0] }

static const layer_row layers[LAYER_KIND_COUNT] = {
    [LAYER_DENSE] = {TABLE(dense_options), "units", "fully connected; takes images as they are, flattened"},
    [LAYER_CONV] = {TABLE(conv_options), NULL, "2-D convolution (cross-correlation)"},
    [LAYER_MAX_POOL] = {TABLE(pool_options), "kernel", "largest value of each window"},
    [LAYER_AVG_POOL] = {TABLE(pool_options), "kernel", "mean of each window"},
    [LAYER_BATCH_NORM] = {TABLE(batch_norm_options), NULL,
                          "batch normalisation per channel, or per feature after a dense layer"},
    [LAYER_DROPOUT] = {TABLE(dropout_options), "rate", "inverted dropout: the rest is divided by 1 - rate"},
    [LAYER_RELU] = {{0}, NULL, "max(0, x)"},
    [LAYER_LEAKY_RELU] = {TABLE(leaky_relu_options), "slope", "x for x > 0, else slope * x"},
    [LAYER_TANH] = {{0}, NULL, "hyperbolic tangent"},
    [LAYER_SIGMOID] = {{0}, NULL, "1 / (1 + exp(-x))"},
    [LAYER_SCALED_SIGMOID] = {{0}, NULL, "1 / (1 + exp(-2 x))"},
    [LAYER_SOFTMAX] = {{0}, NULL, "exp(x) / sum of exp(x) over the values of a sample"},
    [LAYER_IDENTITY] = {{0}, NULL, "x"},
    [LAYER_FLATTEN] = {{0}, NULL, "image to vector"},
    [LAYER_RESIDUAL] =
        {TABLE(residual_options), "layers",
         "the sum of its layers and its shortcut; a layer within it is named by its path, as in "
         "model.layers[3.0].filters or model.layers[3.shortcut.0].filters"},
    [LAYER_ELU] = {TABLE(elu_options), "alpha", "x for x > 0, else alpha * (exp(x) - 1)"},
    [LAYER_GELU] = {TABLE(gelu_options), "approximate",
                    "x times the share of the standard normal distribution that is below x"},
    [LAYER_SILU] = {{0}, NULL, "x / (1 + exp(-x)), also called swish"},
    [LAYER_LAYER_NORM] =
        {TABLE(layer_norm_options), NULL,
         "layer normalisation over all values of a sample, with a gain and a shift for each"},
    [LAYER_GROUP_NORM] =
        {TABLE(group_norm_options), "groups",
         "normalisation of each sample's channels in groups, with a gain and a shift for each "
         "channel"},
    [LAYER_GLOBAL_AVG_POOL] = {{0}, NULL, "mean of each channel over all pixels"},
    [LAYER_SOFTPLUS] = {TABLE(softplus_options), "beta", "log(1 + exp(beta * x)) / beta"},
};

/* ---- Reading ----------------------------------------------------------------------------------- */

static status find_kind(const char *name, tree_place place, layer_kind *kind, error_info *error) {
    option names[LAYER_KIND_COUNT] = {0};
    *kind = (layer_kind)name_find(&layer_names, name);
    if (*kind < LAYER_KIND_COUNT)
        return STATUS_OK;
    for (size_t i = 0; i < LAYER_KIND_COUNT; i++)
        names[i].key = name_at(&layer_names, i);
    return option_unknown(&(option_table){names, LAYER_KIND_COUNT}, "", name, place, error);
}

/* `- conv: {filters: 32, kernel: 3}`, or `- dense: 128` for the short key. */
static status read_keys(const layer_row *row, const char *prefix, const tree_node *value, layer_spec *layer,
                        error_info *error) {
    if (value->kind == TREE_MAP || row->short_key == NULL)
        return option_read_all(&row->table, prefix, value, layer, error);
    tree_node entry = *value;
    entry.key = row->short_key;
    entry.next = NULL;
    const tree_node map = {.kind = TREE_MAP, .place = value->place, .count = 1, .first = &entry};
    return option_read_all(&row->table, prefix, &map, layer, error);
}

static status refuse_layer(const char *prefix, const tree_node *item, error_info *error) {
    char found[100];
    tree_describe(item, found, sizeof found);
    return tree_error(error, item->place,
                      "%.*s: %s; accepted: a layer, as its kind or as a map of its kind to its keys",
                      (int)strlen(prefix) - 1, prefix, found);
}

/* The same name for every list: "model.layers[3].layers" has the layers "model.layers[3.0]". */
static void layer_prefix(const char *name, layer_path path, char prefix[PREFIX_SIZE]) {
    snprintf(prefix, PREFIX_SIZE, "%.*s[%s].", (int)strcspn(name, "["), name, layer_path_write(path).text);
}

/* One item of a list, `relu`, or a map of one kind to its keys, put behind the model's layers. */
static status read_layer(const char *name, layer_path path, const tree_node *item, model_spec *model,
                         error_info *error) {
    const tree_node no_keys = {.kind = TREE_MAP, .place = item->place};
    const bool bare = item->kind == TREE_SCALAR && item->text[0] != '\0';
    char prefix[PREFIX_SIZE];
    layer_prefix(name, path, prefix);
    if (!bare && (item->kind != TREE_MAP || item->count != 1))
        return refuse_layer(prefix, item, error);
    if (model->layer_count == ENGINE_MAX_LAYERS)
        return tree_error(error, item->place, "%.*s: one layer too many; accepted: up to %d in all",
                          (int)strlen(prefix) - 1, prefix, ENGINE_MAX_LAYERS);
    residual_block block = {model, model->layer_count++, path};
    layer_spec *layer = &model->layers[block.position];
    const char *kind = bare ? item->text : item->first->key;
    RETURN_IF_FAILED(find_kind(kind, bare ? item->place : item->first->key_place, &layer->kind, error));
    void *object = layer->kind == LAYER_RESIDUAL ? (void *)&block : layer;
    return read_keys(&layers[layer->kind], prefix, bare ? &no_keys : item->first, object, error);
}

static status read_layers(const option *o, const char *name, const tree_node *node, void *object,
                          error_info *error) {
    if (node->kind != TREE_LIST || node->count < 1 || node->count > ENGINE_MAX_LAYERS)
        return option_refuse(o, name, node, error);
    model_spec *model = (model_spec *)((char *)object + o->offset);
    layer_path path = 0;
    for (const tree_node *item = node->first; item != NULL; item = item->next)
        RETURN_IF_FAILED(read_layer(name, path++, item, model, error));
    return STATUS_OK;
}

static status read_within(const char *name, const residual_block *block, bool shortcut, const tree_node *item,
                          int index, error_info *error) {
    const layer_path path = layer_path_within(block->path, shortcut, index);
    if (path < 0)
        return tree_error(error, item->place,
                          "%s: too deep; accepted: residual blocks in two others at most, with "
                          "up to %d layers each",
                          name, LAYER_PATH_LONGEST_LIST);
    return read_layer(name, path, item, block->model, error);
}

static status read_inner(const option *o, const char *name, const tree_node *node, void *object,
                         error_info *error) {
    const residual_block *block = object;
    int index = 0;
    if (node->kind != TREE_LIST || node->count < 1)
        return option_refuse(o, name, node, error);
    for (const tree_node *item = node->first; item != NULL; item = item->next)
        RETURN_IF_FAILED(read_within(name, block, false, item, index++, error));
    block->model->layers[block->position].inner = block->model->layer_count - block->position - 1;
    return STATUS_OK;
}

/* The layers of a shortcut: those of a list, or one that is written alone; none for the identity. */
static const tree_node *shortcut_items(const tree_node *node, tree_node *alone) {
    static const char identity[] = "identity";
    if (node->kind == TREE_LIST)
        return node->first;
    if (node->kind == TREE_SCALAR && strcmp(node->text, identity) == 0)
        return NULL;
    *alone = *node;
    alone->next = NULL;
    return alone;
}

static status read_shortcut(const option *o, const char *name, const tree_node *node, void *object,
                            error_info *error) {
    const residual_block *block = object;
    layer_spec *layer = &block->model->layers[block->position];
    const int first = block->model->layer_count;
    tree_node alone;
    int index = 0;
    (void)o;
    for (const tree_node *item = shortcut_items(node, &alone); item != NULL; item = item->next)
        RETURN_IF_FAILED(read_within(name, block, true, item, index++, error));
    layer->shortcut = block->model->layer_count - first;
    return STATUS_OK;
}

/* ---- Printing ---------------------------------------------------------------------------------- */

static void write_layers(const option *o, const char *name, const void *object, option_writer *w) {
    const model_spec *model = (const model_spec *)((const char *)object + o->offset);
    for (int i = 0; i < model->layer_count; i++) {
        const layer_row *row = &layers[model->layers[i].kind];
        char prefix[PREFIX_SIZE], kind[PREFIX_SIZE + sizeof "kind"];
        layer_prefix(name, layer_path_of(model, i), prefix);
        snprintf(kind, sizeof kind, "%skind", prefix);
        FILE *out = w->begin(w, kind);
        if (out != NULL)
            fputs(name_at(&layer_names, model->layers[i].kind), out);
        option_write_all(&row->table, prefix, &model->layers[i], w);
    }
}

static void accepted_layers(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "a list of 1 to %d layers", ENGINE_MAX_LAYERS);
}

static void accepted_shortcut(const option *o, char *text, size_t size) {
    (void)o;
    snprintf(text, size, "identity, a layer, or a list of layers");
}

const option_type option_layers = {.read = read_layers, .write = write_layers, .accepted = accepted_layers};

/* ---- The table ------------------------------------------------------------------------------ */

const option_table *layer_table_keys(layer_kind kind, const char **help, const char **short_key) {
    *help = layers[kind].help;
    *short_key = layers[kind].short_key;
    return &layers[kind].table;
}

void layer_table_print_reference(FILE *out) {
    for (int kind = 0; kind < LAYER_KIND_COUNT; kind++) {
        const layer_row *row = &layers[kind];
        const char *name = name_at(&layer_names, (size_t)kind);
        fprintf(out, "\n### %s\n\n%s.", name, row->help);
        if (row->table.count == 0)
            fprintf(out, " Written `- %s`; it has no keys.\n", name);
        if (row->short_key != NULL)
            fprintf(out, " Short form: `- %s: VALUE` sets `%s`.", name, row->short_key);
        if (row->table.count > 0) {
            fprintf(out, "\n\n");
            option_print_reference(&row->table, out);
        }
    }
}

/* docs/job-format.md: the tables of keys, with some prose around them. */
#include "io/job_axes.h"
#include "io/job_table.h"
#include "io/layer_table.h"

static const char introduction[] =
    "# The job file\n"
    "\n"
    "<!-- Printed by bin/print_job_reference of a build from the tables in src/io; a test compares. -->\n"
    "\n"
    "A job file is one YAML document of at most 1 MiB. It says what is trained, on which data, and\n"
    "which keys are swept; `jobs/` has examples. An unknown key, a wrong type, a value out of range,\n"
    "a duplicate key or anything after the document is an error that names file, line and column, the\n"
    "value, what is accepted and, for a slip of the pen, the nearest known key. Anchors, aliases, merge\n"
    "keys and tags are not accepted, nor encodings other than UTF-8. A number in quotes is text. Where\n"
    "the default is none, `none` (or `null`, `~`) may be written, also as one of an axis' values.\n"
    "\n"
    "`--set KEY=VALUE` on the command line replaces the value of a key before the file is checked;\n"
    "VALUE is YAML: `--set train.epochs=5`, `--set sweep.run=2`, `--set 'sweep.lr.values=[0.1,\n"
    "0.01]'`, `--set 'model.layers[0].units=64'`.\n"
    "\n"
    "## Keys\n"
    "\n"
    "`optimizer.lr` is the key `lr` in the map `optimizer`.\n"
    "\n";

static const char data_text[] =
    "\n"
    "## Data\n"
    "\n"
    "Below the directory that `--data DIR` or `$MPISWEEP_DATA` names (else `./data`):\n"
    "\n"
    "| source | files |\n"
    "|---|---|\n"
    "| `cifar10` | `cifar-10-batches-bin/data_batch_1.bin` … `_5.bin`, `test_batch.bin` (binary version) |\n"
    "| `mnist` | in `mnist/` or `MNIST/raw/`: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, "
    "`t10k-…`; "
    "also with `.idx` in place of `-idx`, also compressed, with `.gz` behind |\n"
    "| `fashion_mnist` | the same in `fashion-mnist/` or `FashionMNIST/raw/` |\n"
    "\n"
    "Named by the job, from the job file's directory on unless the path is absolute:\n"
    "\n"
    "| source | files |\n"
    "|---|---|\n"
    "| `hdf5` | `data.train` and, if there is one, `data.test`: each an HDF5 file with `/x` and `/y` |\n"
    "| `npy` | NumPy's files, versions 1.0 and 2.0, C order, little-endian |\n"
    "\n"
    "x is (N, K), (N, H, W) or (N, C, H, W) of unsigned bytes or floating-point numbers (kept as float32); y "
    "is\n"
    "(N) integers, which are labels from 0 on, or (N) or (N, M) floating-point numbers, which are targets of "
    "a\n"
    "regression.\n"
    "\n"
    "Drawn: `synthetic` makes images of coloured textures, one texture per class. `xor` draws points of the\n"
    "plane from four clusters, labelled 1 where the signs of the cluster's centre differ; `absolute_value` "
    "draws\n"
    "x, with the target |x|.\n"
    "\n"
    "`data.per_class` counts among the first `data.train_count` samples. `data.border` is cut off before\n"
    "anything else is done. `data.validation` then takes its share of the training samples; with "
    "`stratified`\n"
    "that is round(fraction · n) of the n samples of every class. Standardising by feature (`per_feature`) "
    "uses\n"
    "the remaining training samples; a feature that never changes is divided by 1.\n";

static const char layers_text[] =
    "\n"
    "## Layers\n"
    "\n"
    "`model.layers` is a list, from the input on. Each item is the kind of a layer, or a map of the\n"
    "kind to its keys: `- relu`, `- conv: {filters: 32, kernel: 3, padding: 1}`. The last layer has\n"
    "as many outputs as the data have classes or targets. Layers are counted from 0.\n";

static const char parameters_text[] =
    "\n"
    "## Parameters\n"
    "\n"
    "`model.init_file` is a vector of floating-point numbers that all trainings start from: the\n"
    "parameters of every layer in order, of each first the weights, then the biases (batch\n"
    "normalisation: gamma, then beta), as PyTorch lays them out: dense (outputs, inputs), convolution\n"
    "(filters, channels, height, width), the last index fastest; a dense layer counts the values of\n"
    "an image by channel, row and column. `record.parameters` has the same order. With\n"
    "`model.shift_file`, a matrix with one or two rows of as many numbers, the start is the vector plus\n"
    "shift_1 times the first row plus shift_2 times the second. Both are FILE.npy, or FILE.h5:/NAME for a "
    "data set\n"
    "of an HDF5 file, beside the job file unless the path is absolute. The digest of a job covers\n"
    "the numbers, not the names of the files.\n";

static const char sweep_text[] =
    "\n"
    "## Sweep\n"
    "\n"
    "Every key of `sweep` but `paired` is an axis, at most 8. Their order is the order of the\n"
    "dimensions in the results file. `run: N` counts independent repeats 0 … N - 1. Any other axis\n"
    "has a name of letters, digits and _ that the results file does not use itself, and is a map of\n"
    "`set` and one of `values`, `linspace` and `logspace`:\n"
    "\n";

static const char sweep_end[] =
    "\n"
    "What an axis sets, by the form of its values:\n"
    "\n"
    "| `set` | `values` | coordinate in the results file |\n"
    "|---|---|---|\n"
    "| a key that takes a number | a list of numbers, or linspace or logspace | the numbers (with `none` "
    "among them: texts) |\n"
    "| any other key | a list of its values | their texts; the items of a list joined by _ |\n"
    "| a list of keys | a list of lists, one value for each key | the items joined by _ |\n"
    "| a key, a section (`optimizer`, `model`), a layer (`model.layers[2]`), or a list of these | a map of "
    "labels to values | the labels |\n"
    "\n"
    "A layer's key is written `model.layers[2].units`, layers counted from 0, and in quotes where it\n"
    "stands within braces or brackets. A section as value\n"
    "replaces the whole section. With a list of keys the value behind a label is a list of a value for\n"
    "each, or a map of some of the keys to values, the others being left out. Labels have letters,\n"
    "digits, _ . + and -, and are texts: 1.1 and 1.10 are two. All combinations of labels, at most\n"
    "1024, are checked as if they were\n"
    "written in place of the keys, which need not be written elsewhere; two axes may not set the same\n"
    "key, nor one a key within a section that the other sets.\n"
    "\n"
    "Values between the ends of linspace and logspace are rounded to 12 significant digits. Random\n"
    "streams are keyed by the coordinates of the axes (numbers or labels), not by their positions, so\n"
    "an axis can be extended without changing the cells that were there; with `paired: true` only the\n"
    "run keys them.\n"
    "\n"
    "    sweep:\n"
    "      run: 50\n"
    "      lr: {set: optimizer.lr, logspace: [1e-4, 1e-2, 5]}\n"
    "      lambda: {set: loss.entropy_weight, values: [0, 1e-4, 1e-3]}\n"
    "      shuffle: {set: train.shuffle, values: [true, false]}\n"
    "      length: {set: [train.epochs, train.batch], values: [[20, 64], [40, 128]]}\n"
    "      start:\n"
    "        set: [model.init, model.init_scale]\n"
    "        values:\n"
    "          narrow: {model.init: normal, model.init_scale: 0.01}\n"
    "          glorot: {model.init: glorot_normal}\n"
    "      model:\n"
    "        set: model.layers\n"
    "        values:\n"
    "          mlp: [dense: 32, relu, dense: 10]\n"
    "          cnn: [conv: {filters: 16, kernel: 3}, relu, max_pool: 2, dense: 10]\n";

void job_print_reference(FILE *out) {
    fputs(introduction, out);
    option_print_reference(&job_table, out);
    fputs(data_text, out);
    fputs(layers_text, out);
    layer_table_print_reference(out);
    fputs(parameters_text, out);
    fputs(sweep_text, out);
    job_axes_print_reference(out);
    fputs(sweep_end, out);
}

/* MNIST: a file of images and one of labels, gzip-compressed when they begin so. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    fuzz_write_pair("mnist/train-images-idx3-ubyte", "mnist/train-labels-idx1-ubyte", input, size);
    fuzz_write_pair("mnist/t10k-images-idx3-ubyte", "mnist/t10k-labels-idx1-ubyte", input, size);
    data_spec spec = {.source = DATA_MNIST};
    fuzz_read_dataset(&spec);
    spec = (data_spec){.source = DATA_MNIST, .border = 1, .per_class = 1, .validation_fraction = 0.5};
    fuzz_read_dataset(&spec);
    return 0;
}

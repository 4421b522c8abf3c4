/* Samples and labels or targets in two .npy files. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    char neighbour[PATH_MAX];
    fuzz_write_pair("x.npy", "y.npy", input, size);
    fuzz_path(neighbour, "job.yaml");
    const data_files files = {.x = "x.npy", .y = "y.npy"};
    const data_spec spec = {.source = DATA_NPY, .job_path = neighbour, .train = files, .test = files};
    fuzz_read_dataset(&spec);
    return 0;
}

/* An HDF5 file with samples in /x and labels or targets in /y. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    char neighbour[PATH_MAX];
    fuzz_write("data.h5", input, size);
    fuzz_path(neighbour, "job.yaml");
    const data_files file = {.file = "data.h5"};
    const data_spec spec = {.source = DATA_HDF5, .job_path = neighbour, .train = file, .test = file};
    fuzz_read_dataset(&spec);
    return 0;
}

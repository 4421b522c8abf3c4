/* A CSV file: the first two bytes say how to read it. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size) {
    char neighbour[PATH_MAX];
    if (size < 2)
        return 0;
    fuzz_write("data.csv", input + 2, size - 2);
    fuzz_path(neighbour, "job.yaml");
    const data_files file = {.file = "data.csv"};
    const data_spec spec = {.source = DATA_CSV,
                            .job_path = neighbour,
                            .train = file,
                            .validation = file,
                            .test = file,
                            .separator = (csv_separator)(input[0] % 3),
                            .task = (data_task)(input[0] / 3 % 3),
                            .target = {.count = 1 + input[1] % 2, .names = {"y", "z"}}};
    fuzz_read_dataset(&spec);
    return 0;
}

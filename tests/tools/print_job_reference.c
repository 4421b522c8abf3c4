/* Prints docs/job-format.md. */
#include <stdlib.h>

#include "io/job/job.h"

int main(void) {
    job_print_reference(stdout);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

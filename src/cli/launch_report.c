#include "cli/launch_report.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

bool launch_report_expected(void) {
    return getenv(LAUNCH_REPORT_VARIABLE) != NULL;
}

int launch_report_open(void) {
    const char *path = getenv(LAUNCH_REPORT_VARIABLE);
    int file = path != NULL ? open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (file >= 0)
        signal(SIGPIPE, SIG_IGN); /* when launch is killed, mpirun ends this rank more cleanly */
    return file;
}

void launch_report_send(int file, launch_report_kind kind, uint64_t value) {
    const launch_report report = {kind, value};
    if (file >= 0 && write(file, &report, sizeof report) < 0)
        return; /* launch is gone: the results do not need it */
}

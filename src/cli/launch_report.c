#include "cli/launch_report.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WAITING_MOST = 16384 }; /* a quarter of what a FIFO holds */
_Static_assert(sizeof(launch_report) <= PIPE_BUF, "a report is written as a whole");

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

static void send(int file, const launch_report *report) {
    if (file >= 0 && write(file, report, sizeof *report) < 0)
        return; /* launch is gone: the results do not need it */
}

void launch_report_send(int file, launch_report_kind kind, uint64_t value) {
    send(file, &(launch_report){.kind = kind, .value = value});
}

void launch_report_progress(int file, uint64_t value, const progress_state *shown) {
    launch_report report = {.kind = REPORT_PROGRESS, .value = value};
    int waiting = 0; /* bytes that launch has not read */
    if (file < 0 || (ioctl(file, FIONREAD, &waiting) == 0 && waiting > WAITING_MOST))
        return;
    if (shown != NULL)
        report.progress = *shown;
    send(file, &report);
}

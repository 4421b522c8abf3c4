#include "cli/stop_signal.h"

#include <signal.h>
#include <stdbool.h>

static atomic_bool stop_asked; /* a signal handler has nowhere else to write to */

static void ask_to_stop(int signal) {
    (void)signal;
    atomic_store(&stop_asked, true);
}

void stop_signal_install(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

const atomic_bool *stop_signal_flag(void) {
    return &stop_asked;
}

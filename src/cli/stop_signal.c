#include "cli/stop_signal.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

static atomic_bool stop_asked; /* a signal handler has nowhere else to write to */

static void ask_to_stop(int signal) {
    (void)signal;
    atomic_store(&stop_asked, true);
}

bool stop_signal_hangs_up(void) {
    struct sigaction before;
    return sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN;
}

void stop_signal_install(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    if (stop_signal_hangs_up())
        sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void stop_signal_after(double seconds) {
    const double longest = 1e9;
    if (seconds > longest)
        return;
    const double whole = floor(seconds);
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)whole}};
    timer.it_value.tv_usec = 1 + (suseconds_t)(999998 * (seconds - whole)); /* 0 would be no timer */
    setitimer(ITIMER_REAL, &timer, NULL);
}

const atomic_bool *stop_signal_flag(void) {
    return &stop_asked;
}

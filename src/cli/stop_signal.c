#include "cli/stop_signal.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

/* A signal handler has nowhere else to write to. */
static atomic_bool stop_asked;
static atomic_int first_signal;

static void ask_to_stop(int signal) {
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, signal);
    atomic_store(&stop_asked, true);
}

static bool is_ignored(int signal) {
    struct sigaction present;
    return sigaction(signal, NULL, &present) == 0 && present.sa_handler == SIG_IGN;
}

/* sigaction fails only for signals that do not exist or cannot be caught: none of these. */
void stop_signal_install(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    if (!is_ignored(SIGHUP))
        sigaction(SIGHUP, &action, NULL);
}

void stop_signal_after(double seconds) {
    const double longest = 1e9;
    if (seconds > longest)
        return;
    const double whole = floor(seconds);
    struct itimerval timer = {.it_value = {.tv_sec = (time_t)whole}};
    timer.it_value.tv_usec = 1 + (suseconds_t)(999998 * (seconds - whole)); /* 0 would be no timer */
    setitimer(ITIMER_REAL, &timer, NULL); /* fails for negative times only */
}

const atomic_bool *stop_signal_flag(void) {
    return &stop_asked;
}

int stop_signal_first(void) {
    return atomic_load(&first_signal);
}

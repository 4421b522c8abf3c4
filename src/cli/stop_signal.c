#include "cli/stop_signal.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>
#include <unistd.h>

/* A signal handler can write only to globals. */
static atomic_bool stop_asked;
static atomic_int first_signal;

static void ask_to_stop(int signal) {
    int none = 0;
    atomic_compare_exchange_strong(&first_signal, &none, signal);
    atomic_store(&stop_asked, true);
}

/* Of this process as it was started. Libraries that Open MPI 5 loads install their own handler for HUP, so it
 * is read before that: functions of .preinit_array run before those of any library. */
static bool hangup_was_ignored;

static void note_hangup(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    struct sigaction before;
    hangup_was_ignored = sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **,
                                                                            char **) = note_hangup;

bool stop_signal_hangs_up(void) {
    return !hangup_was_ignored;
}

void stop_signal_install(void) {
    struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGHUP, stop_signal_hangs_up() ? &action : &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    signal(SIGPIPE, SIG_IGN);
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

static atomic_int late_exit_status;

static void exit_late(int signal) {
    (void)signal;
    _exit(atomic_load(&late_exit_status));
}

void stop_signal_exit_after(unsigned seconds, int exit_status) {
    atomic_store(&late_exit_status, exit_status);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = exit_late}, NULL);
    alarm(seconds);
}

const atomic_bool *stop_signal_flag(void) {
    return &stop_asked;
}

int stop_signal_first(void) {
    return atomic_load(&first_signal);
}

#include "cli/launch_mpirun.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/launch_output.h"
#include "cli/launch_report.h"
#include "cli/stop_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static const double LINGER = 30;       /* seconds that mpirun may take to end after rank 0 has */
static const double RANKS_LINGER = 10; /* seconds that ranks may outlive mpirun */

/* Ways to end mpirun: each is tried when the one before has not worked within its time. */
typedef struct rung {
    int signal;
    double patience; /* seconds */
} rung;
static const rung ladder[] = {{SIGUSR1, 20}, {SIGTERM, 12}, {SIGKILL, INFINITY}};
enum { RUNG_ASK, RUNG_TERMINATE, RUNG_KILL };

typedef struct watch {
    launcher *launcher;
    mpirun_end *end;
    pid_t mpirun;
    bool running;
    int reports;     /* read end of the FIFO */
    int writer;      /* own write end: while it is open there is no end of file */
    int next_rung;   /* of the ladder */
    double deadline; /* when to climb it */
    launch_output output;
} watch;

status launcher_listen(launcher *l, error_info *error) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    if (stop_signal_hangs_up())
        sigaddset(&set, SIGHUP);
    else
        signal(SIGHUP, SIG_IGN); /* as it was, before libraries were loaded */
    signal(SIGPIPE, SIG_IGN);    /* the reader of the output may be gone before the ranks are */
    sigprocmask(SIG_BLOCK, &set, NULL);
    l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l->signals < 0)
        return error_set(error, STATUS_INTERNAL, "cannot listen for signals: %s", strerror(errno));
    return STATUS_OK;
}

/* Read the pending signals; a signal to stop is noted. */
static void read_signals(launcher *l) {
    struct signalfd_siginfo info;
    while (read(l->signals, &info, sizeof info) == sizeof info)
        l->stopping |= info.ssi_signo != SIGCHLD;
}

/* poll() until `deadline` (clock_seconds) at the latest. */
static void poll_until(struct pollfd *files, nfds_t count, double deadline) {
    const double longest = 3600;
    double left = fmin(fmax(deadline - clock_seconds(), 0), longest);
    poll(files, count, (int)ceil(1e3 * left));
}

void launcher_pause(launcher *l, double seconds) {
    const double end = fmin(clock_seconds() + seconds, l->stop_at);
    while (!l->stopping && clock_seconds() < end) {
        poll_until(&(struct pollfd){.fd = l->signals, .events = POLLIN}, 1, end);
        read_signals(l);
    }
    l->stopping |= clock_seconds() >= l->stop_at;
}

/* ---- The child --------------------------------------------------------------------------------- */

/* Settings of mpirun for which no option works with all versions; one that the user has made wins. */
typedef struct setting {
    const char *variable, *value; /* seconds, but for the probes */
} setting;

static const setting settings[] = {
    /* How long Open MPI 4 waits before it sends TERM to the surviving ranks, and again before KILL: more than
     * its default of a second, in which large checkpoints do not arrive. Open MPI 5 has no such setting and
     * waits a quarter of a second. Less than half of the time that the ladder allows after TERM. */
    {"OMPI_MCA_odls_base_sigkill_timeout", "4"},
    /* A host that is cut off for 40 to 60 seconds is given up, and the sweep starts again; by default mpirun
     * waits for eight minutes. */
    {"OMPI_MCA_oob_tcp_keepalive_time", "20"},
    {"OMPI_MCA_oob_tcp_keepalive_intvl", "5"},
    {"OMPI_MCA_oob_tcp_keepalive_probes", "8"},
    /* The same for Open MPI 5. */
    {"PRTE_MCA_oob_tcp_keepalive_time", "20"},
    {"PRTE_MCA_oob_tcp_keepalive_intvl", "5"},
    {"PRTE_MCA_oob_tcp_keepalive_probes", "8"},
};

static void make_settings(void) {
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        setenv(settings[i].variable, settings[i].value, false);
}

/* Between fork and exec. mpirun ends when launch dies, and does not read a terminal from the background. */
static void become_mpirun(const watch *w, pid_t parent) {
    const launcher *l = w->launcher;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int nothing = open("/dev/null", O_RDONLY);
    if (getppid() != parent || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        !launch_output_attach(&w->output))
        _exit(MPIRUN_NOT_STARTED);
    setenv(LAUNCH_REPORT_VARIABLE, l->fifo, true);
    make_settings();
    if (geteuid() == 0) {
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", true);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", true);
    }
    execvp(l->command[0], (char *const *)(uintptr_t)l->command); /* which does not change the words */
    log_warning("cannot start %s: %s", l->command[0], strerror(errno));
    _exit(MPIRUN_NOT_STARTED);
}

static status start_mpirun(watch *w, error_info *error) {
    const launcher *l = w->launcher;
    const pid_t self = getpid();
    w->reports = open(l->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    w->writer = open(l->fifo, O_WRONLY | O_CLOEXEC);
    if (w->reports < 0 || w->writer < 0)
        return error_set(error, STATUS_IO, "%s: cannot open: %s", l->fifo, strerror(errno));
    RETURN_IF_FAILED(launch_output_open(&w->output, error));
    w->mpirun = fork();
    if (w->mpirun < 0)
        return error_set(error, STATUS_INTERNAL, "cannot start a process: %s", strerror(errno));
    if (w->mpirun == 0)
        become_mpirun(w, self);
    w->running = true;
    launch_output_forked(&w->output);
    if (!l->quiet)
        progress_say("starting the ranks");
    return STATUS_OK;
}

/* ---- Watching ---------------------------------------------------------------------------------- */

/* Climb the ladder up to `target`, if that is higher than now. */
static void climb(watch *w, int target) {
    if (target < w->next_rung)
        return;
    const rung *r = &ladder[target];
    kill(r->signal == SIGKILL ? -w->mpirun : w->mpirun, r->signal);
    w->next_rung = target + 1;
    w->deadline = clock_seconds() + r->patience;
}

static void take_report(watch *w, const launch_report *report) {
    mpirun_end *end = w->end;
    switch (report->kind) {
    case REPORT_UP:
        end->up = true;
        break;
    case REPORT_PROGRESS:
        end->progress = report->value;
        launch_output_show(&w->output, &report->progress);
        return;
    case REPORT_END:
        end->reported = true;
        end->result = (status)report->value;
        break;
    }
    if (w->next_rung == RUNG_ASK)
        w->deadline = end->reported ? clock_seconds() + LINGER : INFINITY;
}

/* Read the pending reports. False at the end of file: no rank holds the FIFO open. */
static bool read_reports(watch *w) {
    launch_report report;
    ssize_t n;
    while ((n = read(w->reports, &report, sizeof report)) == sizeof report)
        take_report(w, &report);
    return n < 0;
}

static void pass_deadline(watch *w) {
    if (w->next_rung == RUNG_ASK && !w->end->up) {
        log_warning("rank 0 did not report within %g s", w->launcher->start_timeout);
        w->end->late = true;
    }
    climb(w, w->next_rung > RUNG_TERMINATE ? w->next_rung : RUNG_TERMINATE);
}

static void look(watch *w) {
    launcher *l = w->launcher;
    struct pollfd files[2 + LAUNCH_RELAYS] = {{.fd = l->signals, .events = POLLIN},
                                              {.fd = w->reports, .events = POLLIN}};
    launch_output_poll(&w->output, files + 2);
    poll_until(files, 2 + LAUNCH_RELAYS, fmin(w->deadline, l->stopping ? INFINITY : l->stop_at));
    launch_output_pump(&w->output);
    read_signals(l);
    read_reports(w);
    l->stopping |= clock_seconds() >= l->stop_at;
    w->running = waitpid(w->mpirun, &w->end->wait_status, WNOHANG) == 0;
    if (!w->running)
        return;
    if (l->stopping)
        climb(w, RUNG_ASK);
    if (clock_seconds() >= w->deadline)
        pass_deadline(w);
}

/* False: some rank still holds the FIFO open. */
static bool reports_end(watch *w, double seconds) {
    const double end = clock_seconds() + seconds;
    while (read_reports(w)) {
        if (clock_seconds() >= end)
            return false;
        poll_until(&(struct pollfd){.fd = w->reports, .events = POLLIN}, 1, end);
    }
    return true;
}

/* Ranks whose mpirun is gone end by themselves; until then they hold the results file's lock. When "mpirun"
 * was a script, the real one may still be there, in the same process group. */
static void await_ranks(watch *w) {
    close(w->writer);
    w->writer = -1;
    if (reports_end(w, RANKS_LINGER))
        return;
    kill(-w->mpirun, SIGKILL);
    reports_end(w, RANKS_LINGER);
}

status launcher_run_once(launcher *l, mpirun_end *end, error_info *error) {
    watch w = {.launcher = l, .end = end, .reports = -1, .writer = -1, .next_rung = RUNG_ASK};
    w.deadline = clock_seconds() + l->start_timeout;
    *end = (mpirun_end){0};
    status result = start_mpirun(&w, error);
    while (w.running)
        look(&w);
    if (result == STATUS_OK)
        await_ranks(&w);
    launch_output_close(&w.output);
    if (w.reports >= 0)
        close(w.reports);
    if (w.writer >= 0)
        close(w.writer);
    return result;
}

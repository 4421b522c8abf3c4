/* mpisweep launch: starts `mpirun mpisweep run`, and again when it dies, until the sweep is done. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/launch_command.h"
#include "cli/launch_mpirun.h"
#include "cli/scratch_directory.h"
#include "cli/time_limit.h"
#include "cli/verbs.h"

static const double FIRST_PAUSE = 1, LONGEST_PAUSE = 300; /* seconds before the next start */

typedef struct launch {
    launch_request request;
    long give_up, start_timeout;
    double time_limit;
    char program[PATH_MAX];
    char directory[PATH_MAX - 16], fifo[PATH_MAX];
    const char **words; /* those passed to run */
    launch_command command;
    launcher launcher;
    bool was_up;       /* in some start all ranks were */
    uint64_t progress; /* the highest reported by any start */
    long idle_starts;  /* in a row that made no progress */
} launch;

/* ---- Command line ------------------------------------------------------------------------------ */

static status prepare_command(launch *l, int argc, char **argv, error_info *error) {
    launch_request *request = &l->request;
    request->passed.words = l->words = calloc((size_t)argc, sizeof *l->words);
    if (l->words == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    RETURN_IF_FAILED(cli_parse_passing(&cli_launch, argc, argv, l, &request->passed, error));
    if (readlink("/proc/self/exe", l->program, sizeof l->program - 1) < 0)
        return error_set(error, STATUS_INTERNAL, "cannot find this program: %s", strerror(errno));
    request->program = l->program;
    return launch_command_make(&l->command, request, error);
}

static status make_fifo(launch *l, error_info *error) {
    RETURN_IF_FAILED(scratch_directory_create(l->directory, sizeof l->directory, error));
    snprintf(l->fifo, sizeof l->fifo, "%s/report", l->directory);
    if (mkfifo(l->fifo, 0600) != 0)
        return error_set(error, STATUS_IO, "%s: cannot create: %s", l->fifo, strerror(errno));
    return STATUS_OK;
}

/* ---- Starts ------------------------------------------------------------------------------------ */

/* Of mpirun: it lost a host, or a rank was ended by a signal that is sent from outside, or by a crash of
 * MPI's start. Its other exit statuses above 128 are its own errors: 132 or 134 for a program that is not
 * there. */
static bool may_end_better(int exit_status) {
    static const int statuses[] = {MPIRUN_LOST_HOST, 128 + SIGHUP,  128 + SIGINT,
                                   128 + SIGKILL,    128 + SIGSEGV, 128 + SIGTERM};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (exit_status == statuses[i])
            return true;
    return false;
}

static void describe_end(const mpirun_end *end, char *text, size_t size) {
    const char *place = end->up ? "" : " before all ranks were up";
    if (end->late)
        snprintf(text, size, "not all ranks came up in time");
    else if (WIFSIGNALED(end->wait_status))
        snprintf(text, size, "mpirun was killed by signal %d%s", WTERMSIG(end->wait_status), place);
    else if (WEXITSTATUS(end->wait_status) == MPIRUN_LOST_HOST)
        snprintf(text, size, "mpirun lost the connection to a host%s", place);
    else if (!end->up && !may_end_better(WEXITSTATUS(end->wait_status)))
        snprintf(text, size, "mpirun did not start the ranks (exit status %d)",
                 WEXITSTATUS(end->wait_status));
    else
        snprintf(text, size, "a rank died%s (exit status %d of mpirun)", place,
                 WEXITSTATUS(end->wait_status));
}

/* Did mpirun find by itself that it cannot start the ranks, which it never could? */
static bool is_hopeless(const launch *l, const mpirun_end *end) {
    return !l->was_up && !end->late && WIFEXITED(end->wait_status) &&
           !may_end_better(WEXITSTATUS(end->wait_status));
}

static bool has_hosts(const launch_request *r) {
    return r->hosts != NULL || r->hostfile != NULL;
}

static status refuse_again(const launch *l, const mpirun_end *end, error_info *error) {
    const int exit_status = WEXITSTATUS(end->wait_status);
    if (exit_status == MPIRUN_NOT_STARTED)
        return error_set(error, STATUS_INTERNAL, "mpirun could not be started; it must be on PATH");
    error_set(
        error, STATUS_INTERNAL,
        "mpirun did not start the ranks (exit status %d), for the reason that is printed above; it is not "
        "tried again",
        exit_status);
    if (has_hosts(&l->request))
        error_append(error,
                     ". Each host must let `ssh HOST true` in without a question, and have this directory "
                     "and the program in the same place");
    return STATUS_INTERNAL;
}

static status start_again(launch *l, const mpirun_end *end, error_info *error) {
    char what[128], pause_text[TEXT_NUMBER_SIZE];
    l->was_up |= end->up && !end->late;
    if (is_hopeless(l, end))
        return refuse_again(l, end, error);
    describe_end(end, what, sizeof what);
    l->idle_starts = end->progress > l->progress ? 0 : l->idle_starts + 1;
    l->progress = fmax(l->progress, end->progress);
    if (l->idle_starts == l->give_up)
        return error_set(error, STATUS_INTERNAL,
                         "gave up after %ld starts in a row that finished no cell: %s; run the same command "
                         "again to resume",
                         l->idle_starts, what);
    double pause = fmin(ldexp(FIRST_PAUSE, (int)fmin(l->idle_starts, 30)), LONGEST_PAUSE);
    text_duration(pause, pause_text);
    log_warning("%s; starting again in %s", what, pause_text);
    launcher_pause(&l->launcher, pause);
    return STATUS_OK;
}

/* mpirun asks the ranks to stop when it ends a start itself: in time for those that came up late, and when it
 * has lost a host. */
static bool was_stopped_by_mpirun(const mpirun_end *end) {
    const bool lost = WIFEXITED(end->wait_status) && WEXITSTATUS(end->wait_status) == MPIRUN_LOST_HOST;
    return end->result == STATUS_STOPPED && (end->late || lost);
}

/* Did rank 0 report how the sweep ended? */
static bool is_last(const mpirun_end *end) {
    return end->reported && !was_stopped_by_mpirun(end);
}

/* The end of the sweep, as rank 0 reported it: rank 0 has also printed the error. */
static status run_until_done(launch *l, error_info *error) {
    while (!l->launcher.stopping) {
        mpirun_end end;
        RETURN_IF_FAILED(launcher_run_once(&l->launcher, &end, error));
        if (is_last(&end))
            return end.result;
        if (!l->launcher.stopping)
            RETURN_IF_FAILED(start_again(l, &end, error));
    }
    return error_set(error, STATUS_STOPPED, "stopped; run the same command again to resume");
}

/* Was --quiet, or a beginning of it, passed to run? */
static bool is_quiet(const cli_passed *passed) {
    for (int i = 0; i < passed->word_count; i++) {
        const char *word = passed->words[i];
        if (strncmp(word, "--q", 3) == 0 && strncmp(word, "--quiet", strlen(word)) == 0)
            return true;
    }
    return false;
}

static status run_launcher(launch *l, error_info *error) {
    l->launcher = (launcher){.command = l->command.words,
                             .fifo = l->fifo,
                             .start_timeout = (double)l->start_timeout,
                             .quiet = is_quiet(&l->request.passed),
                             .stop_at = clock_seconds() + time_limit_left(l->time_limit)};
    RETURN_IF_FAILED(launcher_listen(&l->launcher, error));
    status result = run_until_done(l, error);
    close(l->launcher.signals);
    return result;
}

static status run_launch(int argc, char **argv, error_info *error) {
    launch l = {.time_limit = INFINITY};
    status result = prepare_command(&l, argc, argv, error);
    if (result == STATUS_OK)
        result = make_fifo(&l, error);
    if (result == STATUS_OK)
        result = run_launcher(&l, error);
    if (l.directory[0] != '\0') {
        unlink(l.fifo);
        rmdir(l.directory);
    }
    launch_command_release(&l.command);
    free(l.words);
    return result;
}

const cli_verb cli_launch = {
    .name = "launch",
    .summary = "start mpirun with the right flags, and again when it dies, until the sweep is done",
    .description = "Runs `mpirun -n N mpisweep run JOB.yaml ...` and starts it again when a rank or mpirun "
                   "dies or a host is lost. What mpirun can never start is reported once. The exit status is "
                   "that of rank 0, which runs on this host.",
    .remarks =
        "Options after JOB.yaml and \"--\" are for mpirun, as in\n"
        "mpisweep launch --hostfile hosts JOB.yaml -o r.h5 -- --mca btl_tcp_if_include eth0\n"
        "MPISWEEP_DATA and MPISWEEP_KERNELS reach the ranks on all hosts where they are set here. INT, "
        "TERM, USR1 or HUP (not under nohup) stop the sweep cleanly: exit status 75.",
    .run = run_launch,
    .passes_to = &cli_run,
    .rest = "MPIRUN OPTIONS",
    .options =
        {
            {.letter = 'n',
             .name = "ranks",
             .argument = "N",
             .kind = &cli_number,
             .offset = offsetof(launch, request.ranks),
             .minimum = 1,
             .help = "ranks (default: one per slot of the hosts; under Slurm one per task; else one for each "
                     "core that this process may use)"},
            {.name = "host",
             .argument = "HOST[:SLOTS],...",
             .kind = &cli_file,
             .offset = offsetof(launch, request.hosts),
             .help = "hosts to run on, this one among them; a slot is room for one rank (default: 1)"},
            {.name = "hostfile",
             .argument = "FILE",
             .kind = &cli_file,
             .offset = offsetof(launch, request.hostfile),
             .help = "file with a line \"HOST slots=N\" for each host, this one first"},
            {.name = "give-up",
             .argument = "N",
             .kind = &cli_number,
             .offset = offsetof(launch, give_up),
             .minimum = 1,
             .preset = "6",
             .help = "give up after N starts in a row that finished no cell"},
            {.name = "start-timeout",
             .argument = "SECONDS",
             .kind = &cli_number,
             .offset = offsetof(launch, start_timeout),
             .minimum = 1,
             .preset = "120",
             .help = "end a start in which rank 0 is not up by then"},
            {.name = "time-limit",
             .argument = "T",
             .kind = &time_limit_kind,
             .offset = offsetof(launch, time_limit),
             .help = "as in run, over all starts together"},
        },
};

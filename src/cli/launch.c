/* mpisweep launch: starts `mpirun mpisweep run`, and again when it dies, until the sweep is done. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
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
#include "cli/launch_mpirun.h"
#include "cli/time_limit.h"
#include "cli/verbs.h"

enum { MPIRUN_WORDS = 16 };                               /* of ours at most, before those for run */
static const double FIRST_PAUSE = 1, LONGEST_PAUSE = 300; /* seconds before the next start */

typedef struct launch {
    long ranks; /* 0: as many as mpirun chooses */
    long give_up, start_timeout;
    double time_limit;
    char ranks_text[TEXT_NUMBER_SIZE], program[PATH_MAX];
    char directory[PATH_MAX - 16], fifo[PATH_MAX];
    const char **command; /* mpirun's, then NULL */
    launcher launcher;
    uint64_t progress; /* the highest reported by any start */
    long idle_starts;  /* in a row that made no progress */
} launch;

/* ---- Command line ------------------------------------------------------------------------------ */

/* Cores that this process may use. */
static long usable_cores(void) {
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

/* mpirun, its flags, and `mpisweep run` with the words for it, which are moved from further back in the
 * command. Ranks yield their core while they wait and are not bound to one: they may share it. Under Slurm
 * mpirun finds hosts and slots by itself. */
static void compose_command(launch *l, int count, const char *const *words) {
    static const char *const flags[] = {"mpirun", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"};
    const bool in_slurm = getenv("SLURM_JOB_ID") != NULL;
    const char **word = l->command;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        *word++ = flags[i];
    if (!in_slurm)
        *word++ = "--oversubscribe";
    if (!in_slurm && l->ranks == 0)
        l->ranks = usable_cores();
    if (l->ranks > 0) {
        snprintf(l->ranks_text, sizeof l->ranks_text, "%ld", l->ranks);
        *word++ = "-n";
        *word++ = l->ranks_text;
    }
    *word++ = l->program;
    *word++ = "run";
    for (int i = 0; i < count; i++)
        *word++ = words[i];
    *word = NULL;
}

static status prepare_command(launch *l, int argc, char **argv, error_info *error) {
    int count;
    l->command = calloc((size_t)argc + MPIRUN_WORDS, sizeof *l->command);
    if (l->command == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const char **const words = l->command + MPIRUN_WORDS;
    RETURN_IF_FAILED(cli_parse_passing(&cli_launch, argc, argv, l, words, &count, error));
    if (readlink("/proc/self/exe", l->program, sizeof l->program - 1) < 0)
        return error_set(error, STATUS_INTERNAL, "cannot find this program: %s", strerror(errno));
    compose_command(l, count, words);
    return STATUS_OK;
}

static status make_fifo(launch *l, error_info *error) {
    const char *place = getenv("TMPDIR");
    snprintf(l->directory, sizeof l->directory, "%s/mpisweep-XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(l->directory) == NULL) {
        error_set(error, STATUS_IO, "%s: cannot create a directory: %s", l->directory, strerror(errno));
        l->directory[0] = '\0';
        return STATUS_IO;
    }
    snprintf(l->fifo, sizeof l->fifo, "%s/report", l->directory);
    if (mkfifo(l->fifo, 0600) != 0)
        return error_set(error, STATUS_IO, "%s: cannot create: %s", l->fifo, strerror(errno));
    return STATUS_OK;
}

/* ---- Starts ------------------------------------------------------------------------------------ */

static void describe_end(const mpirun_end *end, char *text, size_t size) {
    if (!end->up || end->late)
        snprintf(text, size, "rank 0 did not come up (it must run on this host)");
    else if (WIFSIGNALED(end->wait_status))
        snprintf(text, size, "mpirun was killed by signal %d", WTERMSIG(end->wait_status));
    else
        snprintf(text, size, "a rank died (exit status %d of mpirun)", WEXITSTATUS(end->wait_status));
}

static bool not_started(const mpirun_end *end) {
    return !end->up && WIFEXITED(end->wait_status) && WEXITSTATUS(end->wait_status) == MPIRUN_NOT_STARTED;
}

static status start_again(launch *l, const mpirun_end *end, error_info *error) {
    char what[128], pause_text[TEXT_NUMBER_SIZE];
    if (not_started(end))
        return error_set(error, STATUS_INTERNAL, "mpirun could not be started; it must be on PATH");
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

/* Did rank 0 report how the sweep ended? A start that came up while it was being ended reports nothing
 * else. */
static bool is_last(const mpirun_end *end) {
    return end->reported && !(end->late && end->result == STATUS_STOPPED);
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

static status run_launcher(launch *l, error_info *error) {
    l->launcher = (launcher){.command = l->command,
                             .fifo = l->fifo,
                             .start_timeout = (double)l->start_timeout,
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
    free(l.command);
    return result;
}

const cli_verb cli_launch = {
    .name = "launch",
    .summary = "start mpirun with the right flags, and again when it dies, until the sweep is done",
    .description = "Runs `mpirun -n N mpisweep run JOB.yaml ...` and starts it again when a rank or mpirun "
                   "dies. The exit status is that of rank 0.",
    .remarks = "INT, TERM, USR1 or HUP (not under nohup) stop the sweep cleanly: exit status 75.",
    .run = run_launch,
    .passes_to = &cli_run,
    .options =
        {
            {.letter = 'n',
             .name = "ranks",
             .argument = "N",
             .kind = &cli_number,
             .offset = offsetof(launch, ranks),
             .minimum = 1,
             .help = "ranks (default: the cores that this process may use; under Slurm: one per task)"},
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

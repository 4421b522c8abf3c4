/* mpisweep launch: starts `mpirun mpisweep run`, and again when it dies, until the sweep is done. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/launch_mpirun.h"
#include "cli/time_limit.h"

enum { MPIRUN_WORDS = 16 };
static const double FIRST_PAUSE = 1, LONGEST_PAUSE = 300; /* seconds before the next start */

typedef struct launch {
    long ranks; /* 0: as many as mpirun finds right */
    long give_up, start_timeout;
    double time_limit;
    char ranks_text[TEXT_NUMBER_SIZE], program[PATH_MAX];
    char directory[PATH_MAX - 16], fifo[PATH_MAX];
    char **command; /* mpirun's, then NULL */
    launcher launcher;
    uint64_t progress; /* the highest reported by any start */
    long idle_starts;  /* in a row that did not bring the sweep on */
} launch;

/* ---- Command line ------------------------------------------------------------------------------ */

/* The value of the option `name`, given as "NAME VALUE" or "NAME=VALUE", when that is the word at *i, which
 * then moves to the option's last word; NULL when it is another word. A missing value is empty. */
static const char *option_value(int argc, char **argv, int *i, const char *name) {
    const char *const word = argv[*i];
    const size_t length = strlen(name);
    if (strcmp(word, name) == 0)
        return *i + 1 < argc ? argv[++*i] : "";
    return strncmp(word, name, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

/* Take the option at *i when it is one of launch's own, else keep the word for run. */
static status take_word(launch *l, int argc, char **argv, int *i, int *kept, error_info *error) {
    const char *value;
    if ((value = option_value(argc, argv, i, "-n")) != NULL ||
        (value = option_value(argc, argv, i, "--ranks")) != NULL)
        return cli_parse_number("ranks", value, 1, &l->ranks, error);
    if ((value = option_value(argc, argv, i, "--give-up")) != NULL)
        return cli_parse_number("give-up", value, 1, &l->give_up, error);
    if ((value = option_value(argc, argv, i, "--start-timeout")) != NULL)
        return cli_parse_number("start-timeout", value, 1, &l->start_timeout, error);
    if ((value = option_value(argc, argv, i, "--time-limit")) != NULL)
        return time_limit_parse(value, &l->time_limit, error);
    argv[(*kept)++] = argv[*i];
    return STATUS_OK;
}

/* Cores that this process may use. */
static long usable_cores(void) {
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

/* mpirun, its flags, and `mpisweep run` with the words that are left in argv. Ranks yield their core while
 * they wait and are bound to none: they may share it. From Slurm mpirun takes hosts and slots by itself. */
static void compose_command(launch *l, int argc, char **argv) {
    static char *const flags[] = {"mpirun", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"};
    const bool in_slurm = getenv("SLURM_JOB_ID") != NULL;
    char **word = l->command;
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
    for (int i = 0; i < argc; i++)
        *word++ = argv[i];
}

static status prepare_command(launch *l, int argc, char **argv, error_info *error) {
    int kept = 0;
    for (int i = 1; i < argc; i++)
        RETURN_IF_FAILED(take_word(l, argc, argv, &i, &kept, error));
    if (readlink("/proc/self/exe", l->program, sizeof l->program - 1) < 0)
        return error_set(error, STATUS_INTERNAL, "cannot find this program: %s", strerror(errno));
    l->command = calloc((size_t)kept + MPIRUN_WORDS, sizeof *l->command);
    if (l->command == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    compose_command(l, kept, argv);
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
        snprintf(text, size, "rank 0 did not come up (it has to run on this host)");
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
        return error_set(error, STATUS_INTERNAL, "mpirun was not started; it has to be on PATH");
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

/* Did rank 0 say how the sweep ended? A start that came up while it was being ended says no more than that.
 */
static bool is_last(const mpirun_end *end) {
    return end->reported && !(end->late && end->result == STATUS_STOPPED);
}

/* The end of the sweep, as rank 0 said: it has also printed the error. */
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

status cli_launch(int argc, char **argv, error_info *error) {
    launch l = {.give_up = 6, .start_timeout = 120, .time_limit = INFINITY};
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

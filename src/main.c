/* The command line: picks the verb, prints the error, picks the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/build_info.h"
#include "cli/cli.h"

typedef struct verb {
    const char *name, *summary;
    status (*run)(int argc, char **argv, error_info *error);
    const char *help;
} verb;

static const verb verbs[] = {
    {"plan", "check a job file and say what it will take", cli_plan,
     "mpisweep plan JOB.yaml [--set KEY=VALUE]... [--ranks N] [--data DIR] [--json]\n"
     "\n"
     "Checks the job and prints its axes, cells, parameters, FLOPs, memory, file size and predicted time.\n"
     "The time rests on a few training steps that are measured now, on this machine.\n"
     "  --set KEY=VALUE  set a key of the job file, as optimizer.momentum=0.8\n"
     "  --ranks N        predict the time for N ranks (default: one per core of this machine)\n"
     "  --data DIR       where data sets lie (default: $MPISWEEP_DATA, else ./data)\n"
     "  --json           print one JSON object\n"},
    {"run", "train every cell of a job that has no result yet", cli_run,
     "mpirun -n N mpisweep run JOB.yaml [-o RESULTS.h5] [--set KEY=VALUE]... [--only "
     "AXIS=VALUE[,VALUE]...]...\n"
     "         [--data DIR] [--max-failures N] [--retry-failed] [--time-limit T] [--quiet]\n"
     "\n"
     "Trains the cells of the grid and writes them to one HDF5 file. After an interruption, run the same\n"
     "command again to resume. Without mpirun it runs on one core.\n"
     "  -o RESULTS.h5    the results file (default: the job's name + \".h5\" in the current directory)\n"
     "  --set KEY=VALUE  set a key of the job file, as optimizer.momentum=0.8\n"
     "  --only AXIS=VALUE[,VALUE]...  train only these cells of the grid; those of one axis add up. A long\n"
     "                   number may be rounded to three digits or more, as status prints it\n"
     "  --data DIR       where data sets lie (default: $MPISWEEP_DATA, else ./data)\n"
     "  --max-failures N stop after N cells that failed, diverged or timed out\n"
     "  --retry-failed   train cells again that failed or timed out before, or are damaged in the file\n"
     "  --quiet          no progress on standard error\n"
     "  --time-limit T   stop cleanly before T (seconds or H:MM:SS) have passed: exit status 75.\n"
     "                   $SLURM_JOB_END_TIME is a limit, too, unless it is past at the start\n"
     "INT, TERM, USR1 or HUP to any rank, USR1 to mpirun, stop the run cleanly: exit status 75.\n"},
    {"launch", "start mpirun with the right flags, and again when it dies, until the sweep is done",
     cli_launch,
     "mpisweep launch [-n N] [--give-up N] [--start-timeout SECONDS] JOB.yaml [as run]...\n"
     "\n"
     "Runs `mpirun -n N mpisweep run JOB.yaml ...` and starts it again when a rank or mpirun dies. The exit\n"
     "status is that of rank 0.\n"
     "  -n, --ranks N    ranks (default: the cores that this process may use; under Slurm those of the job)\n"
     "  --give-up N      give up after N starts in a row that finished no cell (default: 6)\n"
     "  --start-timeout SECONDS  end a start in which rank 0 is not up by then (default: 120)\n"
     "  --time-limit T   as in run, over all starts together\n"
     "INT, TERM, USR1 or HUP (not under nohup) stop the sweep cleanly: exit status 75.\n"},
    {"status", "count the cells of a results file, also while a run writes it", cli_status,
     "mpisweep status RESULTS.h5 [--json]\n"
     "\n"
     "Prints how many cells are done, failed, diverged and pending, how many do not fit their checksums, "
     "and\n"
     "means over runs.\n"
     "  --json           print one JSON object\n"},
    {"verify", "check a results file, or compare two bit for bit", cli_verify,
     "mpisweep verify A.h5 [B.h5]\n"
     "\n"
     "A alone: checks every cell with a result against its checksum, and prints a digest of the content to\n"
     "quote, which is the same for equal files. Exit status 1 when a cell does not fit.\n"
     "A and B: exit status 0 when the scientific content and the data are the same, else 1 and the first\n"
     "difference.\n"},
    {"bench", "time training steps on one core", cli_bench,
     "mpisweep bench [JOB.yaml] [--set KEY=VALUE]... [--steps N] [--data DIR] [--json]\n"
     "\n"
     "Times training steps of a job's model on generated images, layer by layer. Without a job file: a "
     "network of\n"
     "two convolutions and two dense layers on 3 x 32 x 32 images, batch 128.\n"
     "  --set KEY=VALUE  set a key of the job file, as train.batch=64\n"
     "  --steps N        steps per block; five blocks are timed (default: 10)\n"
     "  --data DIR       where data sets lie, for their shape (default: $MPISWEEP_DATA, else ./data)\n"
     "  --json           print one JSON object\n"},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void print_help(void) {
    printf(
        "mpisweep VERB ...: trains thousands of small neural networks over a grid of hyper-parameters\n\n");
    for (int i = 0; i < VERB_COUNT; i++)
        printf("  %-8s %s\n", verbs[i].name, verbs[i].summary);
    printf("\nmpisweep help VERB (or VERB --help, VERB -h) says more; mpisweep --version names the version.\n"
           "Exit status:\n");
#define X(name, exit_code, meaning) printf("  %2d  %s\n", exit_code, meaning);
    STATUS_CODES(X)
#undef X
}

static bool is_any(const char *word, const char *a, const char *b, const char *c) {
    return word != NULL && (strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0);
}

/* "--" ends the options that are ours. */
static bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_any(argv[i], "--help", "-h", "-?"))
            return true;
    return false;
}

static const verb *find_verb(const char *word) {
    for (int i = 0; i < VERB_COUNT && word != NULL; i++)
        if (strcmp(word, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

static status no_such_verb(const char *word, error_info *error) {
    char known[128] = "";
    size_t used = 0;
    for (int i = 0; i < VERB_COUNT; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", verbs[i].name);
    if (word == NULL)
        return error_set(error, STATUS_COMMAND, "no verb is given; accepted: %s, help, --help, --version",
                         known);
    return error_set(error, STATUS_COMMAND, "there is no verb \"%s\"; accepted: %s, help, --help, --version",
                     word, known);
}

static status print_verb_help(const char *word, error_info *error) {
    const verb *v = find_verb(word);
    if (word != NULL && v == NULL && !is_any(word, "help", "--help", "-h"))
        return no_such_verb(word, error);
    if (v != NULL)
        fputs(v->help, stdout);
    else
        print_help();
    return STATUS_OK;
}

static status dispatch(int argc, char **argv, error_info *error) {
    const char *word = argc > 1 ? argv[1] : NULL;
    if (is_any(word, "help", "--help", "-h"))
        return print_verb_help(argc > 2 ? argv[2] : NULL, error);
    if (is_any(word, "version", "--version", "-V")) {
        puts(build_program);
        return STATUS_OK;
    }
    const verb *v = find_verb(word);
    if (v == NULL)
        return no_such_verb(word, error);
    return asks_for_help(argc - 1, argv + 1) ? print_verb_help(word, error)
                                             : v->run(argc - 1, argv + 1, error);
}

/* The first paragraph of a verb's help. */
static void print_usage(const verb *v) {
    const char *end = v != NULL ? strstr(v->help, "\n\n") : NULL;
    if (end == NULL)
        fputs("usage: mpisweep VERB ...; mpisweep help says more\n", stderr);
    else
        fprintf(stderr, "usage: %.*s\nmpisweep help %s says more\n", (int)(end - v->help), v->help, v->name);
}

/* A file opened while descriptor 0, 1 or 2 is closed gets that number, and messages are written into it. What
 * this process starts inherits them. False when /dev/null cannot be opened, and nobody can be told. */
static bool open_standard_descriptors(void) {
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++)
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != file)
            return false;
    return true;
}

int main(int argc, char **argv) {
    error_info error = {0};
    if (!open_standard_descriptors())
        return status_exit_code(STATUS_INTERNAL);
    status result = dispatch(argc, argv, &error);
    if (fflush(stdout) != 0 && result == STATUS_OK)
        result = error_set(&error, STATUS_IO, "cannot write to standard output");
    if (result != STATUS_OK && error.text[0] != '\0')
        fprintf(stderr, "mpisweep: %s\n", error.text);
    if (result == STATUS_COMMAND && error.text[0] != '\0')
        print_usage(argc > 1 ? find_verb(argv[1]) : NULL);
    return status_exit_code(result);
}

#include "cli/launch_command.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/launch_hosts.h"
#include "cli/launch_report.h"

enum { OWN_WORDS = 24 }; /* at most */

/* Where an option of mpirun is one of launch, which must know it. */
typedef struct own_option {
    const char *word, *instead;
} own_option;
static const own_option own_options[] = {
    {"-n", "-n"},
    {"--n", "-n"},
    {"-np", "-n"},
    {"--np", "-n"},
    {"-c", "-n"},
    {"-H", "--host"},
    {"-host", "--host"},
    {"--host", "--host"},
    {"-hostfile", "--hostfile"},
    {"--hostfile", "--hostfile"},
    {"-machinefile", "--hostfile"},
    {"--machinefile", "--hostfile"},
};

/* Ranks yield their core while they wait and are not bound to one: they may share it. */
static const char *const flags[] = {"mpirun", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"};

/* Variables that ranks on other hosts need as well, where they are set. */
static const char *const exported[] = {"MPISWEEP_DATA", "MPISWEEP_KERNELS"};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static status check_option(const char *word, error_info *error) {
    for (size_t i = 0; i < LENGTH(own_options); i++)
        if (strcmp(word, own_options[i].word) == 0)
            return error_set(error, STATUS_COMMAND,
                             "launch: \"%s\" after \"--\" is for mpirun alone; give it to launch, which must "
                             "know it, as %s before \"--\"",
                             word, own_options[i].instead);
    return STATUS_OK;
}

static status check_request(const launch_request *r, error_info *error) {
    for (int i = 0; i < r->passed.rest_count; i++)
        RETURN_IF_FAILED(check_option(r->passed.rest[i], error));
    if (r->hosts != NULL && r->hostfile != NULL)
        return error_set(error, STATUS_COMMAND,
                         "launch: --host and --hostfile are both given; accepted: one of them");
    return STATUS_OK;
}

/* Cores that this process may use. */
static long usable_cores(void) {
    cpu_set_t cores;
    return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}

static void add(launch_command *c, int *count, const char *word) {
    c->words[(*count)++] = word;
}

static void add_pair(launch_command *c, int *count, const char *option, const char *value) {
    add(c, count, option);
    add(c, count, value);
}

/* Hosts that are named, and those of Slurm, have slots, which are not exceeded. */
static void add_ranks(launch_command *c, int *count, const launch_request *r) {
    const bool has_slots = r->hosts != NULL || r->hostfile != NULL || getenv("SLURM_JOB_ID") != NULL;
    const long ranks = r->ranks > 0 || has_slots ? r->ranks : usable_cores();
    if (!has_slots)
        add(c, count, "--oversubscribe");
    if (ranks == 0)
        return;
    snprintf(c->ranks, sizeof c->ranks, "%ld", ranks);
    add_pair(c, count, "-n", c->ranks);
}

static void add_hosts(launch_command *c, int *count, const launch_request *r) {
    if (c->hosts != NULL)
        add_pair(c, count, "--host", c->hosts);
    if (r->hostfile != NULL)
        add_pair(c, count, "--hostfile", r->hostfile);
    add_pair(c, count, "-x", LAUNCH_REPORT_VARIABLE);
    for (size_t i = 0; i < LENGTH(exported); i++)
        if (getenv(exported[i]) != NULL)
            add_pair(c, count, "-x", exported[i]);
}

static void compose(launch_command *c, const launch_request *r) {
    int count = 0;
    for (size_t i = 0; i < LENGTH(flags); i++)
        add(c, &count, flags[i]);
    add_ranks(c, &count, r);
    add_hosts(c, &count, r);
    for (int i = 0; i < r->passed.rest_count; i++)
        add(c, &count, r->passed.rest[i]);
    add_pair(c, &count, r->program, "run");
    for (int i = 0; i < r->passed.word_count; i++)
        add(c, &count, r->passed.words[i]);
    add(c, &count, NULL);
}

status launch_command_make(launch_command *c, const launch_request *r, error_info *error) {
    *c = (launch_command){0};
    RETURN_IF_FAILED(check_request(r, error));
    if (r->hosts != NULL)
        RETURN_IF_FAILED(launch_hosts_arrange(r->hosts, &c->hosts, error));
    if (r->hostfile != NULL)
        RETURN_IF_FAILED(launch_hostfile_check(r->hostfile, error));
    const size_t passed = (size_t)(r->passed.word_count + r->passed.rest_count);
    c->words = calloc(passed + OWN_WORDS, sizeof *c->words);
    if (c->words == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    compose(c, r);
    return STATUS_OK;
}

void launch_command_release(launch_command *c) {
    free(c->words);
    free(c->hosts);
}

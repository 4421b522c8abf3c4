/* mpisweep new: prints a job file to start from. */
#include <stddef.h>
#include <stdio.h>

#include "base/name_table.h"
#include "cli/job_templates.h"
#include "cli/verbs.h"

typedef struct new_options {
    const char *kind; /* NULL: none is given */
} new_options;

typedef struct job_template {
    const char *kind, *summary, *text;
} job_template;

static const job_template templates[] = {
#define X(kind, summary) {#kind, summary, job_template_##kind},
    JOB_TEMPLATES(X)
#undef X
};
static const name_table kinds = NAME_TABLE(templates);

static void list_kinds(void) {
    for (size_t i = 0; i < kinds.count; i++)
        printf("  %-12s %s\n", templates[i].kind, templates[i].summary);
    puts("\nmpisweep new KIND > job.yaml writes one of them into a file; then change it, and\n"
         "mpisweep plan job.yaml");
}

static status unknown_kind(const char *kind, error_info *error) {
    char accepted[128];
    const size_t nearest = name_nearest(&kinds, kind);
    names_join(&kinds, ~0u, ", ", accepted, sizeof accepted);
    return error_set(error, STATUS_COMMAND, "new: unknown kind \"%.100s\"; accepted: %s%s%s", kind, accepted,
                     nearest < kinds.count ? "; nearest known kind: " : "",
                     nearest < kinds.count ? templates[nearest].kind : "");
}

static status run_new(int argc, char **argv, error_info *error) {
    new_options options = {0};
    RETURN_IF_FAILED(cli_parse(&cli_new, argc, argv, &options, error));
    if (options.kind == NULL) {
        list_kinds();
        return STATUS_OK;
    }
    const size_t kind = name_find(&kinds, options.kind);
    if (kind == kinds.count)
        return unknown_kind(options.kind, error);
    fputs(templates[kind].text, stdout); /* main checks what became of it */
    return STATUS_OK;
}

const cli_verb cli_new = {
    .name = "new",
    .summary = "print a commented job file to start from",
    .description =
        "Prints a complete job file of that kind, whose comments say what to change: mpisweep new csv "
        "> job.yaml.",
    .remarks =
        "jobs/examples has the same files, and make_data, a script that makes the data that they name.",
    .run = run_new,
    .arguments = {{"KIND", offsetof(new_options, kind), .optional = true, .words = &kinds,
                   .help = "what the samples are; without it the kinds are listed"}},
};

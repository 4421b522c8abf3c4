#include "cli/running_notes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

status running_notes_open(running_notes *n, mpi_world *world, error_info *error) {
    const bool notes = mpi_world_rank(world) == 0;
    const size_t workers = (size_t)mpi_world_size(world);
    char host[RECORD_HOST_SIZE] = "";
    status result = STATUS_OK;
    snprintf(host, sizeof host, "%s", mpi_world_host(world));
    if (notes) {
        *n = (running_notes){.hosts = calloc(workers, sizeof *n->hosts),
                             .rows = calloc(workers, sizeof *n->rows),
                             .workers = (int)workers};
        if (n->hosts == NULL || n->rows == NULL)
            result = error_set(error, STATUS_INTERNAL, "out of memory for %zu ranks", workers);
    }
    RETURN_IF_FAILED(mpi_world_follow(world, result, error));
    result = mpi_world_gather(world, host, sizeof host, notes ? n->hosts : NULL, error);
    return mpi_world_agree(world, result, error);
}

/* The coordinator's clock is clock_seconds(). */
static size_t fill_rows(running_notes *n, const coordinator *c) {
    const double calendar = clock_unix_seconds() - clock_seconds();
    size_t count = 0;
    for (int worker = 0; worker < n->workers; worker++) {
        const coordinator_work work = coordinator_work_of(c, worker);
        if (work.count == 0)
            continue;
        running_row *row = &n->rows[count++];
        *row = (running_row){
            .cell = work.cell, .count = (uint32_t)work.count, .rank = worker, .since = work.since + calendar};
        snprintf(row->host, sizeof row->host, "%s", n->hosts[worker]);
    }
    return count;
}

void running_notes_tick(running_notes *n, const results *r, const coordinator *c) {
    const double now = clock_seconds();
    error_info failure = {0};
    if (n->failing || now < n->next)
        return;
    n->next = now + RUNNING_INTERVAL;
    n->failing = results_note_running(r, n->rows, fill_rows(n, c), &failure) != STATUS_OK;
    if (n->failing)
        log_warning("`mpisweep status` will not see what is being trained: %s", failure.text);
}

void running_notes_close(running_notes *n) {
    free(n->hosts);
    free(n->rows);
    *n = (running_notes){0};
}

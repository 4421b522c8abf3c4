#include "cli/run_kernels.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/engine.h"
#include "grid/cell.h"
#include "io/results/settings.h"

/* What a rank has. */
typedef struct offer {
    uint32_t usable; /* engine_kernels_usable */
    uint32_t forced; /* 1: by MPISWEEP_KERNELS */
    char host[RECORD_HOST_SIZE];
} offer;

/* What rank 0 decides from. */
typedef struct choice {
    const offer *offers; /* (ranks) */
    int ranks;
    uint32_t common; /* sets that all have */
    const char *path;
    char recorded[RESULTS_SETTING_SIZE]; /* in the results file; "": nothing */
    bool binding;                        /* the file holds cells */
    int set;                             /* chosen, a bit of engine_kernels_name; -1: none */
} choice;

enum { LISTED_RANKS = 4, LIST_SIZE = 512 };

static int set_of_name(const char *name) {
    const char *other;
    for (int bit = 0; (other = engine_kernels_name(bit)) != NULL; bit++)
        if (strcmp(other, name) == 0)
            return bit;
    return -1;
}

static int best_set(uint32_t sets) {
    for (int bit = 0; engine_kernels_name(bit) != NULL; bit++)
        if (sets >> bit & 1)
            return bit;
    return -1;
}

static bool has(const offer *o, int set) {
    return o->usable >> set & 1;
}

/* "rank 3 on h2 (has portable, reference)", "rank 1 on h2 (MPISWEEP_KERNELS=portable)" */
static int describe_offer(const choice *c, int rank, char *text, size_t size) {
    const offer *o = &c->offers[rank];
    const char *name, *separator = "";
    int used =
        snprintf(text, size, "rank %d on %s (%s", rank, o->host, o->forced ? "MPISWEEP_KERNELS=" : "has ");
    for (int bit = 0; (name = engine_kernels_name(bit)) != NULL && used < (int)size; bit++)
        if (has(o, bit)) {
            used += snprintf(text + used, size - (size_t)used, "%s%s", separator, name);
            separator = ", ";
        }
    return used < (int)size ? used + snprintf(text + used, size - (size_t)used, ")") : used;
}

/* The ranks that lack a set, the first few of them with what they have. */
static void list_lacking(const choice *c, int set, char text[LIST_SIZE]) {
    int lacking = 0, used = 0;
    for (int rank = 0; rank < c->ranks; rank++) {
        if (has(&c->offers[rank], set) || lacking++ >= LISTED_RANKS || used >= LIST_SIZE)
            continue;
        used += snprintf(text + used, (size_t)(LIST_SIZE - used), "%s", used > 0 ? ", " : "");
        if (used < LIST_SIZE)
            used += describe_offer(c, rank, text + used, (size_t)(LIST_SIZE - used));
    }
    if (lacking > LISTED_RANKS && used < LIST_SIZE)
        snprintf(text + used, (size_t)(LIST_SIZE - used), " and %d more", lacking - LISTED_RANKS);
}

static bool forced_without(const choice *c, int set) {
    for (int rank = 0; rank < c->ranks; rank++)
        if (c->offers[rank].forced && !has(&c->offers[rank], set))
            return true;
    return false;
}

static status refuse_recorded(const choice *c, int set, error_info *error) {
    char ranks[LIST_SIZE] = "";
    list_lacking(c, set, ranks);
    return error_set(error, STATUS_USAGE,
                     "%s: was made with the kernel set %s, which not all ranks have, and others round "
                     "differently: %s; %s, or name another file with -o",
                     c->path, c->recorded, ranks,
                     forced_without(c, set) ? "unset MPISWEEP_KERNELS there" : "use hosts that have it");
}

/* Every CPU has the last set, so somebody's MPISWEEP_KERNELS is in the way. */
static status refuse_all(const choice *c, error_info *error) {
    char ranks[LIST_SIZE] = "";
    int forced = 0;
    while (forced < c->ranks - 1 && !c->offers[forced].forced)
        forced++;
    const int set = best_set(c->offers[forced].usable);
    list_lacking(c, set, ranks);
    return error_set(
        error, STATUS_USAGE,
        "the ranks have no kernel set in common, and results would differ: rank %d on %s uses %s "
        "(MPISWEEP_KERNELS), which is missing on %s; unset MPISWEEP_KERNELS, or set it to a set "
        "that all have",
        forced, c->offers[forced].host, engine_kernels_name(set), ranks);
}

static status choose(choice *c, error_info *error) {
    const int recorded = set_of_name(c->recorded);
    c->set = recorded >= 0 && c->common >> recorded & 1 ? recorded : best_set(c->common);
    if (recorded >= 0 && c->binding && c->set != recorded)
        return refuse_recorded(c, recorded, error);
    return c->set < 0 ? refuse_all(c, error) : STATUS_OK;
}

/* Why rank 0 does not use its best set. */
static void note_choice(const choice *c) {
    const int best = best_set(c->offers[0].usable);
    char ranks[LIST_SIZE] = "";
    if (c->set == best)
        return;
    if (c->common >> best & 1)
        log_note("computing with the %s kernels, as recorded in %s", engine_kernels_name(c->set), c->path);
    else {
        list_lacking(c, best, ranks);
        log_note("computing with the %s kernels, the best that all ranks have; %s is missing on %s",
                 engine_kernels_name(c->set), engine_kernels_name(best), ranks);
    }
}

static status decide(const offer *offers, int ranks, const char *path, int *set, error_info *error) {
    choice c = {.offers = offers, .ranks = ranks, .common = UINT32_MAX, .path = path};
    for (int rank = 0; rank < ranks; rank++)
        c.common &= offers[rank].usable;
    results_peek_kernels(path, c.recorded, &c.binding);
    RETURN_IF_FAILED(choose(&c, error));
    note_choice(&c);
    *set = c.set;
    return STATUS_OK;
}

static offer own_offer(const mpi_world *world) {
    offer mine = {.usable = engine_kernels_usable(), .forced = engine_kernels_forced()};
    snprintf(mine.host, sizeof mine.host, "%s", mpi_world_host(world));
    return mine;
}

status run_kernels_agree(mpi_world *world, const char *results_path, error_info *error) {
    const int ranks = mpi_world_size(world);
    const bool decides = mpi_world_rank(world) == 0;
    const offer mine = own_offer(world);
    offer *offers = decides ? calloc((size_t)ranks, sizeof *offers) : NULL;
    int set = -1;
    status result = STATUS_OK;
    if (decides && offers == NULL)
        result = error_set(error, STATUS_INTERNAL, "out of memory for %d ranks", ranks);
    result = mpi_world_follow(world, result, error);
    if (result == STATUS_OK)
        result = mpi_world_gather(world, &mine, sizeof mine, offers, error);
    if (decides && result == STATUS_OK)
        result = decide(offers, ranks, results_path, &set, error);
    free(offers);
    RETURN_IF_FAILED(mpi_world_follow(world, result, error));
    RETURN_IF_FAILED(mpi_world_broadcast(world, &set, sizeof set, error));
    engine_kernels_use(set);
    return STATUS_OK;
}

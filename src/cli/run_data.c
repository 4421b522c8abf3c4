#include "cli/run_data.h"
#include "base/log.h"
#include "cli/build_info.h"
#include "grid/digest.h"
#include "io/data/dataset_reader.h"
#include "io/data/digest.h"
#include "io/data/warnings.h"
#include "io/job/job.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void run_data_warn(const job *j, const stored_dataset *described) {
    data_warnings warnings;
    data_warnings_find(&j->data, described, NULL, &warnings);
    for (int i = 0; i < warnings.count; i++)
        log_warning("%s", warnings.texts[i]);
}

/* What the reading rank writes after the samples. */
typedef struct node_note {
    data_digests digests;
    data_origin origin;
    uint64_t is_read; /* 0 in memory that was never written */
} node_note;

static status read_and_digest(const job *j, const char *data_directory, void *memory, stored_dataset *stored,
                              data_digests *digests, error_info *error) {
    RETURN_IF_FAILED(dataset_read(&j->data, data_directory, j->seed, memory, stored, error));
    return data_digest(&stored->data, digests, error);
}

/* Into memory of its own, only for the digest. */
static status digest_own(const job *j, const char *data_directory, const stored_dataset *described,
                         data_digests *digests, error_info *error) {
    stored_dataset *own = malloc(sizeof *own);
    void *memory = malloc(dataset_bytes(described) + 1);
    status result = STATUS_OK;
    if (own == NULL || memory == NULL)
        result = error_set(error, STATUS_INTERNAL, "out of memory for %zu bytes of data",
                           dataset_bytes(described));
    else {
        *own = *described;
        result = read_and_digest(j, data_directory, memory, own, digests, error);
    }
    free(memory);
    free(own);
    return result;
}

static status lead(const job *j, const char *data_directory, unsigned char *memory, stored_dataset *stored,
                   const data_origin *origin, data_digests *digests, error_info *error) {
    node_note note = {.origin = *origin, .is_read = 1};
    const size_t bytes = dataset_bytes(stored);
    RETURN_IF_FAILED(read_and_digest(j, data_directory, memory, stored, digests, error));
    note.digests = *digests;
    memcpy(memory + bytes, &note, sizeof note);
    return STATUS_OK;
}

static status follow(const job *j, const char *data_directory, unsigned char *memory, stored_dataset *stored,
                     const data_origin *origin, data_digests *digests, error_info *error) {
    node_note note;
    memcpy(&note, memory + dataset_bytes(stored), sizeof note);
    *digests = note.digests;
    dataset_attach(stored, memory);
    if (note.is_read == 0 || (note.origin.device == origin->device && note.origin.inode == origin->inode))
        return STATUS_OK;
    return digest_own(j, data_directory, stored, digests, error);
}

status run_data_load(mpi_world *world, const job *j, const char *data_directory, stored_dataset *stored,
                     data_digests *digests, error_info *error) {
    const data_origin origin = data_origin_of(&j->data, data_directory);
    void *memory;
    bool leader;
    RETURN_IF_FAILED(
        mpi_world_share(world, dataset_bytes(stored) + sizeof(node_note), &memory, &leader, error));
    status result = STATUS_OK;
    if (leader)
        result = lead(j, data_directory, memory, stored, &origin, digests, error);
    status published = mpi_world_publish(world, result == STATUS_OK ? error : NULL);
    if (!leader && published == STATUS_OK)
        result = follow(j, data_directory, memory, stored, &origin, digests, error);
    return result != STATUS_OK ? result : published;
}

/* ---- Comparison of the ranks ------------------------------------------------------------------- */

/* A hello may differ between versions of the program. The program's name is exchanged first, always in this
 * many bytes, so that other versions are refused before their hello is misread. Earlier versions leave the
 * host empty. */
typedef struct program_note {
    char program[WIRE_PROGRAM_SIZE];
    char host[128 - WIRE_PROGRAM_SIZE]; /* its beginning */
} program_note;

/* At rank 0 *all (size of the world, bytes) is the caller's to free; NULL elsewhere. */
static status gather(mpi_world *world, const void *mine, size_t bytes, void **all, error_info *error) {
    const bool receives = mpi_world_rank(world) == 0;
    *all = receives ? calloc((size_t)mpi_world_size(world), bytes) : NULL;
    status result = STATUS_OK;
    if (receives && *all == NULL)
        result = error_set(error, STATUS_INTERNAL, "out of memory");
    RETURN_IF_FAILED(mpi_world_agree(world, result, error));
    return mpi_world_gather(world, mine, bytes, *all, error);
}

status run_compare_programs(mpi_world *world, error_info *error) {
    program_note own = {0};
    void *all;
    snprintf(own.program, sizeof own.program, "%s", build_program);
    snprintf(own.host, sizeof own.host, "%s", mpi_world_host(world));
    status result = gather(world, &own, sizeof own, &all, error);
    for (int rank = 1; result == STATUS_OK && all != NULL && rank < mpi_world_size(world); rank++) {
        const program_note *other = (const program_note *)all + rank;
        if (strncmp(other->program, own.program, sizeof own.program) != 0)
            result =
                error_set(error, STATUS_USAGE,
                          "rank %d on %.*s runs %.*s, rank 0 on %s runs %s: run the same binary on all ranks",
                          rank, (int)sizeof other->host, other->host, (int)sizeof other->program,
                          other->program, own.host, own.program);
    }
    free(all);
    return mpi_world_agree(world, result, error);
}

void run_fill_hello(const mpi_world *world, const job *j, const char *data_directory,
                    const stored_dataset *described, hello_message *hello) {
    *hello =
        (hello_message){.job_digest = j->digest, .rank = mpi_world_rank(world), .numerics = ENGINE_NUMERICS};
    data_shape_text(&described->data, hello->data_shape, sizeof hello->data_shape);
    for (int split = 0; split < SPLIT_COUNT; split++)
        data_place(&j->data, data_directory, (data_split_kind)split, hello->data_places[split],
                   sizeof hello->data_places[split]);
    snprintf(hello->program, sizeof hello->program, "%s", build_program);
    snprintf(hello->kernels, sizeof hello->kernels, "%s", engine_kernels());
    snprintf(hello->host, sizeof hello->host, "%s", mpi_world_host(world));
}

status run_compare_ranks(mpi_world *world, const hello_message *mine, error_info *error) {
    void *all;
    status result = gather(world, mine, sizeof *mine, &all, error);
    for (int rank = 1; result == STATUS_OK && all != NULL && rank < mpi_world_size(world); rank++)
        result = wire_check_hello((const hello_message *)all + rank, mine, error);
    free(all);
    return mpi_world_agree(world, result, error);
}

#include "cli/run_data.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/data_digest.h"

/* What the rank that reads leaves behind the samples. */
typedef struct node_note {
    data_digests digests;
    data_origin origin;
    uint64_t is_read; /* 0 also in memory that nobody has written to */
} node_note;

static status read_and_digest(const job *j, const char *data_directory, void *memory, stored_dataset *stored,
                              data_digests *digests, error_info *error) {
    RETURN_IF_FAILED(dataset_read(&j->data, data_directory, j->seed, memory, stored, error));
    return data_digest(&stored->data, digests, error);
}

/* Into memory of its own, for the digest alone. */
static status digest_own(const job *j, const char *data_directory, const stored_dataset *described,
                         data_digests *digests, error_info *error) {
    stored_dataset own = *described;
    void *memory = malloc(dataset_bytes(described) + 1);
    if (memory == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %zu bytes of data",
                         dataset_bytes(described));
    status result = read_and_digest(j, data_directory, memory, &own, digests, error);
    free(memory);
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

/* Rank 0, with what all (size) say. */
static status compare_all(const hello_message *all, int size, error_info *error) {
    for (int rank = 1; rank < size; rank++)
        RETURN_IF_FAILED(wire_check_hello(&all[rank], &all[0], error));
    return STATUS_OK;
}

status run_compare_ranks(mpi_world *world, const hello_message *mine, error_info *error) {
    const int size = mpi_world_size(world);
    const bool compares = mpi_world_rank(world) == 0;
    hello_message *all = compares ? calloc((size_t)size, sizeof *all) : NULL;
    status result = compares && all == NULL ? error_set(error, STATUS_INTERNAL, "out of memory") : STATUS_OK;
    result = mpi_world_agree(world, result, error);
    if (result == STATUS_OK)
        result = mpi_world_gather(world, mine, sizeof *mine, all, error);
    if (result == STATUS_OK && compares)
        result = compare_all(all, size, error);
    free(all);
    return mpi_world_agree(world, result, error);
}

#include "sweep/mpi_world.h"

#include <errno.h>
#include <limits.h>
#include <mpi.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/poison.h"
#include "grid/cell.h"
#include "sweep/node_memory.h"
#include "sweep/transport_local.h"

static const double SHORTEST_NAP = 1e-4, LONGEST_NAP = 5e-3; /* seconds */

enum { TAG_MESSAGE = 1 };

/* A message in transit: MPI reads the bytes until the request is complete. */
typedef struct sending {
    struct sending *next;
    MPI_Request request;
    unsigned char bytes[];
} sending;

struct mpi_world {
    transport base; /* first, so that a transport * is an mpi_world * */
    MPI_Comm comm;  /* of all ranks; our own, so that no other messages arrive. MPI_COMM_NULL: no MPI */
    MPI_Comm node;  /* of the ranks of this node; the same */
    int rank, size;
    char host[RECORD_HOST_SIZE];
    char library[MPI_MAX_LIBRARY_VERSION_STRING];
    sending *sendings;
    double last_message; /* when the last message was sent or arrived */
    local_hub *hub;      /* rank 0: to its training thread */
    void *memory;        /* shared by the node, or owned by a rank that is alone there */
    size_t memory_bytes;
    bool memory_shared, memory_mapped;
};

static status check(int code, const char *call, error_info *error) {
    if (code == MPI_SUCCESS)
        return STATUS_OK;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    MPI_Error_string(code, text, &length);
    return error_set(error, STATUS_INTERNAL, "%s failed: %s", call, text);
}

#define CHECK_MPI(function, ...) RETURN_IF_FAILED(check(function(__VA_ARGS__), #function, error))

/* ---- Messages ---------------------------------------------------------------------------------- */

/* Free what has arrived. MPI makes progress on the rest meanwhile. */
static status reap_sendings(mpi_world *w, error_info *error) {
    for (sending **link = &w->sendings; *link != NULL;) {
        sending *s = *link;
        int complete;
        CHECK_MPI(MPI_Test, &s->request, &complete, MPI_STATUS_IGNORE);
        if (complete) {
            *link = s->next;
            free(s);
        } else {
            link = &s->next;
        }
    }
    return STATUS_OK;
}

static status mpi_send(transport *t, int peer, const void *bytes, size_t size, error_info *error) {
    mpi_world *w = (mpi_world *)t;
    if (w->rank == 0 && peer == 0) {
        transport *local = local_hub_endpoint(w->hub, TRANSPORT_COORDINATOR);
        return local->send(local, peer, bytes, size, error);
    }
    int rank = peer == TRANSPORT_COORDINATOR ? 0 : peer;
    if (size > INT_MAX)
        return error_set(error, STATUS_INTERNAL, "message of %zu bytes is too long for MPI, at most %d", size,
                         INT_MAX);
    RETURN_IF_FAILED(reap_sendings(w, error));
    sending *s = malloc(sizeof *s + size);
    if (s == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for a message of %zu bytes", size);
    memcpy(s->bytes, bytes, size);
    status result = check(MPI_Isend(s->bytes, (int)size, MPI_BYTE, rank, TAG_MESSAGE, w->comm, &s->request),
                          "MPI_Isend", error);
    if (result != STATUS_OK) {
        free(s);
        return result;
    }
    s->next = w->sendings;
    w->sendings = s;
    w->last_message = clock_seconds(); /* the answer to a result may come at once, however long that took */
    return STATUS_OK;
}

/* Take a message from another rank if there is one. Open MPI's MPI_Iprobe looks before it makes progress:
 * only the second call sees what came in since the last. */
static status poll_ranks(mpi_world *w, bool *received, int *peer, arena *into, size_t *size,
                         error_info *error) {
    int found = 0;
    MPI_Status envelope;
    for (int look = 0; look < 2 && !found && w->size > 1; look++)
        CHECK_MPI(MPI_Iprobe, MPI_ANY_SOURCE, TAG_MESSAGE, w->comm, &found, &envelope);
    *received = found;
    if (!found)
        return STATUS_OK;
    int count;
    CHECK_MPI(MPI_Get_count, &envelope, MPI_BYTE, &count);
    RETURN_IF_FAILED(arena_reserve(into, (size_t)count, error));
    CHECK_MPI(MPI_Recv, into->memory, count, MPI_BYTE, envelope.MPI_SOURCE, TAG_MESSAGE, w->comm,
              MPI_STATUS_IGNORE);
    *size = (size_t)count;
    *peer = w->rank == 0 ? envelope.MPI_SOURCE : TRANSPORT_COORDINATOR;
    return STATUS_OK;
}

/* A lone rank waits only for its training thread, which wakes it. */
static double nap_length(const mpi_world *w, double now, double left) {
    if (w->size == 1)
        return left;
    double nap = (now - w->last_message) / 10;
    if (nap < SHORTEST_NAP)
        nap = SHORTEST_NAP;
    if (nap > LONGEST_NAP)
        nap = LONGEST_NAP;
    return nap < left ? nap : left;
}

/* Wait for `nap` seconds; at rank 0 for a message of the training thread, which ends the wait. */
static status nap(mpi_world *w, double seconds, bool *received, int *peer, arena *into, size_t *size,
                  error_info *error) {
    if (w->hub != NULL) {
        transport *local = local_hub_endpoint(w->hub, TRANSPORT_COORDINATOR);
        return local->receive(local, seconds, received, peer, into, size, error);
    }
    if (seconds > 0)
        clock_sleep(seconds);
    return STATUS_OK;
}

static status mpi_receive(transport *t, double timeout, bool *received, int *peer, arena *into, size_t *size,
                          error_info *error) {
    mpi_world *w = (mpi_world *)t;
    double now = clock_seconds(), deadline = now + timeout;
    *received = false;
    for (bool last = false; !*received && !last; now = clock_seconds()) {
        last = now >= deadline;
        RETURN_IF_FAILED(reap_sendings(w, error));
        RETURN_IF_FAILED(poll_ranks(w, received, peer, into, size, error));
        if (!*received)
            RETURN_IF_FAILED(
                nap(w, last ? 0 : nap_length(w, now, deadline - now), received, peer, into, size, error));
    }
    if (*received)
        w->last_message = now;
    return STATUS_OK;
}

transport *mpi_world_endpoint(mpi_world *w) {
    return &w->base;
}

transport *mpi_world_local_worker(mpi_world *w) {
    return local_hub_endpoint(w->hub, 0);
}

/* ---- The world --------------------------------------------------------------------------------- */

/* Was this process started by something that MPI would join? With a library other than Open MPI we cannot
 * know. */
static bool is_launched(void) {
#ifdef OPEN_MPI
    return getenv("OMPI_COMM_WORLD_SIZE") != NULL || getenv("PMIX_RANK") != NULL;
#else
    return true;
#endif
}

static status join_world(mpi_world *w, error_info *error) {
    int provided, length;
    CHECK_MPI(MPI_Init_thread, NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (provided < MPI_THREAD_FUNNELED)
        return error_set(error, STATUS_INTERNAL, "this MPI library does not allow a second thread");
    CHECK_MPI(MPI_Comm_set_errhandler, MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    CHECK_MPI(MPI_Comm_dup, MPI_COMM_WORLD, &w->comm);
    CHECK_MPI(MPI_Comm_set_errhandler, w->comm, MPI_ERRORS_RETURN);
    CHECK_MPI(MPI_Comm_rank, w->comm, &w->rank);
    CHECK_MPI(MPI_Comm_size, w->comm, &w->size);
    CHECK_MPI(MPI_Comm_split_type, w->comm, MPI_COMM_TYPE_SHARED, w->rank, MPI_INFO_NULL, &w->node);
    char host[MPI_MAX_PROCESSOR_NAME];
    CHECK_MPI(MPI_Get_processor_name, host, &length);
    memcpy(w->host, host, strnlen(host, sizeof w->host - 1));
    return STATUS_OK;
}

/* One rank, which never calls MPI: starting it takes longer than many sweeps. */
static void stay_alone(mpi_world *w) {
    w->size = 1;
    if (gethostname(w->host, sizeof w->host - 1) != 0)
        strcpy(w->host, "unknown");
}

static status enter_world(mpi_world *w, error_info *error) {
    int length;
    if (is_launched())
        RETURN_IF_FAILED(join_world(w, error));
    else
        stay_alone(w);
    CHECK_MPI(MPI_Get_library_version, w->library, &length);
    return w->rank == 0 ? local_hub_create(&w->hub, 1, error) : STATUS_OK;
}

status mpi_world_open(mpi_world **out, error_info *error) {
    mpi_world *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    w->base = (transport){mpi_send, mpi_receive};
    w->comm = w->node = MPI_COMM_NULL;
    w->last_message = clock_seconds();
    status result = enter_world(w, error);
    if (result == STATUS_OK)
        *out = w;
    else
        mpi_world_close(&w, NULL);
    return result;
}

int mpi_world_rank(const mpi_world *w) {
    return w->rank;
}

int mpi_world_size(const mpi_world *w) {
    return w->size;
}

const char *mpi_world_host(const mpi_world *w) {
    return w->host;
}

const char *mpi_world_library(const mpi_world *w) {
    return w->library;
}

/* All ranks of `comm` get the error of the lowest that failed. It names its rank and host when it is at least
 * `named_from` and some rank has not failed. */
static status share_error(const mpi_world *w, MPI_Comm comm, int named_from, status mine, error_info *error) {
    int rank, size, failed = mine != STATUS_OK, failures, first;
    CHECK_MPI(MPI_Comm_rank, comm, &rank);
    CHECK_MPI(MPI_Comm_size, comm, &size);
    const int failed_rank = failed ? rank : size;
    CHECK_MPI(MPI_Allreduce, &failed_rank, &first, 1, MPI_INT, MPI_MIN, comm);
    if (first == size)
        return STATUS_OK;
    CHECK_MPI(MPI_Allreduce, &failed, &failures, 1, MPI_INT, MPI_SUM, comm);
    error->code = mine;
    if (rank == first && first >= named_from && failures < size)
        error_prefix(error, "rank %d on %s: ", w->rank, w->host);
    CHECK_MPI(MPI_Bcast, error, sizeof *error, MPI_BYTE, first, comm);
    return error->code;
}

static status agree(const mpi_world *w, int named_from, status mine, error_info *error) {
    if (w->size == 1)
        return mine;
    const status result = share_error(w, w->comm, named_from, mine, error);
    if (w->rank != 0)
        error->text[0] = '\0';
    return result;
}

status mpi_world_agree(mpi_world *w, status mine, error_info *error) {
    return agree(w, 0, mine, error);
}

status mpi_world_follow(mpi_world *w, status mine, error_info *error) {
    return agree(w, 1, mine, error);
}

status mpi_world_broadcast(mpi_world *w, void *bytes, size_t size, error_info *error) {
    if (w->size > 1)
        CHECK_MPI(MPI_Bcast, bytes, (int)size, MPI_BYTE, 0, w->comm);
    return STATUS_OK;
}

status mpi_world_gather(mpi_world *w, const void *bytes, size_t size, void *all, error_info *error) {
    if (w->size > 1)
        CHECK_MPI(MPI_Gather, bytes, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, 0, w->comm);
    else
        memcpy(all, bytes, size);
    return STATUS_OK;
}

/* ---- Memory of a node -------------------------------------------------------------------------- */

static void remove_name(const char *path) {
    if (path[0] != '\0' && unlink(path) != 0)
        log_warning("%s: cannot remove it: %s", path, strerror(errno));
}

/* Ours instead of MPI's: MPI_Win_allocate_shared of Open MPI 4.1 takes more than /dev/shm has, and the first
 * rank that writes it hangs. */
static status share_memory(mpi_world *w, bool leader, error_info *error) {
    char path[PATH_MAX] = "";
    status mine = leader
                      ? node_memory_create(w->memory_bytes, node_memory_physical(), path, &w->memory, error)
                      : STATUS_OK;
    CHECK_MPI(MPI_Bcast, path, sizeof path, MPI_CHAR, 0, w->node);
    if (!leader && path[0] != '\0')
        mine = node_memory_attach(path, w->memory_bytes, &w->memory, error);
    const status result = share_error(w, w->node, INT_MAX, mine, error);
    if (leader)
        remove_name(path);
    return result;
}

/* Without other ranks a file is made only for what may not fit into memory. */
static status take_memory(mpi_world *w, error_info *error) {
    const size_t bytes = w->memory_bytes, physical = node_memory_physical();
    char path[PATH_MAX] = "";
    w->memory_mapped = bytes > physical / 2;
    if (w->memory_mapped) {
        const status result = node_memory_create(bytes, physical, path, &w->memory, error);
        remove_name(path);
        return result;
    }
    w->memory = malloc(bytes + 1); /* never of size zero */
    return w->memory != NULL
               ? STATUS_OK
               : error_set(error, STATUS_INTERNAL, "out of memory for %zu bytes of data", bytes);
}

status mpi_world_share(mpi_world *w, size_t bytes, void **memory, bool *leader, error_info *error) {
    int node_rank = 0, node_size = 1;
    if (w->node != MPI_COMM_NULL) {
        CHECK_MPI(MPI_Comm_rank, w->node, &node_rank);
        CHECK_MPI(MPI_Comm_size, w->node, &node_size);
    }
    *leader = node_rank == 0;
    w->memory_bytes = bytes;
    w->memory_shared = w->memory_mapped = node_size > 1;
    const status result = w->memory_shared ? share_memory(w, *leader, error) : take_memory(w, error);
    *memory = w->memory;
    return result;
}

status mpi_world_publish(mpi_world *w, error_info *error) {
    atomic_thread_fence(memory_order_seq_cst);
    if (w->memory_shared)
        CHECK_MPI(MPI_Barrier, w->node);
    return STATUS_OK;
}

static void release_memory(mpi_world *w) {
    if (w->memory != NULL)
        unpoison(w->memory, w->memory_bytes); /* carved by the rank that read the data */
    if (w->memory_mapped)
        node_memory_release(w->memory, w->memory_bytes);
    else
        free(w->memory);
    w->memory = NULL;
}

static status leave_world(mpi_world *w, error_info *error) {
    for (sending *s = w->sendings; s != NULL; s = s->next)
        CHECK_MPI(MPI_Wait, &s->request, MPI_STATUS_IGNORE);
    if (w->node != MPI_COMM_NULL)
        CHECK_MPI(MPI_Comm_free, &w->node);
    if (w->comm != MPI_COMM_NULL)
        CHECK_MPI(MPI_Comm_free, &w->comm);
    int initialized;
    CHECK_MPI(MPI_Initialized, &initialized);
    if (initialized)
        CHECK_MPI(MPI_Finalize);
    return STATUS_OK;
}

status mpi_world_close(mpi_world **w, error_info *error) {
    if (*w == NULL)
        return STATUS_OK;
    status result = leave_world(*w, error);
    mpi_world_abandon(w);
    return result;
}

void mpi_world_abandon(mpi_world **w) {
    for (sending *next; (*w)->sendings != NULL; (*w)->sendings = next) {
        next = (*w)->sendings->next;
        free((*w)->sendings);
    }
    release_memory(*w);
    local_hub_destroy(&(*w)->hub);
    free(*w);
    *w = NULL;
}

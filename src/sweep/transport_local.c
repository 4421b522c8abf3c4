#include "sweep/transport_local.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct parcel {
    struct parcel *next;
    int sender;
    size_t size;
    unsigned char bytes[];
} parcel;

typedef struct local_endpoint {
    transport base; /* first, so that a transport * is a local_endpoint * */
    local_hub *hub;
    int peer;             /* who this endpoint is */
    pthread_mutex_t lock; /* guards the queue */
    pthread_cond_t arrived;
    parcel *first, *last;
} local_endpoint;

struct local_hub {
    int workers;
    local_endpoint endpoints[]; /* (1 + workers), the coordinator's first */
};

static status local_send(transport *t, int peer, const void *bytes, size_t size, error_info *error) {
    local_endpoint *from = (local_endpoint *)t;
    if (peer < TRANSPORT_COORDINATOR || peer >= from->hub->workers)
        return error_set(error, STATUS_INTERNAL, "there is no worker %d; there are %d", peer,
                         from->hub->workers);
    parcel *p = malloc(sizeof *p + size);
    if (p == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for a message of %zu bytes", size);
    *p = (parcel){.sender = from->peer, .size = size};
    memcpy(p->bytes, bytes, size);
    local_endpoint *to = &from->hub->endpoints[1 + peer];
    pthread_mutex_lock(&to->lock);
    if (to->first == NULL)
        to->first = p;
    else
        to->last->next = p;
    to->last = p;
    pthread_mutex_unlock(&to->lock);
    pthread_cond_signal(&to->arrived); /* unlocked: the woken thread would wait for the lock at once */
    return STATUS_OK;
}

static struct timespec deadline_after(double seconds) {
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    double nanoseconds = (double)deadline.tv_nsec + 1e9 * seconds;
    time_t whole = (time_t)(nanoseconds / 1e9);
    deadline.tv_sec += whole;
    deadline.tv_nsec = (long)(nanoseconds - 1e9 * (double)whole);
    return deadline;
}

/* The first parcel of the queue, which stays there, or NULL when none arrived in time. */
static parcel *wait_for_parcel(local_endpoint *self, double timeout) {
    struct timespec deadline = deadline_after(timeout);
    pthread_mutex_lock(&self->lock);
    int waited = timeout > 0 ? 0 : ETIMEDOUT;
    while (self->first == NULL && waited == 0)
        waited = pthread_cond_timedwait(&self->arrived, &self->lock, &deadline);
    parcel *p = self->first;
    pthread_mutex_unlock(&self->lock);
    return p;
}

static void drop_first_parcel(local_endpoint *self) {
    pthread_mutex_lock(&self->lock);
    parcel *p = self->first;
    self->first = p->next;
    pthread_mutex_unlock(&self->lock);
    free(p);
}

static status local_receive(transport *t, double timeout, bool *received, int *peer, arena *into,
                            size_t *size, error_info *error) {
    local_endpoint *self = (local_endpoint *)t;
    const parcel *p = wait_for_parcel(self, timeout);
    *received = p != NULL;
    if (p == NULL)
        return STATUS_OK;
    RETURN_IF_FAILED(arena_reserve(into, p->size, error));
    memcpy(into->memory, p->bytes, p->size);
    *size = p->size;
    *peer = p->sender;
    drop_first_parcel(self);
    return STATUS_OK;
}

status local_hub_create(local_hub **out, int workers, error_info *error) {
    size_t endpoints = 1 + (size_t)workers;
    local_hub *hub = calloc(1, sizeof *hub + endpoints * sizeof *hub->endpoints);
    if (hub == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory for %d workers", workers);
    hub->workers = workers;
    pthread_condattr_t monotonic; /* time-outs must not follow changes of the calendar clock */
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    for (size_t i = 0; i < endpoints; i++) {
        local_endpoint *e = &hub->endpoints[i];
        *e = (local_endpoint){.base = {local_send, local_receive}, .hub = hub, .peer = (int)i - 1};
        pthread_mutex_init(&e->lock, NULL);
        pthread_cond_init(&e->arrived, &monotonic);
    }
    pthread_condattr_destroy(&monotonic);
    *out = hub;
    return STATUS_OK;
}

transport *local_hub_endpoint(local_hub *hub, int peer) {
    return &hub->endpoints[1 + peer].base;
}

void local_hub_destroy(local_hub **hub) {
    if (*hub == NULL)
        return;
    for (int i = 0; i <= (*hub)->workers; i++) {
        local_endpoint *e = &(*hub)->endpoints[i];
        while (e->first != NULL) {
            parcel *next = e->first->next;
            free(e->first);
            e->first = next;
        }
        pthread_mutex_destroy(&e->lock);
        pthread_cond_destroy(&e->arrived);
    }
    free(*hub);
    *hub = NULL;
}

#include "io/file/background_sync.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

static void *sync_file(void *file) {
    return (void *)(intptr_t)(fdatasync((int)(intptr_t)file) == 0 ? 0 : errno);
}

/* Signals are for the other threads. */
bool background_sync_start(background_sync *s, int file) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* fails only for wrong arguments */
    s->running = pthread_create(&s->thread, NULL, sync_file, (void *)(intptr_t)file) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return s->running;
}

static bool note_end(background_sync *s, void *result, int *reason) {
    s->running = false;
    *reason = (int)(intptr_t)result;
    return true;
}

bool background_sync_ended(background_sync *s, int *reason) {
    void *result;
    return s->running && pthread_tryjoin_np(s->thread, &result) == 0 && note_end(s, result, reason);
}

bool background_sync_wait(background_sync *s, int *reason) {
    void *result;
    return s->running && pthread_join(s->thread, &result) == 0 && note_end(s, result, reason);
}

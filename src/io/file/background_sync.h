/* A sync of a file by a thread of its own, so that whoever writes the file does not wait for the disk. */
#ifndef IO_FILE_BACKGROUND_SYNC_H
#define IO_FILE_BACKGROUND_SYNC_H

#include <pthread.h>
#include <stdbool.h>

/* All zero: none is running. */
typedef struct background_sync {
    pthread_t thread;
    bool running;
} background_sync;

/* Begin to sync what was written to the descriptor until now, which stays open until the end. False when no
 * thread can be started now: try again later. */
bool background_sync_start(background_sync *s, int file);

/* Whether the sync has ended since it was started; true once. *reason: its errno, 0 when all is on disk. */
bool background_sync_ended(background_sync *s, int *reason);

/* Wait for the end. False when none is running; *reason as above. */
bool background_sync_wait(background_sync *s, int *reason);

#endif

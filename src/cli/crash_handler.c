#include "cli/crash_handler.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/fault_signals.h"
#include "engine/engine.h"

enum {
    STACK_BYTES = 1 << 16, /* ample for the registers that a signal saves */
    LONGEST_TRACE = 10,    /* seconds that the previous handler may take */
};

/* A signal handler can read only globals. */
static crash_notes notes;
static int notes_file = -1;
static struct sigaction previous[FAULT_SIGNAL_COUNT];
static size_t cell_numbers[ENGINE_GROUP]; /* (cell_count) */
static atomic_int cell_count;             /* that are being trained */
static char stack[STACK_BYTES]; /* of the handler in the thread that trains: its own may have overflowed */

/* The signal is blocked in here: the one that raise() sends arrives after the return, for the previous
 * handler. Open MPI's prints the stack and may wait forever, as for a lock of malloc() that the thread
 * holds: an alarm ends it. */
static void note_crash(int signal) {
    const int count = atomic_exchange(&cell_count, 0);
    for (int i = 0; i < count; i++)
        crash_notes_add(&notes, notes_file, cell_numbers[i], signal);
    for (int i = 0; i < FAULT_SIGNAL_COUNT; i++)
        sigaction(fault_signals[i], &previous[i], NULL);
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    alarm(LONGEST_TRACE);
    raise(signal);
}

void crash_handler_install(const crash_notes *where) {
    const struct sigaction action = {.sa_handler = note_crash, .sa_flags = SA_ONSTACK};
    notes = *where;
    notes_file = crash_notes_open(where);
    for (int i = 0; i < FAULT_SIGNAL_COUNT && notes_file >= 0; i++)
        sigaction(fault_signals[i], &action, &previous[i]);
}

/* Once in a thread. A sanitizer's has a signal stack already, and frees the one that it finds. */
static void provide_stack(void) {
    static _Thread_local bool provided;
    stack_t present;
    if (!provided && sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE) != 0)
        sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    provided = true;
}

void crash_handler_begin(const size_t cells[], int count) {
    assert(count <= ENGINE_GROUP);
    provide_stack();
    for (int i = 0; i < count; i++)
        cell_numbers[i] = cells[i];
    atomic_store(&cell_count, count);
}

void crash_handler_end(void) {
    atomic_store(&cell_count, 0);
}

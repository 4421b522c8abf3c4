#include "cli/crash_handler.h"

#include <stdatomic.h>

#include "base/fault_signals.h"

enum { STACK_BYTES = 1 << 16 }; /* ample for the registers that a signal saves */

/* A signal handler can read only globals. */
static crash_notes notes;
static int notes_file = -1;
static struct sigaction previous[FAULT_SIGNAL_COUNT];
static atomic_size_t cell_number; /* that is being trained, plus 1; 0: none */
static char stack[STACK_BYTES];   /* of the handler in the thread that trains: its own may have overflowed */

/* The signal is blocked in here: the one that raise() sends arrives after the return, for the previous
 * handler. */
static void note_crash(int signal) {
    const size_t number = atomic_exchange(&cell_number, 0);
    if (number > 0)
        crash_notes_add(&notes, notes_file, number - 1, signal);
    for (int i = 0; i < FAULT_SIGNAL_COUNT; i++)
        sigaction(fault_signals[i], &previous[i], NULL);
    raise(signal);
}

void crash_handler_install(const crash_notes *where) {
    const struct sigaction action = {.sa_handler = note_crash, .sa_flags = SA_ONSTACK};
    notes = *where;
    notes_file = crash_notes_open(where);
    for (int i = 0; i < FAULT_SIGNAL_COUNT && notes_file >= 0; i++)
        sigaction(fault_signals[i], &action, &previous[i]);
}

/* A sanitizer's thread has a signal stack already, and frees the one that it finds. */
static void provide_stack(void) {
    stack_t present;
    if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE) != 0)
        sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
}

void crash_handler_begin(size_t cell) {
    provide_stack();
    atomic_store(&cell_number, cell + 1);
}

void crash_handler_end(void) {
    atomic_store(&cell_number, 0);
}

/* The signals that a defect of the program raises in the thread that runs into it. */
#ifndef BASE_FAULT_SIGNALS_H
#define BASE_FAULT_SIGNALS_H

#include <signal.h>

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum { FAULT_SIGNAL_COUNT = sizeof fault_signals / sizeof fault_signals[0] };

#endif

/* What rank 0 reports to `mpisweep launch`, through a FIFO that the environment names.
 *
 * mpirun closes inherited descriptors, and its exit status does not show how rank 0 ended. Every rank on the
 * host of launch holds the FIFO open until it ends: end of file means that all of them are gone. */
#ifndef CLI_LAUNCH_REPORT_H
#define CLI_LAUNCH_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/progress_bar.h"

#define LAUNCH_REPORT_VARIABLE "MPISWEEP_LAUNCH_REPORT" /* path of the FIFO */

typedef enum launch_report_kind {
    REPORT_UP,       /* MPI has started */
    REPORT_PROGRESS, /* value: a count that grows whenever a start makes progress */
    REPORT_END,      /* value: the status that the session ends with; its results are safe */
} launch_report_kind;

/* Shorter than PIPE_BUF: it is written as a whole or not at all. */
typedef struct launch_report {
    uint64_t kind, value;
    progress_state progress; /* REPORT_PROGRESS: what to show; a total of 0: nothing */
} launch_report;

/* Was this process started by launch, on whatever host? */
bool launch_report_expected(void);

/* Open the FIFO; -1 when this process was not started by launch, or on another host. */
int launch_report_open(void);

/* REPORT_PROGRESS, with what launch is to show of it (NULL: nothing). Dropped while launch is not reading:
 * there must be room for what comes later. */
void launch_report_progress(int file, uint64_t value, const progress_state *shown);

/* Send a report, from rank 0. A file of -1 is accepted; when nobody is listening, nothing happens. */
void launch_report_send(int file, launch_report_kind kind, uint64_t value);

#endif

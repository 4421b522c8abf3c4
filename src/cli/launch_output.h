/* What `mpisweep launch` shows on a terminal: the output of mpirun and its ranks, and below it a row with the
 * progress of the session. Where standard error is no terminal, mpirun writes to it directly. */
#ifndef CLI_LAUNCH_OUTPUT_H
#define CLI_LAUNCH_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "cli/progress_bar.h"

/* One of mpirun's outputs, of which whole lines are passed on. */
typedef struct launch_relay {
    FILE *to;
    int descriptor;          /* of `to`, in mpirun */
    int read_end, write_end; /* of a pipe; -1: none */
    size_t used;
    char bytes[4096]; /* the beginning of a line */
} launch_relay;

enum { LAUNCH_RELAYS = 2 };
typedef struct launch_output {
    bool draws; /* there is a terminal */
    launch_relay relays[LAUNCH_RELAYS];
} launch_output;

/* Before fork. */
status launch_output_open(launch_output *o, error_info *error);

/* In the child that becomes mpirun: its outputs and what ranks learn of the terminal. False: failed. */
bool launch_output_attach(const launch_output *o);

/* In launch, after fork: the child has its ends. */
void launch_output_forked(launch_output *o);

/* What to poll() for: files (LAUNCH_RELAYS). */
void launch_output_poll(const launch_output *o, struct pollfd files[LAUNCH_RELAYS]);

/* Pass on what has come. Never waits. */
void launch_output_pump(launch_output *o);

/* Draw the row; a total of 0 removes it. */
void launch_output_show(const launch_output *o, const progress_state *state);

/* Pass on the rest, remove the row. All zero is accepted. */
void launch_output_close(launch_output *o);

#endif

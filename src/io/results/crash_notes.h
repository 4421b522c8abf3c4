/* Notes of crashes: rows of /provenance/crashes and /provenance/signal, which a dying rank writes itself.
 *
 * They have places of their own, so no other writer interferes, and they need no sync: what a process has
 * written survives its end. */
#ifndef IO_RESULTS_CRASH_NOTES_H
#define IO_RESULTS_CRASH_NOTES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* Where to write: plain data, the same for all ranks. */
typedef struct crash_notes {
    char path[PATH_MAX];       /* absolute; "": crashes cannot be recorded */
    uint64_t inode, size;      /* of the results file, to recognise it on other nodes */
    uint64_t crashes, signals; /* offsets of the rows of the first cell */
} crash_notes;

/* A descriptor for notes; -1 when this process cannot write that file. */
int crash_notes_open(const crash_notes *notes);

/* Count a crash of `cell` by `signal`. Async-signal-safe. A file of -1 is accepted. */
void crash_notes_add(const crash_notes *notes, int file, size_t cell, int signal);

#endif

/* What a session tells people at its end, next to the counts: how long it took, how busy its ranks were, the
 * best cell, means, and what to type next. */
#ifndef CLI_RUN_SUMMARY_H
#define CLI_RUN_SUMMARY_H

#include <stdbool.h>

#include "cli/progress.h"

/* The best of the cells that earlier sessions finished, for the progress. The file is open for writing. */
void run_offer_earlier(progress *p);

/* To standard output, after the results file is closed. With `whole` the means and the advice, too, which are
 * for a sweep without pending cells. Prints nothing in a quiet session. */
void run_print_summary(const progress *p, bool whole);

#endif

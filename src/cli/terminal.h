/* What the terminal of this process can show. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>

/* What `mpisweep launch` says of its own terminal to rank 0, which has none. */
#define LAUNCH_BAR_VARIABLE "MPISWEEP_LAUNCH_BAR"         /* set: launch draws the progress */
#define LAUNCH_COLUMNS_VARIABLE "MPISWEEP_LAUNCH_COLUMNS" /* of its standard output; not set: no terminal */

/* Is it a terminal on which a row can be drawn again? */
bool terminal_draws(int file);

/* Columns of a terminal, as they are now; 80 for one that does not know. */
int terminal_columns(int file);

/* May it be coloured: a terminal, and no NO_COLOR in the environment? */
bool terminal_has_colour(int file);

/* Columns of the terminal that shows standard output, of launch's where launch started this process; 0: it is
 * shown by no terminal. */
int terminal_output_columns(void);

/* May standard output be coloured? */
bool terminal_output_has_colour(void);

/* Print a line to standard output; the newline is added. What does not fit into `columns` is cut off, with
 * "..." in its place; 0: nothing is. */
void terminal_print_line(const char *line, int columns);

#endif

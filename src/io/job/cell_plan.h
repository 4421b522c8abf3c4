/* The specification of a cell and what it means. */
#ifndef IO_JOB_CELL_PLAN_H
#define IO_JOB_CELL_PLAN_H

#include "engine/engine.h"

/* More than 60 KB: to be allocated, once for all cells that are looked at one after the other. */
typedef struct cell_plan {
    training_spec spec;
    training_plan plan;
} cell_plan;

#endif

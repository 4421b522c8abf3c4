/* What a results file contains: every array of it, its type, shape, scales and place. */
#ifndef IO_RESULTS_LAYOUT_H
#define IO_RESULTS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/engine.h"
#include "grid/cell.h"
#include "grid/grid.h"
#include "io/job/job.h"

#define RESULTS_FORMAT                                                                                       \
    "3" /* attribute mpisweep_format; raised when old programs could not write the file                      \
         */
#define RESULTS_OLD_FORMAT "2" /* is read, and not written: it does not record numerics and data */

enum {
    RESULTS_NAME_SIZE = 96,
    RESULTS_LONG_NAME_SIZE = 160,
    RESULTS_MAX_RANK = GRID_MAX_AXES + 1 + RECORD_MAX_RANK, /* axes, one of moments, those of an array */
    RESULTS_HOSTS = 1024,                                   /* rows of /provenance/hosts */
    RESULTS_SESSIONS = 256,                                 /* rows of /provenance/session_* */
};

typedef enum element {
    ELEMENT_INT8,
    ELEMENT_INT32,
    ELEMENT_UINT32,
    ELEMENT_INT64,
    ELEMENT_FLOAT32,
    ELEMENT_FLOAT64,
    ELEMENT_CHAR, /* one byte of a fixed-size text; netCDF cannot read HDF5's own fixed-size strings */
    ELEMENT_TEXT, /* variable-length UTF-8: the values of a label axis */
    ELEMENT_COUNT
} element;

/* Bytes of one element in the file and in memory; 0 for ELEMENT_TEXT. */
size_t element_size(element type);

/* One array that is written raw. Its rows are cells, hosts or sessions. */
typedef struct results_array {
    char name[RESULTS_NAME_SIZE]; /* "test_accuracy", "provenance/rank" */
    char long_name[RESULTS_LONG_NAME_SIZE];
    const char *units; /* NULL: none, as for text */
    element type;
    int rank;
    size_t dims[RESULTS_MAX_RANK];
    char scales[RESULTS_MAX_RANK][RESULTS_NAME_SIZE]; /* the dimension scale of every dimension */
    size_t row_bytes;                                 /* of one cell, host or session */
    uint64_t offset;                                  /* of the first row in the file */
    const record_variable *source; /* what a cell's row is taken from; NULL: not recorded */
    bool is_final;                 /* of it only the last value */
} results_array;

/* A coordinate that the job file does not name: first, first + step, … */
typedef struct results_scale {
    char name[RESULTS_NAME_SIZE];
    const char *long_name;
    double first, step;
    size_t count;
} results_scale;

/* Whole numbers are stored as int32, others as float64. */
element results_scale_type(const results_scale *s);

/* Positions in results_layout.scales; those of the records follow. */
enum {
    SCALE_HOST,
    SCALE_CHARACTER,
    SCALE_SESSION,
    SCALE_RECORDS,
    SCALE_MAX = SCALE_RECORDS + ENGINE_MAX_VARIABLES * (1 + RECORD_MAX_RANK)
};

/* Positions in results_layout.arrays. From ARRAY_STEPS_TAKEN on they are the content of a cell, which its
 * checksum covers; those from ARRAY_RECORDS on have a source. */
enum {
    ARRAY_SECONDS,
    ARRAY_RANK,
    ARRAY_TRIES,
    ARRAY_FINISHED,
    ARRAY_HOST,
    ARRAY_CRASHES,
    ARRAY_SIGNAL,
    ARRAY_CHECKSUM,
    ARRAY_HOSTS,
    ARRAY_SESSION_START,
    ARRAY_SESSION_UPDATED,
    ARRAY_SESSION_CELLS,
    ARRAY_SESSION_SECONDS,
    ARRAY_SESSION_RANKS,
    ARRAY_SESSION_VERSION,
    ARRAY_SESSION_COMMIT,
    ARRAY_SESSION_KERNELS,
    ARRAY_SESSION_CPU,
    ARRAY_SESSION_NUMERICS,
    ARRAY_STATUS,
    ARRAY_STEPS_TAKEN,
    ARRAY_RECORDS,
    ARRAY_MAX = ARRAY_RECORDS + 2 * ENGINE_MAX_VARIABLES
};

typedef struct results_layout {
    const grid *grid;             /* borrowed */
    const record_layout *records; /* borrowed */
    size_t cells;
    int scale_count;
    results_scale scales[SCALE_MAX];
    int array_count;
    results_array arrays[ARRAY_MAX];
} results_layout;

/* Work out the arrays of a job; the offsets stay 0. STATUS_USAGE when two arrays would have one name. */
status results_layout_make(results_layout *out, const grid *g, const record_layout *records,
                           error_info *error);

/* About how large the results file of a job will be. STATUS_USAGE when it cannot be laid out. */
status results_predict_bytes(const job *j, const record_layout *layout, uint64_t *bytes, error_info *error);

/* The rows of array i are hosts or sessions, not cells. */
bool results_array_is_table(int i);

/* Rows of array i: cells, hosts or sessions. */
size_t results_array_rows(const results_layout *layout, int i);

/* Axes, auxiliary coordinates, scales and arrays together. */
size_t results_layout_datasets(const results_layout *layout);

/* Bytes of all arrays, scales and auxiliary coordinates together. */
uint64_t results_layout_bytes(const results_layout *layout);

#endif

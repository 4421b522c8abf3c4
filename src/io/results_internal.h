/* Private to results_*.c: what a results file contains, and how it is read, created and locked.
 *
 * Only results_structure.c and results_reader.c know the HDF5 library; the others work on file descriptors
 * and the offsets that the reader found. */
#ifndef IO_RESULTS_INTERNAL_H
#define IO_RESULTS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/engine.h"
#include "io/results.h"
#include "sweep/grid.h"
#include "sweep/record.h"

#define RESULTS_FORMAT                                                                                       \
    "3" /* attribute mpisweep_format; raised when old programs could not write the file                      \
         */

#define RESULTS_OLD_FORMAT "2" /* is read, and not written: it does not tell numerics and data */

enum {
    RESULTS_NAME_SIZE = 96,
    RESULTS_LONG_NAME_SIZE = 160,
    RESULTS_MAX_RANK = GRID_MAX_AXES + 1 + RECORD_MAX_RANK, /* axes, one of moments, those of an array */
    RESULTS_HOSTS = 1024,                                   /* rows of /provenance/hosts */
    RESULTS_SESSIONS = 256,                                 /* rows of /provenance/session_* */
};

/* ---- Layout: every array of a file (results_layout.c) ------------------------------------------ */

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

/* Positions in results_layout.arrays. From ARRAY_STEPS_TAKEN on they are the science of a cell, which its
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

/* The rows of array i are hosts or sessions, not cells. */
bool results_array_is_table(int i);

/* Rows of array i: cells, hosts or sessions. */
size_t results_array_rows(const results_layout *layout, int i);

/* Axes, scales and arrays together. */
size_t results_layout_datasets(const results_layout *layout);

/* Bytes of all arrays and scales together. */
uint64_t results_layout_bytes(const results_layout *layout);

/* ---- Structure: the one time that a file is written through HDF5 (results_structure.c) --------- */

/* Create `path` with all scales, arrays and attributes; arrays are allocated and not filled. */
status results_write_structure(const char *path, const results_layout *layout, const job *j,
                               const results_origin *origin, error_info *error);

/* ---- Reader (results_reader.c) ----------------------------------------------------------------- */

typedef struct results_reader results_reader;

/* What is known of one data set of a file. offset is 0 when it is not one contiguous piece (after h5repack).
 */
typedef results_array results_dataset;

/* Open for reading; takes no lock and works while a run is writing. STATUS_IO: missing, not HDF5, damaged,
 * not a results file, or of another format. */
status results_reader_open(results_reader **out, const char *path, error_info *error);
void results_reader_close(results_reader **reader);

/* Names of the data sets outside /provenance in the order of creation. Owned by the reader. */
int results_reader_count(const results_reader *reader);
const char *results_reader_name(const results_reader *reader, int i);

/* The axes, as the dimensions of /status have them. Owned by the reader. */
const grid *results_reader_grid(const results_reader *reader);

/* A text attribute of the file; *out is the caller's to free. */
status results_reader_attribute(results_reader *reader, const char *name, char **out, error_info *error);

/* The same; `missing` where the file does not have it. */
status results_reader_attribute_or(results_reader *reader, const char *name, const char *missing, char **out,
                                   error_info *error);

/* As it was opened. Owned by the reader. */
const char *results_reader_path(const results_reader *reader);

/* A descriptor of the open file, for raw_read; the reader's own. -1 when HDF5 has none. */
int results_reader_descriptor(const results_reader *reader);

/* STATUS_IO when the file has a format that this program reads, but does not write. */
status results_reader_check_writable(results_reader *reader, error_info *error);

/* Name, type, shape, scales, units and offset of the data set `name`; STATUS_IO when there is none. */
status results_reader_describe(results_reader *reader, const char *name, results_dataset *out,
                               error_info *error);

/* Read `count` slices along the first dimension from `first` (all of a scalar); no ELEMENT_TEXT. */
status results_reader_read(results_reader *reader, const results_dataset *d, size_t first, size_t count,
                           void *out, error_info *error);

/* The same for the whole data set, into memory that is the caller's to free. */
status results_reader_read_all(results_reader *reader, const results_dataset *d, void **out,
                               error_info *error);

/* The same for the data set `name`, which must have this type and so many elements. */
status results_reader_load(results_reader *reader, const char *name, element type, size_t count, void **out,
                           error_info *error);

/* The cell_status of every cell (grid_cells), bytes that are the caller's to free. One that does not exist is
 * given as CELL_PENDING; results_find_damage reports it. */
status results_reader_states(results_reader *reader, void **out, error_info *error);

/* Append a dimension scale to the axes of `out`, which the caller frees with grid_release, also on failure.
 */
status results_reader_append_axis(results_reader *reader, const char *name, grid *out, error_info *error);

/* Elements of a data set, and of one slice along its first dimension. */
size_t results_dataset_elements(const results_dataset *d);
size_t results_dataset_slice(const results_dataset *d);

/* ---- Summaries on standard output (results_means.c, results_failures.c) ------------------------ */

/* Means over runs of the cells that are done by `states` (cells). */
status results_print_all_means(results_reader *reader, const char *path, const uint8_t *states,
                               error_info *error);

/* For each status of failure and each axis: the fewest values that nine of ten such cells have, when they are
 * no more than half of the axis's values and than half of the cells. As lines, or as a member of a JSON
 * object.
 */
status results_print_failures(const grid *g, const uint8_t *states, bool json, error_info *error);

/* ---- Raw bytes (results_raw.c) ----------------------------------------------------------------- */

/* Read or write all `size` bytes at `offset`, or fail with STATUS_IO and the reason. */
status raw_read(int file, const char *path, void *bytes, size_t size, uint64_t offset, error_info *error);
status raw_write(int file, const char *path, const void *bytes, size_t size, uint64_t offset,
                 error_info *error);

/* Make the names in the directory of `path` durable, a rename to it among them. */
status raw_sync_directory(const char *path, error_info *error);

/* ---- Checksums (results_rows.c) ---------------------------------------------------------------- */

/* The checksum of `row`, all that the file holds of a cell from ARRAY_STEPS_TAKEN on, in `state`; never 0,
 * which means that nothing was stored. */
uint32_t results_checksum(uint64_t cell, const unsigned char *row, size_t bytes, uint8_t state);

/* The state with which `row` fits `checksum`; CELL_PENDING when there is none. */
uint8_t results_find_state(uint64_t cell, const unsigned char *row, size_t bytes, uint32_t checksum);

/* ---- Creation (results_create.c, results_check.c) ---------------------------------------------- */

typedef struct results_part results_part;

/* Make a whole results file appear at `path`, also in place of another: all or nothing, also when the machine
 * dies meanwhile. It has the cells, owner and mode of `part`, or none when that is NULL. */
status results_create(const char *path, const results_layout *layout, const job *j,
                      const results_origin *origin, const results_part *part, error_info *error);

/* Find the offsets of all arrays. STATUS_IO when the file does not have them so; *contiguous is false when it
 * was repacked and cannot be written raw. */
status results_locate(results_reader *reader, results_layout *layout, bool *contiguous, error_info *error);

/* STATUS_USAGE when the file belongs to another job. *grows: it belongs to this job with fewer values on its
 * axes. STATUS_IO when its axes are damaged. */
status results_check_job(results_reader *reader, const char *path, const job *j, bool *grows,
                         error_info *error);

/* ---- Settings: what the cells of one file have in common in addition to the job (results_settings.c) ----
 */

/* Attributes of the file that tell them, for results_write_structure: as many as RESULTS_SETTINGS. */
enum { SETTING_KERNELS, SETTING_NUMERICS, SETTING_DATA, RESULTS_SETTINGS = SETTING_DATA + SPLIT_COUNT };
enum { RESULTS_SETTING_SIZE = 40 };
typedef struct results_setting {
    char name[RESULTS_SETTING_SIZE], text[RESULTS_SETTING_SIZE];
} results_setting;
void results_list_settings(const results_origin *origin, results_setting out[RESULTS_SETTINGS]);

/* The name of the attribute with the digest of a split: "data_digest_train". */
void results_digest_name(data_split_kind split, char name[RESULTS_SETTING_SIZE]);

/* Was the file made with the kernel set, the numerics and the data of `origin`? STATUS_USAGE or, for data,
 * STATUS_IO, with the way out, when its cells were not. *adopt: it was not, but holds no cell, and is to be
 * made anew with those of `origin`. */
status results_check_settings(results_reader *reader, const char *path, const results_origin *origin,
                              bool *adopt, error_info *error);

/* ---- Damage: cells against their checksums (results_damage.c) ---------------------------------- */

typedef struct damaged_cells {
    size_t *cells; /* (count) ascending; the caller's to free */
    size_t count;
    size_t checked; /* cells that have a status */
} damaged_cells;

/* Check every cell with a status against its checksum; a status that does not exist is damage, too. Reads the
 * file once, array after array in blocks; a file being written is fine. */
status results_find_damage(results_reader *reader, damaged_cells *out, error_info *error);

/* "run=3, lr=0.01; run=4, lr=0.01; and 2 more": axis values of the first cells of a list. */
void results_name_cells(const grid *g, const size_t *cells, size_t count, char *text, size_t size);

/* ---- Growth: the cells of a file go over into one of a larger grid (results_grow.c) ------------ */

/* Open the file at `path`, of which results_check_job said that it grows into `whole` (borrowed). Until it is
 * closed no HDF5 program can open it for writing. STATUS_IO: this user may not write it, it was rewritten by
 * another tool, or is damaged.
 */
status results_part_open(results_part **out, const char *path, const grid *whole, error_info *error);

/* Give `file` the owner, as far as this user may, and the mode of the part. */
status results_part_copy_rights(const results_part *part, int file, const char *path, error_info *error);

/* Copy all cells and tables to the file whose arrays are at the offsets of `layout`. A cell that does not fit
 * its checksum stays pending there, with a warning. */
status results_part_copy(const results_part *part, int file, const char *path, const results_layout *layout,
                         error_info *error);

void results_part_close(results_part **part);

/* ---- Locks (results_lock.c) -------------------------------------------------------------------- */

/* Take FILE.lock for this process; `path` is one of path_resolve, so that all names of a file have one lock.
 * *lock is a descriptor for results_unlock. A file of that name that is not ours is neither written nor
 * removed. */
status results_lock(int *lock, const char *path, error_info *error);

/* Make a lock file again that somebody has removed; STATUS_IO when another run has made its own meanwhile. */
status results_keep_lock(int *lock, const char *path, error_info *error);

/* Remove the lock file, if it is ours, and release it. -1 is accepted. */
void results_unlock(int lock, const char *path);

/* Share the open results file with readers and keep HDF5 writers out. */
status results_share(int file, const char *path, error_info *error);

#endif

/* Private to this folder: what a format of data sets provides, and where samples go. */
#ifndef IO_DATA_FORMAT_H
#define IO_DATA_FORMAT_H

#include <limits.h>

#include "io/data/dataset_reader.h"

typedef enum data_part { PART_TRAIN, PART_VALIDATION, PART_TEST } data_part;

/* Which split of which data set is meant. */
typedef struct data_request {
    const data_spec *spec;
    const char *directory; /* where data sets are */
    uint64_t seed;         /* of generated samples */
    data_part part;
    const stored_split *like; /* the training split; NULL while that itself is described */
    class_name *class_names;  /* (ENGINE_MAX_CLASSES) of texts, which the training split fills in */
    size_t *faulty_field;     /* of the described data set; see data_refuse */
} data_request;

/* Numbers that are NaN or infinite. */
typedef struct flaws {
    size_t count, row, place; /* of the first: its sample and its place within that */
    double value;
} flaws;

/* Takes the samples of a split one by one, in stored order, until it is full. */
typedef struct sample_sink {
    tensor_shape stored;    /* of a sample that comes in … */
    int border;             /* … from which this many pixels are cut on every side */
    size_t element_bytes;   /* of a value */
    size_t wanted;          /* samples */
    size_t per_class;       /* further samples of a class are skipped; 0: no limit */
    int target_count;       /* 0: labels */
    bool looks_at_samples;  /* although it keeps none */
    unsigned char *samples; /* (wanted, C, H, W) after the cut; NULL: samples are only counted … */
    uint8_t *labels;        /* (wanted); … NULL, too */
    float *targets;         /* (wanted, target_count) */
    size_t kept, class_counts[ENGINE_MAX_CLASSES]; /* so far */
    double least_target, greatest_target;
} sample_sink;

bool sample_sink_is_full(const sample_sink *sink);

/* Whether samples must be read, not only their labels or targets. */
bool sample_sink_needs_samples(const sample_sink *sink);

/* A classified sample, (C, H, W) as stored. `sample` is not read when samples are only counted. */
void sample_sink_put(sample_sink *sink, const void *sample, uint8_t label);

/* The same with targets (target_count) in place of a label. */
void sample_sink_put_targets(sample_sink *sink, const void *sample, const float *targets);

/* Where a format's files are. */
typedef enum data_home {
    HOME_DIRECTORY, /* below the data directory */
    HOME_JOB,       /* where the job says */
    HOME_NONE,      /* nowhere: samples are made */
} data_home;

typedef struct data_format {
    data_home home;
    dataset points; /* shape, classes, targets and kind of points that the engine draws; else empty */
    /* Both NULL for points. What the split looks like, without reading samples; classes is 0 where only the
     * labels show it. */
    status (*describe)(const data_request *request, stored_split *out, error_info *error);
    /* Give the samples of a described split to the sink until it is full or all are read; of a split that is
     * read to its end, what follows is checked, too. Labels are below `classes`, or ENGINE_MAX_CLASSES where
     * that is 0. */
    status (*read)(const data_request *request, const stored_split *split, sample_sink *sink,
                   error_info *error);
} data_format;

#define X(source, name) extern const data_format data_##name;
DATA_SOURCES(X)
#undef X

const data_format *data_format_of(data_source source);

const data_files *data_files_of(const data_request *request);

/* The error for a data file that is not where it should be, from errno. `what`: "CIFAR-10 (binary version)"
 */
status data_missing(const char *path, const char *what, error_info *error);

/* `outcome` of opening the file at `path`, which the job names. When it is missing, the message also says
 * where the name comes from. */
status data_named(const data_request *request, const char *path, status outcome, error_info *error);

/* STATUS_USAGE, about the field of data_spec at the offset `field`. */
status data_refuse(const data_request *request, size_t field, error_info *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* "DIRECTORY/NAME…" into path; STATUS_USAGE when it is too long. */
status data_path(char path[PATH_MAX], const char *directory, const char *name, error_info *error);

/* ---- Answers: what y says of a sample ---------------------------------------------------------- */

/* Where a row of y is, for messages: "y.npy: row 7", "d.csv: line 9". */
typedef struct answer_place {
    const char *path, *unit;
    size_t number;
} answer_place;

/* What the rows of a training set's y have in common; begins with both true. */
typedef struct answer_look {
    size_t columns;
    bool floats;  /* as they are stored */
    bool one_hot; /* every row is 0 except for one 1 */
    bool labels;  /* all numbers are whole, from 0 to ENGINE_MAX_CLASSES − 1 */
} answer_look;

void answers_look(answer_look *look, const double *row);

/* How to interpret y: as the job says, else by its type and its values. */
answer_form answers_form(const data_spec *spec, const answer_look *look);

bool answers_is_one_hot(const double *row, size_t columns);

/* Give a sample with its row of y (columns) to the sink. STATUS_IO, with the place, for values that are not
 * labels or targets. */
status answers_put(const data_request *request, const stored_split *split, const answer_place *place,
                   const double *row, const void *sample, sample_sink *sink, error_info *error);

/* ---- Numbers that are not finite --------------------------------------------------------------- */

void flaws_look(flaws *f, size_t row, const float *numbers, size_t count);

/* STATUS_IO when there are any. `where`: where in its row the first one is, "column 3". */
status flaws_refuse(const flaws *f, const char *path, const char *unit, const char *where, error_info *error);

#endif

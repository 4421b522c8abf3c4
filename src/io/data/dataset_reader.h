/* Data sets from disk (or a generator) into memory. */
#ifndef IO_DATA_DATASET_READER_H
#define IO_DATA_DATASET_READER_H

#include <stdint.h>

#include "base/status.h"
#include "engine/engine.h"
#include "io/data/data_spec.h"

#define DATA_NO_FIELD SIZE_MAX

enum { DATA_TYPE_NAME_SIZE = 16, DATA_SOURCE_SIZE = 1280, CLASS_NAME_SIZE = 48 };

typedef char class_name[CLASS_NAME_SIZE];

/* What y means. */
typedef enum answer_form { ANSWER_LABEL, ANSWER_ONE_HOT, ANSWER_TARGETS } answer_form;

/* A split as stored in its files. */
typedef struct stored_split {
    size_t count;       /* 0: there is none */
    tensor_shape shape; /* of a sample */
    bool floats;        /* samples are float, else bytes */
    int classes;        /* labels are below this */
    int target_count;   /* numbers per sample of a regression; 0: labels */
    answer_form answers;
    size_t answer_columns;      /* numbers of a row of y, one-hot ones included */
    int text_classes;           /* classes that the files name by texts */
    bool answers_may_be_labels; /* floating-point targets that are all whole, from 0 to 255 */
    bool layout_is_doubtful;    /* a different dimension looks like the channels */
    /* Files and types for people; "" where the source is enough. */
    char x_path[DATA_SOURCE_SIZE], y_path[DATA_SOURCE_SIZE];
    char x_type[DATA_TYPE_NAME_SIZE], y_type[DATA_TYPE_NAME_SIZE];
} stored_split;

/* A data set, the files that it comes from and its layout in memory. */
typedef struct stored_dataset {
    dataset data; /* the pointers are NULL until it is read or attached */
    stored_split train_file, validation_file, test_file;
    size_t train_count, validation_count,
        test_count;   /* samples in memory. train_count includes a validation split that is held out of it;
                         validation_count counts only samples from separate files. 0: drawn points */
    bool per_feature; /* samples are standardised by feature */
    class_name class_names[ENGINE_MAX_CLASSES]; /* (train_file.text_classes) */
    size_t faulty_field; /* of a refused description: its offset in data_spec, or DATA_NO_FIELD */
} stored_dataset;

/* What a data set will look like, without its samples: shape, classes, counts. Labels are read where a count
 * depends on them. STATUS_IO names a file that is missing or wrong. With STATUS_USAGE the message says what
 * does not fit the files, and out->faulty_field which key. */
status dataset_describe(const data_spec *spec, const char *data_directory, stored_dataset *out,
                        error_info *error);

/* What the samples of a described data set hold, found by reading them all. */
typedef struct split_survey {
    bool known;                              /* false: there is no such split, or it is drawn */
    size_t class_counts[ENGINE_MAX_CLASSES]; /* of a classification */
    double least_target, greatest_target;    /* of a regression */
} split_survey;

typedef struct dataset_survey {
    split_survey train, validation, test; /* of a random hold-out, train has both and validation is unknown */
} dataset_survey;

/* STATUS_IO as dataset_read. */
status dataset_look(const data_spec *spec, const char *data_directory, uint64_t seed,
                    stored_dataset *described, dataset_survey *out, error_info *error);

/* Bytes that dataset_read needs. */
size_t dataset_bytes(const stored_dataset *described);

/* Read (or generate, from `seed`) the samples of a described data set into `memory` (dataset_bytes), split
 * and measure them, and attach it. STATUS_IO names the file and where in it a bad value is. */
status dataset_read(const data_spec *spec, const char *data_directory, uint64_t seed, void *memory,
                    stored_dataset *d, error_info *error);

/* Point the splits of a described data set into memory that another process has filled. */
void dataset_attach(stored_dataset *d, void *memory);

#endif

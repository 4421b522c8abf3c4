/* What `mpisweep plan` shows of the data and the model: the samples as they were read, and every layer. */
#ifndef CLI_PLAN_DATA_H
#define CLI_PLAN_DATA_H

#include "io/data/dataset_reader.h"
#include "io/job/job.h"

typedef struct plan_data {
    stored_dataset stored;
    dataset_survey survey;
    int layer_count;
    layer_summary layers[ENGINE_MAX_LAYERS]; /* of the job's base specification */
} plan_data;

/* Read all samples. */
status plan_data_look(const job *j, const char *data_directory, plan_data *p, error_info *error);

/* Summarise the layers, which job_check accepted. */
status plan_data_add_layers(const job *j, plan_data *p, error_info *error);

/* To standard output, warnings to standard error. */
void plan_data_print(const job *j, const plan_data *p);
void plan_data_print_layers(const job *j, const plan_data *p);

/* The members "data", "layers" and "warnings" of a JSON object, without braces around them. */
void plan_data_print_json(const job *j, const plan_data *p);

#endif

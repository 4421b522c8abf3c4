#include "cli/run_options.h"

#include <math.h>
#include <stddef.h>

#include "cli/time_limit.h"

static status parse_option(run_options *o, int code, error_info *error) {
    switch (code) {
    case 'o':
        o->results_path = optarg;
        return optarg[0] != '\0'
                   ? STATUS_OK
                   : error_set(error, STATUS_COMMAND, "-o \"\": expected the name of a results file");
    case 's':
        return cli_list_add(&o->settings, "set", optarg, error);
    case 'y':
        return cli_list_add(&o->only, "only", optarg, error);
    case 'd':
        o->data_directory = optarg;
        return STATUS_OK;
    case 'm':
        return cli_parse_number("max-failures", optarg, 1, &o->max_failures, error);
    case 't':
        return time_limit_parse(optarg, &o->time_limit, error);
    case 'r':
        o->retry_failed = true;
        return STATUS_OK;
    case 'q':
        o->quiet = true;
        return STATUS_OK;
    default:
        return STATUS_COMMAND;
    }
}

status run_options_parse(run_options *o, int argc, char **argv, error_info *error) {
    static const struct option longs[] = {
        {"set", required_argument, NULL, 's'},
        {"only", required_argument, NULL, 'y'},
        {"data", required_argument, NULL, 'd'},
        {"max-failures", required_argument, NULL, 'm'},
        {"time-limit", required_argument, NULL, 't'},
        {"retry-failed", no_argument, NULL, 'r'},
        {"quiet", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    o->time_limit = INFINITY;
    for (int code; (code = cli_next_option(argc, argv, "o:", longs, error)) != -1;)
        RETURN_IF_FAILED(parse_option(o, code, error));
    o->data_directory = cli_data_directory(o->data_directory);
    return cli_single_argument(argc, argv, "JOB.yaml", &o->job_path, error);
}

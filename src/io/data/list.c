/* The list of data formats, by source. */
#include "io/data/format.h"

static const char *const names[] = {
#define X(source, name) [DATA_##source] = #name,
    DATA_SOURCES(X)
#undef X
};

const name_table data_source_names = NAME_TABLE(names);

const data_format *data_format_of(data_source source) {
    static const data_format *const formats[] = {
#define X(source, name) [DATA_##source] = &data_##name,
        DATA_SOURCES(X)
#undef X
    };
    return formats[source];
}

#include "io/results/merge_tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "io/file/bytes.h"

static status out_of_memory(error_info *error) {
    return error_set(error, STATUS_INTERNAL, "out of memory for the tables of hosts and sessions");
}

static status read_table(const merge_input *in, int array, void *rows, error_info *error) {
    const results_array *a = &in->layout->arrays[array];
    return raw_read(in->file, in->path, rows, a->row_bytes * a->dims[0], a->offset, error);
}

/* ---- Hosts ------------------------------------------------------------------------------------- */

static int32_t find_host(merge_tables *t, const char name[RECORD_HOST_SIZE]) {
    for (int i = 0; i < t->host_count; i++)
        if (memcmp(t->hosts[i], name, RECORD_HOST_SIZE) == 0)
            return i;
    if (t->host_count == RESULTS_HOSTS)
        return -1;
    memcpy(t->hosts[t->host_count], name, RECORD_HOST_SIZE);
    return t->host_count++;
}

static status add_hosts(merge_tables *t, const merge_input *in, int32_t rows[RESULTS_HOSTS],
                        error_info *error) {
    char(*hosts)[RECORD_HOST_SIZE] = malloc(RESULTS_HOSTS * sizeof *hosts);
    if (hosts == NULL)
        return out_of_memory(error);
    const status result = read_table(in, ARRAY_HOSTS, hosts, error);
    for (int i = 0; result == STATUS_OK && i < RESULTS_HOSTS; i++)
        rows[i] = hosts[i][0] != '\0' ? find_host(t, hosts[i]) : -1;
    free(hosts);
    return result;
}

/* ---- Sessions ---------------------------------------------------------------------------------- */

/* A session as a row of all its columns, in the order of the layout. */
enum { FIRST_COLUMN = ARRAY_SESSION_START, LAST_COLUMN = ARRAY_SESSION_NUMERICS };

static size_t column_place(const results_layout *layout, int column) {
    size_t place = 0;
    for (int i = FIRST_COLUMN; i < column; i++)
        place += layout->arrays[i].row_bytes;
    return place;
}

static double start_of(const unsigned char *session) {
    double start;
    memcpy(&start, session, sizeof start); /* the first column */
    return start;
}

static status reserve_sessions(merge_tables *t, const results_layout *layout, error_info *error) {
    t->session_bytes = column_place(layout, LAST_COLUMN + 1);
    if (t->session_count + RESULTS_SESSIONS <= t->session_capacity)
        return STATUS_OK;
    const size_t capacity = 2 * t->session_capacity + RESULTS_SESSIONS;
    unsigned char *sessions = realloc(t->sessions, capacity * t->session_bytes);
    if (sessions == NULL)
        return out_of_memory(error);
    t->sessions = sessions;
    t->session_capacity = capacity;
    return STATUS_OK;
}

/* Into the free rows after those in use. */
static status read_column(merge_tables *t, const merge_input *in, int column, error_info *error) {
    const size_t bytes = in->layout->arrays[column].row_bytes;
    unsigned char *to = t->sessions + t->session_count * t->session_bytes + column_place(in->layout, column);
    unsigned char *rows = malloc(bytes * RESULTS_SESSIONS);
    if (rows == NULL)
        return out_of_memory(error);
    const status result = read_table(in, column, rows, error);
    for (int i = 0; result == STATUS_OK && i < RESULTS_SESSIONS; i++)
        memcpy(to + (size_t)i * t->session_bytes, rows + (size_t)i * bytes, bytes);
    free(rows);
    return result;
}

/* Rows without a start are not in use. */
static status add_sessions(merge_tables *t, const merge_input *in, error_info *error) {
    RETURN_IF_FAILED(reserve_sessions(t, in->layout, error));
    for (int column = FIRST_COLUMN; column <= LAST_COLUMN; column++)
        RETURN_IF_FAILED(read_column(t, in, column, error));
    const unsigned char *read = t->sessions + t->session_count * t->session_bytes;
    for (int i = 0; i < RESULTS_SESSIONS; i++, read += t->session_bytes)
        if (!isnan(start_of(read)))
            memmove(t->sessions + t->session_count++ * t->session_bytes, read, t->session_bytes);
    return STATUS_OK;
}

/* A row begins with the start of the session; then when it was updated, and more that changes while it lasts;
 * then what it is. */
typedef struct session_order {
    size_t identity, bytes; /* place and length of what it is */
} session_order;

static int compare_identity(const unsigned char *a, const unsigned char *b, const session_order *order) {
    const double x = start_of(a), y = start_of(b);
    if (x != y)
        return x < y ? -1 : 1;
    return memcmp(a + order->identity, b + order->identity, order->bytes);
}

static int compare_sessions(const void *a, const void *b, void *order) {
    const int by_identity = compare_identity(a, b, order);
    const double x = start_of((const unsigned char *)a + sizeof x),
                 y = start_of((const unsigned char *)b + sizeof y);
    return by_identity != 0 ? by_identity : (x > y) - (x < y);
}

static void sort_sessions(merge_tables *t, const results_layout *layout) {
    session_order order = {.identity = column_place(layout, ARRAY_SESSION_RANKS)};
    order.bytes = t->session_bytes - order.identity;
    if (t->session_count > 0)
        qsort_r(t->sessions, t->session_count, t->session_bytes, compare_sessions, &order);
    size_t kept = 0;
    for (size_t i = 0; i < t->session_count; i++) {
        const unsigned char *session = t->sessions + i * t->session_bytes;
        const unsigned char *last = session - t->session_bytes;
        if (i == 0 || compare_identity(last, session, &order) != 0)
            kept++;
        memmove(t->sessions + (kept - 1) * t->session_bytes, session, t->session_bytes);
    }
    t->session_count = kept;
}

/* A row stays free for the session that resumes the file. */
static void drop_oldest(merge_tables *t, const char *path) {
    enum { MOST = RESULTS_SESSIONS - 1 };
    if (t->session_count <= MOST)
        return;
    const size_t dropped = t->session_count - MOST;
    log_warning("%s: the files have %zu sessions, of which the table has room for the last %d", path,
                t->session_count, MOST);
    memmove(t->sessions, t->sessions + dropped * t->session_bytes, MOST * t->session_bytes);
    t->session_count = MOST;
}

static status write_column(const merge_tables *t, int column, int file, const char *path,
                           const results_layout *layout, error_info *error) {
    const results_array *a = &layout->arrays[column];
    const unsigned char *from = t->sessions + column_place(layout, column);
    unsigned char *rows = malloc(a->row_bytes * t->session_count + 1); /* never of size zero */
    if (rows == NULL)
        return out_of_memory(error);
    for (size_t i = 0; i < t->session_count; i++)
        memcpy(rows + i * a->row_bytes, from + i * t->session_bytes, a->row_bytes);
    const status result = raw_write(file, path, rows, a->row_bytes * t->session_count, a->offset, error);
    free(rows);
    return result;
}

/* ---- Both -------------------------------------------------------------------------------------- */

status merge_tables_add(merge_tables *t, const merge_input *in, int32_t host_rows[RESULTS_HOSTS],
                        error_info *error) {
    if (t->hosts == NULL)
        t->hosts = calloc(RESULTS_HOSTS, sizeof *t->hosts);
    if (t->hosts == NULL)
        return out_of_memory(error);
    RETURN_IF_FAILED(add_hosts(t, in, host_rows, error));
    return add_sessions(t, in, error);
}

status merge_tables_write(merge_tables *t, int file, const char *path, const results_layout *layout,
                          error_info *error) {
    const results_array *hosts = &layout->arrays[ARRAY_HOSTS];
    RETURN_IF_FAILED(
        raw_write(file, path, t->hosts, hosts->row_bytes * (size_t)t->host_count, hosts->offset, error));
    sort_sessions(t, layout);
    drop_oldest(t, path);
    for (int column = FIRST_COLUMN; column <= LAST_COLUMN; column++)
        RETURN_IF_FAILED(write_column(t, column, file, path, layout, error));
    return STATUS_OK;
}

void merge_tables_release(merge_tables *t) {
    free(t->hosts);
    free(t->sessions);
    *t = (merge_tables){0};
}

#include "io/results/merge_cells.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grid/grid.h"
#include "io/file/bytes.h"
#include "io/results/checksum.h"
#include "io/results/words.h"

/* Rows of a block that nobody asked for are read with the others where they are fewer bytes than a call is
 * worth. */
enum { BLOCK_BYTES = 4 << 20, GAP_BYTES = 64 << 10 };

/* ---- Rows -------------------------------------------------------------------------------------- */

/* The next run of marked rows from *end on, with short gaps in it; false when there is none. */
static bool next_run(const bool *marked, size_t count, size_t row_bytes, size_t *begin, size_t *end) {
    const size_t longest = GAP_BYTES / row_bytes;
    for (*begin = *end; *begin < count && !marked[*begin];)
        ++*begin;
    *end = *begin;
    for (size_t i = *begin; i < count && i - *end <= longest; i++)
        if (marked[i])
            *end = i + 1;
    return *begin < count;
}

static bool has_gap(const bool *marked, size_t begin, size_t end) {
    return memchr(marked + begin, false, end - begin) != NULL;
}

/* Read the marked rows, and perhaps others, of the block from cell `first` on. */
static status read_rows(int file, const char *path, const results_array *a, size_t first, size_t count,
                        const bool *marked, unsigned char *rows, error_info *error) {
    const size_t bytes = a->row_bytes;
    for (size_t begin, end = 0; next_run(marked, count, bytes, &begin, &end);)
        RETURN_IF_FAILED(raw_read(file, path, rows + begin * bytes, (end - begin) * bytes,
                                  a->offset + (first + begin) * bytes, error));
    return STATUS_OK;
}

static status read_input(const merge_cells *m, const merge_input *in, int array, size_t first, size_t count,
                         const bool *marked, error_info *error) {
    return read_rows(in->file, in->path, &in->layout->arrays[array], first, count, marked, m->rows[array],
                     error);
}

/* Write the marked rows of an array: what is in the gaps of a run is written as it was. */
static status write_rows(const merge_cells *m, int array, size_t first, size_t count, const bool *marked,
                         error_info *error) {
    const results_array *a = &m->layout->arrays[array];
    const size_t bytes = a->row_bytes;
    for (size_t begin, end = 0; next_run(marked, count, bytes, &begin, &end);) {
        const uint64_t offset = a->offset + (first + begin) * bytes;
        const unsigned char *rows = m->rows[array] + begin * bytes;
        if (has_gap(marked, begin, end)) {
            RETURN_IF_FAILED(raw_read(m->file, m->path, m->present, (end - begin) * bytes, offset, error));
            for (size_t i = begin; i < end; i++)
                if (marked[i])
                    memcpy(m->present + (i - begin) * bytes, m->rows[array] + i * bytes, bytes);
            rows = m->present;
        }
        RETURN_IF_FAILED(raw_write(m->file, m->path, rows, (end - begin) * bytes, offset, error));
    }
    return STATUS_OK;
}

/* ---- Is a cell whole? -------------------------------------------------------------------------- */

/* Mark what was stored, published or not; false when nothing was. */
static bool mark_stored(const merge_cells *m, size_t count) {
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        uint32_t checksum;
        memcpy(&checksum, m->rows[ARRAY_CHECKSUM] + i * sizeof checksum, sizeof checksum);
        m->stored[i] = cell_has_result(m->rows[ARRAY_STATUS][i]) || checksum != 0;
        any |= m->stored[i];
    }
    return any;
}

/* The state with which a cell of the block matches its checksum; CELL_PENDING when it does not. */
static uint8_t find_state(const merge_cells *m, size_t cell, size_t i) {
    const uint8_t state = m->rows[ARRAY_STATUS][i];
    unsigned char *to = m->content;
    uint32_t checksum;
    memcpy(&checksum, m->rows[ARRAY_CHECKSUM] + i * sizeof checksum, sizeof checksum);
    for (int array = ARRAY_STEPS_TAKEN; array < m->layout->array_count; array++) {
        const size_t bytes = m->layout->arrays[array].row_bytes;
        memcpy(to, m->rows[array] + i * bytes, bytes);
        to += bytes;
    }
    if (!cell_has_result(state) || state >= CELL_STATUS_COUNT)
        return results_find_state(cell, m->content, m->content_bytes, checksum);
    return results_checksum(cell, m->content, m->content_bytes, state) == checksum ? state : CELL_PENDING;
}

/* A session may train the cell again while it is read: it is then pending, before its values change. */
static status note_damage(merge_cells *m, const merge_input *in, size_t cell, error_info *error) {
    const results_array *states = &in->layout->arrays[ARRAY_STATUS];
    uint8_t state;
    RETURN_IF_FAILED(raw_read(in->file, in->path, &state, 1, states->offset + cell, error));
    m->damaged[cell] |= cell_has_result(state);
    return STATUS_OK;
}

/* Replace the status of each stored cell by what its checksum says. */
static status check_block(merge_cells *m, const merge_input *in, size_t first, size_t count,
                          error_info *error) {
    for (size_t i = 0; i < count; i++) {
        if (!m->stored[i])
            continue;
        const uint8_t found = find_state(m, first + i, i);
        if (found == CELL_PENDING && cell_has_result(m->rows[ARRAY_STATUS][i]))
            RETURN_IF_FAILED(note_damage(m, in, first + i, error));
        m->rows[ARRAY_STATUS][i] = found;
    }
    return STATUS_OK;
}

/* ---- Which are taken? -------------------------------------------------------------------------- */

/* Training decides whether a cell is done or diverged, the machine whether it is timed out or fails. */
static int rank_of(uint8_t state) {
    static const int ranks[CELL_STATUS_COUNT] = {
        [CELL_DONE] = 3, [CELL_DIVERGED] = 3, [CELL_TIMED_OUT] = 2, [CELL_FAILED] = 1};
    return ranks[state];
}

static bool is_decided_by_training(uint8_t state) {
    return state == CELL_DONE || state == CELL_DIVERGED;
}

/* Mark which cells of the block are taken, and which must be as the new file has them already. */
static void choose(const merge_cells *m, size_t first, size_t count, bool *any_taken, bool *any_contested) {
    *any_taken = *any_contested = false;
    for (size_t i = 0; i < count; i++) {
        const uint8_t here = m->rows[ARRAY_STATUS][i], there = m->states[first + i];
        m->taken[i] = m->stored[i] && rank_of(here) > rank_of(there);
        m->contested[i] = m->stored[i] && is_decided_by_training(here) && is_decided_by_training(there);
        *any_taken |= m->taken[i];
        *any_contested |= m->contested[i];
    }
}

/* ---- Conflicts --------------------------------------------------------------------------------- */

/* Room for the text of the next conflict; the last ones are only counted. */
static char *next_conflict(const merge_cells *m) {
    merge_report *report = m->report;
    const size_t number = report->conflicts++;
    return number < MERGE_NAMED_CONFLICTS ? report->conflict_texts[number] : NULL;
}

static void note_states(const merge_cells *m, const merge_input *in, size_t cell, uint8_t here) {
    char name[512], *text = next_conflict(m);
    if (text == NULL)
        return;
    grid_cell_text(m->layout->grid, cell, name, sizeof name);
    snprintf(text, MERGE_CONFLICT_SIZE, "status(%s): %s in %.200s, %s in %.200s", name,
             cell_status_label(m->states[cell]), m->inputs[m->owners[cell]], cell_status_label(here),
             in->path);
}

/* The first element that differs; there is one. */
static status note_values(const merge_cells *m, const merge_input *in, int array, size_t cell,
                          const unsigned char *there, const unsigned char *here, error_info *error) {
    const results_array *a = &in->layout->arrays[array];
    const size_t bytes = element_size(a->type);
    char place[RESULTS_PLACE_SIZE], x[RESULTS_VALUE_SIZE], y[RESULTS_VALUE_SIZE], *text = next_conflict(m);
    size_t i = 0;
    if (text == NULL)
        return STATUS_OK;
    while (memcmp(there + i * bytes, here + i * bytes, bytes) == 0)
        i++;
    RETURN_IF_FAILED(results_place_text(in->reader, a, cell * (a->row_bytes / bytes) + i, place, error));
    results_value_text(a->type, there + i * bytes, x);
    results_value_text(a->type, here + i * bytes, y);
    snprintf(text, MERGE_CONFLICT_SIZE, "%s(%.400s): %s in %.150s, %s in %.150s", a->name, place, x,
             m->inputs[m->owners[cell]], y, in->path);
    return STATUS_OK;
}

/* One conflict per cell is enough: the cell is no longer compared. */
static status compare_array(const merge_cells *m, const merge_input *in, int array, size_t first,
                            size_t count, error_info *error) {
    const size_t bytes = m->layout->arrays[array].row_bytes;
    RETURN_IF_FAILED(read_rows(m->file, m->path, &m->layout->arrays[array], first, count, m->contested,
                               m->present, error));
    for (size_t i = 0; i < count; i++) {
        const unsigned char *there = m->present + i * bytes, *here = m->rows[array] + i * bytes;
        if (!m->contested[i] || memcmp(there, here, bytes) == 0)
            continue;
        RETURN_IF_FAILED(note_values(m, in, array, first + i, there, here, error));
        m->contested[i] = false;
    }
    return STATUS_OK;
}

static status compare_block(const merge_cells *m, const merge_input *in, size_t first, size_t count,
                            error_info *error) {
    for (size_t i = 0; i < count; i++)
        if (m->contested[i] && m->rows[ARRAY_STATUS][i] != m->states[first + i]) {
            note_states(m, in, first + i, m->rows[ARRAY_STATUS][i]);
            m->contested[i] = false;
        }
    for (int array = ARRAY_STEPS_TAKEN; array < m->layout->array_count; array++)
        RETURN_IF_FAILED(compare_array(m, in, array, first, count, error));
    return STATUS_OK;
}

/* ---- A block ----------------------------------------------------------------------------------- */

/* Crashes and signals have places of their own, which are not provenance of the result. */
static bool goes_with_cell(int array) {
    return !results_array_is_table(array) && array != ARRAY_CRASHES && array != ARRAY_SIGNAL;
}

static void map_hosts(const merge_cells *m, size_t count, const int32_t host_rows[RESULTS_HOSTS]) {
    int32_t *hosts = (int32_t *)(void *)m->rows[ARRAY_HOST];
    for (size_t i = 0; i < count; i++)
        if (m->taken[i])
            hosts[i] = hosts[i] >= 0 && hosts[i] < RESULTS_HOSTS ? host_rows[hosts[i]] : -1;
}

static status take(merge_cells *m, const merge_input *in, size_t first, size_t count,
                   const int32_t host_rows[RESULTS_HOSTS], error_info *error) {
    for (int i = 0; i <= ARRAY_HOST; i++)
        RETURN_IF_FAILED(read_input(m, in, i, first, count, m->taken, error));
    map_hosts(m, count, host_rows);
    for (int i = 0; i < m->layout->array_count; i++)
        if (goes_with_cell(i))
            RETURN_IF_FAILED(write_rows(m, i, first, count, m->taken, error));
    for (size_t i = 0; i < count; i++)
        if (m->taken[i]) {
            m->states[first + i] = m->rows[ARRAY_STATUS][i];
            m->owners[first + i] = in->number;
        }
    return STATUS_OK;
}

static status read_all(const merge_cells *m, const merge_input *in, int array, size_t first, size_t count,
                       error_info *error) {
    const results_array *a = &in->layout->arrays[array];
    return raw_read(in->file, in->path, m->rows[array], count * a->row_bytes,
                    a->offset + first * a->row_bytes, error);
}

/* A crash is counted by the file in which it happened; copies of one file have it, too. */
static status add_crashes(const merge_cells *m, const merge_input *in, size_t first, size_t count,
                          error_info *error) {
    const results_array *a = &m->layout->arrays[ARRAY_CRASHES];
    const int32_t *here = (const int32_t *)(const void *)m->rows[ARRAY_CRASHES];
    const int32_t *there = (const int32_t *)(const void *)m->present;
    bool any = false;
    RETURN_IF_FAILED(read_all(m, in, ARRAY_CRASHES, first, count, error));
    for (size_t i = 0; i < count; i++)
        any |= here[i] > 0;
    if (!any)
        return STATUS_OK;
    RETURN_IF_FAILED(raw_read(m->file, m->path, m->present, count * sizeof *there,
                              a->offset + first * sizeof *there, error));
    for (size_t i = 0; i < count; i++)
        m->taken[i] = here[i] > there[i];
    RETURN_IF_FAILED(read_input(m, in, ARRAY_SIGNAL, first, count, m->taken, error));
    RETURN_IF_FAILED(write_rows(m, ARRAY_SIGNAL, first, count, m->taken, error));
    return write_rows(m, ARRAY_CRASHES, first, count, m->taken, error);
}

static status add_block(merge_cells *m, const merge_input *in, size_t first, size_t count,
                        const int32_t host_rows[RESULTS_HOSTS], error_info *error) {
    bool any_taken, any_contested;
    RETURN_IF_FAILED(add_crashes(m, in, first, count, error));
    RETURN_IF_FAILED(read_all(m, in, ARRAY_STATUS, first, count, error));
    RETURN_IF_FAILED(read_all(m, in, ARRAY_CHECKSUM, first, count, error));
    for (size_t i = 0; i < count; i++)
        m->wanted[first + i] |= m->rows[ARRAY_STATUS][i] == CELL_PENDING;
    if (!mark_stored(m, count))
        return STATUS_OK;
    for (int i = ARRAY_STEPS_TAKEN; i < m->layout->array_count; i++)
        RETURN_IF_FAILED(read_input(m, in, i, first, count, m->stored, error));
    RETURN_IF_FAILED(check_block(m, in, first, count, error));
    choose(m, first, count, &any_taken, &any_contested);
    if (any_contested)
        RETURN_IF_FAILED(compare_block(m, in, first, count, error));
    return any_taken ? take(m, in, first, count, host_rows, error) : STATUS_OK;
}

/* ---- Interface --------------------------------------------------------------------------------- */

static status allocate_rows(merge_cells *m, size_t row_bytes, size_t widest) {
    m->block = BLOCK_BYTES / row_bytes + 1;
    if (m->block > m->layout->cells)
        m->block = m->layout->cells;
    bool ok = true;
    for (int i = 0; i < m->layout->array_count; i++)
        if (!results_array_is_table(i))
            ok = (m->rows[i] = malloc(m->block * m->layout->arrays[i].row_bytes)) != NULL && ok;
    m->present = malloc(m->block * widest);
    m->content = malloc(m->content_bytes);
    m->stored = calloc(m->block, sizeof *m->stored);
    m->taken = calloc(m->block, sizeof *m->taken);
    m->contested = calloc(m->block, sizeof *m->contested);
    return ok && m->present != NULL && m->content != NULL && m->stored != NULL && m->taken != NULL &&
                   m->contested != NULL
               ? STATUS_OK
               : STATUS_INTERNAL;
}

static status allocate(merge_cells *m) {
    const results_layout *layout = m->layout;
    size_t row_bytes = 0, widest = 0;
    for (int i = 0; i < layout->array_count; i++) {
        const size_t bytes = layout->arrays[i].row_bytes;
        if (results_array_is_table(i))
            continue;
        row_bytes += bytes;
        widest = bytes > widest ? bytes : widest;
        m->content_bytes += i >= ARRAY_STEPS_TAKEN ? bytes : 0;
    }
    m->states = calloc(layout->cells, sizeof *m->states);
    m->owners = calloc(layout->cells, sizeof *m->owners);
    m->damaged = calloc(layout->cells, sizeof *m->damaged);
    m->wanted = calloc(layout->cells, sizeof *m->wanted);
    if (m->states == NULL || m->owners == NULL || m->damaged == NULL || m->wanted == NULL)
        return STATUS_INTERNAL;
    return allocate_rows(m, row_bytes, widest);
}

status merge_cells_open(merge_cells *m, const char *path, int file, const results_layout *layout,
                        const char *const inputs[], merge_report *report, error_info *error) {
    *m = (merge_cells){.path = path, .file = file, .layout = layout, .inputs = inputs, .report = report};
    if (allocate(m) == STATUS_OK)
        return STATUS_OK;
    merge_cells_release(m);
    return error_set(error, STATUS_INTERNAL, "out of memory for %zu cells", layout->cells);
}

status merge_cells_add(merge_cells *m, const merge_input *in, const int32_t host_rows[RESULTS_HOSTS],
                       error_info *error) {
    const size_t cells = m->layout->cells;
    for (size_t first = 0; first < cells; first += m->block) {
        const size_t left = cells - first;
        RETURN_IF_FAILED(add_block(m, in, first, left < m->block ? left : m->block, host_rows, error));
    }
    return STATUS_OK;
}

status merge_cells_leave_out(merge_cells *m, error_info *error) {
    const results_array *states = &m->layout->arrays[ARRAY_STATUS];
    for (size_t cell = 0; cell < m->layout->cells; cell++) {
        if (m->states[cell] != CELL_PENDING || m->wanted[cell] || m->damaged[cell])
            continue;
        m->states[cell] = CELL_LEFT_OUT;
        RETURN_IF_FAILED(raw_write(m->file, m->path, &m->states[cell], 1, states->offset + cell, error));
    }
    return STATUS_OK;
}

void merge_cells_release(merge_cells *m) {
    for (int i = 0; i < ARRAY_MAX; i++)
        free(m->rows[i]);
    free(m->states);
    free(m->owners);
    free(m->damaged);
    free(m->wanted);
    free(m->present);
    free(m->content);
    free(m->stored);
    free(m->taken);
    free(m->contested);
    *m = (merge_cells){0};
}

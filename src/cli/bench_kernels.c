#include "cli/bench_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/cpu_name.h"
#include "engine/engine.h"

enum { LABEL = 42, LABEL_SIZE = 96, CPU_NAME_SIZE = 128 };

static bool is_slow(const kernel_time *t) {
    return t->relative > KERNEL_MOST_RELATIVE;
}

/* Percent of the least time that the arithmetic, or the traffic within L2, can take. */
static double roof_percent(const machine_peaks *peaks, const kernel_time *t) {
    return 100 * fmax(t->flops / peaks->flops, t->bytes / peaks->cached_bytes) / t->seconds;
}

static int count_slow(const kernel_times *rows, int count) {
    int slow = 0;
    for (int row = 0; row < count; row++)
        for (int i = 0; i < rows[row].count; i++)
            slow += is_slow(&rows[row].times[i]);
    return slow;
}

static int count_times(const kernel_times *rows, int count) {
    int times = 0;
    for (int row = 0; row < count; row++)
        times += rows[row].count;
    return times;
}

/* ---- Text -------------------------------------------------------------------------------------- */

/* "max_pool 2 x 2" */
static void name_row(const kernel_times *row, char name[LABEL_SIZE]) {
    snprintf(name, LABEL_SIZE, "%s%s%s", row->kernel, row->shape[0] != '\0' ? " " : "", row->shape);
}

/* NULL where the kernel does not take this count. Of one that does not know channels: in the first column. */
static const kernel_time *time_of(const kernel_times *row, int column) {
    for (int i = 0; i < row->count; i++)
        if (row->times[i].channels == engine_kernel_channels[column] ||
            (row->times[i].channels == 0 && column == 0))
            return &row->times[i];
    return NULL;
}

/* One line of a row: `print` is called for each time, and fills a column of eight. */
static void print_line(const char *label, const char *what, const kernel_times *row,
                       const machine_peaks *peaks,
                       void (*print)(const kernel_time *, const machine_peaks *)) {
    int blanks = 0;
    printf("%-*s%6s", LABEL, label, what);
    for (int column = 0; column < KERNEL_CHANNEL_COUNTS; column++) {
        const kernel_time *t = time_of(row, column);
        blanks += t == NULL ? 8 : 0;
        if (t == NULL)
            continue;
        printf("%*s", blanks, "");
        blanks = 0;
        print(t, peaks);
    }
    putchar('\n');
}

static void print_nanoseconds(const kernel_time *t, const machine_peaks *peaks) {
    (void)peaks;
    printf("%8.4f", 1e9 * t->seconds);
}

static void print_relative(const kernel_time *t, const machine_peaks *peaks) {
    (void)peaks;
    char text[16];
    snprintf(text, sizeof text, "%s%.2f", is_slow(t) ? "*" : "", t->relative);
    printf("%8s", text);
}

static void print_roof(const kernel_time *t, const machine_peaks *peaks) {
    printf("%8.0f", roof_percent(peaks, t));
}

static void print_row(const kernel_times *row, const machine_peaks *peaks) {
    char name[LABEL_SIZE], value[LABEL_SIZE];
    name_row(row, name);
    snprintf(value, sizeof value, "  per %s", row->value);
    print_line(name, "ns", row, peaks, print_nanoseconds);
    print_line(value, "x best", row, peaks, print_relative);
    print_line("", "% roof", row, peaks, print_roof);
}

static void print_head(const machine_peaks *peaks) {
    char cpu[CPU_NAME_SIZE];
    cpu_name(cpu, sizeof cpu);
    printf("%s, one core, %s kernels: at most %.1f GFLOP/s; a copy within L2 moves %.1f GB/s\n", cpu,
           engine_kernels(), 1e-9 * peaks->flops, 1e-9 * peaks->cached_bytes);
    printf(
        "ns: per value, which the row names; about 160 KiB are touched, whatever the count of channels\n"
        "x best: the same, divided by the least of the row; * more than %d\n"
        "%% roof: the least time that the arithmetic, or the traffic at the speed of such a copy, can take\n"
        "multiply-adds: an output counts as one more; products have those of columns that only fill a "
        "vector, too\n"
        "kernels that do not know channels have one column\n",
        KERNEL_MOST_RELATIVE);
    printf("%-*s%6s", LABEL, "channels", "");
    for (int column = 0; column < KERNEL_CHANNEL_COUNTS; column++)
        printf("%8d", engine_kernel_channels[column]);
    putchar('\n');
}

/* "slow: max_pool 2 x 2 with 1, 3" for each row that has any. */
static void print_slow(const kernel_times *rows, int count) {
    for (int row = 0; row < count; row++) {
        char name[LABEL_SIZE];
        const char *before = " with ";
        if (count_slow(&rows[row], 1) == 0)
            continue;
        name_row(&rows[row], name);
        printf("slow: %s", name);
        for (int i = 0; i < rows[row].count; i++)
            if (is_slow(&rows[row].times[i])) {
                printf("%s%d", before, rows[row].times[i].channels);
                before = ", ";
            }
        putchar('\n');
    }
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void print_member(const char *name, const char *text) {
    printf("\"%s\": ", name);
    text_print_json(stdout, text);
    printf(", ");
}

static void print_time_json(const kernel_time *t, const machine_peaks *peaks) {
    if (t->channels > 0)
        printf("{\"channels\": %d, ", t->channels);
    else
        printf("{\"channels\": null, ");
    printf("\"ns_per_value\": %.6g, \"relative\": %.4g, \"slow\": %s, \"gflops\": %.6g, "
           "\"gigabytes_per_second\": %.6g, \"roof_percent\": %.4g}",
           1e9 * t->seconds, t->relative, is_slow(t) ? "true" : "false", 1e-9 * t->flops / t->seconds,
           1e-9 * t->bytes / t->seconds, roof_percent(peaks, t));
}

static void print_row_json(const kernel_times *row, const machine_peaks *peaks) {
    putchar('{');
    print_member("kernel", row->kernel);
    print_member("shape", row->shape);
    print_member("value", row->value);
    printf("\"times\": [");
    for (int i = 0; i < row->count; i++) {
        printf("%s", i > 0 ? ", " : "");
        print_time_json(&row->times[i], peaks);
    }
    printf("]}");
}

static void print_json(const machine_peaks *peaks, const kernel_times *rows, int count) {
    char cpu[CPU_NAME_SIZE];
    cpu_name(cpu, sizeof cpu);
    putchar('{');
    print_member("cpu", cpu);
    print_member("kernels", engine_kernels());
    printf("\"peak_gflops\": %.6g, \"copy_gigabytes_per_second\": %.6g, \"slow\": %d, \"rows\": [",
           1e-9 * peaks->flops, 1e-9 * peaks->cached_bytes, count_slow(rows, count));
    for (int row = 0; row < count; row++) {
        printf("%s", row > 0 ? ", " : "");
        print_row_json(&rows[row], peaks);
    }
    printf("]}\n");
}

/* ---- The command ------------------------------------------------------------------------------- */

static status judge(const kernel_times *rows, int count, error_info *error) {
    const int slow = count_slow(rows, count);
    if (slow == 0)
        return STATUS_OK;
    return error_set(error, STATUS_INCOMPLETE,
                     "%d of %d times per value are more than %d times the best of their row", slow,
                     count_times(rows, count), KERNEL_MOST_RELATIVE);
}

/* The text appears row by row. */
static status time_rows(int blocks, bool json, const machine_peaks *peaks, kernel_times *rows, int count,
                        error_info *error) {
    if (!json)
        print_head(peaks);
    for (int row = 0; row < count; row++) {
        RETURN_IF_FAILED(engine_bench_kernel(row, blocks, &rows[row], error));
        if (!json)
            print_row(&rows[row], peaks);
    }
    if (json)
        print_json(peaks, rows, count);
    else
        print_slow(rows, count);
    return judge(rows, count, error);
}

status bench_kernels(int blocks, bool json, error_info *error) {
    const int count = engine_kernel_rows();
    machine_peaks peaks;
    RETURN_IF_FAILED(engine_peaks(&peaks, error));
    kernel_times *rows = calloc((size_t)count, sizeof *rows);
    if (rows == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    const status result = time_rows(blocks, json, &peaks, rows, count, error);
    free(rows);
    return result;
}

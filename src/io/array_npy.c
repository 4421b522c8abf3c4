/* NumPy's .npy format, versions 1.0 and 2.0 (numpy.org, "numpy.lib.format"):
 * "\x93NUMPY", two bytes of version, the header's length (2 or 4 bytes), the header (a Python dictionary with
 * the keys descr, fortran_order and shape), then the numbers. Only C order and little-endian numbers. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/array_internal.h"
#include "io/path.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they stand in the file");

enum { PREFIX_BYTES = 8, HEADER_MAX = 65535, CHUNK = 4096 };

/* How numbers stand in the file: descr, what they become, and how. */
typedef struct npy_type {
    const char *descr;
    size_t bytes;
    array_type type;
    void (*convert)(const void *stored, size_t count, void *out);
} npy_type;

typedef struct npy_file {
    array_file base;
    FILE *stream;
    const npy_type *type;
    bool fortran_order;
    size_t data_offset;
} npy_file;

/* ---- Numbers ----------------------------------------------------------------------------------- */

#define CONVERSION(name, from, to)                                                                           \
    static void name(const void *stored, size_t count, void *out) {                                          \
        for (size_t i = 0; i < count; i++) {                                                                 \
            from value;                                                                                      \
            memcpy(&value, (const char *)stored + i * sizeof value, sizeof value);                           \
            ((to *)out)[i] = (to)value;                                                                      \
        }                                                                                                    \
    }

CONVERSION(convert_u1, uint8_t, uint8_t)
CONVERSION(convert_i1, int8_t, int64_t)
CONVERSION(convert_i2, int16_t, int64_t)
CONVERSION(convert_i4, int32_t, int64_t)
CONVERSION(convert_i8, int64_t, int64_t)
CONVERSION(convert_f4, float, float)
CONVERSION(convert_f8, double, float)

static const npy_type types[] = {
    {"|u1", 1, ARRAY_BYTE, convert_u1},    {"|i1", 1, ARRAY_INTEGER, convert_i1},
    {"<i2", 2, ARRAY_INTEGER, convert_i2}, {"<i4", 4, ARRAY_INTEGER, convert_i4},
    {"<i8", 8, ARRAY_INTEGER, convert_i8}, {"<f4", 4, ARRAY_FLOAT, convert_f4},
    {"<f8", 8, ARRAY_FLOAT, convert_f8},
};

static const size_t element_bytes[] = {[ARRAY_BYTE] = 1, [ARRAY_INTEGER] = 8, [ARRAY_FLOAT] = 4};

static status read_rows(array_file *a, size_t rows, void *out, error_info *error) {
    npy_file *f = (npy_file *)a;
    const npy_type *type = f->type;
    unsigned char stored[CHUNK * sizeof(double)];
    char *next = out;
    for (size_t left = rows * a->shape.row_size; left > 0;) {
        size_t count = left < CHUNK ? left : CHUNK;
        if (fread(stored, type->bytes, count, f->stream) != count)
            return error_set(error, STATUS_IO, "%s: cannot read beyond byte %ld: %s", a->path,
                             ftell(f->stream), ferror(f->stream) ? strerror(errno) : "the file ends early");
        type->convert(stored, count, next);
        next += count * element_bytes[type->type];
        left -= count;
    }
    return STATUS_OK;
}

/* ---- Header ------------------------------------------------------------------------------------ */

/* The part of the header that is not read yet. */
typedef struct scanner {
    const char *at;
} scanner;

static void skip_spaces(scanner *s) {
    while (isspace((unsigned char)*s->at))
        s->at++;
}

static bool accept(scanner *s, const char *word) {
    skip_spaces(s);
    size_t length = strlen(word);
    bool found = strncmp(s->at, word, length) == 0;
    s->at += found ? length : 0;
    return found;
}

/* 'text', without escapes. */
static bool scan_quoted(scanner *s, char *text, size_t size) {
    if (!accept(s, "'"))
        return false;
    size_t length = strcspn(s->at, "'");
    if (s->at[length] != '\'' || length >= size)
        return false;
    memcpy(text, s->at, length);
    text[length] = '\0';
    s->at += length + 1;
    return true;
}

/* (3,) or (3, 4) … */
static bool scan_shape(scanner *s, array_shape *shape) {
    if (!accept(s, "("))
        return false;
    for (shape->rank = 0; !accept(s, ")"); shape->rank++) {
        char *end;
        errno = 0;
        unsigned long long dim = isdigit((unsigned char)*s->at) ? strtoull(s->at, &end, 10) : 0;
        if (shape->rank == ARRAY_MAX_RANK || !isdigit((unsigned char)*s->at) || errno != 0)
            return false;
        shape->dims[shape->rank] = (size_t)dim;
        s->at = end;
        if (!accept(s, ",") && *s->at != ')')
            return false;
    }
    return shape->rank > 0;
}

static bool scan_type(scanner *s, const npy_type **type) {
    char descr[16];
    *type = NULL;
    if (!scan_quoted(s, descr, sizeof descr))
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(descr, types[i].descr) == 0)
            *type = &types[i];
    return *type != NULL;
}

static bool scan_boolean(scanner *s, bool *value) {
    *value = accept(s, "True");
    return *value || accept(s, "False");
}

/* One "'key': value"; the message of a failure says which value. */
static const char *scan_entry(scanner *s, npy_file *f) {
    char key[32];
    if (!scan_quoted(s, key, sizeof key) || !accept(s, ":"))
        return "the header is no dictionary";
    if (strcmp(key, "descr") == 0)
        return scan_type(s, &f->type) ? NULL : "descr; accepted: |u1, |i1, <i2, <i4, <i8, <f4 or <f8";
    if (strcmp(key, "fortran_order") == 0)
        return scan_boolean(s, &f->fortran_order) && !f->fortran_order ? NULL
                                                                       : "fortran_order; accepted: False";
    if (strcmp(key, "shape") == 0)
        return scan_shape(s, &f->base.shape) ? NULL : "shape; accepted: 1 to 4 dimensions";
    return "a key that is unknown";
}

static const char *scan_header(scanner *s, npy_file *f) {
    if (!accept(s, "{"))
        return "the header is no dictionary";
    while (!accept(s, "}")) {
        const char *mistake = scan_entry(s, f);
        if (mistake != NULL)
            return mistake;
        if (!accept(s, ",") && *s->at != '}')
            return "the header is no dictionary";
    }
    skip_spaces(s);
    return *s->at != '\0' || f->type == NULL || f->base.shape.rank == 0 ? "the header is incomplete" : NULL;
}

/* The length of the header, from the file's first bytes; 0 when they are not those of a .npy file. */
static size_t read_prefix(FILE *stream, size_t *header_offset) {
    unsigned char b[PREFIX_BYTES + 4] = {0};
    if (fread(b, 1, PREFIX_BYTES + 2, stream) != PREFIX_BYTES + 2 || memcmp(b, "\x93NUMPY", 6) != 0 ||
        b[7] != 0)
        return 0;
    bool wide = b[6] == 2;
    if ((b[6] != 1 && !wide) || (wide && fread(b + PREFIX_BYTES + 2, 1, 2, stream) != 2))
        return 0;
    *header_offset = PREFIX_BYTES + (wide ? 4 : 2);
    return (size_t)b[8] | (size_t)b[9] << 8 | (size_t)b[10] << 16 | (size_t)b[11] << 24;
}

static status read_header(npy_file *f, const char *path, error_info *error) {
    static const char *const foreign = "not a .npy file of version 1.0 or 2.0";
    size_t offset = 0, length = read_prefix(f->stream, &offset);
    if (length == 0 || length > HEADER_MAX)
        return error_set(error, STATUS_IO, "%s: byte 0: %s", path, foreign);
    char *header = calloc(1, length + 1);
    if (header == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    scanner s = {header};
    bool read = fread(header, 1, length, f->stream) == length;
    const char *mistake = read ? scan_header(&s, f) : "the file ends early";
    size_t mistake_offset = offset + (size_t)(s.at - header);
    free(header);
    f->data_offset = offset + length;
    return mistake == NULL ? STATUS_OK
                           : error_set(error, STATUS_IO, "%s: byte %zu: %s", path, mistake_offset, mistake);
}

/* The file ends with its last number. */
static status check_size(npy_file *f, const char *path, uint64_t file_bytes, error_info *error) {
    size_t expected = f->type->bytes;
    bool too_large = false;
    for (int i = 0; i < f->base.shape.rank; i++)
        too_large |= __builtin_mul_overflow(expected, f->base.shape.dims[i], &expected);
    too_large |= __builtin_add_overflow(expected, f->data_offset, &expected);
    if (too_large || file_bytes != expected)
        return error_set(error, STATUS_IO, "%s: %llu bytes, but its header says %s%zu", path,
                         (unsigned long long)file_bytes, too_large ? "more than " : "", expected);
    return STATUS_OK;
}

static void close_npy(array_file *a) {
    fclose(((npy_file *)a)->stream); /* only read: nothing can be lost */
    free(a);
}

status array_npy_open(array_file **out, const char *path, error_info *error) {
    *out = NULL;
    uint64_t file_bytes;
    RETURN_IF_FAILED(path_file_size(path, &file_bytes, error));
    npy_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    f->stream = fopen(path, "rb");
    if (f->stream == NULL) {
        free(f);
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    }
    f->base.read_rows = read_rows;
    f->base.close = close_npy;
    status result = read_header(f, path, error);
    if (result == STATUS_OK)
        result = check_size(f, path, file_bytes, error);
    if (result != STATUS_OK) {
        close_npy(&f->base);
        return result;
    }
    f->base.shape.type = f->type->type;
    *out = &f->base;
    return STATUS_OK;
}

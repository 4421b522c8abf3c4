/* NumPy's .npy format, versions 1.0 to 3.0 (numpy.org, "numpy.lib.format"):
 * "\x93NUMPY", two bytes of version, the header's length (2 or 4 bytes), the header (a Python dictionary with
 * the keys descr, fortran_order and shape), then the numbers. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/array/format.h"
#include "io/file/path.h"

enum { PREFIX_BYTES = 8, HEADER_MAX = 65535, CHUNK = 16384, LARGEST_NUMBER = 16, DESCR_SIZE = 64 };

typedef struct npy_file {
    array_file base;
    FILE *stream;
    stored_number number;
    uint64_t data_offset;
    unsigned char *buffer; /* CHUNK numbers of any type */
} npy_file;

/* ---- Numbers ----------------------------------------------------------------------------------- */

static status read_bytes(const npy_file *f, uint64_t offset, size_t size, error_info *error) {
    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(fileno(f->stream), f->buffer + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set(error, STATUS_IO, "%s: cannot read beyond byte %llu: %s", f->base.path,
                             (unsigned long long)(offset + done),
                             got < 0 ? strerror(errno) : "the file ends early");
        done += (size_t)got;
    }
    return STATUS_OK;
}

/* `count` numbers that follow one another in the file, from number `first` on. */
static status read_run(const npy_file *f, uint64_t first, size_t count, array_numbers as, char *out,
                       error_info *error) {
    const size_t stored_bytes = f->number.bytes, bytes = array_number_bytes(as);
    while (count > 0) {
        const size_t now = count < CHUNK ? count : CHUNK;
        RETURN_IF_FAILED(read_bytes(f, f->data_offset + first * stored_bytes, now * stored_bytes, error));
        if (!stored_number_convert(&f->number, as, now, f->buffer))
            return error_set(error, STATUS_INTERNAL, "%s: numbers cannot be converted", f->base.path);
        memcpy(out, f->buffer, now * bytes);
        first += now;
        count -= now;
        out += now * bytes;
    }
    return STATUS_OK;
}

/* The rows of a column-major file are a piece of every column. */
static status read_rows(array_file *a, size_t rows, array_numbers as, void *out, error_info *error) {
    const npy_file *f = (npy_file *)a;
    const array_shape *s = &a->shape;
    const bool adjacent = !a->column_major || rows == s->dims[0];
    const size_t runs = adjacent ? 1 : s->row_size, length = rows * s->row_size / runs;
    for (size_t run = 0; run < runs; run++) {
        const uint64_t first = a->column_major ? run * s->dims[0] + a->next_row : a->next_row * s->row_size;
        RETURN_IF_FAILED(
            read_run(f, first, length, as, (char *)out + run * length * array_number_bytes(as), error));
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
        (void)accept(s, "L"); /* Python 2's long integers */
        if (!accept(s, ",") && *s->at != ')')
            return false;
    }
    return shape->rank > 0;
}

/* "<f4": byte order, kind, bytes. "|" means that there is no order, "=" this machine's. */
static const char *scan_type(scanner *s, npy_file *f) {
    static const char *const accepted = "descr; accepted: numbers such as '<f4', '|u1' or '>i8'; in Python: "
                                        "np.save(FILE, x.astype('float32'))";
    char descr[DESCR_SIZE], *end;
    skip_spaces(s);
    const char *start = s->at;
    if (!scan_quoted(s, descr, sizeof descr) || descr[0] == '\0' || descr[1] == '\0')
        return accepted;
    const unsigned long bytes = strtoul(descr + 2, &end, 10);
    const bool known = strchr("<>|=", descr[0]) != NULL && strchr("biuf", descr[1]) != NULL &&
                       isdigit((unsigned char)descr[2]) && *end == '\0' && bytes <= LARGEST_NUMBER;
    if (f->number.id >= 0)
        return "descr, which appears twice";
    if (!known || !stored_number_make(&f->number, descr[1], bytes, descr[0] == '>')) {
        s->at = start;
        return accepted;
    }
    stored_number_name(&f->number, descr[1] == 'i', f->base.shape.type_name);
    return NULL;
}

static bool scan_boolean(scanner *s, bool *value) {
    *value = accept(s, "True");
    return *value || accept(s, "False");
}

/* One "'key': value"; the message of a failure says which value. */
static const char *scan_entry(scanner *s, npy_file *f) {
    char key[32];
    if (!scan_quoted(s, key, sizeof key) || !accept(s, ":"))
        return "the header is not a dictionary";
    if (strcmp(key, "descr") == 0)
        return scan_type(s, f);
    if (strcmp(key, "fortran_order") == 0)
        return scan_boolean(s, &f->base.column_major) ? NULL : "fortran_order; accepted: False or True";
    if (strcmp(key, "shape") == 0)
        return scan_shape(s, &f->base.shape) ? NULL : "shape; accepted: 1 to 4 dimensions";
    return "a key that is unknown";
}

static const char *scan_header(scanner *s, npy_file *f) {
    if (!accept(s, "{"))
        return "the header is not a dictionary";
    while (!accept(s, "}")) {
        const char *mistake = scan_entry(s, f);
        if (mistake != NULL)
            return mistake;
        if (!accept(s, ",") && *s->at != '}')
            return "the header is not a dictionary";
    }
    skip_spaces(s);
    return *s->at != '\0' || f->number.id < 0 || f->base.shape.rank == 0 ? "the header is incomplete" : NULL;
}

/* The length of the header, from the file's first bytes; 0 when they are not those of a .npy file. */
static size_t read_prefix(FILE *stream, size_t *header_offset) {
    unsigned char b[PREFIX_BYTES + 4] = {0};
    if (fread(b, 1, PREFIX_BYTES + 2, stream) != PREFIX_BYTES + 2 || memcmp(b, "\x93NUMPY", 6) != 0 ||
        b[7] != 0)
        return 0;
    bool wide = b[6] == 2 || b[6] == 3;
    if ((b[6] != 1 && !wide) || (wide && fread(b + PREFIX_BYTES + 2, 1, 2, stream) != 2))
        return 0;
    *header_offset = PREFIX_BYTES + (wide ? 4 : 2);
    return (size_t)b[8] | (size_t)b[9] << 8 | (size_t)b[10] << 16 | (size_t)b[11] << 24;
}

/* The part of a header that a message shows. */
static int excerpt_length(const char *text) {
    enum { LONGEST = 40 };
    int length = 0;
    while (length < LONGEST && isprint((unsigned char)text[length]))
        length++;
    return length;
}

static status read_header(npy_file *f, const char *path, error_info *error) {
    static const char *const foreign = "not a .npy file of version 1.0, 2.0 or 3.0";
    size_t offset = 0, length = read_prefix(f->stream, &offset);
    if (length == 0 || length > HEADER_MAX)
        return error_set(error, STATUS_IO, "%s: byte 0: %s", path, foreign);
    char *header = calloc(1, length + 1);
    if (header == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    scanner s = {header};
    bool read = fread(header, 1, length, f->stream) == length;
    const char *mistake = read ? scan_header(&s, f) : "the file ends early";
    f->data_offset = offset + length;
    if (mistake != NULL)
        error_set(error, STATUS_IO, "%s: byte %zu: %s; found %.*s", path, offset + (size_t)(s.at - header),
                  mistake, excerpt_length(s.at), s.at);
    free(header);
    return mistake == NULL ? STATUS_OK : STATUS_IO;
}

/* The file ends with its last number. */
static status check_size(npy_file *f, const char *path, uint64_t file_bytes, error_info *error) {
    size_t expected = f->number.bytes;
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
    npy_file *f = (npy_file *)a;
    if (f->stream != NULL)
        fclose(f->stream); /* read only: nothing can be lost */
    stored_number_close(&f->number);
    free(f->buffer);
    free(f);
}

static status open_npy(npy_file *f, const char *path, error_info *error) {
    uint64_t file_bytes;
    RETURN_IF_FAILED(path_file_size(path, &file_bytes, error));
    if ((f->buffer = malloc(CHUNK * LARGEST_NUMBER)) == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    if ((f->stream = fopen(path, "rb")) == NULL)
        return error_set(error, STATUS_IO, "%s: %s", path, strerror(errno));
    RETURN_IF_FAILED(read_header(f, path, error));
    f->base.shape.type = f->number.type;
    f->base.shape.is_bool = f->number.is_bool;
    return check_size(f, path, file_bytes, error);
}

status array_npy_open(array_file **out, const char *path, error_info *error) {
    *out = NULL;
    npy_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return error_set(error, STATUS_INTERNAL, "out of memory");
    f->number.id = -1;
    f->base.read_rows = read_rows;
    f->base.close = close_npy;
    status result = open_npy(f, path, error);
    if (result == STATUS_OK)
        *out = &f->base;
    else
        close_npy(&f->base);
    return result;
}

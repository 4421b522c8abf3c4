/* MNIST (http://yann.lecun.com/exdb/mnist) and Fashion-MNIST
 * (https://github.com/zalandoresearch/fashion-mnist): IDX files, gzip-compressed or not. An IDX file begins
 * with 0, 0, 8 (unsigned bytes) and the number of dimensions, then each dimension as four bytes, the highest
 * first; the rest is the bytes themselves. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "io/data/format.h"
#include "io/file/path.h"

enum { CLASSES = 10, LARGEST_SIDE = 4096, IDX_MAX_DIMS = 3 };

typedef struct idx_file {
    gzFile stream;
    char path[PATH_MAX];
    uint64_t file_bytes; /* compressed */
    size_t offset;       /* of the next byte, uncompressed */
    size_t dims[IDX_MAX_DIMS];
} idx_file;

/* ---- Finding ----------------------------------------------------------------------------------- */

/* The directories and names under which these files are usually stored. */
static const char *const mnist_directories[] = {"mnist", "MNIST/raw"};
static const char *const fashion_directories[] = {"fashion-mnist", "FashionMNIST/raw"};
static const char *const image_names[] = {"images-idx3-ubyte", "images.idx3-ubyte"};
static const char *const label_names[] = {"labels-idx1-ubyte", "labels.idx1-ubyte"};
static const char *const suffixes[] = {"", ".gz"};

/* Variant 0 to 7 of the name of a file. */
static status name_variant(const data_request *request, bool images, int variant, char path[PATH_MAX],
                           error_info *error) {
    const char *const *directories =
        request->spec->source == DATA_MNIST ? mnist_directories : fashion_directories;
    char name[128];
    snprintf(name, sizeof name, "%s/%s-%s%s", directories[variant >> 2],
             request->part == PART_TEST ? "t10k" : "train",
             (images ? image_names : label_names)[variant >> 1 & 1], suffixes[variant & 1]);
    return data_path(path, request->directory, name, error);
}

static status find_file(const data_request *request, bool images, char path[PATH_MAX], error_info *error) {
    struct stat info;
    for (int variant = 0; variant < 8; variant++) {
        RETURN_IF_FAILED(name_variant(request, images, variant, path, error));
        if (stat(path, &info) == 0)
            return STATUS_OK;
    }
    RETURN_IF_FAILED(name_variant(request, images, 0, path, error));
    return data_missing(path,
                        request->spec->source == DATA_MNIST
                            ? "MNIST (also in MNIST/raw, also as .gz)"
                            : "Fashion-MNIST (also in FashionMNIST/raw, also as .gz)",
                        error);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* The error for `size` bytes at the current offset that could not be read. */
static status failed(idx_file *f, size_t size, error_info *error) {
    int code;
    const char *message = gzerror(f->stream, &code);
    if (code == Z_OK || code == Z_STREAM_END)
        message = "the file ends early";
    return error_set(error, STATUS_IO, "%s: cannot read %zu bytes at byte %zu (uncompressed): %s", f->path,
                     size, f->offset, code == Z_ERRNO ? strerror(errno) : message);
}

static status read_bytes(idx_file *f, void *bytes, size_t size, error_info *error) {
    if (gzread(f->stream, bytes, (unsigned)size) != (int)size)
        return failed(f, size, error);
    f->offset += size;
    return STATUS_OK;
}

/* One number of the header, which must be between least and most. */
static status read_number(idx_file *f, const char *what, size_t least, size_t most, size_t *out,
                          error_info *error) {
    unsigned char b[4];
    const size_t offset = f->offset;
    RETURN_IF_FAILED(read_bytes(f, b, sizeof b, error));
    *out = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | (size_t)b[3];
    if (*out >= least && *out <= most)
        return STATUS_OK;
    return error_set(error, STATUS_IO, "%s: byte %zu: %s %zu; accepted: %zu to %zu", f->path, offset, what,
                     *out, least, most);
}

static status read_header(idx_file *f, int rank, error_info *error) {
    const size_t magic = 0x800 + (size_t)rank;
    size_t found;
    RETURN_IF_FAILED(read_number(f, "magic number", magic, magic, &found, error));
    RETURN_IF_FAILED(read_number(f, "count", 1, UINT32_MAX, &f->dims[0], error));
    size_t values = f->dims[0];
    for (int i = 1; i < rank; i++) {
        RETURN_IF_FAILED(read_number(f, "dimension", 1, LARGEST_SIDE, &f->dims[i], error));
        values *= f->dims[i]; /* below 2^56 */
    }
    if (!path_file_holds(f->file_bytes, values))
        return error_set(error, STATUS_IO, "%s: byte 4: %zu values, more than a file of %llu bytes holds",
                         f->path, values, (unsigned long long)f->file_bytes);
    return STATUS_OK;
}

static void close_file(idx_file *f) {
    if (f->stream != NULL)
        gzclose(f->stream); /* read only: nothing can be lost */
    f->stream = NULL;
}

/* On failure, too, the caller closes `f`. */
static status open_file(idx_file *f, const data_request *request, bool images, error_info *error) {
    RETURN_IF_FAILED(find_file(request, images, f->path, error));
    RETURN_IF_FAILED(path_file_size(f->path, &f->file_bytes, error));
    f->stream = gzopen(f->path, "rb");
    if (f->stream == NULL)
        return error_set(error, STATUS_IO, "%s: %s", f->path, strerror(errno));
    return read_header(f, images ? 3 : 1, error);
}

/* Both files of a split. On failure, too, the caller closes both. */
typedef struct idx_pair {
    idx_file images, labels;
} idx_pair;

static status open_pair(idx_pair *pair, const data_request *request, error_info *error) {
    RETURN_IF_FAILED(open_file(&pair->images, request, true, error));
    RETURN_IF_FAILED(open_file(&pair->labels, request, false, error));
    if (pair->images.dims[0] != pair->labels.dims[0])
        return error_set(error, STATUS_IO, "%s: byte 4: %zu labels, but %s has %zu images", pair->labels.path,
                         pair->labels.dims[0], pair->images.path, pair->images.dims[0]);
    return STATUS_OK;
}

static void close_pair(idx_pair *pair) {
    close_file(&pair->images);
    close_file(&pair->labels);
}

static status describe(const data_request *request, stored_split *out, error_info *error) {
    idx_pair pair = {0};
    status result = open_pair(&pair, request, error);
    const size_t *dims = pair.images.dims;
    *out = (stored_split){.count = dims[0], .shape = {1, (int)dims[1], (int)dims[2]}, .classes = CLASSES};
    close_pair(&pair);
    return result;
}

static status read_label(idx_file *f, uint8_t *label, error_info *error) {
    RETURN_IF_FAILED(read_bytes(f, label, 1, error));
    if (*label >= CLASSES)
        return error_set(error, STATUS_IO, "%s: label %d at byte %zu; accepted: 0 to %d", f->path, *label,
                         f->offset - 1, CLASSES - 1);
    return STATUS_OK;
}

/* Nothing may follow; the checksum of a compressed file is compared only here. */
static status check_end(idx_file *f, error_info *error) {
    char byte;
    int code;
    const int got = gzread(f->stream, &byte, 1);
    gzerror(f->stream, &code);
    if (got > 0)
        return error_set(error, STATUS_IO, "%s: bytes from %zu on, which its header does not mention",
                         f->path, f->offset);
    return got == 0 && code == Z_OK ? STATUS_OK : failed(f, 1, error);
}

/* Images are not read when samples are only counted. */
static status read_samples(idx_pair *pair, size_t count, sample_sink *sink, uint8_t *image,
                           error_info *error) {
    const size_t size = pair->images.dims[1] * pair->images.dims[2];
    for (size_t i = 0; i < count; i++) {
        uint8_t label;
        if (sample_sink_is_full(sink))
            return STATUS_OK;
        RETURN_IF_FAILED(read_label(&pair->labels, &label, error));
        if (sink->samples != NULL)
            RETURN_IF_FAILED(read_bytes(&pair->images, image, size, error));
        sample_sink_put(sink, image, label);
    }
    RETURN_IF_FAILED(check_end(&pair->labels, error));
    return sink->samples != NULL ? check_end(&pair->images, error) : STATUS_OK;
}

static status read_pair(const data_request *request, const stored_split *split, sample_sink *sink,
                        error_info *error) {
    idx_pair pair = {0};
    uint8_t *image = malloc((size_t)split->shape.height * (size_t)split->shape.width);
    status result = image != NULL ? STATUS_OK : error_set(error, STATUS_INTERNAL, "out of memory");
    if (result == STATUS_OK)
        result = open_pair(&pair, request, error);
    if (result == STATUS_OK)
        result = read_samples(&pair, split->count, sink, image, error);
    close_pair(&pair);
    free(image);
    return result;
}

const data_format data_mnist = {.home = HOME_DIRECTORY, .describe = describe, .read = read_pair};
const data_format data_fashion_mnist = {.home = HOME_DIRECTORY, .describe = describe, .read = read_pair};

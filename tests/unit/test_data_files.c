/* Data sets of IDX files, HDF5 files and .npy files made up for the test: read in every form, selected, cut
 * and split, and every way in which they can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "array_files.h"
#include "group_directory.h"
#include "io/data/dataset_reader.h"

static const char *file(const char *name) {
    return temporary_directory_file(&directory, name);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

typedef struct loaded {
    stored_dataset stored;
    void *memory;
} loaded;

static status load(const data_spec *spec, loaded *l, error_info *error) {
    l->memory = NULL;
    RETURN_IF_FAILED(dataset_describe(spec, directory.path, &l->stored, error));
    l->memory = malloc(dataset_bytes(&l->stored) + 1);
    assert_non_null(l->memory);
    return dataset_read(spec, directory.path, 3, l->memory, &l->stored, error);
}

static const dataset *load_well(const data_spec *spec, loaded *l) {
    error_info error = {0};
    if (load(spec, l, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return &l->stored.data;
}

static size_t assert_fails(const data_spec *spec, status code, const char *message) {
    loaded l;
    error_info error = {0};
    const status result = load(spec, &l, &error);
    free(l.memory);
    if (result != code || strstr(error.text, message) == NULL)
        fail_msg("got %d \"%s\", expected %d \"%s\"", (int)result, error.text, (int)code, message);
    return l.stored.faulty_field;
}

/* About the field of the specification at this offset. */
static void assert_refuses(const data_spec *spec, size_t field, const char *message) {
    assert_int_equal(assert_fails(spec, STATUS_USAGE, message), field);
}

/* ---- IDX files --------------------------------------------------------------------------------- */

enum { TRAIN = 40, TEST = 10, HEIGHT = 6, WIDTH = 5, SIZE = HEIGHT * WIDTH };

/* An image's pixels identify it. */
static uint8_t pixel_of(size_t image, size_t k) {
    return (uint8_t)(31 * image + 7 * k);
}

/* Labels that are not in order, and not equally many of each. */
static uint8_t label_of(size_t image) {
    return (uint8_t)(image * image % 10);
}

static void put_number(gzFile stream, uint32_t number) {
    const uint8_t bytes[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
                             (uint8_t)number};
    assert_int_equal(gzwrite(stream, bytes, 4), 4);
}

/* Numbers of the header, then bytes; compressed when the name says so. */
static void write_idx(const char *name, int numbers, const uint32_t header[], size_t count,
                      uint8_t (*byte)(size_t)) {
    gzFile stream = gzopen(file(name), strstr(name, ".gz") != NULL ? "wb" : "wbT");
    assert_non_null(stream);
    for (int i = 0; i < numbers; i++)
        put_number(stream, header[i]);
    for (size_t i = 0; i < count; i++)
        assert_true(gzputc(stream, byte(i)) >= 0);
    assert_int_equal(gzclose(stream), Z_OK);
}

static uint8_t train_pixel(size_t i) {
    return pixel_of(i / SIZE, i % SIZE);
}

static uint8_t test_pixel(size_t i) {
    return pixel_of(TRAIN + i / SIZE, i % SIZE);
}

static uint8_t test_label(size_t i) {
    return label_of(TRAIN + i);
}

/* Four files in `folder`; separator: "-" or "."; suffix: "" or ".gz" */
static void write_idx_set(const char *folder, const char *separator, const char *suffix) {
    char name[4][128];
    static const char *const stems[] = {"train-images", "train-labels", "t10k-images", "t10k-labels"};
    for (int i = 0; i < 4; i++)
        snprintf(name[i], sizeof name[i], "%s/%s%sidx%d-ubyte%s", folder, stems[i], separator,
                 i % 2 == 0 ? 3 : 1, suffix);
    write_idx(name[0], 4, (uint32_t[]){0x803, TRAIN, HEIGHT, WIDTH}, TRAIN * SIZE, train_pixel);
    write_idx(name[1], 2, (uint32_t[]){0x801, TRAIN}, TRAIN, label_of);
    write_idx(name[2], 4, (uint32_t[]){0x803, TEST, HEIGHT, WIDTH}, TEST * SIZE, test_pixel);
    write_idx(name[3], 2, (uint32_t[]){0x801, TEST}, TEST, test_label);
}

static int make_mnist(void **state) {
    make_directory(state);
    assert_int_equal(mkdir(file("mnist"), 0700), 0);
    write_idx_set("mnist", "-", ".gz");
    return 0;
}

static void assert_images(const dataset_split *split, size_t first, size_t count) {
    assert_int_equal(split->count, count);
    for (size_t n = 0; n < count; n++) {
        assert_int_equal(split->labels[n], label_of(first + n));
        for (size_t k = 0; k < SIZE; k++)
            assert_int_equal(split->pixels[n * SIZE + k], pixel_of(first + n, k));
    }
}

static void idx_files_are_found_in_every_form(void **state) {
    (void)state;
    static const struct {
        data_source source;
        const char *outer, *folder;
    } places[] = {{DATA_MNIST, "mnist", "mnist"},
                  {DATA_MNIST, "MNIST", "MNIST/raw"},
                  {DATA_FASHION_MNIST, "fashion-mnist", "fashion-mnist"},
                  {DATA_FASHION_MNIST, "FashionMNIST", "FashionMNIST/raw"}};
    for (int form = 0; form < 16; form++) {
        directory = temporary_directory_make();
        const int place = form / 4;
        mkdir(file(places[place].outer), 0700);
        mkdir(file(places[place].folder), 0700);
        write_idx_set(places[place].folder, form & 1 ? "-" : ".", form & 2 ? ".gz" : "");
        loaded l;
        const dataset *d = load_well(&(data_spec){.source = places[place].source}, &l);
        assert_true(d->shape.channels == 1 && d->shape.height == HEIGHT && d->shape.width == WIDTH);
        assert_int_equal(d->classes, 10);
        assert_images(&d->train, 0, TRAIN);
        assert_images(&d->test, TRAIN, TEST);
        free(l.memory);
        temporary_directory_remove(&directory);
    }
}

static void first_samples_are_used(void **state) {
    (void)state;
    loaded l;
    const dataset *d = load_well(&(data_spec){.source = DATA_MNIST, .train_count = 7, .test_count = 3}, &l);
    assert_images(&d->train, 0, 7);
    assert_images(&d->test, TRAIN, 3);
    free(l.memory);
    assert_refuses(&(data_spec){.source = DATA_MNIST, .train_count = 41}, offsetof(data_spec, train_count),
                   "41; accepted: up to the 40 samples available");
    assert_refuses(&(data_spec){.source = DATA_MNIST, .test_count = 11}, offsetof(data_spec, test_count),
                   "11");
}

/* Squares end with 0, 1, 4, 5, 6 or 9. */
static void a_class_may_have_too_few_samples(void **state) {
    (void)state;
    assert_refuses(&(data_spec){.source = DATA_MNIST, .per_class = 1}, offsetof(data_spec, per_class),
                   "1, but the training set has only 0 samples of class 2");
}

static void borders_are_cut_off(void **state) {
    (void)state;
    loaded l;
    const dataset *d = load_well(&(data_spec){.source = DATA_MNIST, .border = 2}, &l);
    assert_true(d->shape.height == HEIGHT - 4 && d->shape.width == WIDTH - 4);
    for (size_t n = 0; n < TRAIN; n++)
        for (size_t y = 0; y < HEIGHT - 4; y++)
            assert_int_equal(d->train.pixels[n * (HEIGHT - 4) + y], pixel_of(n, (y + 2) * WIDTH + 2));
    free(l.memory);
    assert_refuses(&(data_spec){.source = DATA_MNIST, .border = 3}, offsetof(data_spec, border),
                   "3 leaves nothing of images of 6 × 5 pixels");
}

/* Classes of 4 or 8 samples. Both splits are in one store; another process that attaches the memory sees the
 * same. */
static void hold_out_splits_share_their_store(void **state) {
    (void)state;
    static const size_t held_counts[] = {[HOLD_OUT_STRATIFIED] = 4 * 2 + 2 * 1, [HOLD_OUT_RANDOM] = 8};
    for (int kind = HOLD_OUT_STRATIFIED; kind <= HOLD_OUT_RANDOM; kind++) {
        const data_spec spec = {.source = DATA_MNIST,
                                .validation_fraction = 0.2,
                                .validation_kind = (hold_out_kind)kind,
                                .per_feature = true};
        loaded l;
        const dataset *d = load_well(&spec, &l);
        uint32_t train[TRAIN], held_out[TRAIN];
        uint8_t stored[TRAIN];
        for (size_t n = 0; n < TRAIN; n++)
            stored[n] = label_of(n);
        hold_out_draw(0.2, kind == HOLD_OUT_STRATIFIED ? stored : NULL, TRAIN, 3, train, held_out);
        assert_int_equal(d->train.count + d->validation.count, TRAIN);
        assert_int_equal(d->validation.count, held_counts[kind]);
        assert_memory_equal(d->train.index, train, d->train.count * sizeof *train);
        assert_memory_equal(d->validation.index, held_out, d->validation.count * sizeof *held_out);
        assert_ptr_equal(d->train.pixels, d->validation.pixels);
        assert_null(d->test.index);

        float mean[SIZE], std[SIZE];
        dataset_statistics(&d->train, SIZE, mean, std);
        assert_memory_equal(d->feature_mean, mean, sizeof mean);
        assert_memory_equal(d->feature_std, std, sizeof std);

        stored_dataset other;
        error_info error = {0};
        assert_int_equal(dataset_describe(&spec, directory.path, &other, &error), STATUS_OK);
        dataset_attach(&other, l.memory);
        assert_ptr_equal(other.data.train.index, d->train.index);
        assert_ptr_equal(other.data.test.labels, d->test.labels);
        assert_ptr_equal(other.data.feature_std, d->feature_std);
        free(l.memory);
    }
    assert_refuses(&(data_spec){.source = DATA_MNIST, .validation_fraction = 0.001},
                   offsetof(data_spec, validation_fraction), "0.001 holds out 0 of 40 samples");
    assert_fails(&(data_spec){.source = DATA_MNIST, .validation_fraction = 1}, STATUS_USAGE,
                 "holds out 40 of 40");
}

static uint8_t wrong_label(size_t i) {
    return i == 17 ? 10 : label_of(i);
}

/* Cut a file off, or write a byte into it. */
static void damage(const char *name, long size, long at, int byte) {
    FILE *stream = fopen(file(name), "r+b");
    assert_non_null(stream);
    if (byte >= 0) {
        assert_int_equal(fseek(stream, at, SEEK_SET), 0);
        assert_int_equal(fputc(byte, stream), byte);
    }
    assert_int_equal(fclose(stream), 0);
    if (size >= 0)
        assert_int_equal(truncate(file(name), size), 0);
}

static void wrong_idx_files_are_refused(void **state) {
    (void)state;
    static const char images[] = "mnist/train-images-idx3-ubyte.gz",
                      labels[] = "mnist/train-labels-idx1-ubyte.gz";
    const data_spec spec = {.source = DATA_MNIST};
    const struct {
        bool images;
        uint32_t header[4];
        size_t bytes;
        uint8_t (*byte)(size_t);
        const char *message;
    } cases[] = {
        {true,
         {0x801, TRAIN, HEIGHT, WIDTH},
         TRAIN * SIZE,
         train_pixel,
         "gz: byte 0: magic number 2049; accepted: 2051"},
        {true, {0x803, 0, HEIGHT, WIDTH}, 0, train_pixel, "byte 4: count 0; accepted: 1 to"},
        {true, {0x803, TRAIN, 0, WIDTH}, 0, train_pixel, "byte 8: dimension 0; accepted: 1 to 4096"},
        {true, {0x803, TRAIN, HEIGHT, 5000}, 0, train_pixel, "byte 12: dimension 5000; accepted"},
        {true, {0x803, TRAIN + 1, HEIGHT, WIDTH}, TRAIN * SIZE, train_pixel, "byte 4: 40 labels, but"},
        {true,
         {0x803, TRAIN, HEIGHT, WIDTH},
         TRAIN * SIZE - 1,
         train_pixel,
         "cannot read 30 bytes at byte 1186"},
        {true, {0x803, TRAIN, HEIGHT, WIDTH}, TRAIN * SIZE + 1, train_pixel, "bytes from 1216 on"},
        {true, {0x803, TRAIN, HEIGHT, WIDTH}, TRAIN * SIZE, train_pixel, NULL},
        {false, {0x801, TRAIN}, TRAIN, wrong_label, "label 10 at byte 25; accepted: 0 to 9"},
        {false, {0x801, TRAIN}, TRAIN - 1, label_of, "cannot read 1 bytes at byte 47"},
        {false, {0x801, TRAIN}, TRAIN + 1, label_of, "bytes from 48 on"},
        {false, {0x803, TRAIN}, TRAIN, label_of, "magic number 2051; accepted: 2049"},
        {false, {0x801, TRAIN}, TRAIN, label_of, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_idx(cases[i].images ? images : labels, cases[i].images ? 4 : 2, cases[i].header, cases[i].bytes,
                  cases[i].byte);
        if (cases[i].message != NULL)
            assert_fails(&spec, STATUS_IO, cases[i].message);
    }
    struct stat info;
    assert_int_equal(stat(file(images), &info), 0);
    damage(images, info.st_size - 9, 0, -1);
    assert_fails(&spec, STATUS_IO, "train-images-idx3-ubyte.gz: cannot read");
    write_idx(images, 4, (uint32_t[]){0x803, TRAIN, HEIGHT, WIDTH}, TRAIN * SIZE, train_pixel);
    damage(images, -1, 60, 0xff);
    assert_fails(&spec, STATUS_IO, "train-images-idx3-ubyte.gz: cannot read");
    damage(images, 0, 0, -1);
    assert_fails(&spec, STATUS_IO, "cannot read 4 bytes at byte 0 (uncompressed): the file ends early");
    assert_int_equal(remove(file(images)), 0);
    assert_fails(&spec, STATUS_IO, "mnist/train-images-idx3-ubyte: No such file or directory");
    assert_fails(&spec, STATUS_IO, "--data DIR or $MPISWEEP_DATA");
    assert_fails(&(data_spec){.source = DATA_FASHION_MNIST}, STATUS_IO, "Fashion-MNIST");
}

/* The published files, where $MPISWEEP_DATA has them: their sizes and how many samples of each class. */
static void published_files_have_their_classes(void **state) {
    (void)state;
    static const struct {
        data_source source;
        const char *folder;
        size_t train_classes[10];
    } sets[] = {
        {DATA_MNIST, "mnist", {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}},
        {DATA_FASHION_MNIST, "fashion-mnist", {6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000, 6000}},
    };
    const char *data_directory = getenv("MPISWEEP_DATA");
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%s/%s", data_directory != NULL ? data_directory : "",
                 sets[i].folder);
        if (data_directory == NULL || access(folder, R_OK) != 0)
            skip();
        const data_spec spec = {.source = sets[i].source};
        stored_dataset d;
        error_info error = {0};
        assert_int_equal(dataset_describe(&spec, data_directory, &d, &error), STATUS_OK);
        void *memory = malloc(dataset_bytes(&d));
        assert_int_equal(dataset_read(&spec, data_directory, 0, memory, &d, &error), STATUS_OK);
        assert_true(d.data.shape.height == 28 && d.data.shape.width == 28);
        assert_true(d.data.train.count == 60000 && d.data.test.count == 10000);
        size_t classes[10] = {0};
        for (size_t n = 0; n < d.data.train.count; n++)
            classes[d.data.train.labels[n]]++;
        assert_memory_equal(classes, sets[i].train_classes, sizeof classes);
        free(memory);
    }
}

/* ---- Arrays ------------------------------------------------------------------------------------ */

enum { ROWS = 9, COLUMNS = 4, MANY = 3000, WIDE = 500 };

static char job_path[PATH_MAX];
static uint8_t bytes[MANY * WIDE];
static double numbers[ROWS * COLUMNS];
static int32_t integers[MANY];

static int make_arrays(void **state) {
    make_directory(state);
    snprintf(job_path, sizeof job_path, "%s", file("job.yaml"));
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        numbers[i] = 0.5 * (double)i;
    for (size_t i = 0; i < MANY; i++)
        integers[i] = (int32_t)(i % 3);
    return 0;
}

static data_spec npy_spec(void) {
    return (data_spec){.source = DATA_NPY, .job_path = job_path, .train = {.x = "x.npy", .y = "y.npy"}};
}

static void write_x(const char *descr, const char *shape, const void *values, size_t size) {
    write_npy(&directory, "x.npy", descr, shape, values, size);
}

static void write_y(const char *descr, const char *shape, const void *values, size_t size) {
    write_npy(&directory, "y.npy", descr, shape, values, size);
}

static void npy_shapes_become_samples(void **state) {
    (void)state;
    static const struct {
        const char *shape;
        tensor_shape expected;
    } cases[] = {{"9, 4", {4, 1, 1}}, {"9, 2, 2", {1, 2, 2}}, {"9, 2, 1, 2", {2, 1, 2}}};
    write_y("<i4", "9", integers, ROWS * sizeof *integers);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const data_spec spec = npy_spec();
        loaded l;
        write_x("<f8", cases[i].shape, numbers, sizeof numbers);
        const dataset *d = load_well(&spec, &l);
        assert_memory_equal(&d->shape, &cases[i].expected, sizeof d->shape);
        assert_int_equal(d->classes, 3);
        assert_int_equal(d->test.count, 0);
        assert_null(d->train.pixels);
        for (size_t k = 0; k < ROWS * COLUMNS; k++)
            assert_true(d->train.features[k] == (float)numbers[k]);
        for (size_t n = 0; n < ROWS; n++)
            assert_int_equal(d->train.labels[n], integers[n]);
        free(l.memory);
    }
}

static void targets_make_a_regression(void **state) {
    (void)state;
    static const struct {
        const char *shape;
        size_t targets;
    } cases[] = {{"9", 1}, {"9, 4", 4}};
    write_x("<f8", "9, 4", numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        data_spec spec = npy_spec();
        loaded l;
        write_y("<f8", cases[i].shape, numbers, ROWS * cases[i].targets * sizeof *numbers);
        spec.validation_kind = HOLD_OUT_RANDOM;
        spec.validation_fraction = 0.3;
        const dataset *d = load_well(&spec, &l);
        assert_int_equal(d->classes, 0);
        assert_int_equal(d->target_count, cases[i].targets);
        assert_null(d->train.labels);
        assert_int_equal(d->validation.count, 3);
        for (size_t k = 0; k < ROWS * cases[i].targets; k++)
            assert_true(d->train.targets[k] == (float)numbers[k]);
        free(l.memory);
    }
}

static void first_of_each_class_are_used(void **state) {
    (void)state;
    write_x("|u1", "8, 1", "abcdefgh", 8);
    write_y("|u1", "8", "\1\1\0\1\2\0\2\0", 8);
    data_spec spec = npy_spec();
    spec.per_class = 2;
    loaded l;
    const dataset *d = load_well(&spec, &l);
    assert_int_equal(d->train.count, 6);
    assert_memory_equal(d->train.pixels, "abcefg", 6);
    assert_memory_equal(d->train.labels, "\1\1\0\2\0\2", 6);
    free(l.memory);
    spec.train_count = 4;
    assert_fails(&spec, STATUS_USAGE, "only 1 samples of class 0");
}

/* More than is read at a time; the test set has labels of its own and takes its number of classes from
 * training. */
static void hdf5_sets_are_read_in_parts(void **state) {
    (void)state;
    data_spec spec = {
        .source = DATA_HDF5, .job_path = job_path, .train = {.file = "a.h5"}, .test = {.file = "b.h5"}};
    write_hdf5(file("a.h5"), "/x", H5T_NATIVE_UINT8, 2, (hsize_t[]){MANY, WIDE}, bytes);
    write_hdf5(file("a.h5"), "/y", H5T_NATIVE_INT32, 1, (hsize_t[]){MANY}, integers);
    write_hdf5(file("b.h5"), "/x", H5T_NATIVE_UINT8, 2, (hsize_t[]){2, WIDE}, bytes + WIDE);
    write_hdf5(file("b.h5"), "/y", H5T_NATIVE_UINT8, 1, (hsize_t[]){2}, (uint8_t[]){1, 0});
    loaded l;
    const dataset *d = load_well(&spec, &l);
    assert_true(d->shape.channels == WIDE && d->shape.height == 1 && d->shape.width == 1);
    assert_int_equal(d->classes, 3);
    assert_int_equal(d->train.count, MANY);
    assert_memory_equal(d->train.pixels, bytes, sizeof bytes);
    for (size_t n = 0; n < MANY; n++)
        assert_int_equal(d->train.labels[n], integers[n]);
    assert_memory_equal(d->test.pixels, bytes + WIDE, 2 * WIDE);
    assert_memory_equal(d->test.labels, ((uint8_t[]){1, 0}), 2);
    free(l.memory);
    spec.classes = 2;
    assert_fails(&spec, STATUS_IO, "a.h5:/y: row 2: label 2; accepted: 0 to 1, by data.classes");
    spec.classes = 5;
    assert_int_equal(load_well(&spec, &l)->classes, 5);
    free(l.memory);
}

static void test_samples_are_like_training_samples(void **state) {
    (void)state;
    data_spec spec = npy_spec();
    spec.test = (data_files){.x = "u.npy", .y = "v.npy"};
    write_x("|u1", "4, 3", bytes, 12);
    write_y("|u1", "4", "\0\1\0\1", 4);
    write_npy(&directory, "v.npy", "|u1", "1", "\2", 1);
    write_npy(&directory, "u.npy", "|u1", "1, 2", bytes, 2);
    assert_fails(
        &spec, STATUS_IO,
        "the training samples are bytes of 3 × 1 × 1 with labels, the test samples bytes of 2 × 1 × 1");
    write_npy(&directory, "u.npy", "<f4", "1, 3", numbers, 12);
    assert_fails(&spec, STATUS_IO, "the test samples floating-point numbers of 3 × 1 × 1 with labels");
    write_npy(&directory, "u.npy", "|u1", "1, 3", bytes, 3);
    assert_fails(&spec, STATUS_IO,
                 "v.npy: row 0: label 2; accepted: 0 to 1, the classes of the training set; a greater");
}

static void wrong_arrays_are_refused(void **state) {
    (void)state;
    const struct {
        const char *x_descr, *x_shape;
        size_t x_bytes;
        const char *y_descr, *y_shape;
        const void *y;
        size_t y_bytes;
        const char *message;
    } cases[] = {
        {"|u1", "4", 4, "|u1", "4", bytes, 4,
         "x.npy: 1 dimension of 4 numbers; accepted: (N, K), (N, H, W) or (N, C, H, W)"},
        {"|u1", "4, 3", 12, "|u1", "3", bytes, 3, "y.npy: 3 labels or targets, but"},
        {"|u1", "4, 3", 12, "<i4", "1, 4", integers, 16,
         "has 4 samples; accepted: one for each; is it transposed? In Python: y.T"},
        {"|u1", "4, 3", 12, "<f4", "4, 1, 1", numbers, 16, "y.npy: 3 dimensions of float32; accepted"},
        {"|u1", "2, 3", 6, "<f4", "2, 257", bytes, 2056,
         "y.npy: 257 numbers per sample; accepted: up to 256"},
        {"|u1", "2, 3", 6, "<i4", "2", (int32_t[]){0, -1}, 8,
         "y.npy: row 1: label -1; accepted: 0 to 255. Labels count from 0"},
        {"|u1", "2, 3", 6, "<i4", "2", (int32_t[]){256, 0}, 8,
         "y.npy: row 0: label 256; accepted: 0 to 255. For numbers to predict"},
        {"|u1", "2, 3", 5, "|u1", "2", bytes, 2, "x.npy: "},
    };
    const data_spec spec = npy_spec();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_x(cases[i].x_descr, cases[i].x_shape, bytes, cases[i].x_bytes);
        write_y(cases[i].y_descr, cases[i].y_shape, cases[i].y, cases[i].y_bytes);
        assert_fails(&spec, STATUS_IO, cases[i].message);
    }
    assert_int_equal(remove(file("y.npy")), 0);
    write_x("|u1", "2, 3", bytes, 6);
    assert_fails(&spec, STATUS_IO, "y.npy: No such file or directory");
}

static void keys_must_fit_the_arrays(void **state) {
    (void)state;
    write_x("<f8", "9, 4", numbers, sizeof numbers);
    write_y("<f8", "9", numbers, ROWS * sizeof *numbers);
    data_spec spec = npy_spec();
    spec.classes = 4;
    assert_refuses(&spec, offsetof(data_spec, classes), "4, but");
    spec = npy_spec();
    spec.per_class = 2;
    assert_refuses(&spec, offsetof(data_spec, per_class), "2, but the data have no classes");
    spec = npy_spec();
    spec.validation_fraction = 0.5;
    assert_refuses(&spec, offsetof(data_spec, validation_kind), "stratified, but the data have no classes");
    spec = npy_spec();
    spec.border = 1;
    assert_refuses(&spec, offsetof(data_spec, border), "1 leaves nothing of images of 1 × 1 pixels");
}

/* ---- Points ------------------------------------------------------------------------------------ */

static void points_are_described_and_take_no_memory(void **state) {
    (void)state;
    const data_spec spec = {
        .source = DATA_XOR,
        .points = {.train_count = 5, .validation_count = 3, .test_count = 2, .spread = 0.4}};
    loaded l;
    const dataset *d = load_well(&spec, &l);
    assert_int_equal(dataset_bytes(&l.stored), 0);
    assert_true(d->points.kind == POINTS_XOR && d->points.spread == 0.4);
    assert_true(d->shape.channels == 2 && d->classes == 2 && d->target_count == 0);
    assert_true(d->train.count == 5 && d->validation.count == 3 && d->test.count == 2);
    free(l.memory);
    d = load_well(&(data_spec){.source = DATA_ABSOLUTE_VALUE, .points.train_count = 1}, &l);
    assert_true(d->shape.channels == 1 && d->classes == 0 && d->target_count == 1);
    free(l.memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_files_are_found_in_every_form),
        cmocka_unit_test_setup_teardown(first_samples_are_used, make_mnist, remove_directory),
        cmocka_unit_test_setup_teardown(a_class_may_have_too_few_samples, make_mnist, remove_directory),
        cmocka_unit_test_setup_teardown(borders_are_cut_off, make_mnist, remove_directory),
        cmocka_unit_test_setup_teardown(hold_out_splits_share_their_store, make_mnist, remove_directory),
        cmocka_unit_test_setup_teardown(wrong_idx_files_are_refused, make_mnist, remove_directory),
        cmocka_unit_test(published_files_have_their_classes),
        cmocka_unit_test_setup_teardown(npy_shapes_become_samples, make_arrays, remove_directory),
        cmocka_unit_test_setup_teardown(targets_make_a_regression, make_arrays, remove_directory),
        cmocka_unit_test_setup_teardown(first_of_each_class_are_used, make_arrays, remove_directory),
        cmocka_unit_test_setup_teardown(hdf5_sets_are_read_in_parts, make_arrays, remove_directory),
        cmocka_unit_test_setup_teardown(test_samples_are_like_training_samples, make_arrays,
                                        remove_directory),
        cmocka_unit_test_setup_teardown(wrong_arrays_are_refused, make_arrays, remove_directory),
        cmocka_unit_test_setup_teardown(keys_must_fit_the_arrays, make_arrays, remove_directory),
        cmocka_unit_test(points_are_described_and_take_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

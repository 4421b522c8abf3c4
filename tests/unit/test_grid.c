/* The grid: numbering of cells, names of random streams, texts of values, --only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "grid/grid.h"
#include "grid/shard.h"

static double runs[] = {0, 1, 2};
static double more_runs[] = {0, 1, 2, 3, 4};
static double rates[] = {1e-2, 5e-3};
static char mlp1[] = "mlp1", mlp2[] = "mlp2", cnn4[] = "cnn4";
static char *models[] = {mlp1, cnn4};

static grid make_grid(void) {
    return (grid){.axis_count = 3,
                  .axes = {{.name = "run", .kind = AXIS_RUN, .count = 3, .numbers = runs},
                           {.name = "lr", .kind = AXIS_NUMBER, .count = 2, .numbers = rates},
                           {.name = "model", .kind = AXIS_LABEL, .count = 2, .labels = models}}};
}

static void cells_are_in_row_major_order(void **state) {
    (void)state;
    grid g = make_grid();
    assert_int_equal(grid_cells(&g), 12);
    for (size_t cell = 0; cell < 12; cell++) {
        size_t index[GRID_MAX_AXES];
        grid_cell_index(&g, cell, index);
        assert_int_equal(cell, index[0] * 4 + index[1] * 2 + index[2]);
        assert_int_equal(cell, grid_index_cell(&g, index));
    }
    grid empty = {0};
    assert_int_equal(grid_cells(&empty), 1);
}

static uint64_t coordinates_at(const grid *g, size_t first, size_t second, size_t third) {
    size_t index[GRID_MAX_AXES] = {first, second, third};
    return grid_coordinates(g, grid_index_cell(g, index));
}

static void coordinates_do_not_depend_on_axis_order_or_length(void **state) {
    (void)state;
    grid g = make_grid();
    grid other = {.axis_count = 3, .axes = {g.axes[2], g.axes[0], g.axes[1]}};
    other.axes[1].numbers = more_runs;
    other.axes[1].count = 5;
    for (size_t run = 0; run < 3; run++)
        for (size_t lr = 0; lr < 2; lr++)
            for (size_t model = 0; model < 2; model++)
                assert_int_equal(coordinates_at(&g, run, lr, model), coordinates_at(&other, model, run, lr));
}

/* As if the grid did not have the axis; at other values it names streams of their own. */
static void the_base_of_an_axis_adds_nothing(void **state) {
    (void)state;
    grid g = make_grid();
    const grid without = {.axis_count = 2, .axes = {g.axes[0], g.axes[2]}};
    g.axes[1].has_base = true;
    g.axes[1].base = 1;
    for (size_t run = 0; run < 3; run++)
        for (size_t model = 0; model < 2; model++) {
            assert_int_equal(coordinates_at(&g, run, 1, model), coordinates_at(&without, run, model, 0));
            assert_int_not_equal(coordinates_at(&g, run, 0, model), coordinates_at(&without, run, model, 0));
        }
}

static void values_are_found_on_another_axis(void **state) {
    (void)state;
    double turned[] = {5e-3, -0.0, 1e-2};
    char *further[] = {mlp2, cnn4, mlp1};
    const grid g = make_grid();
    const grid_axis numbers = {.name = "lr", .kind = AXIS_NUMBER, .count = 3, .numbers = turned},
                    labels = {.name = "model", .kind = AXIS_LABEL, .count = 3, .labels = further};
    size_t position = 0;
    assert_true(grid_find_value(&numbers, &g.axes[1], 0, &position));
    assert_int_equal(position, 2);
    assert_true(grid_find_value(&numbers, &g.axes[1], 1, &position));
    assert_int_equal(position, 0);
    assert_true(grid_find_value(&labels, &g.axes[2], 0, &position));
    assert_int_equal(position, 2);
    assert_false(grid_find_value(&g.axes[2], &labels, 0, &position));
    assert_false(grid_find_value(&numbers, &labels, 1, &position));
    const grid_axis zero = {.name = "lr",
                            .kind = AXIS_NUMBER,
                            .count = 1,
                            .numbers = (double[]){0}}; /* names other random streams than -0 */
    assert_false(grid_find_value(&numbers, &zero, 0, &position));
}

static void coordinates_of_cells_differ(void **state) {
    (void)state;
    grid g = make_grid();
    for (size_t a = 0; a < 12; a++)
        for (size_t b = 0; b < a; b++)
            assert_int_not_equal(grid_coordinates(&g, a), grid_coordinates(&g, b));
}

static void paired_cells_of_a_run_share_coordinates(void **state) {
    (void)state;
    grid g = make_grid();
    g.paired = true;
    assert_int_equal(coordinates_at(&g, 1, 0, 0), coordinates_at(&g, 1, 1, 1));
    assert_int_not_equal(coordinates_at(&g, 1, 0, 0), coordinates_at(&g, 2, 0, 0));
}

/* A change of these numbers changes every result. Computed separately, from FNV-1a and MurmurHash3's
 * fmix64. */
static void coordinates_are_what_they_were(void **state) {
    (void)state;
    grid g = make_grid();
    assert_true(grid_coordinates(&g, 0) == UINT64_C(0xbfd42536875d896d));
    assert_true(grid_coordinates(&g, 11) == UINT64_C(0x37fb0419010e1a92));
}

static void values_are_written_as_people_write_them(void **state) {
    (void)state;
    static double numbers[] = {0.01, 1e-4, 3, 0.1 + 0.2, 1e300};
    static const char *const expected[] = {"0.01", "0.0001", "3", "0.30000000000000004", "1e+300"};
    grid_axis axis = {.name = "x", .kind = AXIS_NUMBER, .count = 5, .numbers = numbers};
    for (size_t i = 0; i < 5; i++) {
        char text[64];
        grid_value_text(&axis, i, text, sizeof text);
        assert_string_equal(text, expected[i]);
    }
}

static void cell_text_names_every_axis_and_never_overruns(void **state) {
    (void)state;
    grid g = make_grid();
    const char *expected = "run=2, lr=0.01, model=cnn4";
    char text[64];
    grid_cell_text(&g, 9, text, sizeof text);
    assert_string_equal(text, expected);
    for (size_t size = 1; size < sizeof text; size++) {
        memset(text, '!', sizeof text);
        grid_cell_text(&g, 9, text, size);
        assert_true(strlen(text) < size);
        assert_memory_equal(text, expected, strlen(text));
        assert_int_equal(text[size], '!');
    }
}

static void long_numbers_have_the_shortest_name_of_their_own(void **state) {
    (void)state;
    static const struct {
        double numbers[3];
        const char *names[3];
    } cases[] = {
        {{0.0031622776601683795, 0.01, 0.0316227766017}, {"0.00316", "0.01", "0.0316"}},
        {{0.0031622776601683795, 0.003164, 0.1}, {"0.003162", "0.003164", "0.1"}},
        {{0.00316227766, 0.00316227767, 0.1}, {"0.00316227766", "0.00316227767", "0.1"}},
        {{0.1 + 0.2, 0.3, 1}, {"0.30000000000000004", "0.3", "1"}},
        {{1.00049, 1.00100012345, 1.0023},
         {"1.00049", "1.001", "1.0023"}}, /* a zero at the end does not count */
        {{123456789, 1024.5, 0.123456}, {"123456789", "1024.5", "0.123456"}},
        {{-0.333333333333, 1.0 / 3, 1e-300 / 3}, {"-0.333", "0.333", "3.33e-301"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double numbers[3];
        memcpy(numbers, cases[i].numbers, sizeof numbers);
        grid g = {.axis_count = 1,
                  .axes = {{.name = "x", .kind = AXIS_NUMBER, .count = 3, .numbers = numbers}}};
        for (size_t k = 0; k < 3; k++) {
            char selection[64] = "x=";
            const char *items[] = {selection};
            bool selected[3];
            grid_value_name(&g.axes[0], k, selection + 2, sizeof selection - 2);
            assert_string_equal(selection + 2, cases[i].names[k]);
            assert_int_equal(grid_select(&g, items, 1, selected, NULL), STATUS_OK);
            for (size_t cell = 0; cell < 3; cell++)
                assert_int_equal(selected[cell], cell == k);
        }
    }
}

static void values_of_one_axis_are_joined_and_axes_narrow(void **state) {
    (void)state;
    grid g = make_grid();
    bool selected[12];
    const char *const selections[] = {"run=0", "lr=1e-2", "model=cnn4", "run=2"};
    assert_int_equal(grid_select(&g, selections, 4, selected, NULL), STATUS_OK);
    for (size_t cell = 0; cell < 12; cell++)
        assert_int_equal(selected[cell], cell == 1 || cell == 9);
    const char *const list[] = {"run=0,2"};
    assert_int_equal(grid_select(&g, list, 1, selected, NULL), STATUS_OK);
    for (size_t cell = 0; cell < 12; cell++)
        assert_int_equal(selected[cell], cell < 4 || cell >= 8);
    assert_int_equal(grid_select(&g, NULL, 0, selected, NULL), STATUS_OK);
    for (size_t cell = 0; cell < 12; cell++)
        assert_true(selected[cell]);
}

static void a_name_of_several_values_is_refused_with_them(void **state) {
    (void)state;
    double numbers[] = {0.00316227766, 0.00316499, 0.00317};
    grid g = {.axis_count = 1, .axes = {{.name = "lr", .kind = AXIS_NUMBER, .count = 3, .numbers = numbers}}};
    const char *const ambiguous[] = {"lr=0.00316"}, *const single[] = {"lr=3.162e-3"},
                      *const coarse[] = {"lr=0.003"};
    bool selected[3];
    error_info error = {0};
    assert_int_equal(grid_select(&g, ambiguous, 1, selected, &error), STATUS_USAGE);
    assert_non_null(
        strstr(error.text, "2 values that round to 0.00316: 0.00316227766, 0.00316499; write one"));
    assert_int_equal(grid_select(&g, coarse, 1, selected, &error), STATUS_USAGE);
    assert_non_null(strstr(error.text, "it has 3: 0.00316227766, 0.00316499, 0.00317"));
    assert_int_equal(grid_select(&g, single, 1, selected, &error), STATUS_OK);
    assert_true(selected[0] && !selected[1] && !selected[2]);
}

static void wrong_selections_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *selection, *expected;
    } cases[] = {
        {"lr", "AXIS=VALUE"},     {"size=1", "the axes are: run, lr, model"},
        {"lr=0.02", "\"0.02\""},  {"lr=", "\"\""},
        {"lr=0.01,", "\"\""},     {"run=1x", "\"1x\""},
        {"model=cnn", "\"cnn\""}, {"=1", "no axis \"\""},
        {"run=0x1", "\"0x1\""},   {"run= 1", "\" 1\""},
        {"run=nan", "\"nan\""},
    };
    grid g = make_grid();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool selected[12];
        memset(selected, true, sizeof selected);
        error_info error = {0};
        const char *const selections[] = {"model=mlp1", cases[i].selection};
        assert_int_equal(grid_select(&g, selections, 2, selected, &error), STATUS_USAGE);
        assert_non_null(strstr(error.text, cases[i].expected));
        for (size_t cell = 0; cell < 12; cell++)
            assert_true(selected[cell]);
    }
}

/* ---- Shards ------------------------------------------------------------------------------------ */

enum { MOST_SHARDS = 12, SHARD_CELLS = 3 * 7 * 8 * 12 };

static size_t shard_of(size_t cell, size_t count) {
    size_t shard = 0;
    for (size_t i = 1; i <= count; i++)
        if (grid_shard_has((grid_shard){i, count}, cell)) {
            assert_int_equal(shard, 0);
            shard = i;
        }
    return shard;
}

static void every_cell_is_in_one_shard_and_shards_are_of_one_size(void **state) {
    (void)state;
    for (size_t count = 1; count <= MOST_SHARDS; count++) {
        size_t sizes[MOST_SHARDS + 1] = {0};
        for (size_t cell = 0; cell < SHARD_CELLS; cell++)
            sizes[shard_of(cell, count)]++;
        assert_int_equal(sizes[0], 0);
        for (size_t i = 1; i <= count; i++)
            assert_in_range(sizes[i], SHARD_CELLS / count, SHARD_CELLS / count + 1);
    }
    assert_true(grid_shard_has((grid_shard){0}, 5));
}

/* The cells of each value of an axis are shared out, also where its length is the number of shards, or the
 * product of its length and of those after it is a power of it. */
static void cells_of_one_value_are_in_all_shards(void **state) {
    (void)state;
    for (size_t count = 2; count <= 8; count++)
        for (size_t block = 1; block <= count * count * count; block *= count) {
            size_t sizes[9] = {0};
            const size_t slices = 2 * count; /* of cells that have the last value of an axis of that length */
            for (size_t slice = 0; slice < slices; slice++)
                for (size_t i = 0; i < block; i++)
                    sizes[shard_of((slice * count + count - 1) * block + i, count)]++;
            for (size_t i = 1; i <= count; i++)
                assert_int_equal(sizes[i], 2 * block);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_in_row_major_order),
        cmocka_unit_test(coordinates_do_not_depend_on_axis_order_or_length),
        cmocka_unit_test(the_base_of_an_axis_adds_nothing),
        cmocka_unit_test(values_are_found_on_another_axis),
        cmocka_unit_test(coordinates_of_cells_differ),
        cmocka_unit_test(paired_cells_of_a_run_share_coordinates),
        cmocka_unit_test(coordinates_are_what_they_were),
        cmocka_unit_test(values_are_written_as_people_write_them),
        cmocka_unit_test(cell_text_names_every_axis_and_never_overruns),
        cmocka_unit_test(long_numbers_have_the_shortest_name_of_their_own),
        cmocka_unit_test(values_of_one_axis_are_joined_and_axes_narrow),
        cmocka_unit_test(a_name_of_several_values_is_refused_with_them),
        cmocka_unit_test(wrong_selections_are_refused),
        cmocka_unit_test(every_cell_is_in_one_shard_and_shards_are_of_one_size),
        cmocka_unit_test(cells_of_one_value_are_in_all_shards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

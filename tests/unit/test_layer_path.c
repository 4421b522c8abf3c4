/* Names of layers: their paths as numbers and texts, and where the specification has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/layer_path.h"
#include "networks.h"

/* 0 dense, 1 residual {1.0 tanh, 1.1 residual {1.1.0 dense}, 1.shortcut.0 relu, 1.shortcut.1 dense}, 2 relu
 */
static const model_spec tree = {.layer_count = 8,
                                .layers = {DENSE(5),
                                           {.kind = LAYER_RESIDUAL, .inner = 3, .shortcut = 2},
                                           LAYER(TANH),
                                           {.kind = LAYER_RESIDUAL, .inner = 1},
                                           DENSE(5),
                                           RELU,
                                           DENSE(5),
                                           RELU}};
static const char *const names[] = {"0", "1", "1.0", "1.1", "1.1.0", "1.shortcut.0", "1.shortcut.1", "2"};

static void every_position_has_its_path(void **state) {
    (void)state;
    for (int i = 0; i < tree.layer_count; i++) {
        const layer_path path = layer_path_of(&tree, i);
        layer_path read;
        assert_string_equal(layer_path_write(path).text, names[i]);
        assert_string_equal(layer_name_of(&tree, i).text, names[i]);
        assert_true(layer_path_read(names[i], &read));
        assert_int_equal(read, path);
        assert_int_equal(layer_position(&tree, path), i);
    }
}

static void paths_of_layers_that_are_not_there(void **state) {
    (void)state;
    static const char *const missing[] = {"3",     "0.0", "1.2", "1.shortcut.2", "1.1.1", "1.1.shortcut.0",
                                          "1.0.0", "127"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        layer_path path;
        assert_true(layer_path_read(missing[i], &path));
        assert_string_equal(layer_path_write(path).text, missing[i]);
        assert_int_equal(layer_position(&tree, path), -1);
    }
    assert_int_equal(layer_position(&tree, -1), -1);
}

static void other_texts_are_no_paths(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",          "-1",  "128", "1.",         ".1",          "1..0",
        "1.126",     "1.x", "1 ",  "1.shortcut", "1.shortcut.", "shortcut",
        "1.0.0.0.0", "+1",  " 1",  "1.-1",       "4294967296",  "1.18446744073709551617"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        layer_path path;
        if (layer_path_read(wrong[i], &path))
            fail_msg("\"%s\" was read as %s", wrong[i], layer_path_write(path).text);
    }
}

static void the_longest_path_fits(void **state) {
    (void)state;
    static const char longest[] = "127.shortcut.125.shortcut.125.shortcut.125";
    layer_path path;
    assert_true(layer_path_read(longest, &path));
    assert_true(path >= 0);
    assert_string_equal(layer_path_write(path).text, longest);
    assert_int_equal(layer_path_depth(path), 3);
    assert_int_equal(layer_path_within(path, false, 0), -1);
    assert_int_equal(layer_path_within(0, true, LAYER_PATH_LONGEST_LIST), -1);
}

static void ends_and_beginnings(void **state) {
    (void)state;
    assert_int_equal(layer_end(&tree, 0), 1);
    assert_int_equal(layer_end(&tree, 1), 7);
    assert_int_equal(layer_end(&tree, 3), 5);
    assert_int_equal(layer_before(&tree, 8), 7);
    assert_int_equal(layer_before(&tree, 7), 1);
    assert_int_equal(layer_before(&tree, 1), 0);
    assert_int_equal(layer_before(&tree, 0), -1);
    const layer_path inner = layer_path_of(&tree, 4);
    assert_int_equal(layer_path_outer(inner, 0), layer_path_of(&tree, 1));
    assert_int_equal(layer_path_outer(inner, 1), layer_path_of(&tree, 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_position_has_its_path), cmocka_unit_test(paths_of_layers_that_are_not_there),
        cmocka_unit_test(other_texts_are_no_paths),    cmocka_unit_test(the_longest_path_fits),
        cmocka_unit_test(ends_and_beginnings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

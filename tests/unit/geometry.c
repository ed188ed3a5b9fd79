/*
 * Dimensions of thumbnails: a table of what vipsthumbnail 8.14.1 made of real files, and what holds
 * for every size. tests/compare/geometry asks libvips about thousands more.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/decoder/geometry.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    struct geometry_source source;
    struct size_spec size;
    enum crop crop;
    uint32_t width, height;
} vipsthumbnail_made[] = {
    {{4000, 3000, 1, PRESHRINK_JPEG}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 256, 192},
    {{4000, 3000, 6, PRESHRINK_JPEG}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 192, 256},
    {{1800, 1200, 1, PRESHRINK_JPEG}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 256, 171},
    {{1801, 1207, 1, PRESHRINK_JPEG}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 256, 172},
    {{1801, 1207, 8, PRESHRINK_JPEG}, {300, SIZE_FREE, SIZE_BOTH, ""}, CROP_NONE, 300, 448},
    {{2047, 1535, 1, PRESHRINK_JPEG}, {128, 128, SIZE_BOTH, ""}, CROP_NONE, 128, 96},
    {{2047, 1535, 1, PRESHRINK_JPEG}, {SIZE_FREE, 200, SIZE_BOTH, ""}, CROP_NONE, 267, 200},
    {{2047, 1535, 5, PRESHRINK_JPEG}, {200, 100, SIZE_FORCE, ""}, CROP_NONE, 200, 100},
    {{2047, 1535, 1, PRESHRINK_JPEG}, {200, 100, SIZE_FORCE, ""}, CROP_NONE, 200, 100},
    {{2047, 1535, 1, PRESHRINK_JPEG}, {256, 256, SIZE_BOTH, ""}, CROP_CENTRE, 256, 256},
    {{2047, 1535, 7, PRESHRINK_JPEG}, {300, 100, SIZE_BOTH, ""}, CROP_ATTENTION, 300, 100},
    {{450, 600, 1, PRESHRINK_JPEG}, {500, 500, SIZE_DOWN, ""}, CROP_NONE, 375, 500},
    {{450, 600, 1, PRESHRINK_JPEG}, {500, 500, SIZE_UP, ""}, CROP_NONE, 450, 600},
    {{4500, 600, 1, PRESHRINK_JPEG}, {500, 500, SIZE_UP, ""}, CROP_NONE, 4500, 600},
    {{450, 600, 1, PRESHRINK_JPEG}, {1000, 1000, SIZE_BOTH, ""}, CROP_NONE, 750, 1000},
    {{20000, 16, 1, PRESHRINK_JPEG}, {128, 128, SIZE_BOTH, ""}, CROP_NONE, 128, 1},
    {{20000, 16, 1, PRESHRINK_JPEG}, {128, 128, SIZE_BOTH, ""}, CROP_CENTRE, 128, 128},
    {{1, 1, 1, PRESHRINK_JPEG}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 256, 256},
    {{1, 1, 1, PRESHRINK_JPEG}, {256, 256, SIZE_DOWN, ""}, CROP_NONE, 1, 1},
    {{3, 5000, 1, PRESHRINK_JPEG}, {100, 100, SIZE_BOTH, ""}, CROP_NONE, 1, 100},
    {{3, 5000, 6, PRESHRINK_JPEG}, {100, 50, SIZE_BOTH, ""}, CROP_CENTRE, 100, 50},
    {{100, 80, 1, PRESHRINK_JPEG}, {200, 100, SIZE_BOTH, ""}, CROP_CENTRE, 200, 100},
    {{100, 80, 1, PRESHRINK_JPEG}, {50, 200, SIZE_DOWN, ""}, CROP_CENTRE, 50, 80},
    {{640, 480, 1, PRESHRINK_NONE}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 256, 192},
    {{641, 479, 1, PRESHRINK_NONE}, {SIZE_FREE, 200, SIZE_BOTH, ""}, CROP_NONE, 268, 200},
    {{333, 777, 1, PRESHRINK_NONE}, {200, 100, SIZE_FORCE, ""}, CROP_NONE, 200, 100},
    {{333, 777, 1, PRESHRINK_NONE}, {64, 64, SIZE_BOTH, ""}, CROP_ENTROPY, 64, 64},
    {{999, 1001, 1, PRESHRINK_NONE}, {500, 500, SIZE_DOWN, ""}, CROP_NONE, 499, 500},
    {{2000, 1500, 1, PRESHRINK_WEBP}, {256, 256, SIZE_BOTH, ""}, CROP_NONE, 256, 192},
    {{1999, 1501, 1, PRESHRINK_WEBP}, {300, SIZE_FREE, SIZE_BOTH, ""}, CROP_NONE, 300, 225},
    {{777, 333, 1, PRESHRINK_WEBP}, {64, 64, SIZE_BOTH, ""}, CROP_CENTRE, 64, 64},
    {{777, 333, 1, PRESHRINK_WEBP}, {2000, 2000, SIZE_BOTH, ""}, CROP_NONE, 2000, 857},
    {{1234, 999, 1, PRESHRINK_WEBP}, {101, 77, SIZE_FORCE, ""}, CROP_NONE, 101, 77},
    {{50, 3000, 1, PRESHRINK_WEBP}, {33, 33, SIZE_BOTH, ""}, CROP_NONE, 1, 33},
    {{1023, 767, 1, PRESHRINK_NONE}, {333, 333, SIZE_BOTH, ""}, CROP_NONE, 333, 250},
};

static void dimensions_are_those_of_vipsthumbnail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vipsthumbnail_made); i++) {
        struct geometry geometry =
            geometry_of(&vipsthumbnail_made[i].source, &vipsthumbnail_made[i].size,
                        vipsthumbnail_made[i].crop, true);
        if (geometry.width != vipsthumbnail_made[i].width ||
            geometry.height != vipsthumbnail_made[i].height)
            fail_msg("case %zu: %u x %u", i, geometry.width, geometry.height);
    }
}

static void jpeg_is_loaded_with_a_factor_of_two_to_spare(void **state)
{
    (void)state;
    static const struct {
        uint32_t side;
        double preshrink;
    } cases[] = {{100, 1}, {399, 1}, {400, 2}, {799, 2}, {800, 4}, {1599, 4}, {1600, 8}, {9000, 8}};
    const struct size_spec size = {100, 100, SIZE_BOTH, "100"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct geometry_source source = {cases[i].side, cases[i].side, 1, PRESHRINK_JPEG};
        struct geometry geometry = geometry_of(&source, &size, CROP_NONE, true);
        assert_float_equal(geometry.preshrink, cases[i].preshrink, 0);
        assert_int_equal(geometry.loaded_width, cases[i].side / (uint32_t)cases[i].preshrink);
    }
}

static void an_orientation_that_is_not_applied_changes_nothing(void **state)
{
    (void)state;
    const struct size_spec size = {300, 100, SIZE_BOTH, "300x100"};
    for (int orientation = 1; orientation <= 8; orientation++) {
        struct geometry_source source = {640, 480, orientation, PRESHRINK_JPEG};
        struct geometry stored = geometry_of(&source, &size, CROP_NONE, false);
        assert_int_equal(stored.width, 133);
        assert_int_equal(stored.height, 100);
        struct geometry upright = geometry_of(&source, &size, CROP_NONE, true);
        assert_int_equal(upright.width, orientation >= 5 ? 75 : 133);
    }
}

static void no_side_is_ever_zero_nor_beyond_its_box(void **state)
{
    (void)state;
    static const uint32_t sides[] = {1, 2, 3, 7, 16, 100, 1023, 20000, 100000};
    static const uint32_t boxes[] = {1, 2, 31, 256, 2000, SIZE_FREE};
    for (size_t w = 0; w < COUNT(sides); w++)
        for (size_t h = 0; h < COUNT(sides); h++)
            for (size_t b = 0; b < COUNT(boxes); b++)
                for (int preshrink = PRESHRINK_NONE; preshrink <= PRESHRINK_WEBP; preshrink++) {
                    struct geometry_source source = {sides[w], sides[h], 6, preshrink};
                    struct size_spec size = {boxes[b], boxes[COUNT(boxes) - 1 - b], SIZE_DOWN, ""};
                    struct geometry geometry = geometry_of(&source, &size, CROP_NONE, true);
                    assert_true(geometry.width >= 1 && geometry.height >= 1);
                    assert_true(geometry.loaded_width >= 1 && geometry.loaded_height >= 1);
                    assert_true(geometry.width <= size.width && geometry.height <= size.height);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dimensions_are_those_of_vipsthumbnail),
        cmocka_unit_test(jpeg_is_loaded_with_a_factor_of_two_to_spare),
        cmocka_unit_test(an_orientation_that_is_not_applied_changes_nothing),
        cmocka_unit_test(no_side_is_ever_zero_nor_beyond_its_box),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

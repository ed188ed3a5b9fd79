/*
 * What an image may cost.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/decoder/limits.h"

static struct image_header header_of(uint32_t width, uint32_t height, uint32_t frames)
{
    return (struct image_header){
        .source = {width, height, 1, PRESHRINK_NONE}, .frames = frames, .pixel_bytes = 3};
}

static uint64_t memory_for(enum image_format format, const struct image_header *header,
                           uint32_t size_count)
{
    struct image_bytes bytes = {.data = "", .size = 1000, .format = format};
    struct run_options options = {.size_count = size_count};
    for (uint32_t i = 0; i < size_count; i++)
        options.sizes[i] = (struct size_spec){.width = 256, .height = 256, .mode = SIZE_DOWN};
    return limits_memory(&bytes, header, &options);
}

static void pixels_of_all_frames_count(void **state)
{
    (void)state;
    struct reason why = {0};
    struct image_header still = header_of(100, 50, 1), moving = header_of(100, 50, 3);
    assert_int_equal(limits_check_pixels(&still, 5000, &why), STATUS_OK);
    assert_int_equal(limits_check_pixels(&still, 4999, &why), STATUS_IMAGE);
    assert_string_equal(why.text, "100 x 50 pixels are more than 0.004999 MP (--max-pixels)");
    assert_int_equal(limits_check_pixels(&moving, 15000, &why), STATUS_OK);
    assert_int_equal(limits_check_pixels(&moving, 14999, &why), STATUS_IMAGE);
    assert_non_null(strstr(why.text, "3 frames of 100 x 50"));
}

static void the_largest_numbers_do_not_wrap_around(void **state)
{
    (void)state;
    struct reason why = {0};
    struct image_header huge = header_of(UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_int_equal(limits_check_pixels(&huge, 200000000, &why), STATUS_IMAGE);
    struct image_header header = header_of(65536, 65536, 1);
    header.whole = true;
    for (int format = FORMAT_JPEG; format < FORMATS; format++)
        assert_true(memory_for(format, &header, 2) >= 65536ULL * 65536 * 3);
}

static void what_streams_needs_little_and_what_is_held_whole_needs_it_all(void **state)
{
    (void)state;
    const uint64_t pixels = 10000ULL * 10000;
    struct image_header header = header_of(10000, 10000, 1);
    assert_true(memory_for(FORMAT_PNG, &header, 1) < pixels);
    assert_true(memory_for(FORMAT_JPEG, &header, 1) < pixels);
    header.whole = true;
    assert_true(memory_for(FORMAT_PNG, &header, 1) >= 3 * pixels);
    assert_true(memory_for(FORMAT_JPEG, &header, 1) >= 6 * pixels);
    assert_true(memory_for(FORMAT_WEBP, &header, 1) >= 4 * pixels);
}

static void several_sizes_share_a_decode_that_is_held(void **state)
{
    (void)state;
    const uint64_t pixels = 10000ULL * 10000;
    struct image_header header = header_of(10000, 10000, 1);
    assert_true(memory_for(FORMAT_PNG, &header, 2) >= 3 * pixels);
    header.source.preshrink = PRESHRINK_JPEG; // an eighth of each side
    assert_true(memory_for(FORMAT_JPEG, &header, 2) < pixels);
    header.versions = true;
    header.source.preshrink = PRESHRINK_NONE;
    assert_true(memory_for(FORMAT_SVG, &header, 2) < pixels);
}

static void an_enlargement_counts(void **state)
{
    (void)state;
    struct image_bytes bytes = {.data = "", .size = 10, .format = FORMAT_PNG};
    struct run_options options = {.size_count = 1};
    options.sizes[0] = (struct size_spec){.width = 50000, .height = 50000, .mode = SIZE_BOTH};
    struct image_header header = header_of(1, 1, 1);
    assert_true(limits_memory(&bytes, &header, &options) > 50000ULL * 50000 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_of_all_frames_count),
        cmocka_unit_test(the_largest_numbers_do_not_wrap_around),
        cmocka_unit_test(what_streams_needs_little_and_what_is_held_whole_needs_it_all),
        cmocka_unit_test(several_sizes_share_a_decode_that_is_held),
        cmocka_unit_test(an_enlargement_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

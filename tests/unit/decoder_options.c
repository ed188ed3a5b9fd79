/*
 * What a run asks for is what comes out: sizes, metadata, formats, limits, memory.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/decoder_rig.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Those with a free side first: to crop, both must be given. */
static void many_sizes(struct decoder_setup *setup, enum crop crop)
{
    static const char *const specs[] = {"300x",     "x200",  "256",  "128x128", "200x100!",
                                        "500x500>", "17x90", "390<", "1"};
    setup->options.size_count = 0;
    for (size_t i = crop == CROP_NONE ? 0 : 2; i < COUNT(specs); i++)
        rig_size_spec(setup, specs[i]);
}

static void sizes_from_one_decode_are_those_of_each_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"photo.jpg", "progressive.jpg", "orientation-5.jpg",
                                        "photo.png", "alpha.png",       "photo.webp",
                                        "photo.gif", "one-pixel.png"};
    for (int crop = CROP_NONE; crop < CROPS; crop++) {
        struct decoder_setup all, one;
        driver_setup_init(&all);
        driver_setup_init(&one);
        many_sizes(&all, (enum crop)crop);
        all.options.crop = one.options.crop = (enum crop)crop;
        for (size_t i = 0; i < COUNT(names); i++) {
            struct decoder_reply together = rig_decode(&all, rig_sample(names[i]), NULL);
            assert_int_equal(together.verdict, VERDICT_IMAGE_MADE);
            for (uint32_t size = 0; size < all.options.size_count; size++) {
                one.options.sizes[0] = all.options.sizes[size];
                struct decoder_reply alone = rig_decode(&one, rig_sample(names[i]), NULL);
                assert_int_equal(together.outputs[size].width, alone.outputs[0].width);
                assert_int_equal(together.outputs[size].height, alone.outputs[0].height);
            }
        }
    }
}

static void no_rotation_leaves_the_pixels_as_they_are_stored(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    setup.options.rotate = false;
    rig_size_spec(&setup, "64");
    struct decoder_reply reply = rig_decode(&setup, rig_sample("orientation-6.jpg"), NULL);
    assert_int_equal(reply.outputs[0].width, 128);
    assert_int_equal(reply.outputs[0].height, 96);
    assert_int_equal(reply.outputs[1].width, 64);
    assert_int_equal(reply.outputs[1].height, 48);
}

static bool thumbnail_has(struct decoder_setup *setup, const char *sample, const char *mark,
                          size_t size)
{
    int output;
    struct decoder_reply reply = rig_decode(setup, rig_sample(sample), &output);
    assert_int_equal(reply.verdict, VERDICT_IMAGE_MADE);
    struct rig_bytes bytes = rig_bytes_of(output);
    bool found = memmem(bytes.data, bytes.size, mark, size) != NULL;
    rig_bytes_clear(&bytes);
    close(output);
    return found;
}

static void metadata_is_dropped_unless_it_is_to_be_kept(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    assert_false(thumbnail_has(&setup, "orientation-6.jpg", "Exif", 4));
    assert_false(thumbnail_has(&setup, "profile.jpg", "ICC_PROFILE", 11));
    setup.options.keep = KEEP_EXIF;
    assert_true(thumbnail_has(&setup, "orientation-6.jpg", "Exif", 4));
    assert_false(thumbnail_has(&setup, "profile.jpg", "ICC_PROFILE", 11));
    setup.options.keep = KEEP_ICC;
    assert_true(thumbnail_has(&setup, "profile.jpg", "ICC_PROFILE", 11));
    setup.options.keep = KEEP_ALL;
    assert_true(thumbnail_has(&setup, "profile.jpg", "ICC_PROFILE", 11));
}

static void colours_of_a_chosen_profile_carry_it(void **state)
{
    (void)state;
    static const char *const samples[] = {"photo.jpg", "profile.jpg", "grey.jpg", "cmyk.jpg"};
    struct decoder_setup setup;
    driver_setup_init(&setup);
    snprintf(setup.options.profile, sizeof setup.options.profile, "p3");
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_true(thumbnail_has(&setup, samples[i], "ICC_PROFILE", 11));
    snprintf(setup.options.profile, sizeof setup.options.profile, "srgb");
    for (size_t i = 0; i < COUNT(samples); i++)
        assert_false(thumbnail_has(&setup, samples[i], "ICC_PROFILE", 11));
}

static void every_output_format_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *saver, *mark;
        size_t at, size;
    } cases[] = {
        {".jpg[Q=60]", "\xff\xd8\xff", 0, 3},
        {".png", "\x89PNG", 0, 4},
        {".webp[Q=50]", "WEBP", 8, 4},
        {".gif", "GIF8", 0, 4},
        {".tif", "II*", 0, 3},
        {".avif[Q=40]", "ftypavif", 4, 8},
        {".heic", "ftypheic", 4, 8},
        {".jp2", "jP", 4, 2},
        {".jxl", "\xff\x0a", 0, 2},
    };
    static const char *const samples[] = {"photo.jpg", "alpha.png", "grey.jpg", "animated.gif"};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decoder_setup setup;
        driver_setup_init(&setup);
        snprintf(setup.saver, sizeof setup.saver, "%s", cases[i].saver);
        for (size_t sample = 0; sample < COUNT(samples); sample++) {
            int output;
            struct decoder_reply reply = rig_decode(&setup, rig_sample(samples[sample]), &output);
            assert_int_equal(reply.verdict, VERDICT_IMAGE_MADE);
            assert_int_equal(reply.outputs[0].width, 128);
            assert_int_equal(reply.outputs[0].height, 96);
            struct rig_bytes bytes = rig_bytes_of(output);
            assert_int_equal(bytes.size, reply.outputs[0].bytes);
            assert_memory_equal(bytes.data + cases[i].at, cases[i].mark, cases[i].size);
            rig_bytes_clear(&bytes);
            close(output);
        }
    }
}

static void limits_are_the_run_s(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    setup.options.max_pixels = 400 * 300;
    assert_int_equal(rig_decode(&setup, rig_sample("photo.jpg"), NULL).verdict, VERDICT_IMAGE_MADE);
    struct decoder_reply reply = rig_decode(&setup, rig_sample("animated.gif"), NULL);
    assert_int_equal(reply.verdict, VERDICT_IMAGE_FAILED);
    assert_non_null(strstr(reply.error, "4 frames of 400 x 300"));
    setup.options.max_pixels--;
    reply = rig_decode(&setup, rig_sample("photo.jpg"), NULL);
    assert_non_null(strstr(reply.error, "--max-pixels"));
    assert_int_equal(reply.width, 400);

    driver_setup_init(&setup);
    setup.options.max_bytes = rig_size("photo.jpg");
    assert_int_equal(rig_decode(&setup, rig_sample("photo.jpg"), NULL).verdict, VERDICT_IMAGE_MADE);
    setup.options.max_bytes--;
    reply = rig_decode(&setup, rig_sample("photo.jpg"), NULL);
    assert_int_equal(reply.verdict, VERDICT_IMAGE_FAILED);
    assert_non_null(strstr(reply.error, "--max-bytes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_from_one_decode_are_those_of_each_alone),
        cmocka_unit_test(no_rotation_leaves_the_pixels_as_they_are_stored),
        cmocka_unit_test(metadata_is_dropped_unless_it_is_to_be_kept),
        cmocka_unit_test(colours_of_a_chosen_profile_carry_it),
        cmocka_unit_test(every_output_format_is_written),
        cmocka_unit_test(limits_are_the_run_s),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}

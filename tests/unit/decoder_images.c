/*
 * Every kind of image has its verdict, and damage is never taken for success.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/decoder_rig.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct outcome {
    const char *name;
    enum decoder_verdict verdict;
    uint32_t width, height; // of the thumbnail within 128 x 128
    const char *says;       // part of the error
} outcomes[] = {
    {"photo.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"progressive.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"grey.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"cmyk.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"profile.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.png", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"alpha.png", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"grey-alpha.png", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"sixteen.png", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"interlaced.png", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.webp", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"alpha.webp", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"animated.webp", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.gif", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"animated.gif", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"one-pixel.png", VERDICT_IMAGE_MADE, 128, 128, ""},
    {"one-pixel.jpg", VERDICT_IMAGE_MADE, 128, 128, ""},
    {"wide.jpg", VERDICT_IMAGE_MADE, 128, 1, ""},
    {"wide.png", VERDICT_IMAGE_MADE, 128, 1, ""},
    {"orientation-1.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"orientation-3.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"orientation-6.jpg", VERDICT_IMAGE_MADE, 96, 128, ""},
    {"orientation-7.jpg", VERDICT_IMAGE_MADE, 96, 128, ""},
    {"really-a-png.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"truncated.jpg", VERDICT_IMAGE_DAMAGED, 128, 96, ""},
    {"truncated-progressive.jpg", VERDICT_IMAGE_DAMAGED, 128, 96, ""},
    {"last-row.jpg", VERDICT_IMAGE_DAMAGED, 128, 96, ""},
    {"truncated.png", VERDICT_IMAGE_DAMAGED, 128, 96, ""},
    {"truncated.gif", VERDICT_IMAGE_DAMAGED, 128, 96, ""},
    {"truncated-interlaced.png", VERDICT_IMAGE_FAILED, 0, 0, "not enough data"},
    {"truncated.webp", VERDICT_IMAGE_FAILED, 0, 0, "webp"},
    {"zero-byte.jpg", VERDICT_IMAGE_FAILED, 0, 0, "empty file"},
    {"not-an-image.jpg", VERDICT_IMAGE_FAILED, 0, 0, "not an image of a known format"},
    {"claims-64250.jpg", VERDICT_IMAGE_FAILED, 0, 0, "64250 x 64250 pixels"},
    {"disguised-svg.jpg", VERDICT_IMAGE_FAILED, 0, 0, "svg is not allowed (--allow svg)"},
    {"disguised-pdf.png", VERDICT_IMAGE_FAILED, 0, 0, "pdf is not allowed (--allow pdf)"},
    {"disguised-tiff.jpg", VERDICT_IMAGE_FAILED, 0, 0, "tiff is not allowed (--allow tiff)"},
    {"photo.heic", VERDICT_IMAGE_FAILED, 0, 0, "heif is not allowed"},
    {"photo.avif", VERDICT_IMAGE_FAILED, 0, 0, "avif is not allowed"},
    {"photo.jp2", VERDICT_IMAGE_FAILED, 0, 0, "jp2 is not allowed"},
    {"photo.jxl", VERDICT_IMAGE_FAILED, 0, 0, "jxl is not allowed"},
};

/* With every format allowed. */
static const struct outcome allowed_outcomes[] = {
    {"photo.tif", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.heic", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.avif", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.jp2", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"photo.jxl", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"drawing.svg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"page.pdf", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"disguised-svg.jpg", VERDICT_IMAGE_MADE, 128, 96, ""},
    {"truncated.tif", VERDICT_IMAGE_FAILED, 0, 0, "known format"},
    {"not-an-image.jpg", VERDICT_IMAGE_FAILED, 0, 0, "not an image of a known format"},
};

static void allow_everything(struct decoder_setup *setup)
{
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++)
        setup->options.allow |= FORMAT_BIT(format);
}

static void check(const struct outcome *outcome, const struct decoder_reply *reply)
{
    const struct output *output = &reply->outputs[0];
    bool made = reply->verdict == VERDICT_IMAGE_MADE || reply->verdict == VERDICT_IMAGE_DAMAGED;
    if (reply->verdict != outcome->verdict || output->width != outcome->width ||
        output->height != outcome->height || !strstr(reply->error, outcome->says) ||
        made != (reply->error[0] == '\0') || made != (output->bytes > 0))
        fail_msg("%s: verdict %u, %u x %u, %s", outcome->name, reply->verdict, output->width,
                 output->height, reply->error);
    assert_null(strchr(reply->error, '\n'));
    if (reply->verdict == VERDICT_IMAGE_DAMAGED)
        assert_string_not_equal(reply->warnings, "");
}

/* One decoder for all, so that whatever an image leaves behind meets the next one. */
static void check_all(const struct decoder_setup *setup, const struct outcome *expected,
                      size_t count)
{
    struct decoder_driver driver;
    rig_start(&driver, setup);
    for (size_t i = 0; i < count; i++) {
        struct decoder_reply reply = rig_ask(&driver, setup, rig_sample(expected[i].name), NULL);
        check(&expected[i], &reply);
        assert_true(reply.rss_kb > 0);
    }
    rig_stop(&driver);
}

static void every_kind_has_its_verdict(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    check_all(&setup, outcomes, COUNT(outcomes));
}

static void every_kind_has_the_same_verdict_from_a_shared_decode(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    rig_size_spec(&setup, "300x200>");
    check_all(&setup, outcomes, COUNT(outcomes));
}

static void other_formats_are_read_when_they_are_allowed(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    allow_everything(&setup);
    check_all(&setup, allowed_outcomes, COUNT(allowed_outcomes));
    rig_size_spec(&setup, "64");
    check_all(&setup, allowed_outcomes, COUNT(allowed_outcomes));
}

static void a_file_cut_off_anywhere_is_never_made(void **state)
{
    (void)state;
    static const char *const names[] = {
        "photo.jpg",  "progressive.jpg", "photo.png", "interlaced.png", "alpha.png", "photo.webp",
        "alpha.webp", "photo.gif",       "photo.tif", "photo.heic",     "photo.jxl", "photo.avif",
    };
    struct decoder_setup setup;
    struct decoder_driver driver;
    driver_setup_init(&setup);
    allow_everything(&setup);
    rig_start(&driver, &setup);
    for (size_t i = 0; i < COUNT(names); i++) {
        size_t size = rig_size(names[i]);
        for (size_t percent = 0; percent <= 95; percent += 5) {
            struct decoder_reply reply =
                rig_ask(&driver, &setup, rig_beginning(names[i], size * percent / 100), NULL);
            if (reply.verdict != VERDICT_IMAGE_DAMAGED && reply.verdict != VERDICT_IMAGE_FAILED)
                fail_msg("%zu%% of %s: verdict %u", percent, names[i], reply.verdict);
        }
    }
    rig_stop(&driver);
}

static void fail_on_decides_what_becomes_of_damage(void **state)
{
    (void)state;
    static const char *const names[] = {"truncated.jpg", "truncated.png", "truncated.gif"};
    for (uint32_t sizes = 1; sizes <= 2; sizes++)
        for (int level = FAIL_ON_NONE; level < FAIL_ONS; level++)
            for (size_t i = 0; i < COUNT(names); i++) {
                struct decoder_setup setup;
                driver_setup_init(&setup);
                if (sizes == 2)
                    rig_size_spec(&setup, "50");
                setup.options.fail_on = (enum fail_on)level;
                struct decoder_reply reply = rig_decode(&setup, rig_sample(names[i]), NULL);
                assert_int_equal(reply.verdict, level == FAIL_ON_NONE ? VERDICT_IMAGE_DAMAGED
                                                                      : VERDICT_IMAGE_FAILED);
            }
}

static void an_image_is_blamed_only_for_its_own_faults(void **state)
{
    (void)state;
    struct decoder_setup setup;
    struct decoder_driver driver;
    driver_setup_init(&setup);
    rig_start(&driver, &setup);
    for (int round = 0; round < 3; round++) {
        struct decoder_reply damaged = rig_ask(&driver, &setup, rig_sample("truncated.png"), NULL);
        assert_non_null(strstr(damaged.warnings, "not enough data"));
        assert_null(strstr(damaged.warnings, "Jpeg"));
        struct decoder_reply jpeg = rig_ask(&driver, &setup, rig_sample("truncated.jpg"), NULL);
        assert_non_null(strstr(jpeg.warnings, "Premature end"));
        assert_null(strstr(jpeg.warnings, "not enough data"));
        struct decoder_reply good = rig_ask(&driver, &setup, rig_sample("photo.jpg"), NULL);
        assert_int_equal(good.verdict, VERDICT_IMAGE_MADE);
        assert_string_equal(good.warnings, "");
        assert_string_equal(good.error, "");
    }
    rig_stop(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_its_verdict),
        cmocka_unit_test(every_kind_has_the_same_verdict_from_a_shared_decode),
        cmocka_unit_test(other_formats_are_read_when_they_are_allowed),
        cmocka_unit_test(a_file_cut_off_anywhere_is_never_made),
        cmocka_unit_test(fail_on_decides_what_becomes_of_damage),
        cmocka_unit_test(an_image_is_blamed_only_for_its_own_faults),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}

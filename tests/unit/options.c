/*
 * The options of a run: their readers, and what may come from a peer.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/options.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void the_defaults_are_those_of_the_manual_and_make_sense(void **state)
{
    (void)state;
    struct run_options options;
    struct reason why = {0};
    run_options_init(&options);
    assert_int_equal(run_options_check(&options, &why), STATUS_OK);
    assert_int_equal(options.size_count, 1);
    assert_string_equal(options.sizes[0].label, "256x256");
    assert_int_equal(options.sizes[0].mode, SIZE_DOWN);
    assert_string_equal(options.format, "jpg");
    assert_true(options.rotate);
    assert_int_equal(options.max_pixels, 200000000);
    assert_int_equal(options.max_bytes, 512 << 20);
    assert_int_equal(options.timeout_ms, 30000);
    assert_int_equal(options.keep, KEEP_NONE);
}

static void several_sizes_are_added_in_the_order_given(void **state)
{
    (void)state;
    struct run_options options;
    run_options_init(&options);
    options.size_count = 0;
    assert_int_equal(options_add_sizes(&options, "64,800x>", NULL), STATUS_OK);
    assert_int_equal(options_add_sizes(&options, "x10", NULL), STATUS_OK);
    assert_int_equal(options.size_count, 3);
    assert_string_equal(options.sizes[1].label, "800x");
    assert_string_equal(options.sizes[2].label, "x10");
}

static void a_size_too_many_and_an_empty_one_are_refused(void **state)
{
    (void)state;
    struct run_options options;
    struct reason why = {0};
    run_options_init(&options);
    options.size_count = 0;
    assert_int_equal(options_add_sizes(&options, "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", &why),
                     STATUS_OK);
    assert_int_equal(options_add_sizes(&options, "17", &why), STATUS_USAGE);
    assert_int_equal(options.size_count, SIZES_MAX);
    static const char *const bad[] = {"", ",", "1,", ",1", "1,,2", "1, 2"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        options.size_count = 0;
        assert_int_equal(options_add_sizes(&options, bad[i], &why), STATUS_USAGE);
    }
}

static void colours_are_read_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint8_t colour[3];
    } cases[] = {{"white", {255, 255, 255}}, {"black", {0, 0, 0}}, {"#f80", {255, 136, 0}},
                 {"#Ff8000", {255, 128, 0}}, {"1,2,3", {1, 2, 3}}, {"255,0,255", {255, 0, 255}}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_options options;
        run_options_init(&options);
        assert_int_equal(options_set_background(&options, cases[i].text, NULL), STATUS_OK);
        assert_memory_equal(options.background, cases[i].colour, 3);
    }
}

typedef enum status (*reader)(struct run_options *, const char *, struct reason *);

static void assert_refused(reader read, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct run_options options, before;
        struct reason why = {0};
        run_options_init(&options);
        before = options;
        if (read(&options, texts[i], &why) != STATUS_USAGE)
            fail_msg("\"%s\" is taken", texts[i]);
        assert_non_null(strstr(why.text, "expected"));
        assert_memory_equal(&options, &before, sizeof options);
    }
}

static void what_is_no_value_of_an_option_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const colours[] = {"",       "#",      "#12",     "#12345",  "#1234567",
                                          "#ggg",   "1,2",    "1,2,3,4", "1,2,",    "256,0,0",
                                          "-1,0,0", "1,2,3 ", "White",   "0001,2,3"};
    static const char *const crops[] = {"", "center", "CENTRE", "centre,low"};
    static const char *const levels[] = {"", "all", "Error"};
    static const char *const metadata[] = {"", "exif,", "gps", "exif,,icc", "EXIF"};
    static const char *const formats[] = {"", "bmp", "tiff,", "exe,tiff"};
    assert_refused(options_set_background, colours, COUNT(colours));
    assert_refused(options_set_crop, crops, COUNT(crops));
    assert_refused(options_set_fail_on, levels, COUNT(levels));
    assert_refused(options_set_keep, metadata, COUNT(metadata));
    assert_refused(options_add_allow, formats, COUNT(formats));
}

static void names_of_values_are_read_back(void **state)
{
    (void)state;
    struct run_options options;
    run_options_init(&options);
    for (int crop = 0; crop < CROPS; crop++) {
        assert_int_equal(options_set_crop(&options, crop_name((enum crop)crop), NULL), STATUS_OK);
        assert_int_equal(options.crop, crop);
    }
    for (int level = 0; level < FAIL_ONS; level++) {
        const char *name = fail_on_name((enum fail_on)level);
        assert_int_equal(options_set_fail_on(&options, name, NULL), STATUS_OK);
        assert_int_equal(options.fail_on, level);
    }
    assert_string_equal(crop_name((enum crop)99), "unknown");
}

static void metadata_adds_up_and_allow_adds_to_the_default(void **state)
{
    (void)state;
    struct run_options options;
    run_options_init(&options);
    assert_int_equal(options_set_keep(&options, "exif,icc", NULL), STATUS_OK);
    assert_int_equal(options.keep, KEEP_EXIF | KEEP_ICC);
    assert_int_equal(options_set_keep(&options, "all", NULL), STATUS_OK);
    assert_int_equal(options.keep, KEEP_ALL);
    assert_int_equal(options_add_allow(&options, "tiff,svg", NULL), STATUS_OK);
    assert_int_equal(options.allow,
                     FORMATS_DEFAULT | FORMAT_BIT(FORMAT_TIFF) | FORMAT_BIT(FORMAT_SVG));
}

static void a_crop_needs_both_sides_of_every_size(void **state)
{
    (void)state;
    struct run_options options;
    struct reason why = {0};
    run_options_init(&options);
    options.crop = CROP_CENTRE;
    assert_int_equal(run_options_check(&options, &why), STATUS_OK);
    options.size_count = 0;
    assert_int_equal(options_add_sizes(&options, "200x", &why), STATUS_OK);
    assert_int_equal(run_options_check(&options, &why), STATUS_USAGE);
}

static void options_of_a_hostile_peer_are_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 14; kind++) {
        struct run_options options;
        struct reason why = {0};
        run_options_init(&options);
        switch (kind) {
        case 0:
            options.size_count = 0;
            break;
        case 1:
            options.size_count = SIZES_MAX + 1;
            break;
        case 2:
            options.sizes[0].width = 0;
            break;
        case 3:
            options.sizes[0].height = SIZE_FREE + 1;
            break;
        case 4:
            strcpy(options.sizes[0].label, "../../etc");
            break;
        case 5:
            memset(options.sizes[0].label, '1', SIZE_LABEL_SIZE);
            break;
        case 6:
            options.sizes[0].mode = (enum size_mode)99;
            break;
        case 7:
            options.crop = CROPS;
            break;
        case 8:
            options.keep = 32;
            break;
        case 9:
            options.allow = FORMAT_BIT(FORMATS);
            break;
        case 10:
            memset(options.output, 'a', sizeof options.output);
            break;
        case 11:
            memset(options.format, 'a', sizeof options.format);
            break;
        case 12:
            options.max_bytes = 0;
            break;
        case 13:
            options.timeout_ms = 0;
            break;
        }
        if (run_options_check(&options, &why) != STATUS_USAGE)
            fail_msg("kind %d is taken", kind);
        assert_true(why.text[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_manual_and_make_sense),
        cmocka_unit_test(several_sizes_are_added_in_the_order_given),
        cmocka_unit_test(a_size_too_many_and_an_empty_one_are_refused),
        cmocka_unit_test(colours_are_read_in_every_form),
        cmocka_unit_test(what_is_no_value_of_an_option_is_refused_and_changes_nothing),
        cmocka_unit_test(names_of_values_are_read_back),
        cmocka_unit_test(metadata_adds_up_and_allow_adds_to_the_default),
        cmocka_unit_test(a_crop_needs_both_sides_of_every_size),
        cmocka_unit_test(options_of_a_hostile_peer_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

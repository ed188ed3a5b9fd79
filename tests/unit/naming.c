/*
 * Names of outputs: the default rule, the template grammar, and that nothing leaves DEST.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/naming.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void set_options(struct run_options *options, const char *sizes, const char *format,
                        const char *output)
{
    run_options_init(options);
    options->size_count = 0;
    assert_int_equal(options_add_sizes(options, sizes, NULL), STATUS_OK);
    snprintf(options->format, sizeof options->format, "%s", format);
    snprintf(options->output, sizeof options->output, "%s", output);
}

static void a_source_has_the_name_the_manual_promises(void **state)
{
    (void)state;
    static const struct {
        const char *sizes, *format, *output, *source, *expected;
    } cases[] = {
        // the default: unchanged when its suffix means the format already
        {"256", "jpg", "", "a/b.jpg", "a/b.jpg"},
        {"256", "jpg", "", "a/b.JPEG", "a/b.JPEG"},
        {"256", "jpg", "", "a/b.png", "a/b.png.jpg"},
        {"256", "jpg[Q=85]", "", "a/b.png", "a/b.png.jpg"},
        {"256", "webp", "", "b.jpg", "b.jpg.webp"},
        {"256", "jpg", "", "no suffix", "no suffix.jpg"},
        {"256", "jpg", "", "a[n=-1].png", "a[n=-1].png.jpg"},
        {"256", "jpg", "", "-rf.png", "-rf.png.jpg"},
        {"256", "jpg", "", "\xff\n.jpg", "\xff\n.jpg"},
        {"256x256>,800x", "jpg", "", "a/b.jpg", "256x256/a/b.jpg"},
        // templates
        {"256", "jpg", "%d/%s.webp[Q=80]", "a/b/c.png", "a/b/c.webp"},
        {"256", "png", "%d/%s.webp", "c.png", "c.webp"},
        {"256", "jpg", "tn_%s.jpg", "a/b.c.png", "tn_b.c.jpg"},
        {"256", "jpg", "%z/%n", "a/b.png", "256/b.png.jpg"},
        {"256", "jpg", "%d/%n", "a/b.jpg", "a/b.jpg"},
        {"256", "jpg", "%d/%s_%z.png", "a/b.jpg", "a/b_256.png"},
        {"256", "jpg", "x%d/%n.jpg", "a/b/c.gif", "xa/b/c.gif.jpg"},
        {"256", "jpg", "100%%/%s.jpg", "b.gif", "100%/b.jpg"},
        {"256", "jpg", "%d//%s.jpg", "a/b.gif", "a/b.jpg"},
        {"256", "jpg", "v1.2/%s", "b.gif", "v1.2/b.jpg"},
        {"256", "jpg", "%s.webp", ".jpg", ".jpg.webp"},
        {"256", "jpg", "%s.png[profile=/a.b/c.icc]", "b.jpg", "b.png"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_options options;
        struct reason why = {0};
        char output[OUTPUT_PATH_SIZE];
        set_options(&options, cases[i].sizes, cases[i].format, cases[i].output);
        assert_int_equal(naming_check(&options, &why), STATUS_OK);
        assert_int_equal(naming_output(&options, cases[i].source, 0, output, &why), STATUS_OK);
        assert_string_equal(output, cases[i].expected);
    }
}

static void the_saver_is_the_templates_or_else_the_formats(void **state)
{
    (void)state;
    static const struct {
        const char *format, *output, *saver;
    } cases[] = {
        {"jpg", "", ".jpg"},
        {"jpg[Q=85]", "", ".jpg[Q=85]"},
        {"jpg[Q=85]", "%d/%n", ".jpg[Q=85]"},
        {"jpg", "%s.webp[Q=80]", ".webp[Q=80]"},
        {"jpg[Q=85]", "%s.webp", ".webp"},
        {"jpg[Q=85]", "%s.jpg", ".jpg[Q=85]"},
        {"jpg[Q=85]", "%s.jpg[strip]", ".jpg[strip]"},
        {"jpg", "%s.png[profile=/a.b/c.icc]", ".png[profile=/a.b/c.icc]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_options options;
        char saver[FORMAT_SIZE + 1];
        set_options(&options, "256", cases[i].format, cases[i].output);
        naming_saver(&options, saver, sizeof saver);
        assert_string_equal(saver, cases[i].saver);
    }
}

static void a_template_that_cannot_be_meant_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *sizes, *format, *output, *says;
    } cases[] = {
        {"256", "jpg", "/tmp/%s.jpg", "begins with /"},
        {"256", "jpg", "../%s.jpg", "could leave DEST"},
        {"256", "jpg", "%d/../%s.jpg", "could leave DEST"},
        {"256", "jpg", "./%s.jpg", "could leave DEST"},
        {"256", "jpg", "%q.jpg", "%q is unknown"},
        {"256", "jpg", "%s.jpg/%", "is unknown"},
        {"256", "jpg", "%d/", "names a folder"},
        {"256", "jpg", "%d", "names a folder"},
        {"256", "jpg", ".thumbmill/%s.jpg", "own folder"},
        {"256", "jpg", "%s.xyz", "format that can be written"},
        {"256", "jpg", "%s.xyz[Q=1]", "format that can be written"},
        {"256", "jpg", "%s[Q=1]", "format that can be written"},
        {"256,64", "jpg", "%d/%s.jpg", "add %z"},
        {"256,256>", "jpg", "", "given twice"},
        {"256", "bmp", "", "--format bmp"},
        {"256", "", "", "--format"},
        {"256", "jpg[Q=85", "", "end with ]"},
        {"256", "a/b.jpg", "", "--format a/b.jpg"},
        {"256", ".jpg", "", "--format .jpg"},
        {"256", "x.jpg", "", "--format x.jpg"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_options options;
        struct reason why = {0};
        set_options(&options, cases[i].sizes, cases[i].format, cases[i].output);
        if (naming_check(&options, &why) != STATUS_USAGE)
            fail_msg("%s is taken", cases[i].output);
        if (strstr(why.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].output, why.text);
    }
}

static void no_source_gets_out_of_dest_or_into_our_folder(void **state)
{
    (void)state;
    static const struct {
        const char *output, *source;
    } cases[] = {
        {"%s./x.jpg", "..jpg"}, // the stem is "."
        {"%s/%s.jpg", "..jpg"},         {"", ".thumbmill/a.jpg"}, {"%d/%s.jpg", ".thumbmill/a.jpg"},
        {".%s/x.jpg", "thumbmill.gif"}, {".%s/x.jpg", "..jpg"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run_options options;
        struct reason why = {0};
        char output[OUTPUT_PATH_SIZE];
        set_options(&options, "256", "jpg", cases[i].output);
        assert_int_equal(naming_check(&options, &why), STATUS_OK);
        if (naming_output(&options, cases[i].source, 0, output, &why) != STATUS_IMAGE)
            fail_msg("%s becomes %s", cases[i].source, output);
    }
}

static void a_name_may_have_255_bytes_and_no_more(void **state)
{
    (void)state;
    struct run_options options;
    struct reason why = {0};
    char source[300] = "", output[OUTPUT_PATH_SIZE];
    set_options(&options, "256", "jpg", "");
    memset(source, 'a', 251);
    assert_int_equal(naming_output(&options, source, 0, output, &why), STATUS_OK);
    assert_int_equal(strlen(output), 255);
    source[251] = 'a';
    assert_int_equal(naming_output(&options, source, 0, output, &why), STATUS_IMAGE);
    assert_non_null(strstr(why.text, "256 bytes"));
}

static void a_path_that_does_not_fit_is_the_images_failure(void **state)
{
    (void)state;
    struct run_options options;
    struct reason why = {0};
    static char source[OUTPUT_PATH_SIZE + 10], output[OUTPUT_PATH_SIZE];
    set_options(&options, "256", "jpg", "");
    for (size_t length = OUTPUT_PATH_SIZE - 20; length < OUTPUT_PATH_SIZE + 5; length++) {
        for (size_t i = 0; i < length; i++)
            source[i] = i % 2 == 1 && i + 1 < length ? '/' : 'a';
        source[length] = '\0';
        enum status status = naming_output(&options, source, 0, output, &why);
        assert_int_equal(status,
                         length + strlen(".jpg") < OUTPUT_PATH_SIZE ? STATUS_OK : STATUS_IMAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_has_the_name_the_manual_promises),
        cmocka_unit_test(the_saver_is_the_templates_or_else_the_formats),
        cmocka_unit_test(a_template_that_cannot_be_meant_is_refused_in_words),
        cmocka_unit_test(no_source_gets_out_of_dest_or_into_our_folder),
        cmocka_unit_test(a_name_may_have_255_bytes_and_no_more),
        cmocka_unit_test(a_path_that_does_not_fit_is_the_images_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

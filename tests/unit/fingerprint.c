/* Which options change which fingerprint; and that neither changes by itself between versions. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sink/fingerprint.h"

static struct run_options options;

#define CHANGE(name, statement)                                                                    \
    static void name(void)                                                                         \
    {                                                                                              \
        statement;                                                                                 \
    }

CHANGE(nothing, (void)0)
CHANGE(size_count, options.sizes[1] = options.sizes[0]; options.size_count = 2)
CHANGE(width, options.sizes[0].width++)
CHANGE(height, options.sizes[0].height++)
CHANGE(mode, options.sizes[0].mode = SIZE_FORCE)
CHANGE(label, strcpy(options.sizes[0].label, "256"))
CHANGE(unused_size, options.sizes[1].width++)
CHANGE(crop, options.crop = CROP_CENTRE)
CHANGE(output, strcpy(options.output, "%n"))
CHANGE(format, strcpy(options.format, "webp"))
CHANGE(moved, strcpy(options.output, options.format); options.format[0] = '\0')
CHANGE(red, options.background[0]--)
CHANGE(green, options.background[1]--)
CHANGE(blue, options.background[2]--)
CHANGE(rotate, options.rotate = !options.rotate)
CHANGE(profile, strcpy(options.profile, "p3"))
CHANGE(keep, options.keep ^= KEEP_ICC)
CHANGE(fail_on, options.fail_on = FAIL_ON_ERROR)
CHANGE(max_pixels, options.max_pixels++)
CHANGE(max_bytes, options.max_bytes++)
CHANGE(timeout, options.timeout_ms++)
CHANGE(allow, options.allow |= FORMAT_BIT(FORMAT_SVG))
CHANGE(sync_outputs, options.sync = !options.sync)
CHANGE(after_the_end, strcpy(options.profile + 1, "nothing reads this"))

static void each_option_changes_what_it_acts_on(void **state)
{
    static const struct {
        const char *what;
        void (*change)(void);
        bool outputs, limits;
    } cases[] = {
        {"nothing", nothing, false, false},
        {"size_count", size_count, true, false},
        {"width", width, true, false},
        {"height", height, true, false},
        {"mode", mode, true, false},
        {"label", label, true, false},
        {"unused_size", unused_size, false, false},
        {"crop", crop, true, false},
        {"output", output, true, false},
        {"format", format, true, false},
        {"moved", moved, true, false},
        {"red", red, true, false},
        {"green", green, true, false},
        {"blue", blue, true, false},
        {"rotate", rotate, true, false},
        {"profile", profile, true, false},
        {"keep", keep, true, false},
        {"fail_on", fail_on, false, true},
        {"max_pixels", max_pixels, false, true},
        {"max_bytes", max_bytes, false, true},
        {"timeout", timeout, false, true},
        {"allow", allow, false, true},
        {"sync", sync_outputs, false, false},
        {"after_the_end", after_the_end, false, false},
    };
    struct fingerprint outputs, limits, other_outputs, other_limits;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_options_init(&options);
        fingerprint_outputs(&options, &outputs);
        fingerprint_limits(&options, &limits);
        cases[i].change();
        fingerprint_outputs(&options, &other_outputs);
        fingerprint_limits(&options, &other_limits);
        if ((memcmp(&outputs, &other_outputs, sizeof outputs) != 0) != cases[i].outputs ||
            (memcmp(&limits, &other_limits, sizeof limits) != 0) != cases[i].limits)
            fail_msg("%s changes the wrong fingerprint", cases[i].what);
    }
}

static void expect_hex(const struct fingerprint *fingerprint, const char *expected)
{
    char hex[2 * FINGERPRINT_SIZE + 1];
    for (size_t i = 0; i < FINGERPRINT_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", fingerprint->bytes[i]);
    assert_string_equal(hex, expected);
}

/* Should these ever differ, every record there is was made for nothing: see fingerprint.h. */
static void the_fingerprints_of_the_defaults_are_what_they_were(void **state)
{
    struct fingerprint fingerprint;
    (void)state;
    run_options_init(&options);
    fingerprint_outputs(&options, &fingerprint);
    expect_hex(&fingerprint, "385e0d6942888b5280b53f7888a3679d");
    fingerprint_limits(&options, &fingerprint);
    expect_hex(&fingerprint, "bd47569bf72f13217c679c8487a8e1eb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_changes_what_it_acts_on),
        cmocka_unit_test(the_fingerprints_of_the_defaults_are_what_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

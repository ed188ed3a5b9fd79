/*
 * The size grammar: what vipsthumbnail takes, and nothing it refuses.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/size_spec.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void every_form_of_the_grammar_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t width, height;
        enum size_mode mode;
        const char *label;
    } cases[] = {
        {"256", 256, 256, SIZE_BOTH, "256"},
        {"1", 1, 1, SIZE_BOTH, "1"},
        {"800x600", 800, 600, SIZE_BOTH, "800x600"},
        {"800x", 800, SIZE_FREE, SIZE_BOTH, "800x"},
        {"x600", SIZE_FREE, 600, SIZE_BOTH, "x600"},
        {"256x256>", 256, 256, SIZE_DOWN, "256x256"},
        {"800x<", 800, SIZE_FREE, SIZE_UP, "800x"},
        {"200x100!", 200, 100, SIZE_FORCE, "200x100"},
        {"200!", 200, 200, SIZE_FORCE, "200"},
        {"200x!", 200, 200, SIZE_FORCE, "200x"},
        {"x200!", 200, 200, SIZE_FORCE, "x200"},
        {"007", 7, 7, SIZE_BOTH, "007"},
        {"10000000x10000000", SIZE_FREE, SIZE_FREE, SIZE_BOTH, "10000000x10000000"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct size_spec spec;
        struct reason why = {0};
        assert_int_equal(size_spec_parse(cases[i].text, &spec, &why), STATUS_OK);
        assert_int_equal(spec.width, cases[i].width);
        assert_int_equal(spec.height, cases[i].height);
        assert_int_equal(spec.mode, cases[i].mode);
        assert_string_equal(spec.label, cases[i].label);
    }
}

static void what_is_not_a_size_is_named_with_what_was_expected(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",          "x",         "<",        "x>",       "0",     "0x100",      "100x0",
        "12q",       "12x34q",    "12x34x56", "12>x34",   "12>>",  "12><",       " 12",
        "12 ",       "-12",       "+12",      "1.5",      "12X34", "100000000",  "10000001",
        "x10000001", "000000256", "12x34!>",  "\xd9\xa1", "256\n", "4294967552",
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct size_spec spec;
        struct reason why = {0};
        if (size_spec_parse(cases[i], &spec, &why) != STATUS_USAGE)
            fail_msg("\"%s\" is taken for a size", cases[i]);
        char expected[REASON_SIZE];
        snprintf(expected, sizeof expected,
                 "%s: not a size; expected WIDTH, WIDTHx, xHEIGHT or WIDTHxHEIGHT", cases[i]);
        assert_string_equal(why.text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_the_grammar_is_read),
        cmocka_unit_test(what_is_not_a_size_is_named_with_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

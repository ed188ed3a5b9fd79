/*
 * Names of messages, and texts that somebody else owns.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/message.h"

static void every_message_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        assert_non_null(message_name(type));
        for (enum message_type other = MSG_HELLO; other < type; other++)
            assert_string_not_equal(message_name(type), message_name(other));
    }
    assert_string_equal(message_name(MSG_START_ACCEPTED), "START_ACCEPTED");
}

static void a_type_out_of_range_is_still_called_something(void **state)
{
    (void)state;
    assert_non_null(message_name(0));
    assert_non_null(message_name(MSG_TYPES));
}

static void a_text_is_copied_with_its_end(void **state)
{
    (void)state;
    char out[8] = "xxxxxxx";
    text_copy(out, sizeof out, text_of("abc"));
    assert_string_equal(out, "abc");
    text_copy(out, sizeof out, (struct text){.bytes = "abcdef", .size = 2});
    assert_string_equal(out, "ab");
}

static void a_text_too_long_is_cut(void **state)
{
    (void)state;
    char out[4];
    text_copy(out, sizeof out, text_of("abc"));
    assert_string_equal(out, "abc");
    text_copy(out, sizeof out, text_of("abcd"));
    assert_string_equal(out, "abc");
    text_copy(out, 1, text_of("abcd"));
    assert_string_equal(out, "");
}

static void a_text_of_nothing_is_the_empty_string(void **state)
{
    (void)state;
    char out[4] = "xxx";
    text_copy(out, sizeof out, (struct text){0});
    assert_string_equal(out, "");
    assert_int_equal(text_of("").size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_has_a_name_of_its_own),
        cmocka_unit_test(a_type_out_of_range_is_still_called_something),
        cmocka_unit_test(a_text_is_copied_with_its_end),
        cmocka_unit_test(a_text_too_long_is_cut),
        cmocka_unit_test(a_text_of_nothing_is_the_empty_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

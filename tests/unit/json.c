/*
 * The JSON writer: commas, quotes, and names that are not UTF-8.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"

struct written {
    FILE *out;
    char *text;
    size_t size;
    struct json json;
};

static int begin(void **state)
{
    static struct written written;
    written.out = open_memstream(&written.text, &written.size);
    json_open(&written.json, written.out);
    *state = &written;
    return written.out != NULL ? 0 : -1;
}

static int end(void **state)
{
    struct written *written = *state;
    fclose(written->out);
    free(written->text);
    return 0;
}

static void assert_written(struct written *written, const char *expected)
{
    fflush(written->out);
    assert_string_equal(written->text, expected);
}

static void values_are_parted_by_commas_in_every_container(void **state)
{
    struct written *written = *state;
    struct json *json = &written->json;
    json_object(json, NULL);
    json_count(json, "a", 1);
    json_array(json, "b");
    json_text(json, NULL, "x");
    json_object(json, NULL);
    json_object_end(json);
    json_array(json, NULL);
    json_array_end(json);
    json_array_end(json);
    json_bool(json, "c", true);
    json_bool(json, "d", false);
    json_object_end(json);
    assert_written(written, "{\"a\":1,\"b\":[\"x\",{},[]],\"c\":true,\"d\":false}");
}

static void any_bytes_of_a_name_can_be_read_back(void **state)
{
    struct written *written = *state;
    json_text(&written->json, NULL, "a\"b\\c\n\x1f\x7f \xc3\xa9 \xff \xed\xa0\x80 \xc2\x85");
    assert_written(written, "\"a\\\"b\\\\c\\u000a\\u001f\\u007f \xc3\xa9 \\udcff "
                            "\\udced\\udca0\\udc80 \\u0085\"");
}

static void whole_numbers_are_written_exactly(void **state)
{
    struct written *written = *state;
    struct json *json = &written->json;
    json_array(json, NULL);
    json_count(json, NULL, UINT64_MAX);
    json_number(json, NULL, 12345678901.0);
    json_number(json, NULL, 0);
    json_number(json, NULL, -3);
    json_number(json, NULL, 1.0 / 3);
    json_number(json, NULL, 0.5);
    json_number(json, NULL, 1.0 / 0.0);
    json_array_end(json);
    assert_written(written, "[18446744073709551615,12345678901,0,-3,0.333333,0.5,null]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_parted_by_commas_in_every_container, begin, end),
        cmocka_unit_test_setup_teardown(any_bytes_of_a_name_can_be_read_back, begin, end),
        cmocka_unit_test_setup_teardown(whole_numbers_are_written_exactly, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * An image of the record as a line, and as JSON.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/listing.h"

static struct record_image made(void)
{
    return (struct record_image){
        .root = "/photos",
        .path = "a/b.jpg",
        .size = 1234,
        .state = IMAGE_MADE,
        .error = "",
        .warnings = "",
        .width = 640,
        .height = 480,
        .bytes_in = 1234,
        .ms = 17,
        .worker = "w",
        .attempts = 1,
        .output_count = 2,
        .outputs = {{"64/a/b.jpg", {64, 48, 900, 5}}, {"32/a/b.jpg", {32, 24, 400, 6}}},
    };
}

static struct record_image failed(void)
{
    struct record_image image = made();
    image.state = IMAGE_FAILED;
    image.error = "empty\nfile";
    image.output_count = 0;
    return image;
}

static void assert_shown(const struct record_image *image, bool colour, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    listing_line(image, colour, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_written(const struct record_image *image, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    listing_json(image, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void a_source_is_named_as_the_walk_named_it(void **state)
{
    (void)state;
    char source[SOURCE_PATH_SIZE];
    listing_source(source, "/photos", "a/b.jpg");
    assert_string_equal(source, "/photos/a/b.jpg");
    listing_source(source, "/", "a.jpg");
    assert_string_equal(source, "/a.jpg");
}

static void a_line_has_state_source_and_outputs(void **state)
{
    (void)state;
    struct record_image image = made();
    assert_shown(&image, false, "made         /photos/a/b.jpg  -> 64/a/b.jpg, 32/a/b.jpg\n");
    image.state = IMAGE_DAMAGED;
    image.warnings = "cut short\nand more";
    assert_shown(&image, false,
                 "damaged      /photos/a/b.jpg  -> 64/a/b.jpg, 32/a/b.jpg  (cut short)\n");
}

static void a_line_of_a_failure_has_its_reason(void **state)
{
    (void)state;
    struct record_image image = failed();
    assert_shown(&image, false, "failed       /photos/a/b.jpg  -> empty\\x0afile\n");
    image.state = IMAGE_QUARANTINED;
    assert_shown(&image, false, "quarantined  /photos/a/b.jpg  -> empty\\x0afile\n");
}

static void nothing_in_a_name_reaches_the_terminal(void **state)
{
    (void)state;
    struct record_image image = made();
    image.path = "\033[2J\n.jpg";
    image.outputs[0].path = "\xff.jpg";
    image.output_count = 1;
    assert_shown(&image, false, "made         /photos/\\x1b[2J\\x0a.jpg  -> \\xff.jpg\n");
}

static void only_what_is_not_well_is_coloured(void **state)
{
    (void)state;
    struct record_image image = failed();
    assert_shown(&image, true, "\033[31mfailed     \033[0m  /photos/a/b.jpg  -> empty\\x0afile\n");
    image = made();
    image.output_count = 1;
    assert_shown(&image, true, "made         /photos/a/b.jpg  -> 64/a/b.jpg\n");
}

static void the_json_has_every_key_in_order(void **state)
{
    (void)state;
    struct record_image image = made();
    assert_written(
        &image, "{\"path\":\"/photos/a/b.jpg\",\"status\":\"made\",\"error\":\"\",\"warnings\":[],"
                "\"outputs\":[{\"path\":\"64/a/b.jpg\",\"width\":64,\"height\":48,\"bytes\":900},"
                "{\"path\":\"32/a/b.jpg\",\"width\":32,\"height\":24,\"bytes\":400}],"
                "\"width\":640,\"height\":480,\"bytes\":1234,\"ms\":17,\"worker\":\"w\","
                "\"attempts\":1}\n");
}

static void the_json_has_a_warning_a_line(void **state)
{
    (void)state;
    struct record_image image = failed();
    image.warnings = "one\n\ntwo\n";
    assert_written(&image, "{\"path\":\"/photos/a/b.jpg\",\"status\":\"failed\","
                           "\"error\":\"empty\\u000afile\",\"warnings\":[\"one\",\"two\"],"
                           "\"outputs\":[],\"width\":640,\"height\":480,\"bytes\":1234,\"ms\":17,"
                           "\"worker\":\"w\",\"attempts\":1}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_named_as_the_walk_named_it),
        cmocka_unit_test(a_line_has_state_source_and_outputs),
        cmocka_unit_test(a_line_of_a_failure_has_its_reason),
        cmocka_unit_test(nothing_in_a_name_reaches_the_terminal),
        cmocka_unit_test(only_what_is_not_well_is_coloured),
        cmocka_unit_test(the_json_has_every_key_in_order),
        cmocka_unit_test(the_json_has_a_warning_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

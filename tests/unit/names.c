/* Output names and their claimants, and which images were counted. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sink/names.h"

static struct names *names;
static struct run_options options;
static struct reason why;

static int set_up(void **state)
{
    (void)state;
    run_options_init(&options);
    return names_open(&names, &why) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    names_close(&names);
    names_close(&names);
    return 0;
}

static enum status claim(uint64_t number, const char *root, const char *path)
{
    const struct claimant claimant = {number, text_of(root), text_of(path)};
    why.text[0] = '\0';
    return names_claim(names, &options, &claimant, &why);
}

static void flat_names(void)
{
    strcpy(options.output, "%s.jpg");
}

static void the_first_claim_of_a_name_stands(void **state)
{
    (void)state;
    flat_names();
    assert_int_equal(claim(1, "/photos", "a/x.jpg"), STATUS_OK);
    assert_int_equal(claim(2, "/photos", "b/x.jpg"), STATUS_IMAGE);
    assert_non_null(strstr(why.text, "x.jpg"));
    assert_non_null(strstr(why.text, "another source"));
    assert_int_equal(claim(3, "/photos", "b/y.jpg"), STATUS_OK);
    assert_int_equal(claim(4, "/photos", "c/x.png"), STATUS_IMAGE);
}

static void a_number_that_asks_again_gets_the_same_verdict(void **state)
{
    (void)state;
    flat_names();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(claim(1, "/photos", "a/x.jpg"), STATUS_OK);
        assert_int_equal(claim(2, "/photos", "b/x.jpg"), STATUS_IMAGE);
    }
}

static void a_file_named_twice_is_told_so(void **state)
{
    (void)state;
    static const struct {
        const char *first_root, *first, *second_root, *second;
    } cases[] = {
        {"/photos", "same.jpg", "/photos", "same.jpg"},
        {"/photos", "a/nested.jpg", "/photos/a", "nested.jpg"},
        {"/", "photos/top.jpg", "/photos", "top.jpg"},
    };
    flat_names();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(claim(2 * i + 1, cases[i].first_root, cases[i].first), STATUS_OK);
        assert_int_equal(claim(2 * i + 2, cases[i].second_root, cases[i].second), STATUS_IMAGE);
        assert_string_equal(why.text, "the same file was named before");
    }
}

static void of_several_sizes_all_names_are_claimed_or_none(void **state)
{
    (void)state;
    options.size_count = 0;
    assert_int_equal(options_add_sizes(&options, "100,200", &why), STATUS_OK);
    strcpy(options.output, "%s-%z.jpg");
    const struct run_options both = options;
    struct run_options first = options, second = options;
    first.size_count = second.size_count = 1;
    second.sizes[0] = options.sizes[1];

    options = second;
    assert_int_equal(claim(1, "/photos", "a/x.jpg"), STATUS_OK);
    options = both;
    assert_int_equal(claim(2, "/photos", "b/x.jpg"), STATUS_IMAGE);
    assert_non_null(strstr(why.text, "x-200.jpg"));
    options = first;
    assert_int_equal(claim(3, "/photos", "c/x.jpg"), STATUS_OK);
}

static void a_name_that_cannot_be_made_is_the_images_failure(void **state)
{
    (void)state;
    char path[256 + 8] = "";
    memset(path, 'n', 251);
    strcat(path, ".png"); // 255 bytes, and .jpg is to be appended
    assert_int_equal(claim(1, "/photos", path), STATUS_IMAGE);
    assert_string_not_equal(why.text, "");
}

static void bytes_of_any_kind_are_names(void **state)
{
    (void)state;
    static const char *const paths[] = {"\xff.jpg", "\xfe.jpg", "new\nline.jpg", "-.jpg",
                                        "[n=-1].jpg"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(claim(i + 1, "/photos", paths[i]), STATUS_OK);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        assert_int_equal(claim(i + 101, "/photos", paths[i]), STATUS_IMAGE);
}

static void the_table_grows_and_forgets_nothing(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    char path[32];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            snprintf(path, sizeof path, "%d.jpg", i);
            assert_int_equal(claim((uint64_t)(round * MANY + i + 1), "/photos", path),
                             round == 0 ? STATUS_OK : STATUS_IMAGE);
        }
}

static void a_number_is_new_once(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {1, 2, 8, 7, 32767, 32768, 1000000, 1000001, 99999999};
    bool first;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(names_first(names, numbers[i], &first), STATUS_OK);
        assert_true(first);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_int_equal(names_first(names, numbers[i], &first), STATUS_OK);
        assert_false(first);
    }
    assert_int_equal(names_first(names, 3, &first), STATUS_OK);
    assert_true(first);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(the_first_claim_of_a_name_stands),
        test(a_number_that_asks_again_gets_the_same_verdict),
        test(a_file_named_twice_is_told_so),
        test(of_several_sizes_all_names_are_claimed_or_none),
        test(a_name_that_cannot_be_made_is_the_images_failure),
        test(bytes_of_any_kind_are_names),
        test(the_table_grows_and_forgets_nothing),
        test(a_number_is_new_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where the head's paths lie here, and which paths a job may name. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/mapping.h"

static const struct root_mapping mappings[] = {
    {"/photos", "/mnt/photos"},
    {"/photos/raw/", "/raw/"},
    {"/data", "/"},
};
#define MAPPINGS (sizeof mappings / sizeof *mappings)

static void the_longest_prefix_of_whole_components_is_replaced(void **state)
{
    (void)state;
    const struct {
        const char *path, *here;
    } cases[] = {
        {"/photos", "/mnt/photos"},
        {"/photos/a/b", "/mnt/photos/a/b"},
        {"/photos2/a", "/photos2/a"},
        {"/photos/raw", "/raw"},
        {"/photos/raw/a", "/raw/a"},
        {"/photos/raws", "/mnt/photos/raws"},
        {"/data", "/"},
        {"/data/a", "/a"},
        {"/elsewhere", "/elsewhere"},
        {"/", "/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char here[PATH_MAX];
        assert_true(mapping_apply(mappings, MAPPINGS, text_of(cases[i].path), here));
        assert_string_equal(here, cases[i].here);
    }
}

static void the_root_itself_can_be_mapped(void **state)
{
    (void)state;
    const struct root_mapping all = {"/", "/net/head"};
    char here[PATH_MAX];
    assert_true(mapping_apply(&all, 1, text_of("/a"), here));
    assert_string_equal(here, "/net/head/a");
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    char here[PATH_MAX], path[PATH_MAX + 1];
    memset(path, 'a', sizeof path);
    memcpy(path, "/photos/", strlen("/photos/"));
    struct text longest = {path, PATH_MAX - 5}; // /mnt is 4 longer
    assert_true(mapping_apply(mappings, MAPPINGS, longest, here));
    longest.size++;
    assert_false(mapping_apply(mappings, MAPPINGS, longest, here));
    assert_false(mapping_apply(NULL, 0, (struct text){path, PATH_MAX}, here));
    assert_false(mapping_apply(NULL, 0, (struct text){"/a\0b", 4}, here));
}

static void only_paths_below_their_root_are_safe(void **state)
{
    (void)state;
    const struct {
        struct text path;
        bool safe;
    } cases[] = {
        {{"a", 1}, true},     {{"a/b.jpg", 7}, true}, {{"..a/...", 7}, true}, {{"a\nb", 3}, true},
        {{"\xff", 1}, true},  {{"", 0}, false},       {{"/", 1}, false},      {{"/a", 2}, false},
        {{"a/", 2}, false},   {{"a//b", 4}, false},   {{".", 1}, false},      {{"..", 2}, false},
        {{"../a", 4}, false}, {{"a/..", 4}, false},   {{"a/../b", 6}, false}, {{"a/./b", 5}, false},
        {{"a\0b", 3}, false}, {{NULL, 0}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(mapping_is_safe(cases[i].path), cases[i].safe);
    static char longest[JOB_PATH_SIZE];
    memset(longest, 'a', sizeof longest);
    assert_true(mapping_is_safe((struct text){longest, JOB_PATH_SIZE - 1}));
    assert_false(mapping_is_safe((struct text){longest, JOB_PATH_SIZE}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_of_whole_components_is_replaced),
        cmocka_unit_test(the_root_itself_can_be_mapped),
        cmocka_unit_test(a_path_that_does_not_fit_is_refused),
        cmocka_unit_test(only_paths_below_their_root_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

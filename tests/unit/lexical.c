/* Paths as texts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ventilator/lexical.h"

static void paths_are_resolved_as_texts(void **state)
{
    (void)state;
    static const struct {
        const char *from, *path, *expected;
    } cases[] = {
        {"/a/b", "c.jpg", "/a/b/c.jpg"},
        {"/a/b", "./c//d/", "/a/b/c/d"},
        {"/a/b", "", "/a/b"},
        {"/a/b", ".", "/a/b"},
        {"/a/b", "..", "/a"},
        {"/a/b", "../../..", "/"},
        {"/a/b", "../../../c", "/c"},
        {"/a/b", "/c/../d", "/d"},
        {"/a/b", "/", "/"},
        {"/a/b", "//", "/"},
        {"/", "c", "/c"},
        {"/a", "...", "/a/..."},
        {"/a", "..b/.c", "/a/..b/.c"},
        {"/a", "b/..", "/a"},
        {"/a", "new\nline/\xff", "/a/new\nline/\xff"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        assert_true(lexical_absolute(out, sizeof out, cases[i].from, cases[i].path));
        assert_string_equal(out, cases[i].expected);
    }
}

static void what_does_not_fit_is_refused_at_every_size(void **state)
{
    (void)state;
    const char *expected = "/ab/c";
    for (size_t size = 0; size <= strlen(expected); size++) {
        char out[16] = "untouched";
        assert_false(lexical_absolute(out, size, "/ab", "c"));
        if (size == 0)
            assert_string_equal(out, "untouched");
    }
    char out[6];
    assert_true(lexical_absolute(out, sizeof out, "/ab", "c"));
    assert_string_equal(out, expected);
}

static void a_path_lies_below_a_folder_by_whole_components(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *path, *below;
    } cases[] = {
        {"/a", "/a/b", "b"}, {"/a", "/a/b/c", "b/c"}, {"/a", "/a", ""},     {"/a", "/ab", NULL},
        {"/a", "/", NULL},   {"/a/b", "/a", NULL},    {"/", "/a/b", "a/b"}, {"/", "/", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *below = lexical_below(cases[i].folder, cases[i].path);
        if (cases[i].below)
            assert_string_equal(below, cases[i].below);
        else
            assert_null(below);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_resolved_as_texts),
        cmocka_unit_test(what_does_not_fit_is_refused_at_every_size),
        cmocka_unit_test(a_path_lies_below_a_folder_by_whole_components),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

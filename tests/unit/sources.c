/* The command line's sources and destination, over real folders. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/temp_tree.h"
#include "ventilator/sources.h"

static struct temp_tree tree;

static int set_up(void **state)
{
    (void)state;
    temp_tree_open(&tree);
    temp_tree_file(&tree, "photos/a.jpg", "", 0);
    temp_tree_file(&tree, "photos/sub/b.jpg", "", 0);
    temp_tree_file(&tree, "list.txt", "a.jpg\n", 6);
    temp_tree_link(&tree, "link", "photos");
    temp_tree_link(&tree, "alias.jpg", "photos/a.jpg");
    assert_int_equal(mkfifo(temp_tree_at(&tree, "fifo"), 0644), 0);
    assert_int_equal(chdir(tree.path), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    temp_tree_close(&tree);
    return 0;
}

/* Opens SOURCE... DEST; up to three sources. */
static enum status open_paths(struct sources *sources, const char *dest, struct reason *why,
                              const char *first, const char *second, const char *third)
{
    const char *paths[] = {first, second, third};
    size_t count = third ? 3 : second ? 2 : first ? 1 : 0;
    return sources_open(sources, paths, count, dest, NULL, false, NULL, why);
}

static void a_folder_is_resolved_to_a_root(void **state)
{
    (void)state;
    struct sources sources;
    struct reason why;
    assert_int_equal(open_paths(&sources, "out", &why, "link/", NULL, NULL), STATUS_OK);
    assert_int_equal(sources.count, 1);
    assert_int_equal(sources.list[0].kind, SOURCE_FOLDER);
    assert_string_equal(sources.list[0].given, "link/");
    assert_string_equal(sources.roots[sources.list[0].root], temp_tree_at(&tree, "photos"));
    assert_string_equal(sources.dest, temp_tree_at(&tree, "out"));
    sources_close(&sources);
    sources_close(&sources);
}

static void a_file_is_relative_to_its_folder(void **state)
{
    (void)state;
    struct sources sources;
    struct reason why;
    assert_int_equal(
        open_paths(&sources, "out", &why, "photos/a.jpg", "photos/sub/b.jpg", "alias.jpg"),
        STATUS_OK);
    assert_int_equal(sources.count, 3);
    assert_int_equal(sources.root_count, 2);
    assert_int_equal(sources.list[0].kind, SOURCE_FILE);
    assert_string_equal(sources.list[0].path, "a.jpg");
    assert_string_equal(sources.roots[sources.list[0].root], temp_tree_at(&tree, "photos"));
    assert_string_equal(sources.list[1].path, "b.jpg");
    assert_string_equal(sources.roots[sources.list[1].root], temp_tree_at(&tree, "photos/sub"));
    assert_string_equal(sources.list[2].path, "a.jpg"); // what the link leads to
    assert_int_equal(sources.list[2].root, sources.list[0].root);
    sources_close(&sources);
}

static void a_folder_given_twice_is_one_source(void **state)
{
    (void)state;
    struct sources sources;
    struct reason why;
    assert_int_equal(open_paths(&sources, "out", &why, "photos", "link", "photos/../photos/."),
                     STATUS_OK);
    assert_int_equal(sources.count, 1);
    assert_int_equal(sources.root_count, 1);
    sources_close(&sources);
    assert_int_equal(open_paths(&sources, "out", &why, "photos/a.jpg", "photos", NULL), STATUS_OK);
    assert_int_equal(sources.count, 2); // a file's folder is not a source by itself
    assert_int_equal(sources.root_count, 1);
    sources_close(&sources);
}

static void the_destination_need_not_exist(void **state)
{
    (void)state;
    static const struct {
        const char *dest, *expected;
    } cases[] = {
        {"new", "new"},
        {"new/deep/er//", "new/deep/er"},
        {"link/new", "photos/new"},
        {"./new/../x", "x"},
        {"new/..//photos/out", "photos/out"},
        {"photos", "photos"},
        {"link/sub/../t", "photos/t"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sources sources;
        struct reason why;
        assert_int_equal(open_paths(&sources, cases[i].dest, &why, "list.txt", NULL, NULL),
                         STATUS_OK);
        assert_string_equal(sources.dest, temp_tree_at(&tree, cases[i].expected));
        sources_close(&sources);
    }
}

static void what_makes_no_sense_is_refused_with_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *source, *dest;
        enum status status;
        const char *says;
    } cases[] = {
        {"none", "out", STATUS_MACHINE, "none: no such file or folder"},
        {"", "out", STATUS_MACHINE, "no such file or folder"},
        {"fifo", "out", STATUS_MACHINE, "fifo: neither a folder nor a regular file"},
        {"photos", "photos", STATUS_USAGE, "photos: lies inside the destination"},
        {"photos/sub", "photos", STATUS_USAGE, "photos/sub: lies inside the destination"},
        {"photos/a.jpg", "photos", STATUS_USAGE, "photos/a.jpg: lies inside the destination"},
        {"link", "photos/../photos", STATUS_USAGE, "link: lies inside the destination"},
        {"photos", "", STATUS_USAGE, "the destination is an empty name"},
        {"photos", "list.txt", STATUS_MACHINE, "list.txt: not a folder"},
        {"photos", "list.txt/out", STATUS_MACHINE, "list.txt/out: Not a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sources sources;
        struct reason why = {""};
        assert_int_equal(open_paths(&sources, cases[i].dest, &why, cases[i].source, NULL, NULL),
                         cases[i].status);
        assert_non_null(strstr(why.text, cases[i].says));
        assert_null(strchr(why.text, '\n'));
    }
}

static void a_destination_inside_a_source_is_fine(void **state)
{
    (void)state;
    struct sources sources;
    struct reason why;
    assert_int_equal(open_paths(&sources, "photos/out", &why, "photos", NULL, NULL), STATUS_OK);
    sources_close(&sources);
    assert_int_equal(open_paths(&sources, "photos-out", &why, "photos", NULL, NULL), STATUS_OK);
    sources_close(&sources);
}

static void sources_and_a_list_exclude_each_other(void **state)
{
    (void)state;
    static const char *const paths[] = {"photos"};
    static const struct {
        size_t path_count;
        const char *files_from, *base;
        bool nul_separated;
    } cases[] = {
        {0, NULL, NULL, false},
        {1, "list.txt", NULL, false},
        {1, NULL, "photos", false},
        {1, NULL, NULL, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sources sources;
        struct reason why = {""};
        assert_int_equal(sources_open(&sources, paths, cases[i].path_count, "out",
                                      cases[i].files_from, cases[i].nul_separated, cases[i].base,
                                      &why),
                         STATUS_USAGE);
        assert_string_not_equal(why.text, "");
    }
}

static void a_list_is_relative_to_the_working_directory_or_its_base(void **state)
{
    (void)state;
    struct sources sources;
    struct reason why;
    assert_int_equal(sources_open(&sources, NULL, 0, "out", "list.txt", true, NULL, &why),
                     STATUS_OK);
    assert_int_equal(sources.count, 1);
    assert_int_equal(sources.list[0].kind, SOURCE_LIST);
    assert_string_equal(sources.list[0].path, "list.txt");
    assert_string_equal(sources.roots[sources.list[0].root], tree.path);
    assert_string_equal(sources.roots[sources.top_root], "/");
    assert_true(sources.nul_separated);
    assert_null(sources.base);
    sources_close(&sources);

    assert_int_equal(sources_open(&sources, NULL, 0, "out", "-", false, "./link/", &why),
                     STATUS_OK);
    assert_string_equal(sources.roots[sources.list[0].root], temp_tree_at(&tree, "photos"));
    assert_string_equal(sources.base, temp_tree_at(&tree, "link"));
    sources_close(&sources);
}

static void a_list_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *list, *base;
        enum status status;
        const char *says;
    } cases[] = {
        {"none.txt", NULL, STATUS_MACHINE, "--files-from none.txt: no such file"},
        {"photos", NULL, STATUS_MACHINE, "--files-from photos: a folder"},
        {"list.txt", "none", STATUS_MACHINE, "none: no such file or folder"},
        {"list.txt", "list.txt", STATUS_MACHINE, "--base list.txt: not a folder"},
        {"list.txt", "out/sub", STATUS_USAGE, "out/sub: lies inside the destination"},
    };
    temp_tree_folder(&tree, "out/sub");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sources sources;
        struct reason why = {""};
        assert_int_equal(
            sources_open(&sources, NULL, 0, "out", cases[i].list, false, cases[i].base, &why),
            cases[i].status);
        assert_non_null(strstr(why.text, cases[i].says));
    }
}

static void files_from_too_many_folders_are_refused(void **state)
{
    (void)state;
    static char names[ROOTS_MAX + 1][32];
    static const char *paths[ROOTS_MAX + 1];
    for (int i = 0; i <= ROOTS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "many/%d/x.jpg", i);
        temp_tree_file(&tree, names[i], "", 0);
        paths[i] = names[i];
    }
    struct sources sources;
    struct reason why = {""};
    assert_int_equal(sources_open(&sources, paths, ROOTS_MAX, "out", NULL, false, NULL, &why),
                     STATUS_OK);
    assert_int_equal(sources.root_count, ROOTS_MAX);
    sources_close(&sources);
    assert_int_equal(sources_open(&sources, paths, ROOTS_MAX + 1, "out", NULL, false, NULL, &why),
                     STATUS_USAGE);
    assert_non_null(strstr(why.text, "--files-from"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_folder_is_resolved_to_a_root),
        test(a_file_is_relative_to_its_folder),
        test(a_folder_given_twice_is_one_source),
        test(the_destination_need_not_exist),
        test(what_makes_no_sense_is_refused_with_one_line),
        test(a_destination_inside_a_source_is_fine),
        test(sources_and_a_list_exclude_each_other),
        test(a_list_is_relative_to_the_working_directory_or_its_base),
        test(a_list_that_cannot_be_read_is_refused),
        test(files_from_too_many_folders_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

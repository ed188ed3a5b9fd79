/* The walk of lists, over real trees. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/temp_tree.h"
#include "tests/support/walked.h"

static struct temp_tree tree;

static int set_up(void **state)
{
    (void)state;
    temp_tree_open(&tree);
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

static struct walked walk_listed(const char *list, bool nul_separated, const char *base)
{
    struct walked walked = {0};
    struct reason why;
    assert_int_equal(sources_open(&walked.sources, NULL, 0, "out", list, nul_separated, base, &why),
                     STATUS_OK);
    walked_start(&walked);
    walked_collect(&walked);
    return walked;
}

static void a_walk_waiting_for_the_writer_of_its_list_can_be_stopped(void **state)
{
    (void)state;
    temp_tree_file(&tree, "a.jpg", "", 0);
    assert_int_equal(mkfifo("list", 0644), 0);
    struct walked walked = {0};
    struct reason why;
    assert_int_equal(sources_open(&walked.sources, NULL, 0, "out", "list", false, NULL, &why),
                     STATUS_OK);
    walked_start(&walked);
    const int writer = open("list", O_WRONLY | O_CLOEXEC); // waits for the walk to open it
    assert_int_equal(write(writer, "a.jpg\n", 6), 6);
    void *item;
    assert_int_equal(queue_take(walked.queue, &item), STATUS_OK);
    walked_keep(&walked, item);
    walked_end(&walked);
    close(writer);
}

/* Writes the list, walks it, and checks every entry's place and error (NULL: an image to do). */
static void check_listed(const char *list, size_t size, bool nul_separated, const char *base,
                         const char *const expected[][3], size_t count)
{
    temp_tree_file(&tree, "list", list, size);
    struct walked walked = walk_listed("list", nul_separated, base);
    assert_int_equal(unlink("list"), 0);
    assert_int_equal(walked.count, count);
    for (size_t i = 0; i < count; i++) {
        const struct found *found = walked_find(&walked, expected[i][1]);
        assert_non_null(found);
        assert_string_equal(walked.sources.roots[found->root], expected[i][0]);
        if (expected[i][2]) {
            assert_non_null(found->error);
            assert_non_null(strstr(found->error, expected[i][2]));
        } else {
            assert_null(found->error);
        }
    }
    walked_end(&walked);
}

static void a_list_names_files_from_the_working_directory_and_the_top(void **state)
{
    (void)state;
    temp_tree_file(&tree, "a.jpg", "", 0);
    temp_tree_file(&tree, "sub/b.dat", "", 0);
    temp_tree_file(&tree, "sub/c.jpg", "", 0);
    temp_tree_file(&tree, "out/made.jpg", "", 0);
    char list[8 * JOB_PATH_SIZE];
    const int size = snprintf(list, sizeof list,
                              "a.jpg\n\n./sub//b.dat\nnone.jpg\nsub\n.\nsub/../../outside.jpg\n"
                              "%s/sub/c.jpg\nout/made.jpg\na.jpg/below",
                              tree.path);
    char outside[JOB_PATH_SIZE];
    snprintf(outside, sizeof outside, "%s", tree.path + 1);
    strcpy(strrchr(outside, '/') + 1, "outside.jpg");
    const char *const expected[][3] = {
        {tree.path, "a.jpg", NULL},
        {tree.path, "sub/b.dat", NULL},
        {tree.path, "none.jpg", "no such file"},
        {tree.path, "sub", "is a folder"},
        {tree.path, ".", "is a folder"},
        {"/", outside, "outside the working directory"},
        {"/", temp_tree_at(&tree, "sub/c.jpg") + 1, NULL},
        {tree.path, "out/made.jpg", "inside the destination"},
        {tree.path, "a.jpg/below", "no such file"},
    };
    check_listed(list, (size_t)size, false, NULL, expected, sizeof expected / sizeof expected[0]);
}

static void with_a_base_everything_lies_below_it_or_is_failed(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/a.jpg", "", 0);
    temp_tree_file(&tree, "photos/b.jpg", "", 0);
    temp_tree_file(&tree, "photos/sub/c.jpg", "", 0);
    temp_tree_file(&tree, "photos-2/d.jpg", "", 0);
    temp_tree_link(&tree, "link", "photos");
    char list[8 * JOB_PATH_SIZE], root[2 * JOB_PATH_SIZE];
    const int size =
        snprintf(list, sizeof list,
                 "a.jpg%c%s/link/b.jpg%c%s/photos/sub/./c.jpg%c%s/photos-2/d.jpg%c../x.jpg%c/%c", 0,
                 tree.path, 0, tree.path, 0, tree.path, 0, 0, 0);
    snprintf(root, sizeof root, "%s/photos", tree.path);
    const char *const expected[][3] = {
        {root, "a.jpg", NULL},
        {root, "b.jpg", NULL},
        {root, "sub/c.jpg", NULL},
        {"/", temp_tree_at(&tree, "photos-2/d.jpg") + 1, "outside --base"},
        {"/", temp_tree_at(&tree, "x.jpg") + 1, "outside --base"},
        {"/", ".", "outside --base"},
    };
    check_listed(list, (size_t)size, true, "link", expected, sizeof expected / sizeof expected[0]);
}

static void names_with_newlines_go_through_a_nul_separated_list(void **state)
{
    (void)state;
    temp_tree_file(&tree, "new\nline.jpg", "", 0);
    temp_tree_file(&tree, "-0\xff.jpg", "", 0);
    static const char list[] = "new\nline.jpg\0-0\xff.jpg"; // the last one's NUL is in its size
    const char *const expected[][3] = {{tree.path, "new\nline.jpg", NULL},
                                       {tree.path, "-0\xff.jpg", NULL}};
    check_listed(list, sizeof list, true, NULL, expected, 2);
}

static void entries_that_are_no_paths_are_walk_errors(void **state)
{
    (void)state;
    temp_tree_file(&tree, "a.jpg", "", 0);
    enum { LONG = 3 * JOB_PATH_SIZE };
    char *list = malloc(LONG + 64);
    assert_non_null(list);
    memset(list, 'x', LONG);
    static const char rest[] = "\na.jpg\0b.jpg\na.jpg\n";
    memcpy(list + LONG, rest, sizeof rest - 1);
    temp_tree_file(&tree, "list", list, LONG + sizeof rest - 1);
    free(list);
    struct walked walked = walk_listed("list", false, NULL);
    assert_int_equal(walked.counts.walk_errors, 2);
    assert_int_equal(walked.count, 1);
    assert_string_equal(walked.list[0]->path, "a.jpg");
    walked_end(&walked);
}

static void a_list_longer_than_the_buffer_is_read_whole(void **state)
{
    (void)state;
    enum { ENTRIES = 20000 };
    temp_tree_file(&tree, "a.jpg", "", 0);
    char *list = malloc(ENTRIES * 16);
    assert_non_null(list);
    size_t size = 0;
    for (int i = 0; i < ENTRIES; i++)
        size += (size_t)sprintf(list + size, "none-%05d.jpg\n", i);
    temp_tree_file(&tree, "list", list, size);
    free(list);
    struct walked walked = walk_listed("list", false, NULL);
    assert_int_equal(walked.count, ENTRIES);
    assert_string_equal(walked.list[0]->path, "none-00000.jpg");
    assert_string_equal(walked.list[ENTRIES - 1]->path, "none-19999.jpg");
    walked_end(&walked);
}

static void a_list_comes_from_standard_input(void **state)
{
    (void)state;
    temp_tree_file(&tree, "a.jpg", "", 0);
    int ends[2];
    const int saved = dup(STDIN_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(write(ends[1], "a.jpg", 5), 5);
    close(ends[1]);
    struct walked walked = walk_listed("-", false, NULL);
    if (saved >= 0) {
        assert_true(dup2(saved, STDIN_FILENO) == STDIN_FILENO);
        close(saved);
    }
    assert_int_equal(walked.count, 1);
    assert_null(walked.list[0]->error);
    walked_end(&walked);
}

static void a_list_that_cannot_be_read_is_a_walk_error(void **state)
{
    (void)state;
    temp_tree_file(&tree, "list", "a.jpg\n", 6);
    struct walked walked = {0};
    struct reason why;
    assert_int_equal(sources_open(&walked.sources, NULL, 0, "out", "list", false, NULL, &why),
                     STATUS_OK);
    assert_int_equal(unlink("list"), 0);
    temp_tree_folder(&tree, "list"); // reading a folder as a file fails
    walked_start(&walked);
    walked_collect(&walked);
    assert_int_equal(walked.count, 0);
    assert_int_equal(walked.counts.walk_errors, 1);
    walked_end(&walked);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_walk_waiting_for_the_writer_of_its_list_can_be_stopped),
        test(a_list_names_files_from_the_working_directory_and_the_top),
        test(with_a_base_everything_lies_below_it_or_is_failed),
        test(names_with_newlines_go_through_a_nul_separated_list),
        test(entries_that_are_no_paths_are_walk_errors),
        test(a_list_longer_than_the_buffer_is_read_whole),
        test(a_list_comes_from_standard_input),
        test(a_list_that_cannot_be_read_is_a_walk_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

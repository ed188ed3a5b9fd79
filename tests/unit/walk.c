/* The walk of folders and of files named as sources, over real trees. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/temp_tree.h"
#include "tests/support/walked.h"

#define NOBODY 65534

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

static struct walked walk_folder(const char *source, const char *dest)
{
    struct walked walked = {0};
    struct reason why;
    assert_int_equal(sources_open(&walked.sources, &source, 1, dest, NULL, false, NULL, &why),
                     STATUS_OK);
    walked_start(&walked);
    walked_collect(&walked);
    return walked;
}

static void an_image_is_found_whatever_its_name_holds(void **state)
{
    (void)state;
    char longest[256];
    memset(longest, 'n', sizeof longest);
    memcpy(longest + 251, ".jpg", sizeof ".jpg");
    const char *const names[] = {
        "new\nline.jpg", "\xff\xfe\x80.png", "-s.webp", "[n=-1].gif",
        "a b.JPEG",      "\xe2\x80\xae.jpg", "..jpg",   longest,
        "x/y/z.tiff",    "x/\n/.\\.jpg",
    };
    size_t hidden = 2; // "..jpg" and ".\.jpg" begin with a dot
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        temp_tree_file(&tree, temp_tree_at(&(struct temp_tree){"photos"}, names[i]), "12345", 5);
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(walked.count, sizeof names / sizeof names[0] - hidden);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct found *found = walked_find(&walked, names[i]);
        if (names[i][0] == '.' || strstr(names[i], "/.")) {
            assert_null(found);
            continue;
        }
        assert_non_null(found);
        assert_null(found->error);
        assert_int_equal(found->size, 5);
    }
    assert_int_equal(walked.counts.known_bytes, 5 * walked.count);
    walked_end(&walked);
}

static void size_and_time_are_the_files(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/a.jpg", "123", 3);
    const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {-2, 123456789}};
    assert_int_equal(utimensat(AT_FDCWD, "photos/a.jpg", times, 0), 0);
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(walked.count, 1);
    assert_int_equal(walked.list[0]->size, 3);
    assert_true(walked.list[0]->mtime_ns == -2 * 1000000000LL + 123456789);
    walked_end(&walked);
}

static void other_files_are_counted_and_links_are_not_followed(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/a.jpg", "", 0);
    temp_tree_file(&tree, "photos/notes.txt", "", 0);
    temp_tree_file(&tree, "photos/jpg", "", 0);
    temp_tree_file(&tree, "photos/.hidden.jpg", "", 0);
    temp_tree_file(&tree, "photos/.hidden/b.jpg", "", 0);
    temp_tree_file(&tree, "elsewhere/c.jpg", "", 0);
    temp_tree_link(&tree, "photos/link.jpg", "a.jpg");
    temp_tree_link(&tree, "photos/folder", "../elsewhere");
    temp_tree_link(&tree, "photos/loop", ".");
    temp_tree_folder(&tree, "photos/folder.jpg");
    assert_int_equal(mkfifo("photos/fifo.jpg", 0644), 0);
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(walked.count, 1);
    assert_string_equal(walked.list[0]->path, "a.jpg");
    assert_int_equal(walked.counts.ignored, 6); // two files, three links, a pipe
    assert_int_equal(walked.counts.walk_errors, 0);
    walked_end(&walked);
}

static void an_empty_folder_has_nothing_in_it(void **state)
{
    (void)state;
    temp_tree_folder(&tree, "photos");
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(walked.count, 0);
    assert_int_equal(walked.counts.ignored, 0);
    walked_end(&walked);
}

static void a_destination_inside_the_source_is_skipped(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/a.jpg", "", 0);
    temp_tree_file(&tree, "photos/sub/out/made.jpg", "", 0);
    temp_tree_file(&tree, "photos/sub/out/deep/made.jpg", "", 0);
    temp_tree_file(&tree, "photos/out/b.jpg", "", 0);
    struct walked walked = walk_folder("photos", "photos/sub/out");
    assert_int_equal(walked.count, 2);
    assert_non_null(walked_find(&walked, "a.jpg"));
    assert_non_null(walked_find(&walked, "out/b.jpg"));
    walked_end(&walked);
}

static void a_destination_made_after_the_walk_began_is_skipped(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * WALKED_QUEUE_CAPACITY; i++) {
        char name[32];
        snprintf(name, sizeof name, "photos/%d.jpg", i);
        temp_tree_file(&tree, name, "", 0);
    }
    struct walked walked = {0};
    struct reason why;
    const char *source = "photos";
    assert_int_equal(
        sources_open(&walked.sources, &source, 1, "photos/out", NULL, false, NULL, &why),
        STATUS_OK);
    walked_start(&walked);
    void *item;
    assert_int_equal(queue_take(walked.queue, &item), STATUS_OK);
    walked_keep(&walked, item);
    temp_tree_file(&tree, "photos/out/made.jpg", "", 0);
    walked_collect(&walked);
    assert_int_equal(walked.count, 2 * WALKED_QUEUE_CAPACITY);
    walked_end(&walked);
}

static void a_folder_that_cannot_be_read_costs_one_walk_error(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/a.jpg", "", 0);
    temp_tree_file(&tree, "photos/locked/b.jpg", "", 0);
    temp_tree_file(&tree, "photos/listed/c.jpg", "", 0);
    assert_int_equal(chmod("photos/locked", 0), 0);
    assert_int_equal(chmod("photos/listed", 0444), 0); // names can be read, files not looked at
    const bool is_root = geteuid() == 0;
    if (is_root)
        assert_int_equal(seteuid(NOBODY), 0); // whom permissions concern
    struct walked walked = walk_folder("photos", "out");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod("photos/locked", 0755), 0);
    assert_int_equal(chmod("photos/listed", 0755), 0);
    assert_int_equal(walked.counts.walk_errors, 1);
    assert_int_equal(walked.count, 2);
    assert_null(walked_find(&walked, "a.jpg")->error);
    assert_string_equal(walked_find(&walked, "listed/c.jpg")->error, "Permission denied");
    walked_end(&walked);
}

static void a_tree_deeper_than_there_are_descriptors_is_walked(void **state)
{
    (void)state;
    enum { DEPTH = 1500, DESCRIPTORS = 48 };
    char path[2 * DEPTH + 16] = "photos";
    for (int i = 0; i < DEPTH; i++)
        strcat(path, "/d");
    strcat(path, "/a.jpg");
    temp_tree_file(&tree, path, "", 0);
    struct rlimit limit, low;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = DESCRIPTORS;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(walked.count, 1);
    assert_string_equal(walked.list[0]->path, path + strlen("photos/"));
    walked_end(&walked);
}

static void what_lies_too_deep_for_a_path_is_a_walk_error_each(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    temp_tree_folder(&tree, "photos");
    int folder = open("photos", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t length = 0; length <= JOB_PATH_SIZE; length += sizeof name) {
        const int file = openat(folder, "a.jpg", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        assert_true(file >= 0);
        close(file);
        assert_int_equal(mkdirat(folder, name, 0755), 0);
        const int next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(folder);
        folder = next;
    }
    close(folder);
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(walked.counts.walk_errors, 2); // a file and a folder, in the deepest
    assert_int_equal(walked.count, JOB_PATH_SIZE / sizeof name);
    walked_end(&walked);
}

static void a_full_queue_holds_the_walk_back_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { FILES = 5000 };
    for (int i = 0; i < FILES; i++) {
        char name[48];
        snprintf(name, sizeof name, "photos/%d/%d.jpg", i % 50, i);
        temp_tree_file(&tree, name, "", 0);
    }
    struct walked walked = walk_folder("photos", "out");
    assert_int_equal(walked.count, FILES);
    for (size_t i = 1; i < walked.count; i++)
        assert_string_not_equal(walked.list[i - 1]->path, walked.list[i]->path);
    walked_end(&walked);
}

static void a_walk_that_is_stopped_early_says_it_is_not_complete(void **state)
{
    (void)state;
    for (int i = 0; i < 10 * WALKED_QUEUE_CAPACITY; i++) {
        char name[32];
        snprintf(name, sizeof name, "photos/%d.jpg", i);
        temp_tree_file(&tree, name, "", 0);
    }
    struct walked walked = {0};
    struct reason why;
    const char *source = "photos";
    assert_int_equal(sources_open(&walked.sources, &source, 1, "out", NULL, false, NULL, &why),
                     STATUS_OK);
    walked_start(&walked);
    void *item;
    assert_int_equal(queue_take(walked.queue, &item), STATUS_OK);
    found_free(item);
    walk_counts(walked.walk, &walked.counts);
    assert_false(walked.counts.walk_complete);
    assert_true(walked.counts.enumerated <= WALKED_QUEUE_CAPACITY + 2);
    walked_end(&walked);
}

static void a_file_named_as_a_source_needs_no_suffix(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/picture", "1", 1);
    struct walked walked = walk_folder("photos/picture", "out");
    assert_int_equal(walked.count, 1);
    assert_string_equal(walked.list[0]->path, "picture");
    assert_null(walked.list[0]->error);
    walked_end(&walked);
}

static void a_source_that_vanished_is_failed_by_name(void **state)
{
    (void)state;
    temp_tree_file(&tree, "photos/a.jpg", "", 0);
    struct walked walked = {0};
    struct reason why;
    const char *source = "photos/a.jpg";
    assert_int_equal(sources_open(&walked.sources, &source, 1, "out", NULL, false, NULL, &why),
                     STATUS_OK);
    assert_int_equal(unlink("photos/a.jpg"), 0);
    walked_start(&walked);
    walked_collect(&walked);
    assert_int_equal(walked.count, 1);
    assert_string_equal(walked.list[0]->error, "no such file");
    walked_end(&walked);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_image_is_found_whatever_its_name_holds),
        test(size_and_time_are_the_files),
        test(other_files_are_counted_and_links_are_not_followed),
        test(an_empty_folder_has_nothing_in_it),
        test(a_destination_inside_the_source_is_skipped),
        test(a_destination_made_after_the_walk_began_is_skipped),
        test(a_folder_that_cannot_be_read_costs_one_walk_error),
        test(a_tree_deeper_than_there_are_descriptors_is_walked),
        test(what_lies_too_deep_for_a_path_is_a_walk_error_each),
        test(a_full_queue_holds_the_walk_back_and_nothing_is_lost),
        test(a_walk_that_is_stopped_early_says_it_is_not_complete),
        test(a_file_named_as_a_source_needs_no_suffix),
        test(a_source_that_vanished_is_failed_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

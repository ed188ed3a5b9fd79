/* Outputs written aside and put in their places: all of an image's, or none. */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
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
#include "worker/publish.h"

#define ASIDE "dest/.thumbmill/tmp/00000000000000ab"

static struct temp_tree tree;
static struct destination *destination;
static struct run_options options;
static struct reason why;

static void open_destination(bool sync)
{
    assert_int_equal(
        destination_open(&destination, temp_tree_at(&tree, "dest"), "token", 0xab, sync, &why),
        STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    temp_tree_open(&tree);
    temp_tree_file(&tree, "dest/.thumbmill/token", "token\n", 6);
    run_options_init(&options);
    options.size_count = 0;
    assert_int_equal(options_add_sizes(&options, "1,2", &why), STATUS_OK);
    open_destination(false);
    memset(&why, 0, sizeof why);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    destination_close(&destination);
    temp_tree_close(&tree);
    return 0;
}

static bool is_there(const char *path)
{
    return access(temp_tree_at(&tree, path), F_OK) == 0;
}

static int count_entries(const char *path)
{
    DIR *folder = opendir(temp_tree_at(&tree, path));
    int count = -2; // "." and ".."
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void begin_and_write(struct publication *publication, const char *path)
{
    assert_int_equal(publish_begin(publication, destination, &options, path, &why), STATUS_OK);
    assert_int_equal(publication->count, 2);
    assert_int_equal(write(publication->fds[0], "one", 3), 3);
    assert_int_equal(write(publication->fds[1], "three", 5), 5);
}

static void nothing_is_seen_before_all_is_committed(void **state)
{
    (void)state;
    struct publication publication = {0};
    struct output outputs[SIZES_MAX] = {{0}};
    begin_and_write(&publication, "a/b.jpg");
    assert_int_equal(publish_seal(&publication, outputs, &why), STATUS_OK);
    assert_false(is_there("dest/1"));
    assert_int_equal(count_entries(ASIDE), 2);
    assert_int_equal(publish_commit(&publication, &why), STATUS_OK);
    publish_end(&publication);
    publish_end(&publication); // ending it twice does nothing
    assert_true(is_there("dest/1/a/b.jpg"));
    assert_true(is_there("dest/2/a/b.jpg"));
    assert_int_equal(count_entries(ASIDE), 0);
    struct stat about;
    assert_int_equal(stat(temp_tree_at(&tree, "dest/2/a/b.jpg"), &about), 0);
    assert_int_equal(outputs[1].bytes, 5);
    assert_true(outputs[1].mtime_ns == about.st_mtim.tv_sec * 1000000000LL + about.st_mtim.tv_nsec);
}

static void files_have_the_mode_that_the_umask_leaves(void **state)
{
    (void)state;
    struct publication publication = {0};
    struct stat about;
    mode_t before = umask(027);
    begin_and_write(&publication, "d/a.jpg");
    assert_int_equal(publish_commit(&publication, &why), STATUS_OK);
    publish_end(&publication);
    umask(before);
    assert_int_equal(stat(temp_tree_at(&tree, "dest/1/d/a.jpg"), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0640);
    assert_int_equal(stat(temp_tree_at(&tree, "dest/1/d"), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0750);
}

static void what_is_not_committed_leaves_nothing(void **state)
{
    (void)state;
    struct publication publication = {0};
    begin_and_write(&publication, "a/b.jpg");
    publish_end(&publication);
    assert_int_equal(count_entries(ASIDE), 0);
    assert_int_equal(count_entries("dest"), 1); // .thumbmill
}

static void an_older_output_is_replaced(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct publication publication = {0};
        begin_and_write(&publication, "a.jpg");
        assert_int_equal(publish_commit(&publication, &why), STATUS_OK);
        publish_end(&publication);
    }
    assert_int_equal(count_entries("dest/1"), 1);
}

static void durable_outputs_stand_in_the_same_places(void **state)
{
    (void)state;
    struct publication publication = {0};
    struct output outputs[SIZES_MAX];
    destination_close(&destination);
    open_destination(true);
    options.sync = true;
    begin_and_write(&publication, "x/y/z/a.jpg");
    assert_int_equal(publish_seal(&publication, outputs, &why), STATUS_OK);
    assert_int_equal(publish_commit(&publication, &why), STATUS_OK);
    publish_end(&publication);
    assert_true(is_there("dest/2/x/y/z/a.jpg"));
}

static void another_decoder_begins_with_empty_files(void **state)
{
    (void)state;
    struct publication publication = {0};
    struct output outputs[SIZES_MAX];
    begin_and_write(&publication, "a.jpg");
    assert_int_equal(publish_rewind(&publication, &why), STATUS_OK);
    assert_int_equal(publish_seal(&publication, outputs, &why), STATUS_IMAGE);
    assert_string_equal(why.text, "its output of size 1 is empty");
    assert_int_equal(write(publication.fds[0], "x", 1), 1);
    assert_int_equal(write(publication.fds[1], "y", 1), 1);
    assert_int_equal(publish_seal(&publication, outputs, &why), STATUS_OK);
    assert_int_equal(outputs[0].bytes, 1);
    publish_end(&publication);
}

static void when_one_cannot_be_placed_the_others_are_taken_back(void **state)
{
    (void)state;
    struct publication publication = {0};
    temp_tree_folder(&tree, "dest/2/a.jpg");
    begin_and_write(&publication, "a.jpg");
    assert_int_equal(publish_commit(&publication, &why), STATUS_IMAGE);
    assert_string_equal(why.text, "its output 2/a.jpg is a folder");
    publish_end(&publication);
    assert_false(is_there("dest/1/a.jpg"));
    assert_int_equal(count_entries(ASIDE), 0);
}

static void who_was_given_up_places_nothing(void **state)
{
    (void)state;
    struct publication publication = {0};
    begin_and_write(&publication, "a.jpg");
    assert_int_equal(unlink(temp_tree_at(&tree, ASIDE "/0")), 0);
    assert_int_equal(publish_commit(&publication, &why), STATUS_CLOSED);
    publish_end(&publication);
    assert_false(is_there("dest/1/a.jpg"));
}

static void a_name_that_cannot_be_is_the_images_failure(void **state)
{
    (void)state;
    struct publication publication = {0};
    char longest[NAME_MAX + 1];
    memset(longest, 'n', NAME_MAX);
    longest[NAME_MAX] = '\0'; // and ".jpg" behind it
    assert_int_equal(publish_begin(&publication, destination, &options, longest, &why),
                     STATUS_IMAGE);
    assert_null(publication.destination);
    assert_false(is_there(ASIDE));
}

static void only_the_heads_dest_is_written_to(void **state)
{
    (void)state;
    assert_int_equal(destination_probe(destination, &why), STATUS_OK);
    assert_int_equal(count_entries(ASIDE), 0);
    const char *const tokens[] = {"", "toke", "token2", "Token"};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        destination_close(&destination);
        temp_tree_close(&tree);
        temp_tree_open(&tree);
        temp_tree_file(&tree, "dest/.thumbmill/token", tokens[i], strlen(tokens[i]));
        open_destination(false);
        assert_int_equal(destination_probe(destination, &why), STATUS_MACHINE);
        assert_non_null(strstr(why.text, "is not the head's"));
        assert_false(is_there("dest/.thumbmill/tmp"));
    }
}

static void a_dest_that_is_absent_is_the_machines_trouble(void **state)
{
    (void)state;
    struct publication publication = {0};
    assert_int_equal(rename(temp_tree_at(&tree, "dest"), temp_tree_at(&tree, "away")), 0);
    assert_int_equal(destination_probe(destination, &why), STATUS_MACHINE);
    assert_int_equal(publish_begin(&publication, destination, &options, "a.jpg", &why),
                     STATUS_MACHINE);
    assert_int_equal(rename(temp_tree_at(&tree, "away"), temp_tree_at(&tree, "dest")), 0);
    assert_int_equal(destination_probe(destination, &why), STATUS_OK);
}

static void closing_removes_our_folder_and_nobody_elses(void **state)
{
    (void)state;
    struct publication publication = {0};
    temp_tree_file(&tree, "dest/.thumbmill/tmp/00000000000000cd/0", "x", 1);
    begin_and_write(&publication, "a.jpg");
    for (uint32_t i = 0; i < publication.count; i++)
        close(publication.fds[i]); // as if its slot had died
    close(publication.folder);
    destination_close(&destination);
    assert_false(is_there(ASIDE));
    assert_true(is_there("dest/.thumbmill/tmp/00000000000000cd/0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define PUBLISH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        PUBLISH_TEST(nothing_is_seen_before_all_is_committed),
        PUBLISH_TEST(files_have_the_mode_that_the_umask_leaves),
        PUBLISH_TEST(what_is_not_committed_leaves_nothing),
        PUBLISH_TEST(an_older_output_is_replaced),
        PUBLISH_TEST(durable_outputs_stand_in_the_same_places),
        PUBLISH_TEST(another_decoder_begins_with_empty_files),
        PUBLISH_TEST(when_one_cannot_be_placed_the_others_are_taken_back),
        PUBLISH_TEST(who_was_given_up_places_nothing),
        PUBLISH_TEST(a_name_that_cannot_be_is_the_images_failure),
        PUBLISH_TEST(only_the_heads_dest_is_written_to),
        PUBLISH_TEST(a_dest_that_is_absent_is_the_machines_trouble),
        PUBLISH_TEST(closing_removes_our_folder_and_nobody_elses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

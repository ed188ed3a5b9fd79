/* Slots: what becomes of an image by itself. */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/slot_bench.h"

static void an_image_is_published_under_its_names(void **state)
{
    (void)state;
    slots_start(1);
    struct task *task = slots_offer("a/b.jpg", "OK hello");
    assert_ptr_equal(slots_take(), task);
    slots_assert_made(task);
    slots_assert_output("64/a/b.jpg", "64:hello");
    slots_assert_output("9x9/a/b.jpg", "9x9:hello");
    assert_int_equal(task->result.outputs[1].bytes, strlen("9x9:hello"));
    assert_int_equal(task->result.outputs[0].width, 64);
    assert_int_not_equal(task->result.outputs[0].mtime_ns, 0);
    assert_int_equal(task->result.bytes_in, strlen("OK hello"));
    assert_int_equal(task->result.width, 640);
    assert_true(task->result.latency >= task->result.busy);
}

static void what_the_decoder_says_of_an_image_is_told(void **state)
{
    (void)state;
    const struct {
        const char *content;
        enum image_state state;
        const char *error, *warnings;
    } cases[] = {
        {"WARN odd", IMAGE_MADE, "", "odd"},
        {"DAMAGED cut short", IMAGE_DAMAGED, "", "cut short"},
        {"FAIL not an image", IMAGE_FAILED, "not an image", ""},
        {"FAIL", IMAGE_FAILED, "it cannot be decoded", ""},
        {"EMPTY", IMAGE_FAILED, "its output of size 64 is empty", ""},
        {"NEED 900000", IMAGE_FAILED, "needs too much memory", ""},
        {"NEED 500000", IMAGE_MADE, "", ""},
        {"NEED 1", IMAGE_MADE, "", ""},
    };
    slots_start(1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[16];
        snprintf(path, sizeof path, "%zu.jpg", i);
        struct task *task = slots_offer(path, cases[i].content);
        assert_ptr_equal(slots_take(), task);
        assert_int_equal(task->fate, FATE_RESULT);
        assert_int_equal(task->result.state, cases[i].state);
        assert_string_equal(task->result.error, cases[i].error);
        assert_string_equal(task->result.warnings, cases[i].warnings);
    }
}

static void an_image_that_failed_leaves_nothing(void **state)
{
    (void)state;
    slots_start(1);
    slots_offer("a.jpg", "FAIL no");
    slots_take();
    slots_assert_no_output("64/a.jpg");
    slots_stop();
    assert_int_equal(rmdir(temp_tree_at(&bench.tree, SLOTS_ASIDE)), 0); // it is empty
}

static void what_cannot_be_opened_is_the_images_failure(void **state)
{
    (void)state;
    slots_start(1);
    temp_tree_folder(&bench.tree, "src/folder.jpg");
    temp_tree_link(&bench.tree, "src/out.jpg", "/etc/passwd");
    temp_tree_link(&bench.tree, "src/up.jpg", "../outside.jpg");
    temp_tree_file(&bench.tree, "outside.jpg", "OK", 2);
    temp_tree_file(&bench.tree, "src/file", "OK", 2);
    assert_int_equal(mkfifo(temp_tree_at(&bench.tree, "src/fifo.jpg"), 0600), 0);
    const struct {
        const char *path, *error;
    } cases[] = {
        {"folder.jpg", "is not a regular file"},
        {"fifo.jpg", "is not a regular file"},
        {"out.jpg", "a link leads out of its source folder"},
        {"up.jpg", "a link leads out of its source folder"},
        {"file/a.jpg", "cannot be opened: Not a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct task *task = slots_offer_path(0, cases[i].path);
        assert_ptr_equal(slots_take(), task);
        assert_int_equal(task->fate, FATE_RESULT);
        assert_int_equal(task->result.state, IMAGE_FAILED);
        assert_string_equal(task->result.error, cases[i].error);
    }
}

static void a_link_that_stays_below_its_root_is_followed(void **state)
{
    (void)state;
    slots_start(1);
    temp_tree_file(&bench.tree, "src/real/a.jpg", "OK there", 8);
    temp_tree_link(&bench.tree, "src/link", "real");
    struct task *task = slots_offer_path(0, "link/a.jpg");
    slots_take();
    slots_assert_made(task);
    slots_assert_output("64/link/a.jpg", "64:there");
}

static void a_file_that_is_not_there_goes_back(void **state)
{
    (void)state;
    slots_start(1);
    struct task *task = slots_offer_path(0, "gone/a.jpg");
    slots_take();
    slots_assert_returned(task, RETURN_MISSING, "no such file");
    assert_false(trouble_is_on(bench.shop.trouble, NULL));
}

static void an_output_that_cannot_be_placed_is_the_images_failure(void **state)
{
    (void)state;
    slots_start(1);
    temp_tree_folder(&bench.tree, "dest/9x9/a.jpg");
    temp_tree_file(&bench.tree, "dest/64/b", "", 0);
    struct task *task = slots_offer("a.jpg", "OK");
    slots_take();
    assert_string_equal(task->result.error, "its output 9x9/a.jpg is a folder");
    slots_assert_no_output("64/a.jpg"); // was placed before, and is taken back
    task = slots_offer("b/c.jpg", "OK");
    slots_take();
    assert_string_equal(task->result.error,
                        "a file stands where its output 64/b/c.jpg needs a folder");
}

static void a_decoder_that_grew_is_replaced(void **state)
{
    (void)state;
    char first[64] = "", second[64] = "";
    slots_start(1);
    const struct {
        const char *path, *content;
        char *pid;
    } cases[] = {
        {"a.jpg", "PID", first}, {"b.jpg", "GREW 99999999", NULL}, {"c.jpg", "PID", second}};
    for (int i = 0; i < 3; i++) {
        slots_offer(cases[i].path, cases[i].content);
        slots_assert_made(slots_take());
        char below[64];
        snprintf(below, sizeof below, "dest/64/%s", cases[i].path);
        int fd = open(temp_tree_at(&bench.tree, below), O_RDONLY | O_CLOEXEC);
        if (cases[i].pid != NULL)
            assert_true(read(fd, cases[i].pid, 63) > 0);
        close(fd);
    }
    assert_string_not_equal(first, second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define SLOT_TEST(name) cmocka_unit_test_setup_teardown(name, slots_set_up, slots_tear_down)
        SLOT_TEST(an_image_is_published_under_its_names),
        SLOT_TEST(what_the_decoder_says_of_an_image_is_told),
        SLOT_TEST(an_image_that_failed_leaves_nothing),
        SLOT_TEST(what_cannot_be_opened_is_the_images_failure),
        SLOT_TEST(a_link_that_stays_below_its_root_is_followed),
        SLOT_TEST(a_file_that_is_not_there_goes_back),
        SLOT_TEST(an_output_that_cannot_be_placed_is_the_images_failure),
        SLOT_TEST(a_decoder_that_grew_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

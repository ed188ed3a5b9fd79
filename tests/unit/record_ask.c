/*
 * What a run is told about an image it knows: fresh, failed earlier, or new.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/record_kit.h"

static struct record_kit kit;

static int open_kit(void **state)
{
    (void)state;
    kit_open(&kit);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    kit_close(&kit);
    return 0;
}

/* One image, /a/x.jpg, that run 1 left in this state. */
static struct ask_entry after_run_1(enum image_state state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    if (state == IMAGE_QUARANTINED)
        assert_true(kit_outcome(&kit, &entry, state, "two decoders died of it"));
    else
        assert_true(
            kit_result(&kit, 1, 1, &entry, state, state == IMAGE_FAILED ? "it is no image" : ""));
    kit_rest(&kit);
    return entry;
}

/* ---- an unchanged image ---- */

static void nothing(void)
{
}

static void force(void)
{
    kit.force = true;
}

static void retry_failed(void)
{
    kit.retry_failed = true;
}

static void another_size(void)
{
    struct reason why;
    kit.options.size_count = 0;
    assert_int_equal(options_add_sizes(&kit.options, "128", &why), STATUS_OK);
}

static void another_quality(void)
{
    strcpy(kit.options.format, "jpg[Q=50]");
}

static void raised_limit(void)
{
    kit.options.max_pixels *= 2;
}

static void another_format_allowed(void)
{
    kit.options.allow |= FORMAT_BIT(FORMAT_TIFF);
}

static void stricter(void)
{
    kit.options.fail_on = FAIL_ON_WARNING;
}

static void durable(void)
{
    kit.options.sync = true;
}

static void deleted_output(void)
{
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/x.jpg")), 0);
}

static void edited_output(void)
{
    kit_write_file(temp_tree_at(&kit.tree, "dest/x.jpg"), "longer than it was", 18);
}

static void touched_output(void)
{
    const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(utimensat(AT_FDCWD, temp_tree_at(&kit.tree, "dest/x.jpg"), times, 0), 0);
}

static void linked_output(void)
{
    assert_int_equal(
        rename(temp_tree_at(&kit.tree, "dest/x.jpg"), temp_tree_at(&kit.tree, "dest/y.jpg")), 0);
    assert_int_equal(symlink("y.jpg", temp_tree_at(&kit.tree, "dest/x.jpg")), 0);
}

static void an_unchanged_image_is_judged_by_its_record(void **state)
{
    static const struct {
        const char *what;
        enum image_state state;
        void (*change)(void);
        enum verdict verdict;
    } cases[] = {
        {"made", IMAGE_MADE, nothing, VERDICT_FRESH},
        {"made, --force", IMAGE_MADE, force, VERDICT_NEW},
        {"made, --retry-failed", IMAGE_MADE, retry_failed, VERDICT_FRESH},
        {"made, another size", IMAGE_MADE, another_size, VERDICT_NEW},
        {"made, another quality", IMAGE_MADE, another_quality, VERDICT_NEW},
        {"made, a limit raised", IMAGE_MADE, raised_limit, VERDICT_FRESH},
        {"made, another --allow", IMAGE_MADE, another_format_allowed, VERDICT_FRESH},
        {"made, a stricter --fail-on", IMAGE_MADE, stricter, VERDICT_FRESH},
        {"made, --sync", IMAGE_MADE, durable, VERDICT_FRESH},
        {"made, output deleted", IMAGE_MADE, deleted_output, VERDICT_NEW},
        {"made, output edited", IMAGE_MADE, edited_output, VERDICT_NEW},
        {"made, output touched", IMAGE_MADE, touched_output, VERDICT_NEW},
        {"made, output a link", IMAGE_MADE, linked_output, VERDICT_NEW},
        {"damaged", IMAGE_DAMAGED, nothing, VERDICT_FRESH},
        {"damaged, --retry-failed", IMAGE_DAMAGED, retry_failed, VERDICT_FRESH},
        {"damaged, a stricter --fail-on", IMAGE_DAMAGED, stricter, VERDICT_NEW},
        {"damaged, a limit raised", IMAGE_DAMAGED, raised_limit, VERDICT_FRESH},
        {"damaged, output deleted", IMAGE_DAMAGED, deleted_output, VERDICT_NEW},
        {"failed", IMAGE_FAILED, nothing, VERDICT_FAILED_EARLIER},
        {"failed, --sync", IMAGE_FAILED, durable, VERDICT_FAILED_EARLIER},
        {"failed, --force", IMAGE_FAILED, force, VERDICT_NEW},
        {"failed, --retry-failed", IMAGE_FAILED, retry_failed, VERDICT_NEW},
        {"failed, another size", IMAGE_FAILED, another_size, VERDICT_NEW},
        {"failed, a limit raised", IMAGE_FAILED, raised_limit, VERDICT_NEW},
        {"failed, another --allow", IMAGE_FAILED, another_format_allowed, VERDICT_NEW},
        {"failed, another --fail-on", IMAGE_FAILED, stricter, VERDICT_NEW},
        {"quarantined", IMAGE_QUARANTINED, nothing, VERDICT_FAILED_EARLIER},
        {"quarantined, --retry-failed", IMAGE_QUARANTINED, retry_failed, VERDICT_NEW},
        {"quarantined, a limit raised", IMAGE_QUARANTINED, raised_limit, VERDICT_NEW},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct ask_entry entry = after_run_1(cases[i].state);
        cases[i].change();
        kit_run(&kit, 2);
        const struct record_answer answer = kit_ask(&kit, &entry);
        if (answer.verdict != cases[i].verdict || answer.first != (cases[i].verdict != VERDICT_NEW))
            fail_msg("%s: verdict %d, counted %d", cases[i].what, answer.verdict, answer.first);
        kit_close(&kit);
        kit_open(&kit);
    }
}

static void a_touched_source_is_new(void **state)
{
    struct ask_entry entry = after_run_1(IMAGE_MADE);
    (void)state;
    kit_run(&kit, 2);
    entry.mtime_ns++;
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    entry.mtime_ns--;
    entry.size++;
    kit_expect(&kit, &entry, VERDICT_NEW, false);
}

static void the_same_path_of_another_root_is_another_image(void **state)
{
    const struct ask_entry entry = after_run_1(IMAGE_FAILED);
    struct ask_entry other = entry;
    (void)state;
    other.root = 1;
    other.number = 2;
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_FAILED_EARLIER, true);
    kit_expect(&kit, &other, VERDICT_NEW, false);
}

static void what_failed_earlier_says_why(void **state)
{
    const struct ask_entry entry = after_run_1(IMAGE_FAILED);
    (void)state;
    kit_run(&kit, 2);
    const struct record_answer answer = kit_ask(&kit, &entry);
    assert_int_equal(answer.state, IMAGE_FAILED);
    assert_string_equal(answer.detail, "it is no image");
    kit_expect_counts(&kit, 0, 0, 0, 1, 0);
}

static void what_is_quarantined_is_counted_as_such_again(void **state)
{
    const struct ask_entry entry = after_run_1(IMAGE_QUARANTINED);
    (void)state;
    kit_run(&kit, 2);
    assert_int_equal(kit_ask(&kit, &entry).state, IMAGE_QUARANTINED);
    kit_expect_counts(&kit, 0, 0, 0, 0, 1);
}

static void every_size_must_be_there(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "a/b.png", 0);
    struct reason why;
    (void)state;
    kit.options.size_count = 0;
    assert_int_equal(options_add_sizes(&kit.options, "64,128,256", &why), STATUS_OK);
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_FRESH, true);
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/128/a/b.png.jpg")), 0);
    kit_run(&kit, 3);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(an_unchanged_image_is_judged_by_its_record),
        PROMISE(a_touched_source_is_new),
        PROMISE(the_same_path_of_another_root_is_another_image),
        PROMISE(what_failed_earlier_says_why),
        PROMISE(what_is_quarantined_is_counted_as_such_again),
        PROMISE(every_size_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

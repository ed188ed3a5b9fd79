/*
 * Who has which output name, across sources and runs; and whose decoders crashed.
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

/* ---- names ---- */

static void the_first_claim_of_a_name_stands(void **state)
{
    const struct ask_entry one = kit_entry(1, 0, "x.jpg", 0), two = kit_entry(2, 1, "x.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &one, VERDICT_NEW, false);
    const struct record_answer answer = kit_ask(&kit, &two);
    assert_int_equal(answer.verdict, VERDICT_NAME_TAKEN);
    assert_true(answer.first);
    assert_string_equal(answer.detail, "its output x.jpg belongs to /a/x.jpg already; choose"
                                       " --output so that their names differ");
    kit_expect(&kit, &two, VERDICT_NAME_TAKEN, false);
    assert_true(kit_made(&kit, &one));
    kit_expect_counts(&kit, 1, 0, 0, 1, 0);
}

static void a_claim_stands_across_runs_whoever_asks_first(void **state)
{
    const struct ask_entry one = after_run_1(IMAGE_MADE);
    struct ask_entry two = kit_entry(2, 1, "x.jpg", 0);
    (void)state;
    for (uint64_t run = 2; run < 4; run++) { // the second time as well: it is not remembered
        kit_run(&kit, run);
        kit_expect(&kit, &two, VERDICT_NAME_TAKEN, true);
        kit_expect(&kit, &one, VERDICT_FRESH, true);
        kit_rest(&kit);
    }
}

static void a_name_is_free_once_its_image_is_forgotten(void **state)
{
    struct ask_entry two = kit_entry(2, 1, "x.jpg", 0);
    struct reason why;
    (void)state;
    (void)after_run_1(IMAGE_MADE);
    kit_run(&kit, 2);
    kit_expect(&kit, &two, VERDICT_NAME_TAKEN, true);
    assert_int_equal(record_forget(kit.record, "/a", "x.jpg", &why), STATUS_OK);
    kit_run(&kit, 3);
    kit_expect(&kit, &two, VERDICT_NEW, false);
}

static void what_failed_or_was_interrupted_blocks_no_name_in_the_next_run(void **state)
{
    const struct ask_entry one = kit_entry(1, 0, "x.jpg", 0), two = kit_entry(2, 1, "x.jpg", 0);
    const struct ask_entry three = kit_entry(3, 0, "y.jpg", 0), four = kit_entry(4, 1, "y.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &one, VERDICT_NEW, false);
    assert_true(kit_result(&kit, 1, 1, &one, IMAGE_FAILED, "it is no image"));
    kit_expect(&kit, &three, VERDICT_NEW, false); // and interrupted
    kit_rest(&kit);
    kit_run(&kit, 2);
    kit_expect(&kit, &two, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &two));
    kit_expect(&kit, &four, VERDICT_NEW, false);
    kit_expect(&kit, &three, VERDICT_NAME_TAKEN, true);
}

static void of_several_names_all_are_claimed_or_none(void **state)
{
    const struct ask_entry holder = kit_entry(1, 0, "256/x.jpg", 0);
    const struct ask_entry several = kit_entry(2, 1, "x.jpg", 0);
    const struct ask_entry other = kit_entry(3, 1, "128/x.jpg", 0);
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &holder, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &holder)); // 256/x.jpg
    kit.options.size_count = 0;
    assert_int_equal(options_add_sizes(&kit.options, "128,256", &why), STATUS_OK);
    kit_run(&kit, 2);
    kit_expect(&kit, &several, VERDICT_NAME_TAKEN, true); // 128/x.jpg, and 256/x.jpg
    kit.options.size_count = 0;
    assert_int_equal(options_add_sizes(&kit.options, "64", &why), STATUS_OK);
    kit_run(&kit, 3);
    kit_expect(&kit, &other, VERDICT_NEW, false); // 128/x.jpg is free
}

static void a_path_that_gives_no_name_fails_with_the_reason(void **state)
{
    char path[300];
    struct ask_entry entry;
    (void)state;
    memset(path, 'x', sizeof path);
    strcpy(path + sizeof path - sizeof ".png", ".png");
    entry = kit_entry(1, 0, path, 0);
    kit_run(&kit, 1);
    const struct record_answer answer = kit_ask(&kit, &entry);
    assert_int_equal(answer.verdict, VERDICT_NAME_TAKEN);
    assert_non_null(strstr(answer.detail, "bytes"));
    kit_expect(&kit, &entry, VERDICT_NAME_TAKEN, false);
    kit_expect_counts(&kit, 0, 0, 0, 1, 0);
}

/* ---- crashes ---- */

static uint32_t crash(const struct ask_entry *entry)
{
    uint32_t crashes = 0;
    struct reason why;
    assert_int_equal(record_crash(kit.record, entry, "signal 11", &crashes, &why), STATUS_OK);
    return crashes;
}

static void crashes_are_counted_across_runs(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "bad.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    assert_int_equal(kit_ask(&kit, &entry).crashes, 0);
    assert_int_equal(crash(&entry), 1);
    kit_rest(&kit);
    kit_run(&kit, 2);
    assert_int_equal(kit_ask(&kit, &entry).crashes, 1);
    assert_int_equal(crash(&entry), 2);
    assert_true(kit_outcome(&kit, &entry, IMAGE_QUARANTINED, "two decoders died of it"));
    kit_rest(&kit);
    struct reason why;
    char *listing = kit_listing_of(&kit, &why);
    assert_non_null(listing);
    assert_non_null(strstr(listing, "quarantined"));
    assert_non_null(strstr(listing, " 2 2\n")); // attempts, crashes
    free(listing);
    kit.retry_failed = true;
    kit_run(&kit, 3);
    assert_int_equal(kit_ask(&kit, &entry).crashes, 0);
}

static void the_crashes_of_a_file_are_not_those_of_its_next_version(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "bad.jpg", 0);
    const struct ask_entry touched = kit_entry(1, 0, "bad.jpg", 1);
    (void)state;
    kit_run(&kit, 1);
    assert_int_equal(crash(&entry), 1);
    kit_rest(&kit);
    kit_run(&kit, 2);
    assert_int_equal(kit_ask(&kit, &touched).crashes, 0);
    assert_int_equal(crash(&touched), 1);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(the_first_claim_of_a_name_stands),
        PROMISE(a_claim_stands_across_runs_whoever_asks_first),
        PROMISE(a_name_is_free_once_its_image_is_forgotten),
        PROMISE(what_failed_or_was_interrupted_blocks_no_name_in_the_next_run),
        PROMISE(of_several_names_all_are_claimed_or_none),
        PROMISE(a_path_that_gives_no_name_fails_with_the_reason),
        PROMISE(crashes_are_counted_across_runs),
        PROMISE(the_crashes_of_a_file_are_not_those_of_its_next_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

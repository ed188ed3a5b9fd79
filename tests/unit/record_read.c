/*
 * Reading a record, also while a run writes it; forgetting; what images leave behind.
 */

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void commit(void)
{
    struct reason why;
    assert_int_equal(record_commit(kit.record, &why), STATUS_OK);
}

/* Records image `number`, failed with an error of `error_size` bytes. */
static void put_failed(uint64_t number, size_t error_size)
{
    char path[32], error[IMAGE_ERROR_SIZE];
    snprintf(path, sizeof path, "%06" PRIu64 ".jpg", number);
    memset(error, 'e', error_size);
    error[error_size] = '\0';
    const struct ask_entry entry = kit_entry(number, number % 2, path, 0);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_outcome(&kit, &entry, IMAGE_FAILED, error));
}

static bool count(void *context, const struct record_image *image)
{
    uint64_t *counted = context;
    ++*counted;
    return image->path[0] != '\0';
}

static uint64_t count_states(struct record *record, unsigned states)
{
    struct reason why = {""};
    uint64_t counted = 0;
    if (record_each(record, states, count, &counted, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    return counted;
}

static struct record *open_to_read(void)
{
    struct record *record = NULL;
    struct reason why = {""};
    if (record_open(&record, kit.file, NULL, RECORD_READ, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    return record;
}

static void all_that_was_said_of_an_image_is_read(void **state)
{
    const struct ask_entry made = kit_entry(1, 0, "a/\xff b.png", 0);
    const struct ask_entry damaged = kit_entry(2, 1, "c.jpg", 0);
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &damaged, VERDICT_NEW, false);
    kit_expect(&kit, &made, VERDICT_NEW, false);
    assert_true(kit_result(&kit, 1, 1, &damaged, IMAGE_DAMAGED, ""));
    assert_true(kit_made(&kit, &made));
    kit_rest(&kit);
    char *listing = kit_listing_of(&kit, &why);
    assert_non_null(listing);
    const char *one = "/a/a/\xff b.png made 1009 1600000000000000000 '' '' 4000x3000 1009 12"
                      " worker-1 1 0 a/\xff b.png.jpg=256x100,9,";
    const char *two = "/b/c.jpg damaged 1005 1600000000000000000 '' 'it was cut short' 4000x3000"
                      " 1005 12 worker-1 1 0 c.jpg=256x100,5,";
    assert_memory_equal(listing, one, strlen(one));
    assert_memory_equal(strchr(listing, '\n') + 1, two, strlen(two));
    free(listing);
}

static void images_are_chosen_by_their_states(void **state)
{
    const enum image_state states[] = {IMAGE_MADE, IMAGE_DAMAGED, IMAGE_FAILED};
    (void)state;
    kit_run(&kit, 1);
    for (uint64_t i = 0; i < 9; i++) {
        char path[16];
        snprintf(path, sizeof path, "%" PRIu64 ".jpg", i);
        const struct ask_entry entry = kit_entry(i + 1, 0, path, 0);
        kit_expect(&kit, &entry, VERDICT_NEW, false);
        assert_true(kit_result(&kit, 1, 1, &entry, states[i % 3], i % 3 == 2 ? "bad" : ""));
    }
    assert_int_equal(count_states(kit.record, RECORD_ALL), 9);
    assert_int_equal(count_states(kit.record, RECORD_STATE(IMAGE_MADE)), 3);
    assert_int_equal(
        count_states(kit.record, RECORD_STATE(IMAGE_FAILED) | RECORD_STATE(IMAGE_DAMAGED)), 6);
    assert_int_equal(count_states(kit.record, RECORD_STATE(IMAGE_QUARANTINED)), 0);
    assert_int_equal(count_states(kit.record, 0), 0);
}

static void pages_join_whatever_their_length(void **state)
{
    const uint64_t counts[] = {0, 1, 255, 256, 257, 1500};
    uint64_t number = 0;
    (void)state;
    kit_run(&kit, 1);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        while (number < counts[i]) {
            put_failed(number + 1, number % IMAGE_ERROR_SIZE);
            number++;
        }
        commit();
        assert_int_equal(count_states(kit.record, RECORD_ALL), number);
    }
}

/* A reader that makes its writer write, in the midst of its reading. */
struct writing_reader {
    uint64_t seen, next;
};

static bool write_meanwhile(void *context, const struct record_image *image)
{
    struct writing_reader *reader = context;
    (void)image;
    reader->seen++;
    if (reader->seen % 100 == 0 && reader->next < 5000) {
        for (int i = 0; i < 50; i++)
            put_failed(++reader->next, 100);
        commit();
    }
    return true;
}

static void a_reader_and_the_writer_do_not_wait_for_each_other(void **state)
{
    struct writing_reader reader = {.next = 1000};
    struct reason why = {""};
    (void)state;
    kit_run(&kit, 1);
    for (uint64_t i = 1; i <= reader.next; i++)
        put_failed(i, 100);
    commit();
    struct record *record = open_to_read();
    if (record_each(record, RECORD_ALL, write_meanwhile, &reader, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    assert_true(reader.seen >= 1000);
    assert_int_equal(count_states(record, RECORD_ALL), reader.next);
    record_close(&record);
}

static void a_reader_knows_workers_that_came_after_it(void **state)
{
    const struct ask_entry entry = kit_entry(1, 1, "x.jpg", 0);
    struct reason why = {""};
    (void)state;
    kit_run(&kit, 1);
    struct record *record = open_to_read();
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    commit();
    char *listing = kit_listing(record, &why);
    if (!listing)
        fail_msg("%s", why.text);
    assert_non_null(strstr(listing, "worker-1"));
    free(listing);
    record_close(&record);
}

static void what_is_not_committed_is_not_read(void **state)
{
    (void)state;
    kit_run(&kit, 1);
    put_failed(1, 1);
    commit();
    put_failed(2, 1);
    struct record *record = open_to_read();
    assert_int_equal(count_states(record, RECORD_ALL), 1);
    record_close(&record);
}

static bool stop_at_once(void *context, const struct record_image *image)
{
    return !count(context, image);
}

static void reading_ends_when_its_caller_wants(void **state)
{
    uint64_t counted = 0;
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    for (uint64_t i = 1; i <= 10; i++)
        put_failed(i, 1);
    assert_int_equal(record_each(kit.record, RECORD_ALL, stop_at_once, &counted, &why), STATUS_OK);
    assert_int_equal(counted, 1);
}

static void a_reader_writes_nothing(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    kit_rest(&kit);
    struct record *record = open_to_read();
    assert_int_equal(record_forget(record, "/a", entry.path.bytes, &why), STATUS_MACHINE);
    assert_int_equal(record_forget_leftover(record, "x.jpg", &why), STATUS_MACHINE);
    assert_non_null(strstr(why.text, "opened to be read"));
    record_close(&record);
}

static void what_is_forgotten_is_gone(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    put_failed(2, 1);
    assert_int_equal(record_forget(kit.record, "/a", "x.jpg", &why), STATUS_OK);
    assert_int_equal(record_forget(kit.record, "/a", "x.jpg", &why), STATUS_OK);
    assert_int_equal(record_forget(kit.record, "/nowhere", "x.jpg", &why), STATUS_OK);
    commit();
    assert_int_equal(count_states(kit.record, RECORD_ALL), 1);
    assert_int_equal(record_check(kit.record, &why), STATUS_OK);
}

/* ---- leftovers ---- */

static bool add_leftover(void *context, const struct record_leftover *leftover)
{
    char *text = context;
    const size_t size = strlen(text);
    snprintf(text + size, 256 - size, "%s of %s/%s, %" PRIu64 ";", leftover->name, leftover->root,
             leftover->path, leftover->bytes);
    return true;
}

static void expect_leftovers(const char *expected)
{
    char text[256] = "";
    struct reason why;
    assert_int_equal(record_each_leftover(kit.record, add_leftover, text, &why), STATUS_OK);
    assert_string_equal(text, expected);
}

static void outputs_under_earlier_names_are_left_over(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    expect_leftovers("");
    strcpy(kit.options.format, "png");
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry)); // x.jpg.png
    expect_leftovers("x.jpg of /a/x.jpg, 5;");
    assert_int_equal(record_check(kit.record, &why), STATUS_OK);
    strcpy(kit.options.format, "jpg");
    kit_run(&kit, 3);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    expect_leftovers("x.jpg.png of /a/x.jpg, 5;");
    assert_int_equal(record_forget_leftover(kit.record, "x.jpg.png", &why), STATUS_OK);
    expect_leftovers("");
}

static void the_outputs_of_what_fails_now_are_left_over(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    const struct ask_entry touched = kit_entry(1, 0, "x.jpg", 1);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    kit_run(&kit, 2);
    kit_expect(&kit, &touched, VERDICT_NEW, false);
    assert_true(kit_result(&kit, 2, 1, &touched, IMAGE_FAILED, "it is no image any more"));
    expect_leftovers("x.jpg of /a/x.jpg, 5;");
}

static void a_leftover_s_name_is_free_and_whoever_takes_it_has_it(void **state)
{
    const struct ask_entry one = kit_entry(1, 0, "x.jpg", 0), two = kit_entry(2, 1, "x.jpg", 0);
    struct reason why;
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &one, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &one));
    strcpy(kit.options.format, "png");
    kit_run(&kit, 2);
    kit_expect(&kit, &one, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &one));
    strcpy(kit.options.format, "jpg");
    kit_run(&kit, 3);
    kit_expect(&kit, &two, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &two));
    expect_leftovers("");
    assert_int_equal(record_check(kit.record, &why), STATUS_OK);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(all_that_was_said_of_an_image_is_read),
        PROMISE(images_are_chosen_by_their_states),
        PROMISE(pages_join_whatever_their_length),
        PROMISE(a_reader_and_the_writer_do_not_wait_for_each_other),
        PROMISE(a_reader_knows_workers_that_came_after_it),
        PROMISE(what_is_not_committed_is_not_read),
        PROMISE(reading_ends_when_its_caller_wants),
        PROMISE(a_reader_writes_nothing),
        PROMISE(what_is_forgotten_is_gone),
        PROMISE(outputs_under_earlier_names_are_left_over),
        PROMISE(the_outputs_of_what_fails_now_are_left_over),
        PROMISE(a_leftover_s_name_is_free_and_whoever_takes_it_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A damaged record: cut short anywhere, any bit turned. Either the damage is said, or what is read
 * is what was written; never fewer rows in silence.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"
#include "tests/support/record_kit.h"

#define IMAGES 120
#define CUT_STEP 512
#define PAGE 8192 // of a record
#define FLIPS 1500
#define SEED 20261120

static struct record_kit kit;
static char *listing; // of the record as it was
static char *bytes;
static size_t size;

static int open_kit(void **state)
{
    struct reason why;
    char path[64], error[IMAGE_ERROR_SIZE];
    (void)state;
    kit_open(&kit);
    kit_run(&kit, 1);
    memset(error, 'e', sizeof error - 1);
    error[sizeof error - 1] = '\0';
    for (uint64_t i = 1; i <= IMAGES; i++) {
        snprintf(path, sizeof path, "folder %d/image %03d.jpg", (int)i / 40, (int)i);
        const struct ask_entry entry = kit_entry(i, (uint32_t)i % 2, path, 0);
        kit_expect(&kit, &entry, VERDICT_NEW, false);
        assert_true(
            kit_result(&kit, 1, 1, &entry, i % 3 ? IMAGE_MADE : IMAGE_FAILED, i % 3 ? "" : error));
    }
    kit_rest(&kit);
    listing = kit_listing_of(&kit, &why);
    assert_non_null(listing);
    bytes = kit_read_file(kit.file, &size);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    free(listing);
    free(bytes);
    kit_close(&kit);
    return 0;
}

/* Whether the damage was said; fails the test when something else was read instead. */
static bool is_said(const char *damage, size_t at)
{
    struct reason why = {""};
    char *now = kit_listing_of(&kit, &why);
    if (!now) {
        assert_true(why.text[0] != '\0');
        assert_null(strchr(why.text, '\n'));
        return true;
    }
    const bool same = strcmp(now, listing) == 0;
    free(now);
    if (!same)
        fail_msg("%s at %zu: read as if it were right", damage, at);
    return false;
}

static void a_record_cut_short_anywhere_is_said_to_be_damaged(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < size; cut += CUT_STEP) {
        kit_write_file(kit.file, bytes, cut);
        if (!is_said("cut", cut))
            fail_msg("cut at %zu of %zu: not noticed", cut, size);
    }
    kit_write_file(kit.file, bytes, size - 1);
    assert_true(is_said("cut", size - 1));
}

static void a_record_cut_short_is_not_written(void **state)
{
    struct record *record = NULL;
    struct reason why;
    (void)state;
    for (size_t cut = 0; cut < size; cut += CUT_STEP) {
        size_t after;
        kit_write_file(kit.file, bytes, cut);
        assert_int_equal(record_open(&record, kit.file, kit.dest, RECORD_WRITE, &why),
                         STATUS_MACHINE);
        char *is = kit_read_file(kit.file, &after);
        assert_int_equal(after, cut);
        assert_memory_equal(is, bytes, cut);
        free(is);
    }
}

static void more_than_the_record_is_said_as_well(void **state)
{
    (void)state;
    char *longer = malloc(2 * size);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    memcpy(longer + size, bytes, size);
    kit_write_file(kit.file, longer, size + CUT_STEP);
    free(longer);
    assert_true(is_said("longer by", CUT_STEP));
}

static void a_turned_bit_is_said_or_changes_nothing(void **state)
{
    uint64_t seed = SEED;
    int said = 0;
    (void)state;
    for (int i = 0; i < FLIPS; i++) {
        const size_t at = random_next(&seed) % size;
        const char bit = (char)(1u << random_below(&seed, 8));
        bytes[at] ^= bit;
        kit_write_file(kit.file, bytes, size);
        said += is_said("a bit", at);
        bytes[at] ^= bit;
    }
    assert_true(said > 0);
}

static void a_page_of_zeroes_is_said_or_changes_nothing(void **state)
{
    char was[PAGE];
    (void)state;
    for (size_t at = 0; at < size; at += PAGE) {
        memcpy(was, bytes + at, PAGE);
        memset(bytes + at, 0, PAGE);
        kit_write_file(kit.file, bytes, size);
        (void)is_said("zeroes", at);
        memcpy(bytes + at, was, PAGE);
    }
}

/* What a listing does not read, the names and the indexes, the thorough look does. */
static void the_thorough_look_finds_a_page_of_zeroes_anywhere(void **state)
{
    char was[PAGE];
    (void)state;
    for (size_t at = 0; at < size; at += PAGE) {
        struct record *record = NULL;
        struct reason why = {""};
        memcpy(was, bytes + at, PAGE);
        memset(bytes + at, 0, PAGE);
        kit_write_file(kit.file, bytes, size);
        memcpy(bytes + at, was, PAGE);
        enum status status = record_open(&record, kit.file, NULL, RECORD_READ, &why);
        if (status == STATUS_OK)
            status = record_check(record, &why);
        record_close(&record);
        if (status == STATUS_OK)
            fail_msg("a page of zeroes at %zu is sound", at);
    }
}

static void a_sound_record_passes_the_thorough_look(void **state)
{
    struct record *record = NULL;
    struct reason why = {""};
    (void)state;
    assert_int_equal(record_open(&record, kit.file, NULL, RECORD_READ, &why), STATUS_OK);
    if (record_check(record, &why) != STATUS_OK)
        fail_msg("%s", why.text);
    record_close(&record);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(a_record_cut_short_anywhere_is_said_to_be_damaged),
        PROMISE(a_record_cut_short_is_not_written),
        PROMISE(more_than_the_record_is_said_as_well),
        PROMISE(a_turned_bit_is_said_or_changes_nothing),
        PROMISE(a_page_of_zeroes_is_said_or_changes_nothing),
        PROMISE(the_thorough_look_finds_a_page_of_zeroes_anywhere),
        PROMISE(a_sound_record_passes_the_thorough_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

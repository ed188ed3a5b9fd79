/*
 * Opening a record: what is refused, in which words, and that what is refused stays as it was.
 */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* A record with one image, at rest. */
static void make_record(void)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    kit_rest(&kit);
}

static void expect_refused(const char *dest, enum record_mode mode, const char *words)
{
    struct record *record = NULL;
    struct reason why = {""};
    assert_int_equal(record_open(&record, kit.file, dest, mode, &why), STATUS_MACHINE);
    assert_null(record);
    if (!strstr(why.text, words) || strchr(why.text, '\n'))
        fail_msg("expected \"%s\" in: %s", words, why.text);
}

/* In every mode, and nothing is changed. */
static void expect_all_refused(const char *words)
{
    size_t before, after;
    char *was = kit_read_file(kit.file, &before);
    expect_refused(kit.dest, RECORD_READ, words);
    expect_refused(kit.dest, RECORD_WRITE, words);
    expect_refused(kit.dest, RECORD_WRITE_SYNC, words);
    char *is = kit_read_file(kit.file, &after);
    assert_int_equal(before, after);
    assert_memory_equal(was, is, before);
    free(was);
    free(is);
}

static void patch(long at, const char *bytes, size_t size)
{
    FILE *file = fopen(kit.file, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void closing_nothing_does_nothing(void **state)
{
    struct record *none = NULL;
    (void)state;
    record_close(&none);
    assert_null(none);
}

static void a_record_is_made_when_it_is_written_and_not_when_it_is_read(void **state)
{
    (void)state;
    expect_refused(kit.dest, RECORD_READ, "no record");
    assert_int_equal(access(kit.file, F_OK), -1);
    make_record();
    assert_int_equal(access(kit.file, F_OK), 0);
}

static void at_rest_a_record_is_one_file(void **state)
{
    (void)state;
    make_record();
    assert_int_equal(access(temp_tree_at(&kit.tree, "record.sqlite-wal"), F_OK), -1);
    assert_int_equal(access(temp_tree_at(&kit.tree, "record.sqlite-journal"), F_OK), -1);
    assert_int_equal(access(temp_tree_at(&kit.tree, "record.sqlite-new"), F_OK), -1);
}

static void a_newer_schema_is_refused_by_its_version(void **state)
{
    (void)state;
    make_record();
    patch(60, "\0\0\0\x63", 4);
    expect_all_refused("made by a newer thumbmill (version 99");
}

static void what_is_no_record_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
        {"", 0, "the file is empty"},
        {"xy", 2, "not a record of thumbmill"},
        {"SQLite format 3", 15, "not a record of thumbmill"},
        {"SQLite format 3", 16, "not a record of thumbmill"},
        {"name,size\nphoto.jpg,3\n", 22, "not a record of thumbmill"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kit_write_file(kit.file, cases[i].bytes, cases[i].size);
        expect_all_refused(cases[i].words);
    }
}

static void a_database_of_another_program_is_refused(void **state)
{
    (void)state;
    make_record();
    patch(68, "\0\0\0\0", 4);
    expect_all_refused("not a record of thumbmill");
}

static void the_record_of_another_destination_is_refused(void **state)
{
    (void)state;
    make_record();
    kit_write_file(temp_tree_at(&kit.tree, "dest/.thumbmill/id"),
                   "00000000000000000000000000000000", 32);
    expect_all_refused("the record of another destination, last at ");
}

static void a_destination_without_an_id_is_another_one_elsewhere(void **state)
{
    (void)state;
    make_record();
    temp_tree_folder(&kit.tree, "other");
    snprintf(kit.dest, sizeof kit.dest, "%s", temp_tree_at(&kit.tree, "other"));
    expect_all_refused("the record of another destination");
}

static void a_destination_that_was_emptied_gets_its_id_again(void **state)
{
    struct record *record = NULL;
    struct reason why;
    size_t size;
    (void)state;
    make_record();
    char *before = kit_read_file(temp_tree_at(&kit.tree, "dest/.thumbmill/id"), &size);
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/.thumbmill/id")), 0);
    assert_int_equal(record_open(&record, kit.file, kit.dest, RECORD_WRITE, &why), STATUS_OK);
    record_close(&record);
    char *after = kit_read_file(temp_tree_at(&kit.tree, "dest/.thumbmill/id"), &size);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
}

static void an_id_that_is_none_is_refused(void **state)
{
    (void)state;
    make_record();
    kit_write_file(temp_tree_at(&kit.tree, "dest/.thumbmill/id"), "hello", 5);
    expect_all_refused("not an id; remove it");
}

static void a_destination_may_be_moved(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    (void)state;
    make_record();
    const char *moved = temp_tree_at(&kit.tree, "moved");
    assert_int_equal(rename(kit.dest, moved), 0);
    snprintf(kit.dest, sizeof kit.dest, "%s", moved);
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_FRESH, true);
}

static void a_record_within_its_destination_moves_with_it(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    (void)state;
    temp_tree_folder(&kit.tree, "dest/.thumbmill");
    snprintf(kit.file, sizeof kit.file, "%s", temp_tree_at(&kit.tree, "dest/" RECORD_DEFAULT));
    make_record();
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "dest/.thumbmill/id")), 0);
    assert_int_equal(rename(kit.dest, temp_tree_at(&kit.tree, "moved")), 0);
    snprintf(kit.dest, sizeof kit.dest, "%s", temp_tree_at(&kit.tree, "moved"));
    snprintf(kit.file, sizeof kit.file, "%s", temp_tree_at(&kit.tree, "moved/" RECORD_DEFAULT));
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_FRESH, true);
}

static void a_record_is_read_without_its_destination(void **state)
{
    struct reason why;
    (void)state;
    make_record();
    char *listing = kit_listing_of(&kit, &why);
    assert_non_null(listing);
    assert_non_null(strstr(listing, "/a/x.jpg made "));
    free(listing);
}

static void a_second_writer_is_refused_while_the_first_lives(void **state)
{
    struct record *record = NULL;
    struct reason why;
    (void)state;
    make_record();
    kit_run(&kit, 2);
    expect_refused(kit.dest, RECORD_WRITE, "another run writes it");
    record_close(&kit.record);
    assert_int_equal(record_open(&record, kit.file, kit.dest, RECORD_WRITE, &why), STATUS_OK);
    record_close(&record);
}

/* Runs `body` in a process of its own, and kills it there. */
static void in_a_killed_process(void (*body)(void))
{
    int status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body();
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void commit_one_and_put_another(void)
{
    const struct ask_entry one = kit_entry(1, 0, "one.jpg", 0);
    const struct ask_entry other = kit_entry(2, 0, "other.jpg", 0);
    struct reason why;
    kit_run(&kit, 1);
    (void)kit_ask(&kit, &one);
    (void)kit_made(&kit, &one);
    (void)!record_commit(kit.record, &why);
    (void)kit_ask(&kit, &other);
    (void)kit_made(&kit, &other);
}

static void what_was_committed_outlives_a_killed_writer_and_nothing_else(void **state)
{
    const struct ask_entry one = kit_entry(1, 0, "one.jpg", 0);
    const struct ask_entry other = kit_entry(2, 0, "other.jpg", 0);
    struct reason why;
    (void)state;
    in_a_killed_process(commit_one_and_put_another);
    char *listing = kit_listing_of(&kit, &why); // the log is still there
    assert_non_null(listing);
    assert_non_null(strstr(listing, "one.jpg"));
    assert_null(strstr(listing, "other.jpg"));
    free(listing);
    kit_run(&kit, 1);
    kit_expect_counts(&kit, 1, 0, 0, 0, 0);
    kit_run(&kit, 2);
    kit_expect(&kit, &one, VERDICT_FRESH, true);
    kit_expect(&kit, &other, VERDICT_NEW, false);
    assert_int_equal(record_check(kit.record, &why), STATUS_OK);
}

static void what_was_not_committed_is_undone_by_closing(void **state)
{
    const struct ask_entry entry = kit_entry(1, 0, "x.jpg", 0);
    (void)state;
    kit_run(&kit, 1);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
    assert_true(kit_made(&kit, &entry));
    record_close(&kit.record);
    kit_run(&kit, 2);
    kit_expect(&kit, &entry, VERDICT_NEW, false);
}

static void a_missing_folder_is_said(void **state)
{
    (void)state;
    snprintf(kit.file, sizeof kit.file, "%s", temp_tree_at(&kit.tree, "none/record.sqlite"));
    expect_refused(kit.dest, RECORD_WRITE, "none/record.sqlite-lock: cannot be written");
    expect_refused(kit.dest, RECORD_READ, "no record");
    expect_refused(temp_tree_at(&kit.tree, "nowhere"), RECORD_READ, "nowhere: cannot be opened");
}

static void a_folder_that_cannot_be_written_is_said(void **state)
{
    (void)state;
    make_record();
    assert_int_equal(unlink(temp_tree_at(&kit.tree, "record.sqlite-lock")), 0);
    assert_int_equal(chmod(kit.tree.path, 0555), 0);
    if (geteuid() == 0) // to root every folder is writable: only as somebody else
        assert_int_equal(seteuid(65534), 0);
    expect_refused(kit.dest, RECORD_WRITE, "record.sqlite-lock: cannot be written");
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(kit.tree.path, 0755), 0);
}

static void the_log_of_a_record_that_was_removed_is_not_taken_for_another_s(void **state)
{
    const struct ask_entry one = kit_entry(1, 0, "one.jpg", 0);
    struct reason why;
    (void)state;
    in_a_killed_process(commit_one_and_put_another);
    assert_int_equal(unlink(kit.file), 0);
    kit_run(&kit, 2);
    kit_expect(&kit, &one, VERDICT_NEW, false);
    assert_int_equal(record_check(kit.record, &why), STATUS_OK);
}

static void a_full_disk_is_said_and_nothing_is_acknowledged(void **state)
{
    struct ask_entry entry;
    struct reason why = {""};
    struct record_answer answer;
    char path[32];
    enum status status = STATUS_OK;
    (void)state;
    kit_run(&kit, 1);
    const struct rlimit few = {.rlim_cur = 512 * 1024, .rlim_max = RLIM_INFINITY};
    struct rlimit was;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    for (uint64_t i = 1; status == STATUS_OK && i < 100000; i++) {
        snprintf(path, sizeof path, "folder/%lu.jpg", (unsigned long)i);
        entry = kit_entry(i, 0, path, 0);
        status = record_ask(kit.record, &entry, &answer, &why);
        if (status == STATUS_OK && i % 100 == 0)
            status = record_commit(kit.record, &why);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(status, STATUS_MACHINE);
    assert_non_null(strstr(why.text, "record.sqlite: "));
    assert_int_equal(record_commit(kit.record, &why), STATUS_MACHINE);
    assert_int_equal(record_ask(kit.record, &entry, &answer, &why), STATUS_MACHINE);
    record_close(&kit.record);
    kit_run(&kit, 1);
    assert_int_equal(record_check(kit.record, &why), STATUS_OK);
}

#define PROMISE(test) cmocka_unit_test_setup_teardown(test, open_kit, close_kit)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(closing_nothing_does_nothing),
        PROMISE(a_record_is_made_when_it_is_written_and_not_when_it_is_read),
        PROMISE(at_rest_a_record_is_one_file),
        PROMISE(a_newer_schema_is_refused_by_its_version),
        PROMISE(what_is_no_record_is_refused),
        PROMISE(a_database_of_another_program_is_refused),
        PROMISE(the_record_of_another_destination_is_refused),
        PROMISE(a_destination_without_an_id_is_another_one_elsewhere),
        PROMISE(a_destination_that_was_emptied_gets_its_id_again),
        PROMISE(an_id_that_is_none_is_refused),
        PROMISE(a_destination_may_be_moved),
        PROMISE(a_record_within_its_destination_moves_with_it),
        PROMISE(a_record_is_read_without_its_destination),
        PROMISE(a_second_writer_is_refused_while_the_first_lives),
        PROMISE(what_was_committed_outlives_a_killed_writer_and_nothing_else),
        PROMISE(what_was_not_committed_is_undone_by_closing),
        PROMISE(a_missing_folder_is_said),
        PROMISE(a_folder_that_cannot_be_written_is_said),
        PROMISE(the_log_of_a_record_that_was_removed_is_not_taken_for_another_s),
        PROMISE(a_full_disk_is_said_and_nothing_is_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

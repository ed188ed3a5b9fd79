/*
 * The report: exit statuses, the keys of the JSON, the lines for a person.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"

static const char *const source = "a\xff";

static struct summary done(void)
{
    struct summary summary = {
        .run = 0xabc,
        .dispatch =
            {.enumerated = 10, .ignored = 3, .retries = 1, .returns = 2, .walk_complete = true},
        .outputs = 16,
        .duplicates = 1,
        .bytes_in = 1000,
        .bytes_out = 500,
        .pixels_in = 4000000,
        .elapsed = 2 * US_PER_S,
        .latency_p50 = 1500,
        .latency_p95 = 2 * US_PER_MS,
        .latency_p99 = 3 * US_PER_MS,
        .stages = {80 * US_PER_MS, 40 * US_PER_MS, 8 * US_PER_MS, 4 * US_PER_MS, 2 * US_PER_MS},
        .timed_images = 8,
        .share_count = 1,
        .shares = {{.name = "w", .slots = 2, .images = 10, .busy = 3 * US_PER_S}},
    };
    summary.states[IMAGE_MADE] = 7;
    summary.states[IMAGE_DAMAGED] = 1;
    summary.states[IMAGE_FRESH] = 2;
    return summary;
}

static struct report report_of(const struct summary *summary, int signal)
{
    return (struct report){
        .summary = summary, .sources = &source, .source_count = 1, .dest = "/d", .signal = signal};
}

static void damaged_and_fresh_images_are_no_failure(void **state)
{
    (void)state;
    struct summary summary = done();
    struct report report = report_of(&summary, 0);
    assert_int_equal(report_exit_status(&report), EXIT_MADE);
}

static void failures_quarantines_and_unread_folders_end_with_1(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct summary summary = done();
        struct report report = report_of(&summary, 0);
        *(kind == 0   ? &summary.states[IMAGE_FAILED]
          : kind == 1 ? &summary.states[IMAGE_QUARANTINED]
                      : &summary.dispatch.walk_errors) = 1;
        assert_int_equal(report_exit_status(&report), EXIT_SOME_FAILED);
    }
}

static void a_signal_counts_only_when_it_cut_the_run_short(void **state)
{
    (void)state;
    struct summary summary = done();
    struct report report = report_of(&summary, 15);
    assert_int_equal(report_exit_status(&report), EXIT_MADE);
    assert_false(report_is_interrupted(&report));
    summary.dispatch.enumerated++;
    assert_int_equal(report_exit_status(&report), EXIT_SIGNALLED + 15);
    assert_true(report_is_interrupted(&report));
    summary = done();
    summary.dispatch.walk_complete = false;
    assert_int_equal(report_exit_status(&report), EXIT_SIGNALLED + 15);
    summary = done();
    summary.dispatch.interrupted = true;
    summary.states[IMAGE_FAILED] = 1;
    assert_int_equal(report_exit_status(&report), EXIT_SIGNALLED + 15);
    report.signal = 0; // somebody else's signal
    assert_true(report_is_interrupted(&report));
    assert_int_equal(report_exit_status(&report), EXIT_SOME_FAILED);
}

typedef void (*printer)(const struct report *, FILE *);

static void assert_prints(printer print, const struct report *report, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    print(report, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

static void the_json_has_the_keys_that_scripts_rely_on(void **state)
{
    (void)state;
    struct summary summary = done();
    struct report report = report_of(&summary, 0);
    assert_prints(report_json, &report,
                  "{\"version\":\"" THUMBMILL_VERSION "\",\"run\":\"0000000000000abc\","
                  "\"sources\":[\"a\\udcff\"],\"dest\":\"/d\",\"enumerated\":10,\"made\":7,"
                  "\"damaged\":1,\"fresh\":2,\"failed\":0,\"quarantined\":0,\"pending\":0,"
                  "\"ignored\":3,\"walk_errors\":0,\"outputs\":16,\"retries\":1,\"duplicates\":1,"
                  "\"returns\":2,\"elapsed_s\":2,\"images_per_s\":5,\"bytes_in\":1000,"
                  "\"bytes_out\":500,\"pixels_in\":4000000,"
                  "\"latency_ms\":{\"p50\":1.5,\"p95\":2,\"p99\":3},"
                  "\"stage_ms\":{\"read\":10,\"decode\":5,\"resize\":1,\"encode\":0.5,"
                  "\"write\":0.25},"
                  "\"workers\":[{\"name\":\"w\",\"slots\":2,\"images\":10,\"busy\":0.75}],"
                  "\"interrupted\":false}\n");
}

static void a_run_of_nothing_divides_by_nothing(void **state)
{
    (void)state;
    struct summary summary = {.dispatch = {.walk_complete = true}, .share_count = 1};
    struct report report = report_of(&summary, 0);
    report.source_count = 0;
    assert_prints(report_json, &report,
                  "{\"version\":\"" THUMBMILL_VERSION "\",\"run\":\"0000000000000000\","
                  "\"sources\":[],\"dest\":\"/d\",\"enumerated\":0,\"made\":0,\"damaged\":0,"
                  "\"fresh\":0,\"failed\":0,\"quarantined\":0,\"pending\":0,\"ignored\":0,"
                  "\"walk_errors\":0,\"outputs\":0,\"retries\":0,\"duplicates\":0,\"returns\":0,"
                  "\"elapsed_s\":0,\"images_per_s\":0,\"bytes_in\":0,\"bytes_out\":0,"
                  "\"pixels_in\":0,\"latency_ms\":{\"p50\":0,\"p95\":0,\"p99\":0},"
                  "\"stage_ms\":{\"read\":0,\"decode\":0,\"resize\":0,\"encode\":0,\"write\":0},"
                  "\"workers\":[{\"name\":\"\",\"slots\":0,\"images\":0,\"busy\":0}],"
                  "\"interrupted\":false}\n");
}

static void a_person_reads_counts_amounts_times_and_what_is_odd(void **state)
{
    (void)state;
    struct summary summary = done();
    struct report report = report_of(&summary, 0);
    assert_prints(
        report_human, &report,
        "thumbmill: done: /d\n"
        "  images   10: 7 made, 1 damaged, 2 fresh, 0 failed\n"
        "  outputs  16, 500 B from 1.0 kB\n"
        "  time     2.00 s: 5.0 images/s, 500 B/s, 2 megapixels/s\n"
        "  latency  1.5 ms median, 2.0 ms p95, 3.0 ms p99\n"
        "  stages   read 10.0, decode 5.0, resize 1.0, encode 0.5, write 0.2 ms an image\n"
        "  workers  w: 10 images, 2 slots 75 % busy\n"
        "           3 files ignored: no known image format\n"
        "           1 attempts repeated\n"
        "           1 results came twice\n");
}

static void a_peers_name_cannot_move_the_cursor(void **state)
{
    (void)state;
    struct summary summary = {.dispatch = {.interrupted = true, .enumerated = 2},
                              .share_count = 1,
                              .shares = {{.name = "\x1b[2J", .slots = 1}}};
    summary.states[IMAGE_PENDING] = 2;
    struct report report = report_of(&summary, 2);
    report.dest = "";
    assert_prints(report_human, &report,
                  "thumbmill: interrupted\n"
                  "  images   2: 0 made, 0 failed, 2 pending\n"
                  "  outputs  0, 0 B from 0 B\n"
                  "  time     0.00 s: 0.0 images/s, 0 B/s, 0 megapixels/s\n"
                  "  workers  \\x1b[2J: 0 images, 1 slots 0 % busy\n");
}

static void a_summary_takes_the_place_of_an_older_one_only_when_written(void **state)
{
    (void)state;
    char path[] = "/tmp/thumbmill-report-XXXXXX", text[4096];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "older\n", 6), 6);
    struct summary summary = done();
    struct report report = report_of(&summary, 0);
    struct report_file file;
    assert_int_equal(report_file_open(&file, path, NULL), STATUS_OK);
    assert_int_equal(pread(fd, text, sizeof text, 0), 6);
    assert_int_equal(report_file_write(&file, &report, NULL), STATUS_OK);
    report_file_close(&file);
    const ssize_t size = pread(fd, text, sizeof text, 0);
    assert_true(size > 6 && text[0] == '{' && text[size - 1] == '\n');
    close(fd);
    unlink(path);
}

static void a_file_that_cannot_be_written_is_known_before_the_run(void **state)
{
    (void)state;
    struct report_file file;
    struct reason why = {0};
    assert_int_equal(report_file_open(&file, "/nonexistent/x", &why), STATUS_MACHINE);
    assert_string_equal(why.text, "--json /nonexistent/x: No such file or directory");
    report_file_close(&file);
    assert_int_equal(report_file_open(&file, NULL, &why), STATUS_OK);
    assert_int_equal(report_file_write(&file, NULL, &why), STATUS_OK);
}

static void a_full_disk_is_no_success(void **state)
{
    (void)state;
    struct summary summary = done();
    struct report report = report_of(&summary, 0);
    struct report_file file;
    struct reason why = {0};
    assert_int_equal(report_file_open(&file, "/dev/full", &why), STATUS_OK);
    assert_int_equal(report_file_write(&file, &report, &why), STATUS_MACHINE);
    assert_string_equal(why.text, "--json /dev/full: No space left on device");
    report_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_and_fresh_images_are_no_failure),
        cmocka_unit_test(failures_quarantines_and_unread_folders_end_with_1),
        cmocka_unit_test(a_signal_counts_only_when_it_cut_the_run_short),
        cmocka_unit_test(the_json_has_the_keys_that_scripts_rely_on),
        cmocka_unit_test(a_run_of_nothing_divides_by_nothing),
        cmocka_unit_test(a_person_reads_counts_amounts_times_and_what_is_odd),
        cmocka_unit_test(a_peers_name_cannot_move_the_cursor),
        cmocka_unit_test(a_summary_takes_the_place_of_an_older_one_only_when_written),
        cmocka_unit_test(a_file_that_cannot_be_written_is_known_before_the_run),
        cmocka_unit_test(a_full_disk_is_no_success),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Progress: what is said of a run under way.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/progress.h"

/* 100 of 400 images, 30 MB of 40 MB, in 10 s. */
static struct summary quarter_done(void)
{
    struct summary summary = {
        .dispatch = {.enumerated = 400, .known_bytes = 40000000, .walk_complete = true},
        .bytes_in = 30000000,
        .bytes_settled = 30000000,
        .elapsed = 10 * US_PER_S,
    };
    summary.states[IMAGE_MADE] = 100;
    return summary;
}

static void the_time_left_is_reckoned_by_bytes(void **state)
{
    (void)state;
    struct summary summary = quarter_done();
    assert_float_equal(progress_eta(&summary), 10.0 / 3, 0.001);
}

static void without_bytes_it_is_reckoned_by_images(void **state)
{
    (void)state;
    struct summary summary = quarter_done();
    summary.bytes_settled = 0;
    assert_float_equal(progress_eta(&summary), 30, 0.001);
}

static void nothing_done_tells_nothing_of_the_time_left(void **state)
{
    (void)state;
    struct summary summary = {0};
    char line[PROGRESS_LINE_SIZE];
    assert_true(progress_eta(&summary) < 0);
    progress_plain(line, sizeof line, &summary);
    assert_string_equal(line, "0/0+  0.0 img/s  ETA ?");
    progress_bar(line, sizeof line, &summary, 200, true);
    assert_string_equal(line, "[------------------------]   0 %  0/0+  0.0 img/s  ETA ?");
}

static void a_line_tells_done_known_rates_time_left_and_failures(void **state)
{
    (void)state;
    struct summary summary = quarter_done();
    char line[PROGRESS_LINE_SIZE];
    progress_plain(line, sizeof line, &summary);
    assert_string_equal(line, "100/400  10 img/s  3.0 MB/s  ETA 3 s");
    summary.states[IMAGE_FAILED] = 2;
    summary.states[IMAGE_QUARANTINED] = 1;
    summary.dispatch.walk_complete = false;
    progress_plain(line, sizeof line, &summary);
    assert_string_equal(line, "103/400+  10 img/s  3.0 MB/s  ETA >3 s  3 failed");
}

static void the_bar_is_coloured_only_where_something_failed_and_colour_is_wanted(void **state)
{
    (void)state;
    struct summary summary = quarter_done();
    char line[PROGRESS_LINE_SIZE];
    progress_bar(line, sizeof line, &summary, 200, true);
    assert_string_equal(line,
                        "[##################------]  75 %  100/400  10 img/s  3.0 MB/s  ETA 3 s");
    assert_null(strchr(line, '\033'));
    summary.states[IMAGE_FAILED] = 2;
    progress_bar(line, sizeof line, &summary, 200, true);
    assert_non_null(strstr(line, "  \033[31m2 failed\033[0m"));
    progress_bar(line, sizeof line, &summary, 200, false);
    assert_non_null(strstr(line, "  2 failed"));
    assert_null(strchr(line, '\033'));
}

static void the_bar_never_exceeds_the_terminal(void **state)
{
    (void)state;
    struct summary summary = quarter_done();
    summary.states[IMAGE_FAILED] = 2;
    for (int columns = 0; columns < 120; columns++) {
        char line[PROGRESS_LINE_SIZE];
        progress_bar(line, sizeof line, &summary, columns, false);
        assert_true((int)strlen(line) <= columns);
    }
}

static void more_done_than_known_is_a_full_bar(void **state)
{
    (void)state;
    struct summary summary = quarter_done();
    char line[PROGRESS_LINE_SIZE];
    summary.bytes_settled = 2 * summary.dispatch.known_bytes;
    progress_bar(line, sizeof line, &summary, 200, false);
    assert_ptr_equal(strstr(line, "[########################] 100 %"), line);
    assert_float_equal(progress_eta(&summary), 0, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_left_is_reckoned_by_bytes),
        cmocka_unit_test(without_bytes_it_is_reckoned_by_images),
        cmocka_unit_test(nothing_done_tells_nothing_of_the_time_left),
        cmocka_unit_test(a_line_tells_done_known_rates_time_left_and_failures),
        cmocka_unit_test(the_bar_is_coloured_only_where_something_failed_and_colour_is_wanted),
        cmocka_unit_test(the_bar_never_exceeds_the_terminal),
        cmocka_unit_test(more_done_than_known_is_a_full_bar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

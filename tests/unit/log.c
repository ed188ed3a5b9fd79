/*
 * The log: one escaped line, one write, kept apart from a progress bar.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "common/log.h"

/* Standard error goes into a pipe while a test runs. */
static int saved_error, pipe_out;

static int capture(void **state)
{
    (void)state;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    saved_error = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    pipe_out = ends[0];
    return 0;
}

static int release(void **state)
{
    (void)state;
    dup2(saved_error, STDERR_FILENO);
    close(saved_error);
    close(pipe_out);
    log_set_hook(NULL, NULL, NULL);
    return 0;
}

static const char *captured(void)
{
    static char text[65536];
    ssize_t size = read(pipe_out, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static void a_line_begins_with_the_programs_name(void **state)
{
    (void)state;
    log_init("thumbmill worker", false);
    log_error("%s: %d", "a", 1);
    assert_string_equal(captured(), "thumbmill worker: a: 1\n");
}

static void quiet_hides_information_and_no_error(void **state)
{
    (void)state;
    log_init("thumbmill", true);
    log_info("not said");
    log_error("said");
    assert_string_equal(captured(), "thumbmill: said\n");
    log_init("thumbmill", false);
    log_info("said now");
    assert_string_equal(captured(), "thumbmill: said now\n");
}

static void a_name_cannot_make_lines_of_its_own(void **state)
{
    (void)state;
    log_init("thumbmill", false);
    log_error("%s", "a\nthumbmill: all is well\x1b[2J");
    assert_string_equal(captured(), "thumbmill: a\\x0athumbmill: all is well\\x1b[2J\n");
}

static void a_line_that_is_too_long_is_cut_and_still_ends(void **state)
{
    (void)state;
    static char longest[100000];
    memset(longest, '\n', sizeof longest - 1);
    log_init("thumbmill", false);
    log_error("%s", longest);
    const char *text = captured();
    assert_true(strlen(text) > 4096);
    assert_string_equal(text + strlen(text) - 5, "\\x0a\n");
}

static void write_clear(void *context)
{
    assert_int_equal(write(STDERR_FILENO, "<", 1), 1);
    ++*(int *)context;
}

static void write_redraw(void *context)
{
    assert_int_equal(write(STDERR_FILENO, ">", 1), 1);
    ++*(int *)context;
}

static void a_bar_is_cleared_before_a_line_and_drawn_again_after_it(void **state)
{
    (void)state;
    int calls = 0;
    log_init("thumbmill", false);
    log_set_hook(write_clear, write_redraw, &calls);
    log_error("line");
    assert_string_equal(captured(), "<thumbmill: line\n>");
    assert_int_equal(calls, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_begins_with_the_programs_name, capture, release),
        cmocka_unit_test_setup_teardown(quiet_hides_information_and_no_error, capture, release),
        cmocka_unit_test_setup_teardown(a_name_cannot_make_lines_of_its_own, capture, release),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_cut_and_still_ends, capture,
                                        release),
        cmocka_unit_test_setup_teardown(a_bar_is_cleared_before_a_line_and_drawn_again_after_it,
                                        capture, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

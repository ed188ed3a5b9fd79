/* Where a depth-first walk is and what it still has to read. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ventilator/trail.h"

static void folders_come_back_depth_first_with_their_paths(void **state)
{
    (void)state;
    static struct trail trail;
    assert_false(trail_next(&trail));
    assert_int_equal(trail_push(&trail, "a"), STATUS_OK);
    assert_int_equal(trail_push(&trail, "b"), STATUS_OK);

    assert_true(trail_next(&trail));
    assert_string_equal(trail.path, "b");
    assert_int_equal(trail_push(&trail, "long name"), STATUS_OK);
    assert_int_equal(trail_push(&trail, "c"), STATUS_OK);
    assert_true(trail_next(&trail));
    assert_string_equal(trail.path, "b/c");
    assert_int_equal(trail_push(&trail, "d"), STATUS_OK);
    assert_true(trail_next(&trail));
    assert_string_equal(trail.path, "b/c/d");
    assert_true(trail_next(&trail));
    assert_string_equal(trail.path, "b/long name");
    assert_true(trail_next(&trail));
    assert_string_equal(trail.path, "a");
    assert_false(trail_next(&trail));
    trail_close(&trail);
    trail_close(&trail);
}

static void a_folder_of_many_folders_costs_little_more_than_their_names(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    static struct trail trail;
    char name[16];
    size_t names = 0;
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "%d", i);
        names += strlen(name);
        assert_int_equal(trail_push(&trail, name), STATUS_OK);
    }
    assert_int_equal(trail.used, names + (size_t)MANY * 4);
    for (int i = MANY - 1; i >= 0; i--) {
        snprintf(name, sizeof name, "%d", i);
        assert_true(trail_next(&trail));
        assert_string_equal(trail.path, name);
    }
    trail_close(&trail);
}

static void paths_as_long_as_a_job_takes_fit_and_no_longer_ones(void **state)
{
    (void)state;
    static struct trail trail;
    static char name[JOB_PATH_SIZE + 1], path[JOB_PATH_SIZE];
    memset(name, 'n', JOB_PATH_SIZE);
    assert_int_equal(trail_push(&trail, name), STATUS_IMAGE);
    assert_false(trail_entry(&trail, name, path));
    name[JOB_PATH_SIZE - 1] = '\0';
    assert_true(trail_entry(&trail, name, path));
    assert_string_equal(path, name);

    name[JOB_PATH_SIZE - 3] = '\0'; // a slash and one more byte
    assert_int_equal(trail_push(&trail, name), STATUS_OK);
    assert_true(trail_next(&trail));
    assert_true(trail_entry(&trail, "x", path));
    assert_int_equal(strlen(path), JOB_PATH_SIZE - 1);
    assert_false(trail_entry(&trail, "xy", path));
    assert_int_equal(trail_push(&trail, "xy"), STATUS_IMAGE);
    assert_int_equal(trail_push(&trail, "x"), STATUS_OK);
    trail_close(&trail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_come_back_depth_first_with_their_paths),
        cmocka_unit_test(a_folder_of_many_folders_costs_little_more_than_their_names),
        cmocka_unit_test(paths_as_long_as_a_job_takes_fit_and_no_longer_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Jobs, results and the law of their counts.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/summary.h"

static void a_job_keeps_its_own_copy_of_the_path(void **state)
{
    (void)state;
    struct job job = {0};
    char path[] = "a/b.jpg and more";
    assert_true(job_set_path(&job, path, strlen("a/b.jpg")));
    path[0] = 'X';
    assert_string_equal(job.path, "a/b.jpg");
    assert_true(job_set_path(&job, "", 0));
    assert_string_equal(job.path, "");
    job_clear(&job);
    assert_null(job.path);
    job_clear(&job);
}

static void a_result_is_cleared_with_its_job(void **state)
{
    (void)state;
    struct result result = {.state = IMAGE_MADE};
    assert_true(job_set_path(&result.job, "a", 1));
    result_clear(&result);
    assert_null(result.job.path);
    assert_int_equal(result.state, IMAGE_PENDING);
}

static void every_state_and_stage_has_a_word_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < IMAGE_STATES; i++) {
        for (int k = 0; k < i; k++)
            assert_string_not_equal(image_state_name((enum image_state)i),
                                    image_state_name((enum image_state)k));
    }
    for (int i = 0; i < STAGES; i++) {
        for (int k = 0; k < i; k++)
            assert_string_not_equal(stage_name((enum stage)i), stage_name((enum stage)k));
    }
    assert_string_equal(image_state_name(IMAGE_STATES), "unknown");
    assert_string_equal(stage_name(STAGES), "unknown");
}

static void settled_is_every_state_but_pending(void **state)
{
    (void)state;
    struct summary summary = {0};
    assert_int_equal(summary_settled(&summary), 0);
    for (int i = 0; i < IMAGE_STATES; i++)
        summary.states[i] = 1ull << i;
    assert_int_equal(summary_settled(&summary), (1ull << IMAGE_STATES) - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_keeps_its_own_copy_of_the_path),
        cmocka_unit_test(a_result_is_cleared_with_its_job),
        cmocka_unit_test(every_state_and_stage_has_a_word_of_its_own),
        cmocka_unit_test(settled_is_every_state_but_pending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

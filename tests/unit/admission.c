/* Memory for all decoders together: who gets it, in which order, and who never can. */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/queue.h"
#include "worker/admission.h"

#define SLOTS 4
#define MEMORY 800 // a share of 100 each, 400 in common

static atomic_bool never;

static struct admission *open_admission(void)
{
    struct admission *admission = NULL;
    struct reason why;
    assert_int_equal(admission_open(&admission, MEMORY, SLOTS, &why), STATUS_OK);
    return admission;
}

/* A thread that borrows, and keeps what it got. */
struct borrower {
    struct admission *admission;
    uint64_t need, lent;
    const atomic_bool *cancelled;
    struct queue *admitted; // puts itself there when it was
    enum status status;
    pthread_t thread;
};

static void *borrow(void *argument)
{
    struct borrower *borrower = argument;
    borrower->status =
        admission_borrow(borrower->admission, borrower->need, borrower->cancelled, &borrower->lent);
    void *item = borrower;
    if (borrower->status != STATUS_OK || borrower->admitted == NULL)
        return NULL;
    return queue_put(borrower->admitted, &item) == STATUS_OK ? NULL : item;
}

static void start_borrower(struct borrower *borrower)
{
    assert_int_equal(pthread_create(&borrower->thread, NULL, borrow, borrower), 0);
}

static void half_is_dealt_to_the_slots_and_half_is_common(void **state)
{
    (void)state;
    struct admission *admission = open_admission();
    assert_int_equal(admission_share(admission), 100);
    uint64_t lent = 0;
    assert_int_equal(admission_borrow(admission, 500, &never, &lent), STATUS_OK);
    assert_int_equal(lent, 400);
    admission_give_back(admission, &lent);
    assert_int_equal(lent, 0);
    admission_close(&admission);
    admission_close(&admission);
}

static void what_fits_its_share_borrows_nothing_even_when_all_is_lent(void **state)
{
    (void)state;
    struct admission *admission = open_admission();
    uint64_t big = 0, small = 0;
    assert_int_equal(admission_borrow(admission, 500, &never, &big), STATUS_OK);
    assert_int_equal(admission_borrow(admission, 100, &never, &small), STATUS_OK);
    assert_int_equal(small, 0);
    admission_give_back(admission, &big);
    admission_close(&admission);
}

static void what_could_never_be_had_is_refused_at_once(void **state)
{
    (void)state;
    struct admission *admission = open_admission();
    const uint64_t needs[] = {501, 1000, UINT64_MAX};
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        uint64_t lent = 0;
        assert_int_equal(admission_borrow(admission, needs[i], &never, &lent), STATUS_IMAGE);
        assert_int_equal(lent, 0);
    }
    admission_close(&admission);
}

static void who_waits_goes_on_when_memory_is_given_back(void **state)
{
    (void)state;
    struct admission *admission = open_admission();
    uint64_t lent = 0;
    assert_int_equal(admission_borrow(admission, 400, &never, &lent), STATUS_OK);
    struct borrower waiting = {.admission = admission, .need = 300, .cancelled = &never};
    start_borrower(&waiting);
    admission_give_back(admission, &lent);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.status, STATUS_OK);
    assert_int_equal(waiting.lent, 200);
    admission_give_back(admission, &waiting.lent);
    admission_close(&admission);
}

/* Every one of them needs more than half of what is common, so they go one after the other. */
static void many_who_need_much_all_get_it_in_turn(void **state)
{
    (void)state;
    enum { MANY = 8 };
    struct admission *admission = open_admission();
    struct borrower borrowers[MANY];
    struct queue *admitted = NULL;
    struct reason why;
    uint64_t lent = 0;
    assert_int_equal(queue_open(&admitted, MANY, NULL, &why), STATUS_OK);
    assert_int_equal(admission_borrow(admission, 500, &never, &lent), STATUS_OK);
    for (int i = 0; i < MANY; i++) {
        borrowers[i] = (struct borrower){
            .admission = admission, .need = 400, .cancelled = &never, .admitted = admitted};
        start_borrower(&borrowers[i]);
    }
    admission_give_back(admission, &lent);
    for (int i = 0; i < MANY; i++) {
        void *item = NULL;
        assert_int_equal(queue_take(admitted, &item), STATUS_OK);
        assert_int_equal(queue_size(admitted), 0); // until this one gives back, nobody else is
        struct borrower *borrower = item;
        pthread_join(borrower->thread, NULL);
        admission_give_back(admission, &borrower->lent);
    }
    queue_close(&admitted);
    admission_close(&admission);
}

static void a_cancelled_wait_ends_and_lets_the_next_one_pass(void **state)
{
    (void)state;
    struct admission *admission = open_admission();
    atomic_bool cancelled = false;
    uint64_t lent = 0, next = 0;
    assert_int_equal(admission_borrow(admission, 400, &never, &lent), STATUS_OK);
    struct borrower waiting = {.admission = admission, .need = 500, .cancelled = &cancelled};
    start_borrower(&waiting);
    atomic_store(&cancelled, true);
    admission_wake(admission);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.status, STATUS_CLOSED);
    assert_int_equal(waiting.lent, 0);
    assert_int_equal(admission_borrow(admission, 200, &never, &next), STATUS_OK);
    admission_give_back(admission, &lent);
    admission_give_back(admission, &next);
    admission_close(&admission);
}

static void a_stop_ends_waits_now_and_later(void **state)
{
    (void)state;
    struct admission *admission = open_admission();
    uint64_t lent = 0, more = 0;
    assert_int_equal(admission_borrow(admission, 500, &never, &lent), STATUS_OK);
    struct borrower waiting = {.admission = admission, .need = 500, .cancelled = &never};
    start_borrower(&waiting);
    admission_stop(admission);
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.status, STATUS_CLOSED);
    assert_int_equal(admission_borrow(admission, 200, &never, &more), STATUS_CLOSED);
    admission_close(&admission);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_is_dealt_to_the_slots_and_half_is_common),
        cmocka_unit_test(what_fits_its_share_borrows_nothing_even_when_all_is_lent),
        cmocka_unit_test(what_could_never_be_had_is_refused_at_once),
        cmocka_unit_test(who_waits_goes_on_when_memory_is_given_back),
        cmocka_unit_test(many_who_need_much_all_get_it_in_turn),
        cmocka_unit_test(a_cancelled_wait_ends_and_lets_the_next_one_pass),
        cmocka_unit_test(a_stop_ends_waits_now_and_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

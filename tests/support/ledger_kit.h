#pragma once

/*
 * What the tests of the ledger say often, as one line each. Every helper checks that the ledger is
 * sound afterwards.
 */

/* CMocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ventilator/ledger.h"

static inline void kit_sound(const struct ledger *ledger)
{
    struct reason why = {0};

    if (!ledger_check(ledger, &why))
        fail_msg("the ledger is broken: %s", why.text);
}

static inline struct ledger *kit_open(void)
{
    struct ledger *ledger = NULL;

    assert_int_equal(ledger_open(&ledger, NULL), STATUS_OK);
    kit_sound(ledger);
    return ledger;
}

/* Plans the jobs first..last. */
static inline void kit_plan(struct ledger *ledger, uint64_t first, uint64_t last)
{
    for (uint64_t id = first; id <= last; id++) {
        struct job job = {.id = id, .size = id};

        assert_true(job_set_path(&job, "a/b.jpg", sizeof "a/b.jpg" - 1));
        assert_int_equal(ledger_plan(ledger, &job), STATUS_OK);
        assert_null(job.path);
    }
    kit_sound(ledger);
}

static inline worker_index kit_join(struct ledger *ledger, uint64_t incarnation, uint32_t slots,
                                    uint32_t capacity, usec now)
{
    worker_index worker = NO_WORKER;

    assert_int_equal(ledger_worker_joined(ledger, incarnation, slots, capacity, now, &worker),
                     STATUS_OK);
    assert_int_equal(ledger_worker_find(ledger, incarnation), worker);
    kit_sound(ledger);
    return worker;
}

/* Pushes the next job, which there must be. */
static inline struct attempt kit_push(struct ledger *ledger, usec now)
{
    const struct job *job = ledger_next_push(ledger, now);

    assert_non_null(job);
    struct attempt attempt = {job->id, job->attempt};
    ledger_pushed(ledger, attempt.job, now);
    kit_sound(ledger);
    return attempt;
}

/* Sends the next job the sure way, which there must be, and checks to whom. */
static inline struct attempt kit_send(struct ledger *ledger, worker_index expected, usec now)
{
    worker_index worker = NO_WORKER;
    const struct job *job = ledger_next_sure(ledger, now, &worker);

    assert_non_null(job);
    assert_int_equal(worker, expected);
    struct attempt attempt = {job->id, job->attempt};
    ledger_sent(ledger, attempt.job, worker, now);
    kit_sound(ledger);
    return attempt;
}

static inline bool kit_none_to_push(struct ledger *ledger, usec now)
{
    return ledger_next_push(ledger, now) == NULL;
}

static inline bool kit_none_to_send(struct ledger *ledger, usec now)
{
    worker_index worker;

    return ledger_next_sure(ledger, now, &worker) == NULL;
}

static inline struct attempt kit_take(struct ledger *ledger, worker_index worker, usec now)
{
    struct attempt attempt = kit_push(ledger, now);

    assert_true(ledger_taken(ledger, worker, attempt, now));
    kit_sound(ledger);
    return attempt;
}

static inline struct attempt kit_do(struct ledger *ledger, worker_index worker, usec now)
{
    struct attempt attempt = kit_take(ledger, worker, now);

    ledger_done(ledger, worker, attempt, now);
    kit_sound(ledger);
    return attempt;
}

static inline enum returned_action kit_return(struct ledger *ledger, worker_index worker,
                                              struct attempt attempt, enum return_reason reason,
                                              uint32_t room, usec now)
{
    struct returned returned = {.attempt = attempt, .reason = reason, .room = room};
    enum returned_action action = ledger_returned(ledger, worker, &returned, now);

    kit_sound(ledger);
    return action;
}

/* A beat that lists these; `running` says of all of them whether they run. */
static inline void kit_beat(struct ledger *ledger, worker_index worker, uint32_t capacity,
                            const struct attempt *held, uint32_t count, bool running, usec now)
{
    static struct beat beat;

    beat.capacity = capacity;
    beat.held.count = count;
    for (uint32_t i = 0; i < count; i++) {
        beat.held.list[i] = held[i];
        beat.running[i] = running;
    }
    ledger_beat(ledger, worker, &beat, now);
    kit_sound(ledger);
}

static inline uint32_t kit_expire(struct ledger *ledger, usec now)
{
    worker_index gone[4];
    uint32_t count = ledger_expire(ledger, now, gone, 4);

    kit_sound(ledger);
    for (uint32_t i = 0; i < count; i++)
        ledger_worker_left(ledger, gone[i], now);
    kit_sound(ledger);
    return count;
}

static inline struct ledger_counts kit_counts(const struct ledger *ledger)
{
    struct ledger_counts counts;

    ledger_count(ledger, &counts);
    return counts;
}

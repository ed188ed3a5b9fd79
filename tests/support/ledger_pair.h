#pragma once

/*
 * Two workers at the end of a run: the last job is with the one, the other has nothing to do.
 */

#include "tests/support/ledger_kit.h"

/* The first job is of size 1 and takes so long; the second is of size 2. */
#define PAIR_EXPECTED (100 * US_PER_MS)
#define PAIR_TAKEN_AT PAIR_EXPECTED
/* The first moment at which the second is a straggler. */
#define PAIR_LATE (PAIR_TAKEN_AT + BACKUP_AFTER_MIN + 1)

/* Two workers, the second job with the one; nothing else is left to do. */
struct pair {
    struct ledger *ledger;
    worker_index slow, other;
    struct attempt held;
};

static inline void pair_open_expecting(struct pair *pair, usec expected)
{
    struct ledger *ledger = pair->ledger = kit_open();

    pair->slow = kit_join(ledger, 1, 1, 2, 0);
    pair->other = kit_join(ledger, 2, 1, 2, 0);
    kit_plan(ledger, 1, 2);
    struct attempt first = kit_take(ledger, pair->slow, 0);
    ledger_done(ledger, pair->slow, first, expected);
    assert_true(ledger_recorded(ledger, first.job));
    pair->held = kit_take(ledger, pair->slow, expected);
    ledger_no_more(ledger);
}

static inline void pair_open(struct pair *pair)
{
    pair_open_expecting(pair, PAIR_EXPECTED);
}

static inline void pair_close(struct pair *pair)
{
    ledger_close(&pair->ledger);
}

static inline void pair_beat_of_slow(struct pair *pair, usec now)
{
    kit_beat(pair->ledger, pair->slow, 2, &pair->held, 1, true, now);
}

/* Another beat of the straggler, and the backup that follows from it. */
static inline struct attempt pair_send_backup(struct pair *pair, usec now)
{
    pair_beat_of_slow(pair, now);
    struct attempt backup = kit_send(pair->ledger, pair->other, now);
    assert_int_equal(backup.job, pair->held.job);
    assert_true(backup.attempt > pair->held.attempt);
    return backup;
}

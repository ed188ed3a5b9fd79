/*
 * How many jobs a second the ledger alone can follow through their lives: planned, pushed, TAKEN,
 * DONE, recorded, in a fleet whose window is full; one job in eight is RETURNed once.
 *
 *   thumbmill-bench-ledger [JOBS [WORKERS]]
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ventilator/ledger.h"

#define SLOTS 8 // of each worker, and as many jobs queued ahead
#define RETURN_EVERY 8
#define PATH "folder/of/photographs/image.jpg"

struct out {
    struct attempt attempt;
    worker_index worker;
};

static void must(enum status status)
{
    if (status != STATUS_OK)
        abort();
}

/* Plans one job and pushes one, which `worker` takes, at once or the second time. */
static struct out give(struct ledger *ledger, uint64_t id, worker_index worker)
{
    struct job job = {.id = id};
    struct out out = {.worker = worker};

    if (!job_set_path(&job, PATH, strlen(PATH)))
        abort();
    must(ledger_plan(ledger, &job));
    for (bool full = id % RETURN_EVERY == 0;; full = false) {
        const struct job *next = ledger_next_push(ledger, (usec)id);

        if (next == NULL)
            abort();
        out.attempt = (struct attempt){next->id, next->attempt};
        ledger_pushed(ledger, next->id, (usec)id);
        struct returned returned = {.attempt = out.attempt, .reason = RETURN_FULL, .room = 1};
        if (!full)
            break;
        (void)ledger_returned(ledger, worker, &returned, (usec)id);
    }
    if (!ledger_taken(ledger, worker, out.attempt, (usec)id))
        abort();
    return out;
}

static void finish(struct ledger *ledger, const struct out *out, usec now)
{
    ledger_done(ledger, out->worker, out->attempt, now);
    if (!ledger_recorded(ledger, out->attempt.job))
        abort();
}

static uint32_t after(uint32_t at, uint32_t count)
{
    return at + 1 < count ? at + 1 : 0;
}

int main(int count, char **arguments)
{
    uint64_t jobs = count > 1 ? strtoull(arguments[1], NULL, 10) : 5000000;
    uint32_t workers = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 100;
    uint32_t window = workers * 2 * SLOTS;
    struct out *out = calloc(window, sizeof *out);
    struct ledger *ledger = NULL;

    if (workers == 0 || workers > WORKERS_MAX || jobs < window || out == NULL) {
        fprintf(stderr, "thumbmill-bench-ledger [JOBS [WORKERS]]: at least %u jobs a worker\n",
                2 * SLOTS);
        free(out);
        return 2;
    }
    must(ledger_open(&ledger, NULL));
    for (uint32_t i = 0; i < workers; i++) {
        worker_index worker;

        must(ledger_worker_joined(ledger, i + 1, SLOTS, 2 * SLOTS, 0, &worker));
    }

    usec start = clock_now();
    uint32_t at = 0, turn = 0; // places and workers take turns
    for (uint64_t id = 1; id <= jobs; id++) {
        struct out *place = &out[at];

        if (id > window)
            finish(ledger, place, (usec)id);
        *place = give(ledger, id, turn);
        at = after(at, window);
        turn = after(turn, workers);
    }
    for (uint32_t i = 0; i < window; i++)
        finish(ledger, &out[i], (usec)jobs);
    double seconds = (double)(clock_now() - start) / US_PER_S;

    printf("%llu jobs, %u workers: %.2f million jobs/s\n", (unsigned long long)jobs, workers,
           (double)jobs / seconds / 1e6);
    bool settled = ledger_is_settled(ledger);
    ledger_close(&ledger);
    free(out);
    return settled ? 0 : 1;
}

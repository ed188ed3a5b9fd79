#pragma once

/*
 * The ledger and the ledger on paper side by side: every step is done to both, and both must say
 * the same. What a step is about is chosen by the schedule.
 */

#include "tests/support/ledger_kit.h"
#include "tests/support/ledger_reference.h"
#include "tests/support/schedule.h"

struct world {
    struct ledger *ledger;
    struct reference reference;
    worker_index index[REFERENCE_WORKERS]; // in the ledger
    uint64_t first_id, incarnations;
    uint64_t recorded_before, retries_before, returns_before, backups_before;
    struct schedule schedule;
    bool slow; // of random schedules: workers mostly keep what they have
};

/* Another schedule in the same ledger: so many workers of one slot, and all jobs planned. */
void world_begin(struct world *world, uint32_t jobs, uint32_t workers);
/* The workers leave, one comes that does everything, and nothing is left. */
void world_end(struct world *world);
/* Any step. */
void world_step(struct world *world);

/* Certain steps, to begin from somewhere else. */
void world_push(struct world *world);
void world_send(struct world *world);
void world_no_more(struct world *world);
/* Says TAKEN of its first attempt. */
void world_taken(struct world *world, uint32_t worker, uint32_t job);
/* Its beat lists what it has TAKEN, as running. */
void world_beat(struct world *world, uint32_t worker);
void world_pass(struct world *world, usec time);
/* It dies, and another comes in its place. */
void world_replace(struct world *world, uint32_t worker);

#pragma once

/* The inside of the two ledgers side by side, for tests/support/ledger_world*.c alone. */

#include "tests/support/ledger_world.h"

uint32_t world_choose(struct world *world, uint32_t bound);
uint32_t world_choose_worker(struct world *world);
/* Whether the choices are drawn; else every schedule comes once. */
bool world_is_random(const struct world *world);
/* True mostly, when drawn: of what would keep anything else from going on for long. */
bool world_passes_over(struct world *world);
/* The number of a known worker. */
uint32_t world_worker_of(const struct world *world, worker_index index);

void world_step_plan(struct world *world);
void world_step_taken(struct world *world);
void world_step_done(struct world *world);
void world_step_return(struct world *world);
void world_step_recorded(struct world *world);
void world_step_idle(struct world *world);
void world_step_look(struct world *world);
void world_step_settled(struct world *world);
void world_say_done(struct world *world, uint32_t worker, uint32_t job, struct attempt attempt);
void world_recorded(struct world *world, uint32_t job);

void world_step_beat(struct world *world);
void world_step_time(struct world *world);
void world_step_join_or_leave(struct world *world);
void world_step_leaving(struct world *world);
void world_step_capacity(struct world *world);
void world_join(struct world *world, uint32_t worker, uint32_t capacity);
void world_leave(struct world *world, uint32_t worker);

#pragma once

/*
 * A slot: one thread, one decoder, one image at a time and at most one queued ahead. Straight-line
 * code that may block on files, on memory, on its decoder and on full queues.
 */

#include "worker/workshop.h"

struct slot;

/* Starts the thread. The workshop must outlive it. */
enum status slot_start(struct slot **slot, struct workshop *workshop, uint32_t number,
                       struct reason *why) MUST_USE;
/* Makes it look at its task's `cancelled` and at the workshop's `stopping`. Any thread. */
void slot_wake(struct slot *slot);
/* The workshop is stopping, and its queues, decoders and admission are stopped: waits for the end.
 * Writes NULL; NULL in is fine. */
void slot_stop(struct slot **slot);

#pragma once

/*
 * How many jobs a worker should hold: its slots, and enough queued ahead that none of them is idle
 * while the word that one is done travels to the head and the next one back. Pure.
 */

#include <stdint.h>

#include "common/clock.h"

/* Jobs queued ahead of each slot. More would cover round trips of 16 images' time; beyond that the
 * network is too far for images so small, and what is held ahead is lost to idle workers. */
#define AHEAD_MIN 1
#define AHEAD_MAX 16

struct capacity {
    uint32_t slots;  // 1..256
    usec round_trip; // smoothed; 0 until measured
    usec service;    // smoothed time of one image in a slot; 0 until measured
};

void capacity_init(struct capacity *capacity, uint32_t slots);
/* BEAT to ALIVE. */
void capacity_round_trip(struct capacity *capacity, usec measured);
/* One image in a slot's hands. */
void capacity_service(struct capacity *capacity, usec measured);
/* slots * (1 + ahead), at most ATTEMPTS_MAX. */
uint32_t capacity_wanted(const struct capacity *capacity);

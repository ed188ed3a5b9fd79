#pragma once

/*
 * Memory for all decoders together. Every slot has a share of its own that its decoder may use
 * without asking; an image that needs more borrows the rest from a common half. Those who must
 * wait are served in the order they came, so that a big image is never overtaken for ever by
 * small ones; what could never be had is refused at once. Any thread.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

struct admission;

/* memory: bytes for all. Half of it is dealt to the slots, half is common. */
enum status admission_open(struct admission **admission, uint64_t memory, uint32_t slots,
                           struct reason *why) MUST_USE;
/* Nobody may be inside any more. */
void admission_close(struct admission **admission);

/* What a decoder may use without asking. */
uint64_t admission_share(const struct admission *admission);

/* Waits until an image may use `need` bytes. *lent (0 before) must be given back afterwards.
 * STATUS_IMAGE: more than a share and the whole common half. STATUS_CLOSED: *cancelled became
 * true (say admission_wake() after setting it), or a stop. */
enum status admission_borrow(struct admission *admission, uint64_t need,
                             const atomic_bool *cancelled, uint64_t *lent) MUST_USE;
/* Writes 0; 0 in is fine. */
void admission_give_back(struct admission *admission, uint64_t *lent);

/* Lets those who wait look at their `cancelled` again. */
void admission_wake(struct admission *admission);
/* Every wait, now and later, ends with STATUS_CLOSED. */
void admission_stop(struct admission *admission);

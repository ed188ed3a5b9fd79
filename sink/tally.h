#pragma once

/*
 * The tally: counts, latency percentiles, stage times and shares of a run, from its results. Pure.
 *
 * Latencies go into a histogram of 16 linear steps per power of two (error below 6.25 %), as in
 * Gil Tene's HdrHistogram; percentiles are its nearest rank.
 */

#include "common/message.h"
#include "common/status.h"
#include "common/summary.h"

struct tally;

enum status tally_open(struct tally **tally) MUST_USE;
void tally_close(struct tally **tally);

void tally_result(struct tally *tally, uint64_t incarnation, const struct result_message *message);
void tally_outcome(struct tally *tally, const struct outcome *outcome);
void tally_duplicate(struct tally *tally);
/* What the head knows so far. */
void tally_known(struct tally *tally, const struct dispatch_counts *known);

/* The summary as of now; `elapsed` is the caller's. */
void tally_summary(const struct tally *tally, usec elapsed, struct summary *summary);

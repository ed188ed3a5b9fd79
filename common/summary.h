#pragma once

/*
 * The counts of a run, as the sink keeps them, the ventilator completes them, and the report
 * prints them. The conservation law: once a run has ended,
 *   enumerated = made + damaged + fresh + failed + quarantined + pending
 * and pending is 0 unless it was interrupted.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/job.h"

/* One worker's part. */
struct worker_share {
    char name[WORKER_NAME_SIZE];
    uint64_t incarnation;
    uint32_t slots;
    uint64_t images;
    usec busy; // of all its slots together
};

/* Workers the summary names one by one (the busiest); the others are added up under "others". */
#define SHARES_MAX 64

/* What the ventilator counts. */
struct dispatch_counts {
    uint64_t enumerated, ignored, walk_errors;
    uint64_t known_bytes; // of what was enumerated
    uint64_t retries;     // attempts after the first, RETURNs for want of room not counted
    uint64_t returns;     // RETURNs for want of room
    bool walk_complete;
    bool interrupted;
};

struct summary {
    uint64_t run, epoch;
    struct dispatch_counts dispatch;
    uint64_t states[IMAGE_STATES]; // PENDING: enumerated, without a state
    uint64_t outputs, duplicates;
    uint64_t bytes_in, bytes_out, pixels_in;
    uint64_t bytes_settled; // sizes of images that reached a state, for the ETA
    usec elapsed;           // from STARTED to the last commit
    usec latency_p50, latency_p95, latency_p99;
    usec stages[STAGES]; // sums; divide by timed_images
    uint64_t timed_images;
    uint32_t share_count;
    struct worker_share shares[SHARES_MAX];
};

uint64_t summary_settled(const struct summary *summary); // images in a final state

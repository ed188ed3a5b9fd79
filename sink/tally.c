/*
 * Sums as results come; percentiles and the busiest workers are worked out when a summary is
 * wanted. What peers report is only added, never trusted to be small: sums stop at their maximum.
 */

#include "sink/tally.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/protocol.h"

/* The histogram: values below 16 have a bucket each, every further power of two has 16. The largest
 * usec has its top bit at 62, which makes (62 - 3) * 16 buckets behind the first 16. */
#define STEP_BITS 4
#define STEPS (1 << STEP_BITS)
#define TOP_BIT_MAX 62
#define BUCKETS ((TOP_BIT_MAX - STEP_BITS + 2) * STEPS)

/* Incarnations are looked up in an open-addressed table, at most half full. */
#define SHARE_SLOTS (2 * WORKERS_MAX)
#define OTHERS "others"
_Static_assert(WORKERS_MAX > SHARES_MAX, "whoever is not kept by name is not shown by name either");
_Static_assert(WORKERS_MAX < UINT16_MAX, "an index of a share and one fit its slot");

struct tally {
    struct dispatch_counts known;
    uint64_t states[IMAGE_STATES]; // PENDING unused
    uint64_t outputs, duplicates;
    uint64_t bytes_in, bytes_out, pixels_in, bytes_settled;
    usec stages[STAGES];
    uint64_t latencies[BUCKETS];
    uint64_t timed_images;
    uint32_t share_count;
    struct worker_share shares[WORKERS_MAX];
    struct worker_share others;        // of workers beyond WORKERS_MAX
    uint16_t share_slots[SHARE_SLOTS]; // 0: free; else 1 + index into shares
};

enum status tally_open(struct tally **tally)
{
    *tally = calloc(1, sizeof **tally);
    return *tally ? STATUS_OK : STATUS_MACHINE;
}

void tally_close(struct tally **tally)
{
    free(*tally);
    *tally = NULL;
}

static void add(uint64_t *sum, uint64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = UINT64_MAX;
}

static void add_time(usec *sum, usec value)
{
    if (value > 0 && __builtin_add_overflow(*sum, value, sum))
        *sum = INT64_MAX;
}

static size_t bucket_of(usec value)
{
    if (value < STEPS)
        return value < 0 ? 0 : (size_t)value;
    const int top = 63 - __builtin_clzll((unsigned long long)value);
    const size_t step = (size_t)(value >> (top - STEP_BITS)) & (STEPS - 1);
    return (size_t)(top - STEP_BITS + 1) * STEPS + step;
}

/* The largest value of a bucket. */
static usec bucket_end(size_t bucket)
{
    if (bucket < STEPS)
        return (usec)bucket;
    const unsigned shift = (unsigned)(bucket / STEPS) - 1;
    const uint64_t steps = STEPS + bucket % STEPS;
    return (usec)(((steps + 1) << shift) - 1);
}

static usec percentile(const struct tally *tally, unsigned percent)
{
    /* Nearest rank: the smallest value that at least `percent` of all do not exceed. */
    const uint64_t whole = tally->timed_images / 100, rest = tally->timed_images % 100;
    const uint64_t rank = whole * percent + (rest * percent + 99) / 100;
    uint64_t seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += tally->latencies[i];
        if (seen >= rank && seen > 0)
            return bucket_end(i);
    }
    return 0;
}

/* The share of an incarnation; a new one is named. Beyond WORKERS_MAX they are one. */
static struct worker_share *share_of(struct tally *tally, uint64_t incarnation,
                                     const struct result_message *message)
{
    size_t at = incarnation % SHARE_SLOTS;
    while (tally->share_slots[at] != 0) {
        struct worker_share *share = &tally->shares[tally->share_slots[at] - 1];
        if (share->incarnation == incarnation)
            return share;
        at = (at + 1) % SHARE_SLOTS;
    }
    if (tally->share_count == WORKERS_MAX)
        return &tally->others;
    struct worker_share *share = &tally->shares[tally->share_count++];
    tally->share_slots[at] = (uint16_t)tally->share_count;
    share->incarnation = incarnation;
    share->slots = message->slots;
    text_copy(share->name, sizeof share->name, message->worker);
    return share;
}

static void count_state(struct tally *tally, enum image_state state, uint64_t size)
{
    tally->states[state]++;
    add(&tally->bytes_settled, size);
}

void tally_result(struct tally *tally, uint64_t incarnation, const struct result_message *message)
{
    const struct result *result = &message->result;
    count_state(tally, result->state, result->job.size);
    add(&tally->bytes_in, result->bytes_in);
    add(&tally->pixels_in, (uint64_t)result->width * result->height);
    add(&tally->outputs, result->output_count);
    for (uint32_t i = 0; i < result->output_count; i++)
        add(&tally->bytes_out, result->outputs[i].bytes);

    tally->timed_images++;
    tally->latencies[bucket_of(result->latency)]++;
    for (int i = 0; i < STAGES; i++)
        add_time(&tally->stages[i], result->stages[i]);

    struct worker_share *share = share_of(tally, incarnation, message);
    share->images++;
    add_time(&share->busy, result->busy);
}

void tally_outcome(struct tally *tally, const struct outcome *outcome)
{
    count_state(tally, outcome->state, outcome->size);
}

void tally_duplicate(struct tally *tally)
{
    tally->duplicates++;
}

void tally_known(struct tally *tally, const struct dispatch_counts *known)
{
    tally->known = *known;
}

static int busiest_first(const void *a, const void *b, void *shares)
{
    const struct worker_share *left = (struct worker_share *)shares + *(const uint16_t *)a;
    const struct worker_share *right = (struct worker_share *)shares + *(const uint16_t *)b;
    if (left->images != right->images)
        return left->images > right->images ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void add_share(struct worker_share *sum, const struct worker_share *share)
{
    sum->slots += share->slots;
    add(&sum->images, share->images);
    add_time(&sum->busy, share->busy);
}

/* The busiest by name; when there is no place for all, the last place is for the others. */
static void list_shares(const struct tally *tally, struct summary *summary)
{
    uint16_t order[WORKERS_MAX];
    for (uint32_t i = 0; i < tally->share_count; i++)
        order[i] = (uint16_t)i;
    qsort_r(order, tally->share_count, sizeof order[0], busiest_first, (void *)tally->shares);

    const bool all = tally->share_count <= SHARES_MAX;
    const uint32_t named = all ? tally->share_count : SHARES_MAX - 1;
    for (uint32_t i = 0; i < named; i++)
        summary->shares[i] = tally->shares[order[i]];
    summary->share_count = named;
    if (all)
        return;
    struct worker_share *others = &summary->shares[summary->share_count++];
    *others = tally->others;
    memcpy(others->name, OTHERS, sizeof OTHERS);
    for (uint32_t i = named; i < tally->share_count; i++)
        add_share(others, &tally->shares[order[i]]);
}

void tally_summary(const struct tally *tally, usec elapsed, struct summary *summary)
{
    *summary = (struct summary){
        .dispatch = tally->known,
        .outputs = tally->outputs,
        .duplicates = tally->duplicates,
        .bytes_in = tally->bytes_in,
        .bytes_out = tally->bytes_out,
        .pixels_in = tally->pixels_in,
        .bytes_settled = tally->bytes_settled,
        .elapsed = elapsed,
        .latency_p50 = percentile(tally, 50),
        .latency_p95 = percentile(tally, 95),
        .latency_p99 = percentile(tally, 99),
        .timed_images = tally->timed_images,
    };
    memcpy(summary->states, tally->states, sizeof summary->states);
    memcpy(summary->stages, tally->stages, sizeof summary->stages);
    const uint64_t settled = summary_settled(summary);
    if (tally->known.enumerated > settled)
        summary->states[IMAGE_PENDING] = tally->known.enumerated - settled;
    list_shares(tally, summary);
}

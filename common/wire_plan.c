/*
 * ASK, ANSWER, OUTCOME, CRASHED, FINISH, FINISHED: what the head and the sink agree on, image by
 * image and at the end.
 */

#include "common/wire_body.h"

#define COUNTS_FIELDS 8
#define ASK_FIELDS 5
#define ANSWER_FIELDS 4
#define SHARE_FIELDS 5

void wire_plan_counts(struct codec *codec, struct dispatch_counts *counts)
{
    uint32_t surplus = code_record(codec, "counts", COUNTS_FIELDS);
    code_u64(codec, "enumerated", &counts->enumerated, 0, UINT64_MAX);
    code_u64(codec, "ignored", &counts->ignored, 0, UINT64_MAX);
    code_u64(codec, "walk_errors", &counts->walk_errors, 0, UINT64_MAX);
    code_u64(codec, "known_bytes", &counts->known_bytes, 0, UINT64_MAX);
    code_u64(codec, "retries", &counts->retries, 0, UINT64_MAX);
    code_u64(codec, "returns", &counts->returns, 0, UINT64_MAX);
    code_bool(codec, "walk_complete", &counts->walk_complete);
    code_bool(codec, "interrupted", &counts->interrupted);
    code_surplus(codec, surplus);
}

void wire_plan_states(struct codec *codec, uint64_t states[IMAGE_STATES])
{
    uint32_t surplus = code_record(codec, "states", IMAGE_STATES);
    for (int i = 0; i < IMAGE_STATES; i++)
        code_u64(codec, "state", &states[i], 0, UINT64_MAX);
    code_surplus(codec, surplus);
}

void wire_plan_ask(struct codec *codec, struct message *message)
{
    struct ask *ask = &message->ask;
    wire_plan_counts(codec, &ask->known);
    uint32_t count = code_count(codec, "entries", ask->count, 0, ASK_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct ask_entry *entry = &ask->entries[i];
        uint32_t surplus = code_record(codec, "entry", ASK_FIELDS);
        code_u64(codec, "number", &entry->number, 1, UINT64_MAX);
        code_u32(codec, "root", &entry->root, 0, ROOTS_MAX - 1);
        code_u64(codec, "size", &entry->size, 0, UINT64_MAX);
        code_i64(codec, "mtime_ns", &entry->mtime_ns);
        wire_job_path(codec, &entry->path);
        code_surplus(codec, surplus);
    }
    if (codec_is_reading(codec))
        ask->count = count;
}

void wire_plan_answer(struct codec *codec, struct message *message)
{
    struct answer *answer = &message->answer;
    uint32_t count = code_count(codec, "entries", answer->count, 0, ASK_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct answer_entry *entry = &answer->entries[i];
        uint32_t surplus = code_record(codec, "entry", ANSWER_FIELDS);
        code_u64(codec, "number", &entry->number, 1, UINT64_MAX);
        code_enum(codec, "verdict", &entry->verdict, VERDICT_NEW, VERDICTS - 1);
        code_words(codec, "detail", &entry->detail, IMAGE_ERROR_SIZE);
        code_u32(codec, "crashes", &entry->crashes, 0, UINT32_MAX);
        code_surplus(codec, surplus);
    }
    if (codec_is_reading(codec))
        answer->count = count;
}

void wire_plan_outcome(struct codec *codec, struct message *message)
{
    struct outcome *outcome = &message->outcome;
    code_u64(codec, "job", &outcome->job, 1, UINT64_MAX);
    code_u32(codec, "attempt", &outcome->attempt, 0, UINT32_MAX);
    const bool crashed = message->envelope.type == MSG_CRASHED;
    code_enum(codec, "state", &outcome->state, crashed ? IMAGE_PENDING : IMAGE_FRESH,
              crashed ? IMAGE_PENDING : IMAGE_QUARANTINED);
    code_u32(codec, "root", &outcome->root, 0, ROOTS_MAX - 1);
    code_u64(codec, "size", &outcome->size, 0, UINT64_MAX);
    code_i64(codec, "mtime_ns", &outcome->mtime_ns);
    wire_job_path(codec, &outcome->path);
    code_words(codec, "error", &outcome->error, IMAGE_ERROR_SIZE);
}

void wire_plan_finish(struct codec *codec, struct message *message)
{
    wire_plan_counts(codec, &message->finish);
}

static void code_stage_sums(struct codec *codec, struct summary *summary)
{
    code_u64(codec, "timed_images", &summary->timed_images, 0, UINT64_MAX);
    uint32_t surplus = code_record(codec, "stages", STAGES);
    for (int i = 0; i < STAGES; i++)
        code_usec(codec, "stage", &summary->stages[i]);
    code_surplus(codec, surplus);
}

/* A name has its array, not a borrowed text: summaries are kept. */
static void code_shares(struct codec *codec, struct summary *summary)
{
    uint32_t count = code_count(codec, "shares", summary->share_count, 0, SHARES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct worker_share *share = &summary->shares[i];
        uint32_t surplus = code_record(codec, "share", SHARE_FIELDS);
        code_string(codec, "share name", share->name, sizeof share->name);
        code_u64(codec, "share incarnation", &share->incarnation, 0, UINT64_MAX);
        code_u32(codec, "share slots", &share->slots, 0, UINT32_MAX);
        code_u64(codec, "share images", &share->images, 0, UINT64_MAX);
        code_usec(codec, "share busy", &share->busy);
        code_surplus(codec, surplus);
    }
    if (codec_is_reading(codec))
        summary->share_count = count;
}

void wire_plan_finished(struct codec *codec, struct message *message)
{
    struct summary *summary = &message->finished;
    code_u64(codec, "run", &summary->run, 0, UINT64_MAX);
    code_u64(codec, "epoch", &summary->epoch, 0, UINT64_MAX);
    wire_plan_counts(codec, &summary->dispatch);
    wire_plan_states(codec, summary->states);
    code_u64(codec, "outputs", &summary->outputs, 0, UINT64_MAX);
    code_u64(codec, "duplicates", &summary->duplicates, 0, UINT64_MAX);
    code_u64(codec, "bytes_in", &summary->bytes_in, 0, UINT64_MAX);
    code_u64(codec, "bytes_out", &summary->bytes_out, 0, UINT64_MAX);
    code_u64(codec, "pixels_in", &summary->pixels_in, 0, UINT64_MAX);
    code_u64(codec, "bytes_settled", &summary->bytes_settled, 0, UINT64_MAX);
    code_usec(codec, "elapsed", &summary->elapsed);
    code_usec(codec, "latency_p50", &summary->latency_p50);
    code_usec(codec, "latency_p95", &summary->latency_p95);
    code_usec(codec, "latency_p99", &summary->latency_p99);
    code_stage_sums(codec, summary);
    code_shares(codec, summary);
}

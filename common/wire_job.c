/*
 * JOB, RESULT and what is said of jobs between them: TAKEN, DONE, CANCEL, RECORDED, RETURN, BEAT.
 * The hot part of the wire: every job passes through here some five times.
 */

#include "common/wire_body.h"

#define ATTEMPT_FIELDS 2
#define HELD_FIELDS 3
#define OUTPUT_FIELDS 4

static void code_attempt(struct codec *codec, struct attempt *attempt)
{
    code_u64(codec, "job", &attempt->job, 1, UINT64_MAX);
    code_u32(codec, "attempt", &attempt->attempt, 0, UINT32_MAX); // 0: was never pushed
}

void wire_job_path(struct codec *codec, struct text *path)
{
    code_text(codec, "path", path, JOB_PATH_SIZE);
    if (codec->wrong == NULL && (path->size == 0 || path->bytes[0] == '/'))
        codec_fail(codec, "path");
}

void wire_job_job(struct codec *codec, struct message *message)
{
    struct job_message *job = &message->job;
    code_attempt(codec, &job->attempt);
    code_u32(codec, "root", &job->root, 0, ROOTS_MAX - 1);
    code_u64(codec, "size", &job->size, 0, UINT64_MAX);
    code_i64(codec, "mtime_ns", &job->mtime_ns);
    wire_job_path(codec, &job->path);
}

void wire_job_attempts(struct codec *codec, struct message *message)
{
    struct attempts *attempts = &message->attempts;
    uint32_t count = code_count(codec, "attempts", attempts->count, 0, ATTEMPTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t surplus = code_record(codec, "attempt", ATTEMPT_FIELDS);
        code_attempt(codec, &attempts->list[i]);
        code_surplus(codec, surplus);
    }
    if (codec_is_reading(codec))
        attempts->count = count;
}

void wire_job_returned(struct codec *codec, struct message *message)
{
    struct returned *returned = &message->returned;
    code_attempt(codec, &returned->attempt);
    code_enum(codec, "reason", &returned->reason, RETURN_FULL, RETURN_REASONS - 1);
    code_u32(codec, "room", &returned->room, 0, ATTEMPTS_MAX);
    code_words(codec, "detail", &returned->detail, REASON_SIZE);
}

void wire_job_beat(struct codec *codec, struct message *message)
{
    struct beat *beat = &message->beat;
    code_usec(codec, "sent", &beat->sent);
    code_u32(codec, "capacity", &beat->capacity, 0, ATTEMPTS_MAX);
    code_words(codec, "trouble", &beat->trouble, REASON_SIZE);
    uint32_t count = code_count(codec, "held", beat->held.count, 0, ATTEMPTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t surplus = code_record(codec, "held", HELD_FIELDS);
        bool running = !codec_is_reading(codec) && beat->running[i] != 0;
        code_attempt(codec, &beat->held.list[i]);
        code_bool(codec, "running", &running);
        code_surplus(codec, surplus);
        if (codec_is_reading(codec))
            beat->running[i] = running;
    }
    if (codec_is_reading(codec))
        beat->held.count = count;
    wire_plan_states(codec, beat->states);
    code_usec(codec, "round_trip", &beat->round_trip);
}

void wire_job_alive(struct codec *codec, struct message *message)
{
    code_usec(codec, "sent", &message->alive.sent);
}

static void code_stages(struct codec *codec, usec stages[STAGES])
{
    uint32_t surplus = code_record(codec, "stages", STAGES);
    for (int i = 0; i < STAGES; i++)
        code_usec(codec, "stage", &stages[i]);
    code_surplus(codec, surplus);
}

/* No output of what failed, at least one of what was made. */
static void code_outputs(struct codec *codec, struct result *result)
{
    bool failed = result->state == IMAGE_FAILED;
    uint32_t count =
        code_count(codec, "outputs", result->output_count, failed ? 0 : 1, failed ? 0 : SIZES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct output *output = &result->outputs[i];
        uint32_t surplus = code_record(codec, "output", OUTPUT_FIELDS);
        code_u32(codec, "output width", &output->width, 1, UINT32_MAX);
        code_u32(codec, "output height", &output->height, 1, UINT32_MAX);
        code_u64(codec, "output bytes", &output->bytes, 0, UINT64_MAX);
        code_i64(codec, "output mtime_ns", &output->mtime_ns);
        code_surplus(codec, surplus);
    }
    if (codec_is_reading(codec))
        result->output_count = count;
}

/* MADE, DAMAGED or FAILED: what a worker may say. FRESH stands between them. */
static void code_result_state(struct codec *codec, enum image_state *state)
{
    code_enum(codec, "state", state, IMAGE_MADE, IMAGE_FAILED);
    if (codec->wrong == NULL && *state == IMAGE_FRESH)
        codec_fail(codec, "state");
}

void wire_job_result(struct codec *codec, struct message *message)
{
    struct result_message *made = &message->result;
    struct result *result = &made->result;
    struct attempt attempt = {.job = result->job.id, .attempt = result->job.attempt};
    code_text(codec, "worker", &made->worker, WORKER_NAME_SIZE);
    code_u32(codec, "slots", &made->slots, 0, ATTEMPTS_MAX);
    code_attempt(codec, &attempt);
    code_u32(codec, "root", &result->job.root, 0, ROOTS_MAX - 1);
    code_u64(codec, "size", &result->job.size, 0, UINT64_MAX);
    code_i64(codec, "mtime_ns", &result->job.mtime_ns);
    wire_job_path(codec, &made->path);
    code_result_state(codec, &result->state);
    code_u32(codec, "width", &result->width, 0, UINT32_MAX);
    code_u32(codec, "height", &result->height, 0, UINT32_MAX);
    code_u64(codec, "bytes_in", &result->bytes_in, 0, UINT64_MAX);
    code_usec(codec, "latency", &result->latency);
    code_usec(codec, "busy", &result->busy);
    code_stages(codec, result->stages);
    code_outputs(codec, result);
    code_words(codec, "error", &made->error, IMAGE_ERROR_SIZE);
    code_words(codec, "warnings", &made->warnings, IMAGE_WARNINGS_SIZE);
    if (codec_is_reading(codec)) {
        result->job.id = attempt.job;
        result->job.attempt = attempt.attempt;
        result->job.path = NULL;
    }
}

/*
 * STATUS: the reply to `thumbmill status`.
 */

#include "common/wire_body.h"

#define WORKER_FIELDS 11

static void code_worker(struct codec *codec, struct status_worker *worker)
{
    uint32_t surplus = code_record(codec, "worker", WORKER_FIELDS);
    code_text(codec, "worker name", &worker->name, WORKER_NAME_SIZE);
    code_text(codec, "worker host", &worker->host, HOST_SIZE);
    code_u64(codec, "worker incarnation", &worker->incarnation, 0, UINT64_MAX);
    code_u32(codec, "worker slots", &worker->slots, 0, UINT32_MAX);
    code_u32(codec, "worker capacity", &worker->capacity, 0, UINT32_MAX);
    code_u32(codec, "worker held", &worker->held, 0, UINT32_MAX);
    code_u32(codec, "worker running", &worker->running, 0, UINT32_MAX);
    code_u64(codec, "worker images", &worker->images, 0, UINT64_MAX);
    code_words(codec, "worker trouble", &worker->trouble, REASON_SIZE);
    code_bool(codec, "worker leaving", &worker->leaving);
    code_usec(codec, "worker silent", &worker->silent);
    code_surplus(codec, surplus);
}

void wire_report_status(struct codec *codec, struct message *message)
{
    struct status_report *status = &message->status;
    code_enum(codec, "phase", &status->phase, PHASE_WAITING, PHASE_FINISHING);
    code_text(codec, "dest", &status->dest, JOB_PATH_SIZE);
    wire_plan_counts(codec, &status->counts);
    wire_plan_states(codec, status->states);
    code_u64(codec, "out", &status->out, 0, UINT64_MAX);
    code_u64(codec, "done", &status->done, 0, UINT64_MAX);
    code_u64(codec, "ready", &status->ready, 0, UINT64_MAX);
    code_bool(codec, "sink_present", &status->sink_present);
    code_u32(codec, "worker_count", &status->worker_count, 0, WORKERS_MAX);
    uint32_t count = code_count(codec, "workers", status->listed, 0, STATUS_WORKERS_MAX);
    for (uint32_t i = 0; i < count; i++)
        code_worker(codec, &status->workers[i]);
    if (codec_is_reading(codec))
        status->listed = count;
}

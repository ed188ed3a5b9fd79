#pragma once

/*
 * One job in a worker: from its taking until its fate is told. The worker's thread owns it and
 * keeps it in its holdings; while it is in the hands of a slot (between the jobs queue and the
 * finished queue) only `cancelled` and `running` may be touched by others.
 */

#include <stdatomic.h>

#include "common/job.h"
#include "common/message.h"

enum task_fate {
    FATE_OPEN,    // not finished
    FATE_RESULT,  // the result is to be sent
    FATE_RETURN,  // it goes back, with reason and detail
    FATE_DROPPED, // it was cancelled; nothing is to be said
};

struct task {
    struct result result;  // result.job is the job; result.latency is filled in by the slot
    usec taken;            // when
    uint32_t place;        // index in the holdings
    atomic_bool cancelled; // set by the worker's thread: not wanted any more
    atomic_bool running;   // set by a slot: a decoder works on it
    enum task_fate fate;
    enum return_reason reason; // of FATE_RETURN
    struct reason detail;
};

/* A copy of what a JOB says. NULL when memory is out. */
struct task *task_open(const struct job_message *job, usec now);
void task_close(struct task **task);

/* The image failed, for this reason. */
void task_failed(struct task *task, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The job goes back, for this reason. */
void task_returned(struct task *task, enum return_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

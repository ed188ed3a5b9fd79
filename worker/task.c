/*
 * The values of a task. No lock: who holds it is told by the queue it is in.
 */

#include "worker/task.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct task *task_open(const struct job_message *job, usec now)
{
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL)
        return NULL;
    task->taken = now;
    task->result.job = (struct job){.id = job->attempt.job,
                                    .attempt = job->attempt.attempt,
                                    .root = job->root,
                                    .size = job->size,
                                    .mtime_ns = job->mtime_ns};
    if (!job_set_path(&task->result.job, job->path.bytes, job->path.size))
        task_close(&task);
    return task;
}

void task_close(struct task **task)
{
    if (*task == NULL)
        return;
    result_clear(&(*task)->result);
    free(*task);
    *task = NULL;
}

void task_failed(struct task *task, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(task->result.error, sizeof task->result.error, format, arguments);
    va_end(arguments);
    task->result.state = IMAGE_FAILED;
    task->result.output_count = 0;
    task->fate = FATE_RESULT;
}

void task_returned(struct task *task, enum return_reason reason, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(task->detail.text, sizeof task->detail.text, format, arguments);
    va_end(arguments);
    task->reason = reason;
    task->fate = FATE_RETURN;
}

/*
 * Jobs and results as values: their words, and who frees the path.
 */

#include "common/job.h"

#include <stdlib.h>
#include <string.h>

const char *image_state_name(enum image_state state)
{
    static const char *const names[IMAGE_STATES] = {
        [IMAGE_PENDING] = "pending", [IMAGE_MADE] = "made",     [IMAGE_DAMAGED] = "damaged",
        [IMAGE_FRESH] = "fresh",     [IMAGE_FAILED] = "failed", [IMAGE_QUARANTINED] = "quarantined",
    };
    return (unsigned)state < IMAGE_STATES ? names[state] : "unknown";
}

const char *stage_name(enum stage stage)
{
    static const char *const names[STAGES] = {
        [STAGE_READ] = "read",     [STAGE_DECODE] = "decode", [STAGE_RESIZE] = "resize",
        [STAGE_ENCODE] = "encode", [STAGE_WRITE] = "write",
    };
    return (unsigned)stage < STAGES ? names[stage] : "unknown";
}

bool job_set_path(struct job *job, const char *path, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, path, size);
    copy[size] = '\0';
    free(job->path);
    job->path = copy;
    return true;
}

void job_clear(struct job *job)
{
    free(job->path);
    *job = (struct job){0};
}

void result_clear(struct result *result)
{
    job_clear(&result->job);
    *result = (struct result){0};
}

/*
 * The two ends of an image's way through a slot: opening and publishing, which is where slow file
 * systems are waited for. In between a decoder has it (worker/slot.c).
 */

#include "worker/hand.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/mapping.h"
#include "worker/source.h"

void hand_in_trouble(struct hand *hand, struct workshop *workshop, const char *text)
{
    trouble_begin(workshop->trouble, text);
    task_returned(hand->task, RETURN_TROUBLE, "%s", text);
}

/* What `status` and `why` mean for the task. */
static void decide(struct hand *hand, struct workshop *workshop, enum status status,
                   const struct reason *why)
{
    if (status == STATUS_MACHINE)
        hand_in_trouble(hand, workshop, why->text);
    else if (status == STATUS_CLOSED)
        task_returned(hand->task, RETURN_FULL, "its lease ran out");
    else
        task_failed(hand->task, "%s", why->text);
}

bool hand_open(struct hand *hand, struct workshop *workshop, struct task *task)
{
    struct reason why = {0};
    const struct job *job = &task->result.job;
    *hand = (struct hand){.task = task, .input = -1, .since = clock_now()};
    hand->left = workshop->options.timeout_ms * US_PER_MS;
    if (trouble_is_on(workshop->trouble, &why)) {
        task_returned(task, RETURN_TROUBLE, "%s", why.text);
        return false;
    }
    if (job->root >= workshop->root_count || !mapping_is_safe(text_of(job->path))) {
        task_failed(task, "its path leads out of its source folder");
        return false;
    }
    enum status status =
        source_open(workshop->roots[job->root], job->path, &hand->input, &hand->size, &why);
    if (status == STATUS_CLOSED) {
        task_returned(task, RETURN_MISSING, "no such file");
        return false;
    }
    if (status == STATUS_OK)
        status = publish_begin(&hand->outputs, workshop->destination, &workshop->options, job->path,
                               &why);
    if (status != STATUS_OK)
        decide(hand, workshop, status, &why);
    hand->opening = clock_now() - hand->since;
    return status == STATUS_OK;
}

static bool rewind_files(struct hand *hand, struct workshop *workshop)
{
    struct reason why = {0};
    lseek(hand->input, 0, SEEK_SET);
    enum status status = publish_rewind(&hand->outputs, &why);
    if (status != STATUS_OK)
        decide(hand, workshop, status, &why);
    return status == STATUS_OK;
}

bool hand_pass(struct hand *hand, struct workshop *workshop, struct decoder *decoder,
               uint32_t serial)
{
    if (hand->serial != 0 && !rewind_files(hand, workshop))
        return false;
    hand->serial = serial;
    hand->passed = decoder_request(decoder, serial, hand->size, hand->input, hand->outputs.fds,
                                   workshop->options.size_count) == STATUS_OK;
    return hand->passed;
}

static bool lease_holds(struct workshop *workshop)
{
    return clock_now() < atomic_load(&workshop->lease_until);
}

static void fill_result(struct hand *hand, const struct workshop *workshop,
                        const struct decoder_reply *reply)
{
    struct result *result = &hand->task->result;
    result->state = reply->verdict == VERDICT_IMAGE_DAMAGED ? IMAGE_DAMAGED : IMAGE_MADE;
    result->width = reply->width;
    result->height = reply->height;
    result->bytes_in = reply->bytes_in;
    for (int i = 0; i < STAGES; i++)
        result->stages[i] = reply->stages[i] < INT64_MAX / 2 ? (usec)reply->stages[i] : 0;
    result->stages[STAGE_READ] += hand->opening;
    memcpy(result->outputs, reply->outputs, sizeof result->outputs);
    memcpy(result->warnings, reply->warnings, sizeof result->warnings);
    result->output_count = workshop->options.size_count;
}

static void publish(struct hand *hand, struct workshop *workshop)
{
    struct reason why = {0};
    struct result *result = &hand->task->result;
    usec begun = clock_now();
    enum status status = publish_seal(&hand->outputs, result->outputs, &why);
    if (status == STATUS_OK)
        status = lease_holds(workshop) && !atomic_load(&hand->task->cancelled)
                     ? publish_commit(&hand->outputs, &why)
                     : STATUS_CLOSED;
    result->stages[STAGE_WRITE] += clock_now() - begun;
    if (status == STATUS_OK)
        hand->task->fate = FATE_RESULT;
    else
        decide(hand, workshop, status, &why);
}

void hand_settle(struct hand *hand, struct workshop *workshop, const struct decoder_reply *reply)
{
    char text[REASON_SIZE];
    fill_result(hand, workshop, reply);
    switch (reply->verdict) {
    case VERDICT_IMAGE_MADE:
    case VERDICT_IMAGE_DAMAGED:
        publish(hand, workshop);
        break;
    case VERDICT_MACHINE_TROUBLE:
        snprintf(text, sizeof text, "a decoder cannot work: %s%s%s", strerror(reply->error_number),
                 reply->error[0] == '\0' ? "" : ": ", reply->error);
        hand_in_trouble(hand, workshop, text);
        break;
    default:
        task_failed(hand->task, "%s",
                    reply->error[0] == '\0' ? "it cannot be decoded" : reply->error);
        break;
    }
}

void hand_finish(struct hand *hand, struct workshop *workshop)
{
    struct task *task = hand->task;
    admission_give_back(workshop->admission, &hand->lent);
    publish_end(&hand->outputs);
    if (hand->input >= 0)
        close(hand->input);
    usec now = clock_now();
    task->result.latency = now - task->taken;
    task->result.busy = now - hand->since;
    atomic_store(&task->running, false);
    // What was published before a CANCEL came must be told: the record knows outputs by their time.
    if (task->fate == FATE_OPEN || (task->fate != FATE_RESULT && atomic_load(&task->cancelled)))
        task->fate = FATE_DROPPED;
    *hand = (struct hand){.input = -1};
    void *item = task;
    /* Only a stop refuses it, and then the holdings own it anyway. */
    enum status status = queue_put(workshop->finished, &item);
    (void)status;
}

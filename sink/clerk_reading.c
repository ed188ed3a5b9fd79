/*
 * What the clerk is told, frame by frame. Nothing is remembered as answered: whatever the head says
 * again is answered again.
 */

#include <stdlib.h>

#include "common/log.h"
#include "sink/clerk_internal.h"

static bool is_ours(const struct clerk *clerk)
{
    return clerk->collection && collection_is(clerk->collection, &clerk->in.envelope);
}

/* What cannot be of this run is dropped and said once; anything else ends this sink. */
static void complain(struct clerk *clerk, enum status status, const struct reason *why)
{
    if (status != STATUS_MALFORMED)
        clerk_fail(clerk, why);
    else if (clerk->dropped++ == 0)
        log_error("a %s is dropped: %s", message_name(clerk->in.envelope.type), why->text);
}

static void note_recorded(struct clerk *clerk, uint64_t job, uint32_t attempt)
{
    clerk->recorded.list[clerk->recorded.count++] =
        (struct attempt){.job = job, .attempt = attempt};
}

static void open_collection(struct clerk *clerk)
{
    const struct collection_observer observer = {clerk->config->outcome, clerk->config->observer};
    struct reason why;
    clerk->run = clerk->in.envelope.run;
    clerk->epoch = clerk->in.envelope.epoch;
    if (collection_open(&clerk->collection, &clerk->in.envelope, &clerk->in.start,
                        clerk->config->record, &observer, clock_now(), &why) != STATUS_OK) {
        clerk_refuse(clerk, why.text);
        return;
    }
    clerk->agreed = STATUS_OK;
    if (clerk->config->started)
        clerk->config->started(clerk->config->observer, &clerk->in.start.setup);
}

/* The socket thread lets a START of another run through only when the head before is lost. What was
 * said of the old run is committed, and acknowledged in its name. */
static void take_start(struct clerk *clerk)
{
    if (clerk->collection && !is_ours(clerk)) {
        clerk_commit(clerk);
        if (clerk->failed != STATUS_OK)
            return;
        collection_close(&clerk->collection);
    }
    if (!clerk->collection)
        open_collection(clerk);
    if (clerk->collection)
        clerk_say(clerk, MSG_STARTED);
}

static void take_ask(struct clerk *clerk)
{
    struct reason why;
    const enum status status =
        collection_ask(clerk->collection, &clerk->in.ask, &clerk->out.answer, clock_now(), &why);
    if (status != STATUS_OK)
        complain(clerk, status, &why);
    else if (clerk->out.answer.count > 0)
        clerk_say(clerk, MSG_ANSWER);
}

static void take_outcome(struct clerk *clerk)
{
    const struct outcome *outcome = &clerk->in.outcome;
    struct reason why;
    const enum status status = collection_outcome(clerk->collection, outcome, clock_now(), &why);
    if (status != STATUS_OK)
        complain(clerk, status, &why);
    else
        note_recorded(clerk, outcome->job, outcome->attempt);
}

static void take_crashed(struct clerk *clerk)
{
    struct reason why;
    const enum status status = collection_crashed(clerk->collection, &clerk->in.outcome, &why);
    if (status != STATUS_OK)
        complain(clerk, status, &why);
}

static void take_finish(struct clerk *clerk)
{
    struct reason why;
    const enum status status = collection_finish(clerk->collection, &clerk->in.finish, &why);
    if (status != STATUS_OK && status != STATUS_MALFORMED) {
        clerk_fail(clerk, &why);
        return;
    }
    if (status != STATUS_OK) {
        if (clerk->agreed == STATUS_OK)
            log_error("%s", why.text);
        clerk->why = why;
    }
    clerk->agreed = status == STATUS_OK ? STATUS_OK : STATUS_MACHINE;
    collection_summary(clerk->collection, &clerk->out.finished);
    clerk_say(clerk, MSG_FINISHED);
}

/* A late result of another epoch still counts for the record, but nobody waits for its RECORDED. */
static void take_result(struct clerk *clerk)
{
    const struct result *result = &clerk->in.result.result;
    struct reason why;
    const enum status status = collection_result(clerk->collection, &clerk->in.envelope,
                                                 &clerk->in.result, clock_now(), &why);
    if (status != STATUS_OK)
        complain(clerk, status, &why);
    else if (is_ours(clerk))
        note_recorded(clerk, result->job.id, result->job.attempt);
}

/* Over results anybody may push anything: only a RESULT is heard there. */
static void handle(struct clerk *clerk, enum letter_origin origin)
{
    const enum message_type type = clerk->in.envelope.type;
    if ((origin == FROM_WORKERS) != (type == MSG_RESULT))
        clerk->dropped++;
    else if (type == MSG_START)
        take_start(clerk);
    else if (type == MSG_RESULT && clerk->collection)
        take_result(clerk);
    else if (!is_ours(clerk))
        clerk->dropped++;
    else if (type == MSG_ASK)
        take_ask(clerk);
    else if (type == MSG_OUTCOME)
        take_outcome(clerk);
    else if (type == MSG_CRASHED)
        take_crashed(clerk);
    else if (type == MSG_FINISH)
        take_finish(clerk);
}

void clerk_read(struct clerk *clerk, struct letter *letter)
{
    struct reason why;
    if (wire_decode(letter->bytes, letter->size, &clerk->in, NULL, &why) == STATUS_OK)
        handle(clerk, letter->origin);
    else if (clerk->dropped++ == 0)
        log_error("a frame is dropped: %s", why.text);
    clerk->changes++;
    free(letter);
}

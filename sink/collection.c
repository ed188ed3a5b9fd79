/*
 * What a run may say is checked here against the run itself: roots it has, images it asked about,
 * as many outputs as it has sizes. Only then anything is counted.
 */

#include "sink/collection.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/record.h"
#include "sink/tally.h"

/* A root, a slash, a path, the NUL. */
#define SOURCE_SIZE (2 * JOB_PATH_SIZE)

struct collection {
    uint64_t run, epoch;
    struct run_options options;
    uint32_t root_count;
    struct text roots[ROOTS_MAX]; // in `texts`
    char *texts;                  // owned
    struct collection_observer observer;
    struct record *record;
    struct tally *tally;
    struct dispatch_counts known; // of the latest ASK or FINISH
    uint64_t last_number;         // the highest the head has asked about or settled itself
    bool continued;               // this run was collected by another sink before
    usec started, counted;        // STARTED; the last time an image was counted
    bool finished;
    char details[ASK_MAX][IMAGE_ERROR_SIZE]; // of the answer last given
};

static enum status copy_roots(struct collection *collection, const struct run_setup *setup)
{
    size_t size = 0;
    for (uint32_t i = 0; i < setup->root_count; i++)
        size += setup->roots[i].size;
    collection->texts = malloc(size + 1);
    if (!collection->texts)
        return STATUS_MACHINE;
    char *at = collection->texts;
    for (uint32_t i = 0; i < setup->root_count; i++) {
        memcpy(at, setup->roots[i].bytes, setup->roots[i].size);
        collection->roots[i] = (struct text){at, setup->roots[i].size};
        at += setup->roots[i].size;
    }
    collection->root_count = setup->root_count;
    return STATUS_OK;
}

/* The record's file, where none is given: below DEST, which must be there for its lock and id. */
static enum status open_record(struct collection *collection, const struct start *start,
                               const char *given, struct reason *why)
{
    char dest[JOB_PATH_SIZE], path[JOB_PATH_SIZE + sizeof "/" RECORD_DEFAULT];
    text_copy(dest, sizeof dest, start->setup.dest);
    snprintf(path, sizeof path, "%s/%s", dest, RECORD_DEFAULT);
    return record_open(&collection->record, given ? given : path, dest,
                       start->setup.options.sync ? RECORD_WRITE_SYNC : RECORD_WRITE, why);
}

static enum status start_record(struct collection *collection, const struct start *start,
                                struct reason *why)
{
    const struct record_run run = {
        .run = collection->run,
        .epoch = collection->epoch,
        .options = &collection->options,
        .roots = collection->roots,
        .root_count = collection->root_count,
        .force = start->force,
        .retry_failed = start->retry_failed,
    };
    return record_start(collection->record, &run, why);
}

static bool has_counted(const struct collection *collection)
{
    uint64_t states[IMAGE_STATES], sum = 0;
    record_counts(collection->record, states);
    for (int i = 0; i < IMAGE_STATES; i++)
        sum += states[i];
    return sum > 0;
}

enum status collection_open(struct collection **collection, const struct envelope *run,
                            const struct start *start, const char *record,
                            const struct collection_observer *observer, usec now,
                            struct reason *why)
{
    enum status status = run_options_check(&start->setup.options, why);
    if (status != STATUS_OK)
        return status;
    struct collection *new = calloc(1, sizeof *new);
    if (!new)
        return reason_set(why, STATUS_MACHINE, "no memory for the run");
    new->run = run->run;
    new->epoch = run->epoch;
    new->options = start->setup.options;
    new->observer = *observer;
    new->started = new->counted = now;
    if (copy_roots(new, &start->setup) != STATUS_OK || tally_open(&new->tally) != STATUS_OK)
        status = reason_set(why, STATUS_MACHINE, "no memory for the run");
    if (status == STATUS_OK)
        status = open_record(new, start, record, why);
    if (status == STATUS_OK)
        status = start_record(new, start, why);
    if (status == STATUS_OK)
        new->continued = has_counted(new);
    if (status != STATUS_OK)
        collection_close(&new);
    else
        *collection = new;
    return status;
}

void collection_close(struct collection **collection)
{
    if (!*collection)
        return;
    record_close(&(*collection)->record);
    tally_close(&(*collection)->tally);
    free((*collection)->texts);
    free(*collection);
    *collection = NULL;
}

bool collection_is(const struct collection *collection, const struct envelope *envelope)
{
    return collection->run == envelope->run && collection->epoch == envelope->epoch;
}

/* The absolute path of a source. Roots end without a slash, but for "/". */
static void source_path(const struct collection *collection, uint32_t root, struct text path,
                        char source[SOURCE_SIZE])
{
    text_copy(source, JOB_PATH_SIZE, collection->roots[root]);
    size_t length = strlen(source);
    if (length == 0 || source[length - 1] != '/')
        source[length++] = '/';
    text_copy(source + length, SOURCE_SIZE - length, path);
}

static void tell(const struct collection *collection, enum image_state state, uint32_t root,
                 struct text path, struct text text)
{
    if (!collection->observer.outcome || state == IMAGE_MADE || state == IMAGE_FRESH)
        return;
    char source[SOURCE_SIZE], words[IMAGE_WARNINGS_SIZE];
    source_path(collection, root, path, source);
    text_copy(words, sizeof words, text);
    collection->observer.outcome(collection->observer.context, state, source, words);
}

/* An image's state without a worker enters the counts. */
static void count_outcome(struct collection *collection, const struct outcome *outcome, usec now)
{
    tally_outcome(collection->tally, outcome);
    collection->counted = now;
    tell(collection, outcome->state, outcome->root, outcome->path, outcome->error);
}

static enum status check_image(const struct collection *collection, uint64_t number, uint32_t root,
                               struct reason *why)
{
    if (number == 0)
        return reason_set(why, STATUS_MALFORMED, "images are counted from 1");
    if (root >= collection->root_count)
        return reason_set(why, STATUS_MALFORMED, "root %" PRIu32 " is not of this run", root);
    return STATUS_OK;
}

/* A question that was sent again may be older than what is known. */
static void learn_counts(struct collection *collection, const struct dispatch_counts *known)
{
    if (collection->finished || collection->known.walk_complete ||
        known->enumerated < collection->known.enumerated)
        return;
    collection->known = *known;
    tally_known(collection->tally, known);
}

static void learn_number(struct collection *collection, uint64_t number)
{
    if (number > collection->last_number)
        collection->last_number = number;
}

/* What the record knew already; of a failure it is said that nothing was tried. */
static void count_known(struct collection *collection, const struct ask_entry *entry,
                        const struct record_answer *known, usec now)
{
    char error[IMAGE_ERROR_SIZE + 80];
    snprintf(error, sizeof error, "%s%s", known->detail,
             known->verdict == VERDICT_FAILED_EARLIER
                 ? " (as before, and unchanged; --retry-failed tries again)"
                 : "");
    const struct outcome outcome = {.job = entry->number,
                                    .state = known->state,
                                    .root = entry->root,
                                    .path = entry->path,
                                    .size = entry->size,
                                    .error = text_of(error)};
    count_outcome(collection, &outcome, now);
}

static enum status answer_one(struct collection *collection, const struct ask_entry *entry,
                              struct answer_entry *answer, char detail[IMAGE_ERROR_SIZE], usec now,
                              struct reason *why)
{
    struct record_answer known;
    learn_number(collection, entry->number);
    const enum status status = record_ask(collection->record, entry, &known, why);
    if (status != STATUS_OK)
        return status;
    memcpy(detail, known.detail, IMAGE_ERROR_SIZE);
    *answer = (struct answer_entry){.number = entry->number,
                                    .verdict = known.verdict,
                                    .detail = text_of(detail),
                                    .crashes = known.crashes};
    if (known.first)
        count_known(collection, entry, &known, now);
    return STATUS_OK;
}

enum status collection_ask(struct collection *collection, const struct ask *ask,
                           struct answer *answer, usec now, struct reason *why)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < ask->count; i++)
        status = check_image(collection, ask->entries[i].number, ask->entries[i].root, why);
    if (status != STATUS_OK)
        return status;
    learn_counts(collection, &ask->known);
    answer->count = ask->count;
    for (uint32_t i = 0; status == STATUS_OK && i < ask->count; i++)
        status = answer_one(collection, &ask->entries[i], &answer->entries[i],
                            collection->details[i], now, why);
    return status;
}

/* Workers know images from the head alone, which asked about each of them here first, or, when this
 * sink took over in mid-run, counted them in what it says next; until then any may be true. */
static enum status check_number(const struct collection *collection, uint64_t number,
                                struct reason *why)
{
    if (number <= collection->last_number || number <= collection->known.enumerated ||
        (collection->continued && collection->known.enumerated == 0))
        return STATUS_OK;
    return reason_set(why, STATUS_MALFORMED, "image %" PRIu64 " is not of this run", number);
}

static enum status check_result(const struct collection *collection, const struct result *result,
                                struct reason *why)
{
    const bool failed = result->state == IMAGE_FAILED;
    if (!failed && result->state != IMAGE_MADE && result->state != IMAGE_DAMAGED)
        return reason_set(why, STATUS_MALFORMED, "a worker cannot say that an image is %s",
                          image_state_name(result->state));
    if (result->output_count != (failed ? 0 : collection->options.size_count))
        return reason_set(why, STATUS_MALFORMED, "%" PRIu32 " outputs of %" PRIu32 " sizes",
                          result->output_count, collection->options.size_count);
    return STATUS_OK;
}

enum status collection_result(struct collection *collection, const struct envelope *from,
                              const struct result_message *message, usec now, struct reason *why)
{
    const struct result *result = &message->result;
    const bool ours = collection_is(collection, from);
    bool first;
    enum status status = check_result(collection, result, why);
    if (status == STATUS_OK && ours)
        status = check_number(collection, result->job.id, why);
    if (status == STATUS_OK && ours)
        status = check_image(collection, result->job.id, result->job.root, why);
    if (status == STATUS_OK)
        status = record_result(collection->record, from, message, &first, why);
    if (status != STATUS_OK || !ours)
        return status;
    if (!first) {
        tally_duplicate(collection->tally);
        return STATUS_OK;
    }
    tally_result(collection->tally, from->sender, message);
    collection->counted = now;
    tell(collection, result->state, result->job.root, message->path,
         result->state == IMAGE_FAILED ? message->error : message->warnings);
    return STATUS_OK;
}

/* One that comes again is not a duplicate: the head says it until it is acknowledged. */
enum status collection_outcome(struct collection *collection, const struct outcome *outcome,
                               usec now, struct reason *why)
{
    enum status status = check_image(collection, outcome->job, outcome->root, why);
    if (status != STATUS_OK)
        return status;
    if (outcome->state != IMAGE_FRESH && outcome->state != IMAGE_FAILED &&
        outcome->state != IMAGE_QUARANTINED)
        return reason_set(why, STATUS_MALFORMED, "the head cannot say that an image is %s",
                          image_state_name(outcome->state));
    learn_number(collection, outcome->job);
    bool first;
    status = record_outcome(collection->record, outcome, &first, why);
    if (status == STATUS_OK && first)
        count_outcome(collection, outcome, now);
    return status;
}

enum status collection_crashed(struct collection *collection, const struct outcome *crashed,
                               struct reason *why)
{
    const struct ask_entry image = {.number = crashed->job,
                                    .root = crashed->root,
                                    .path = crashed->path,
                                    .size = crashed->size,
                                    .mtime_ns = crashed->mtime_ns};
    const enum status status = check_image(collection, crashed->job, crashed->root, why);
    char detail[IMAGE_ERROR_SIZE];
    uint32_t crashes;
    text_copy(detail, sizeof detail, crashed->error);
    return status != STATUS_OK ? status
                               : record_crash(collection->record, &image, detail, &crashes, why);
}

enum status collection_commit(struct collection *collection, struct reason *why)
{
    return record_commit(collection->record, why);
}

enum status collection_finish(struct collection *collection, const struct dispatch_counts *counts,
                              struct reason *why)
{
    struct summary summary;
    const enum status status = record_finish(collection->record, why);
    if (status != STATUS_OK)
        return status;
    collection->finished = true;
    collection->known = *counts;
    tally_known(collection->tally, counts);
    collection_summary(collection, &summary);
    const uint64_t settled = summary_settled(&summary);
    if (settled == counts->enumerated || (counts->interrupted && settled < counts->enumerated))
        return STATUS_OK;
    return reason_set(why, STATUS_MALFORMED,
                      "the counts do not agree: the ventilator found %" PRIu64
                      " images, the sink has the outcome of %" PRIu64 "; run it again",
                      counts->enumerated, settled);
}

bool collection_is_finished(const struct collection *collection)
{
    return collection->finished;
}

usec collection_started(const struct collection *collection)
{
    return collection->started;
}

/* The states are the record's, so that a sink that took over in mid-run knows them all. */
void collection_summary(const struct collection *collection, struct summary *summary)
{
    tally_summary(collection->tally, collection->counted - collection->started, summary);
    summary->run = collection->run;
    summary->epoch = collection->epoch;
    record_counts(collection->record, summary->states);
    const uint64_t settled = summary_settled(summary);
    const uint64_t enumerated = summary->dispatch.enumerated;
    summary->states[IMAGE_PENDING] = enumerated > settled ? enumerated - settled : 0;
}

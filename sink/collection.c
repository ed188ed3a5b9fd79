/*
 * What a run may say is checked here against the run itself: roots it has, images it asked about,
 * as many outputs as it has sizes. Only then anything is counted.
 */

#include "sink/collection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sink/names.h"
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
    struct names *names;
    struct tally *tally;
    struct dispatch_counts known; // of the latest ASK or FINISH
    uint64_t last_number;         // the highest the head has spoken of
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

enum status collection_open(struct collection **collection, const struct envelope *run,
                            const struct run_setup *setup,
                            const struct collection_observer *observer, usec now,
                            struct reason *why)
{
    enum status status = run_options_check(&setup->options, why);
    if (status != STATUS_OK)
        return status;
    struct collection *new = calloc(1, sizeof *new);
    if (!new)
        return reason_set(why, STATUS_MACHINE, "no memory for the run");
    new->run = run->run;
    new->epoch = run->epoch;
    new->options = setup->options;
    new->observer = *observer;
    new->started = new->counted = now;
    status = names_open(&new->names, why);
    if (status == STATUS_OK &&
        (copy_roots(new, setup) != STATUS_OK || tally_open(&new->tally) != STATUS_OK))
        status = reason_set(why, STATUS_MACHINE, "no memory for the run");
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
    names_close(&(*collection)->names);
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

/* Counts an outcome if its image is not counted yet; *first says so. */
static enum status count_outcome(struct collection *collection, const struct outcome *outcome,
                                 usec now, bool *first, struct reason *why)
{
    if (names_first(collection->names, outcome->job, first) != STATUS_OK)
        return reason_set(why, STATUS_MACHINE, "no memory to count another image");
    if (*first) {
        tally_outcome(collection->tally, outcome);
        collection->counted = now;
        tell(collection, outcome->state, outcome->root, outcome->path, outcome->error);
    }
    return STATUS_OK;
}

static enum status check_image(const struct collection *collection, uint64_t number, uint32_t root,
                               struct reason *why)
{
    if (number == 0 || number >= NAMES_NUMBER_END)
        return reason_set(why, STATUS_MALFORMED, "image %" PRIu64 " cannot be", number);
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

static enum status answer_one(struct collection *collection, const struct ask_entry *entry,
                              struct answer_entry *answer, char detail[IMAGE_ERROR_SIZE], usec now,
                              struct reason *why)
{
    const struct claimant claimant = {
        .number = entry->number, .root = collection->roots[entry->root], .path = entry->path};
    learn_number(collection, entry->number);
    *answer = (struct answer_entry){.number = entry->number, .verdict = VERDICT_NEW};
    const enum status status = names_claim(collection->names, &collection->options, &claimant, why);
    if (status != STATUS_IMAGE)
        return status;

    text_copy(detail, IMAGE_ERROR_SIZE, text_of(why->text));
    answer->verdict = VERDICT_NAME_TAKEN;
    answer->detail = text_of(detail);
    const struct outcome outcome = {
        .job = entry->number,
        .state = IMAGE_FAILED,
        .root = entry->root,
        .path = entry->path,
        .size = entry->size,
        .error = answer->detail,
    };
    bool first;
    return count_outcome(collection, &outcome, now, &first, why);
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

/* Workers know images from the head alone, which asked about each of them here first. */
static enum status check_result(const struct collection *collection, const struct result *result,
                                struct reason *why)
{
    if (result->job.id > collection->last_number)
        return reason_set(why, STATUS_MALFORMED, "image %" PRIu64 " is not of this run",
                          result->job.id);
    const bool failed = result->state == IMAGE_FAILED;
    if (!failed && result->state != IMAGE_MADE && result->state != IMAGE_DAMAGED)
        return reason_set(why, STATUS_MALFORMED, "a worker cannot say that an image is %s",
                          image_state_name(result->state));
    if (result->output_count != (failed ? 0 : collection->options.size_count))
        return reason_set(why, STATUS_MALFORMED, "%" PRIu32 " outputs of %" PRIu32 " sizes",
                          result->output_count, collection->options.size_count);
    return check_image(collection, result->job.id, result->job.root, why);
}

enum status collection_result(struct collection *collection, uint64_t incarnation,
                              const struct result_message *message, usec now, struct reason *why)
{
    const struct result *result = &message->result;
    const enum status status = check_result(collection, result, why);
    if (status != STATUS_OK)
        return status;
    bool first;
    if (names_first(collection->names, result->job.id, &first) != STATUS_OK)
        return reason_set(why, STATUS_MACHINE, "no memory to count another image");
    if (!first) {
        tally_duplicate(collection->tally);
        return STATUS_OK;
    }
    tally_result(collection->tally, incarnation, message);
    collection->counted = now;
    tell(collection, result->state, result->job.root, message->path,
         result->state == IMAGE_FAILED ? message->error : message->warnings);
    return STATUS_OK;
}

/* One that comes again is not a duplicate: the head says it until it is acknowledged. */
enum status collection_outcome(struct collection *collection, const struct outcome *outcome,
                               usec now, struct reason *why)
{
    const enum status status = check_image(collection, outcome->job, outcome->root, why);
    if (status != STATUS_OK)
        return status;
    if (outcome->state != IMAGE_FRESH && outcome->state != IMAGE_FAILED &&
        outcome->state != IMAGE_QUARANTINED)
        return reason_set(why, STATUS_MALFORMED, "the head cannot say that an image is %s",
                          image_state_name(outcome->state));
    learn_number(collection, outcome->job);
    bool first;
    return count_outcome(collection, outcome, now, &first, why);
}

enum status collection_finish(struct collection *collection, const struct dispatch_counts *counts,
                              struct reason *why)
{
    struct summary summary;
    collection->finished = true;
    collection->known = *counts;
    tally_known(collection->tally, counts);
    collection_summary(collection, &summary);
    const uint64_t settled = summary_settled(&summary);
    if (settled == counts->enumerated || (counts->interrupted && settled < counts->enumerated))
        return STATUS_OK;
    return reason_set(why, STATUS_MACHINE,
                      "the counts do not agree: the ventilator found %" PRIu64
                      " images, the sink has the outcome of %" PRIu64 "; run it again",
                      counts->enumerated, settled);
}

bool collection_is_finished(const struct collection *collection)
{
    return collection->finished;
}

static void summarise(const struct collection *collection, usec elapsed, struct summary *summary)
{
    tally_summary(collection->tally, elapsed, summary);
    summary->run = collection->run;
    summary->epoch = collection->epoch;
}

void collection_progress(const struct collection *collection, usec now, struct summary *summary)
{
    summarise(collection, now - collection->started, summary);
}

void collection_summary(const struct collection *collection, struct summary *summary)
{
    summarise(collection, collection->counted - collection->started, summary);
}

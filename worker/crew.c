/*
 * The order of things: keeper -> roots and destination probed -> slots. At the end: everything
 * that threads wait on is stopped, keeper and slots are joined, and only then closed. The decoders'
 * spawner outlives the slots, for decoders die with it.
 */

#include "worker/crew.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/naming.h"
#include "common/protocol.h"
#include "worker/slot.h"
#include "worker/source.h"

/* How often a machine in trouble is tried again. */
#define PROBE_INTERVAL (1 * US_PER_S)
/* A trouble that comes back so soon is one that the probe does not see; each time it is waited for
 * twice as long, so that the head sees a worker that cannot work and not one that blinks. */
#define RELAPSE (60 * US_PER_S)
#define PROBE_INTERVAL_MAX (32 * US_PER_S)
/* Finished tasks that may wait for the worker's thread, for each slot: the slot publishes the next
 * one meanwhile. */
#define FINISHED_PER_SLOT 2

struct crew {
    struct workshop shop;
    const char *decoder; // the config's
    uint32_t slot_count;
    struct slot *slots[WORKER_SLOTS_MAX]; // the keeper's until it has ended
    uint32_t started;                     // of them; the keeper's
    pthread_mutex_t lock;                 // over `ready`
    bool ready;                           // all slots are started, and stay
    pthread_t keeper;
    bool keeping; // the keeper was started
    int stopped;  // eventfd, readable once stopping
};

/* --- the keeper --- */

/* Decoders are looked at only after a trouble of slots at work: the first is started for the first
 * image, so a run that finds nothing to do starts none. */
static enum status probe(struct crew *crew, struct reason *why)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < crew->shop.root_count && status == STATUS_OK; i++)
        status = source_probe(crew->shop.roots[i], why);
    if (status == STATUS_OK)
        status = destination_probe(crew->shop.destination, why);
    if (status == STATUS_OK && crew->started > 0)
        status = decoder_pool_probe(crew->shop.decoders, crew->stopped, why);
    return status;
}

static enum status start_slots(struct crew *crew, struct reason *why)
{
    enum status status = STATUS_OK;
    while (crew->started < crew->slot_count && status == STATUS_OK) {
        status = slot_start(&crew->slots[crew->started], &crew->shop, crew->started, why);
        if (status == STATUS_OK)
            crew->started++;
    }
    if (status == STATUS_OK) {
        pthread_mutex_lock(&crew->lock);
        crew->ready = true;
        pthread_mutex_unlock(&crew->lock);
    }
    return status;
}

/* Probes until all is well. False: stopped. */
static bool make_well(struct crew *crew)
{
    struct reason why = {0};
    enum status status = probe(crew, &why);
    while (status != STATUS_OK || start_slots(crew, &why) != STATUS_OK) {
        if (status != STATUS_CLOSED)
            trouble_begin(crew->shop.trouble, why.text);
        if (!trouble_pause(crew->shop.trouble, PROBE_INTERVAL))
            return false;
        status = probe(crew, &why);
    }
    trouble_over(crew->shop.trouble);
    return true;
}

/* How long to wait before the first probe of a new trouble, given the wait before. */
static usec next_wait(usec wait, usec well_for)
{
    if (well_for >= RELAPSE)
        return PROBE_INTERVAL;
    return 2 * wait < PROBE_INTERVAL_MAX ? 2 * wait : PROBE_INTERVAL_MAX;
}

static void *keep(void *argument)
{
    struct crew *crew = argument;
    usec wait = PROBE_INTERVAL / 2; // the first trouble is no relapse
    while (make_well(crew)) {
        usec well_since = clock_now();
        if (!trouble_wait(crew->shop.trouble))
            break;
        wait = next_wait(wait, clock_now() - well_since);
        if (!trouble_pause(crew->shop.trouble, wait))
            break;
    }
    return NULL;
}

/* --- opening --- */

static enum status map_roots(struct crew *crew, const struct worker_config *config,
                             const struct run_setup *setup, struct reason *why)
{
    char here[PATH_MAX];
    crew->shop.roots = calloc(setup->root_count, sizeof *crew->shop.roots);
    if (crew->shop.roots == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    for (uint32_t i = 0; i < setup->root_count; i++) {
        if (!mapping_apply(config->source_roots, config->source_root_count, setup->roots[i], here))
            return reason_set(why, STATUS_MACHINE, "a source root's path is too long here");
        crew->shop.roots[i] = strdup(here);
        if (crew->shop.roots[i] == NULL)
            return reason_set(why, STATUS_MACHINE, "no memory");
        crew->shop.root_count++;
    }
    return STATUS_OK;
}

static enum status open_destination(struct crew *crew, const struct worker_config *config,
                                    uint64_t incarnation, const struct welcome *welcome,
                                    struct reason *why)
{
    char here[PATH_MAX], token[TOKEN_MAX + 1];
    if (!mapping_apply(config->dest_roots, config->dest_root_count, welcome->setup.dest, here))
        return reason_set(why, STATUS_MACHINE, "DEST's path is too long here");
    text_copy(token, sizeof token, welcome->token);
    return destination_open(&crew->shop.destination, here, token, incarnation,
                            welcome->setup.options.sync, why);
}

static enum status open_decoders(struct crew *crew, const struct worker_config *config,
                                 struct reason *why)
{
    enum status status = admission_open(&crew->shop.admission, config->memory, config->slots, why);
    if (status != STATUS_OK)
        return status;
    struct decoder_setup setup = {.record = DECODER_SETUP,
                                  .protocol = DECODER_PROTOCOL,
                                  .memory_share = admission_share(crew->shop.admission),
                                  .options = crew->shop.options};
    naming_saver(&crew->shop.options, setup.saver, sizeof setup.saver);
    return decoder_pool_open(&crew->shop.decoders, config->decoder, &setup, why);
}

static void not_ours(void *item)
{
    (void)item; // tasks belong to the worker's holdings
}

static enum status open_queues(struct crew *crew, struct reason *why)
{
    enum status status = queue_open(&crew->shop.jobs, ATTEMPTS_MAX, not_ours, why);
    if (status == STATUS_OK)
        status =
            queue_open(&crew->shop.finished, FINISHED_PER_SLOT * crew->slot_count, not_ours, why);
    if (status == STATUS_OK)
        status = trouble_open(&crew->shop.trouble, why);
    return status;
}

static enum status start_keeper(struct crew *crew, struct reason *why)
{
    crew->stopped = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (crew->stopped < 0)
        return reason_set(why, STATUS_MACHINE, "eventfd: %s", strerror(errno));
    int error = pthread_create(&crew->keeper, NULL, keep, crew);
    if (error != 0)
        return reason_set(why, STATUS_MACHINE, "a worker's thread: %s", strerror(error));
    crew->keeping = true;
    return STATUS_OK;
}

enum status crew_start(struct crew **crew, const struct worker_config *config, uint64_t incarnation,
                       const struct welcome *welcome, struct reason *why)
{
    assert(config->slots >= 1 && config->slots <= WORKER_SLOTS_MAX);
    struct crew *started = calloc(1, sizeof *started);
    if (started == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory");
    pthread_mutex_init(&started->lock, NULL);
    started->stopped = -1;
    started->slot_count = config->slots;
    started->shop.options = welcome->setup.options;
    enum status status = open_queues(started, why);
    if (status == STATUS_OK)
        status = map_roots(started, config, &welcome->setup, why);
    if (status == STATUS_OK)
        status = open_destination(started, config, incarnation, welcome, why);
    if (status == STATUS_OK)
        status = open_decoders(started, config, why);
    if (status == STATUS_OK)
        status = start_keeper(started, why);
    if (status != STATUS_OK) {
        crew_stop(&started);
        return status;
    }
    *crew = started;
    return STATUS_OK;
}

/* --- closing --- */

static void stop_threads(struct crew *crew)
{
    atomic_store(&crew->shop.stopping, true);
    eventfd_write(crew->stopped, 1);
    queue_stop(crew->shop.jobs);
    queue_stop(crew->shop.finished);
    trouble_stop(crew->shop.trouble);
    admission_stop(crew->shop.admission);
    decoder_pool_stop(crew->shop.decoders);
    pthread_join(crew->keeper, NULL);
    for (uint32_t i = 0; i < crew->started; i++)
        slot_wake(crew->slots[i]); // all at once; then one after the other
    for (uint32_t i = 0; i < crew->started; i++)
        slot_stop(&crew->slots[i]);
}

void crew_stop(struct crew **crew)
{
    struct crew *stopped = *crew;
    if (stopped == NULL)
        return;
    struct workshop *shop = &stopped->shop;
    if (stopped->keeping)
        stop_threads(stopped);
    decoder_pool_close(&shop->decoders);
    admission_close(&shop->admission);
    destination_close(&shop->destination);
    for (uint32_t i = 0; i < shop->root_count; i++)
        free(shop->roots[i]);
    free(shop->roots);
    trouble_close(&shop->trouble);
    queue_close(&shop->finished);
    queue_close(&shop->jobs);
    if (stopped->stopped >= 0)
        close(stopped->stopped);
    pthread_mutex_destroy(&stopped->lock);
    free(stopped);
    *crew = NULL;
}

/* --- the worker's thread --- */

void crew_offer(struct crew *crew, struct task *task)
{
    void *item = task;
    enum status status = queue_try_put(crew->shop.jobs, &item);
    (void)status;
}

struct task *crew_take_back(struct crew *crew)
{
    void *item = NULL;
    return queue_try_take(crew->shop.jobs, &item) == STATUS_OK ? item : NULL;
}

struct task *crew_finished(struct crew *crew)
{
    void *item = NULL;
    return queue_try_take(crew->shop.finished, &item) == STATUS_OK ? item : NULL;
}

int crew_finished_fd(const struct crew *crew)
{
    return queue_fd(crew->shop.finished);
}

void crew_wake(struct crew *crew)
{
    admission_wake(crew->shop.admission);
    pthread_mutex_lock(&crew->lock);
    for (uint32_t i = 0; crew->ready && i < crew->slot_count; i++)
        slot_wake(crew->slots[i]);
    pthread_mutex_unlock(&crew->lock);
}

void crew_renew_lease(struct crew *crew, usec until)
{
    atomic_store(&crew->shop.lease_until, until);
}

int crew_trouble_fd(const struct crew *crew)
{
    return trouble_fd(crew->shop.trouble);
}

bool crew_in_trouble(struct crew *crew, struct reason *text)
{
    return trouble_news(crew->shop.trouble, text);
}

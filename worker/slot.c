/*
 * The way of an image through a slot:
 *
 *   take a task -> open input and outputs -> pass it to the decoder -> wait -> publish -> finish
 *
 * While the decoder works on `current`, the slot has opened and passed `ahead`, so that neither
 * the latency of files nor the hand-over shows. Only the image that the decoder works on is blamed
 * for what happens to the decoder; the one ahead is passed to the next decoder, uncounted.
 */

#include "worker/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "worker/hand.h"

/* Behind an image above this a queued one would wait while another slot is idle. Half a megabyte
 * takes 10 to 20 ms to decode; less than that is not worth another slot's thought. */
#define AHEAD_SIZE_MAX (512 * 1000)
/* Time is counted in such slices, so that a stop of the whole machine costs an image one slice at
 * most; a slice that took more than twice its time is not counted at all: whoever slept so long
 * was stopped, and so was the decoder, perhaps. */
#define SLICE (100 * US_PER_MS)
/* A decoder is replaced once it has grown over this: 35 MB is what a healthy one keeps, a heap torn
 * to pieces by big images is worth the 20 ms of a new process. */
#define DECODER_RSS_MAX_KB (512 * 1024)

struct slot {
    struct workshop *workshop;
    pthread_t thread;
    bool started;
    int wake; // eventfd
    struct decoder decoder;
    bool tired;      // the decoder has grown too much
    uint32_t serial; // of the last request
    struct hand current, ahead;
};

static bool stopping(const struct slot *slot)
{
    return atomic_load(&slot->workshop->stopping);
}

static bool cancelled(const struct hand *hand)
{
    return atomic_load(&hand->task->cancelled);
}

/* Makes sure that there is a decoder that said READY. */
static enum status equip(struct slot *slot, struct reason *why)
{
    if (slot->decoder.pid != 0)
        return STATUS_OK;
    slot->tired = false;
    enum status status = decoder_pool_take(slot->workshop->decoders, &slot->decoder, why);
    while (status == STATUS_OK && !slot->decoder.ready) {
        status = decoder_await_ready(&slot->decoder, slot->wake, why);
        if (status == STATUS_CLOSED && !stopping(slot)) { // woken for a cancelled task
            eventfd_t count;
            eventfd_read(slot->wake, &count);
            status = STATUS_OK;
        }
    }
    if (status != STATUS_OK)
        decoder_end(&slot->decoder, NULL);
    return status;
}

/* The decoder ends, or has ended; what was ahead in it will be passed to another. */
static void lose_decoder(struct slot *slot, struct reason *how)
{
    decoder_end(&slot->decoder, how);
    slot->tired = false;
    slot->ahead.passed = false;
}

/* Passes the current image to the decoder; to the next one when this is found dead, for it has not
 * seen the image then. False: its fate is decided, or the slot is stopping. */
static bool pass_current(struct slot *slot)
{
    struct hand *hand = &slot->current;
    struct reason why = {0};
    while (!hand->passed) {
        enum status status = equip(slot, &why);
        if (status == STATUS_MACHINE)
            hand_in_trouble(hand, slot->workshop, why.text);
        if (status != STATUS_OK)
            return false;
        if (!hand_pass(hand, slot->workshop, &slot->decoder, ++slot->serial)) {
            if (hand->task->fate != FATE_OPEN)
                return false;
            lose_decoder(slot, NULL);
        }
    }
    return true;
}

/* Waits for a task, unless one is ahead. False: stopped. */
static bool take_current(struct slot *slot)
{
    void *item = NULL;
    if (slot->ahead.task != NULL) {
        slot->current = slot->ahead;
        slot->current.since = clock_now();
        slot->ahead = (struct hand){0};
        return true;
    }
    if (slot->tired)
        lose_decoder(slot, NULL);
    if (queue_take(slot->workshop->jobs, &item) != STATUS_OK)
        return false;
    hand_open(&slot->current, slot->workshop, item);
    return true;
}

/* Until an image is in the decoder. False: stopped. */
static bool begin_current(struct slot *slot)
{
    while (take_current(slot)) {
        struct task *task = slot->current.task;
        atomic_store(&task->running, task->fate == FATE_OPEN);
        if (task->fate == FATE_OPEN && !cancelled(&slot->current) && pass_current(slot))
            return true;
        hand_finish(&slot->current, slot->workshop);
    }
    return false;
}

/* Opens and passes one more, if there is one and it need not wait for long. */
static void fill_ahead(struct slot *slot)
{
    void *item = NULL;
    if (slot->ahead.task != NULL || slot->tired || slot->current.size > AHEAD_SIZE_MAX ||
        queue_try_take(slot->workshop->jobs, &item) != STATUS_OK)
        return;
    if (!hand_open(&slot->ahead, slot->workshop, item)) {
        hand_finish(&slot->ahead, slot->workshop);
        return;
    }
    posix_fadvise(slot->ahead.input, 0, 0, POSIX_FADV_WILLNEED);
    /* A decoder that died meanwhile is found dead while waiting for the current one. */
    if (!hand_pass(&slot->ahead, slot->workshop, &slot->decoder, ++slot->serial) &&
        slot->ahead.task->fate != FATE_OPEN)
        hand_finish(&slot->ahead, slot->workshop);
}

/* The decoder asks for memory: it waits for the answer, so the image's time stands still. */
static void lend(struct slot *slot, const struct decoder_need *need)
{
    struct hand *hand = &slot->current;
    enum status status = admission_borrow(slot->workshop->admission, need->bytes,
                                          &hand->task->cancelled, &hand->lent);
    hand->asked = true;
    /* To a decoder that died meanwhile this says nothing; its end is read next. */
    if (status != STATUS_CLOSED &&
        decoder_admit(&slot->decoder, hand->serial, status == STATUS_OK) != STATUS_OK)
        return;
}

/* Ends the decoder, and says what it did with the current image. */
static void blame(struct slot *slot, enum return_reason reason, const char *what)
{
    struct reason how = {0};
    lose_decoder(slot, &how);
    if (what != NULL)
        task_returned(slot->current.task, reason, "%s", what);
    else
        task_returned(slot->current.task, reason, "its decoder failed: %s", how.text);
}

static void listen_to_decoder(struct slot *slot)
{
    union decoder_message message;
    struct hand *hand = &slot->current;
    enum status status = decoder_receive(&slot->decoder, &message);
    if (status == STATUS_AGAIN)
        return;
    bool need = status == STATUS_OK && message.record == DECODER_NEED &&
                message.need.serial == hand->serial && !hand->asked;
    bool reply = status == STATUS_OK && message.record == DECODER_REPLY &&
                 message.reply.serial == hand->serial;
    if (need) {
        lend(slot, &message.need);
    } else if (reply) {
        slot->tired = message.reply.rss_kb > DECODER_RSS_MAX_KB;
        hand_settle(hand, slot->workshop, &message.reply);
    } else {
        blame(slot, RETURN_CRASHED,
              status == STATUS_CLOSED ? NULL : "its decoder answered what is no answer");
    }
}

/* Waits for the decoder or a wake-up, for a slice of the current image's time. */
static void wait_slice(struct slot *slot)
{
    struct hand *hand = &slot->current;
    struct pollfd items[] = {{.fd = slot->decoder.socket, .events = POLLIN},
                             {.fd = slot->wake, .events = POLLIN}};
    usec slice = hand->left < SLICE ? hand->left : SLICE;
    usec begun = clock_now();
    poll(items, 2, (int)((slice + US_PER_MS - 1) / US_PER_MS));
    usec passed = clock_now() - begun;
    if (passed <= slice + SLICE)
        hand->left -= passed;
    if (items[1].revents != 0) {
        eventfd_t count;
        eventfd_read(slot->wake, &count);
    }
}

/* Until the current image's fate is decided, or it is not wanted any more. */
static void attend(struct slot *slot)
{
    struct hand *hand = &slot->current;
    while (hand->task->fate == FATE_OPEN && !cancelled(hand) && !stopping(slot)) {
        wait_slice(slot);
        listen_to_decoder(slot);
        if (hand->task->fate == FATE_OPEN && hand->left <= 0) {
            char text[64];
            snprintf(text, sizeof text, "it took longer than %g s",
                     slot->workshop->options.timeout_ms / 1000.0);
            blame(slot, RETURN_OVERRAN, text);
        }
    }
    if (hand->task->fate == FATE_OPEN)
        lose_decoder(slot, NULL);
}

static void *work(void *argument)
{
    struct slot *slot = argument;
    while (!stopping(slot) && begin_current(slot)) {
        fill_ahead(slot);
        attend(slot);
        hand_finish(&slot->current, slot->workshop);
    }
    if (slot->ahead.task != NULL)
        hand_finish(&slot->ahead, slot->workshop);
    decoder_end(&slot->decoder, NULL);
    return NULL;
}

enum status slot_start(struct slot **slot, struct workshop *workshop, uint32_t number,
                       struct reason *why)
{
    struct slot *started = calloc(1, sizeof *started);
    if (started == NULL)
        return reason_set(why, STATUS_MACHINE, "no memory for a slot");
    started->workshop = workshop;
    started->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int error = started->wake < 0 ? errno : pthread_create(&started->thread, NULL, work, started);
    started->started = error == 0;
    if (error != 0) {
        slot_stop(&started);
        return reason_set(why, STATUS_MACHINE, "slot %u cannot start: %s", number + 1,
                          strerror(error));
    }
    char name[16]; // as much as the kernel keeps
    snprintf(name, sizeof name, "slot-%u", number + 1);
    pthread_setname_np(started->thread, name);
    *slot = started;
    return STATUS_OK;
}

void slot_wake(struct slot *slot)
{
    eventfd_write(slot->wake, 1);
}

void slot_stop(struct slot **slot)
{
    struct slot *stopped = *slot;
    if (stopped == NULL)
        return;
    if (stopped->started) {
        slot_wake(stopped);
        pthread_join(stopped->thread, NULL);
    }
    if (stopped->wake >= 0)
        close(stopped->wake);
    free(stopped);
    *slot = NULL;
}

/*
 * The decoder is asked for a thumbnail that is as large as the image, upright as it is stored: so
 * nothing is left out while it is loaded. As PNG without compression it costs next to nothing, and
 * goes to /dev/null.
 */

#include "worker/inspector.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAVER ".png[compression=0]"
/* Decoders that may die of one image: once may have been another's fault. */
#define TRIES 2
/* Time is counted in such slices, so that a stop of the whole machine costs one of them. */
#define SLICE (100 * US_PER_MS)

enum status inspector_open(struct inspector *inspector, const char *program,
                           struct admission *admission, uint32_t timeout_ms, struct reason *why)
{
    const int output = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (output < 0)
        return reason_set(why, STATUS_MACHINE, "/dev/null: %s", strerror(errno));
    *inspector = (struct inspector){.program = program,
                                    .admission = admission,
                                    .timeout_ms = timeout_ms,
                                    .allow = FORMATS_DEFAULT,
                                    .output = output};
    return STATUS_OK;
}

void inspector_close(struct inspector *inspector)
{
    decoder_end(&inspector->decoder, NULL);
    if (inspector->output > 0)
        close(inspector->output);
    *inspector = (struct inspector){0};
}

static void fill_setup(const struct inspector *inspector, struct decoder_setup *setup)
{
    *setup = (struct decoder_setup){.record = DECODER_SETUP,
                                    .protocol = DECODER_PROTOCOL,
                                    .memory_share = admission_share(inspector->admission),
                                    .saver = SAVER};
    struct run_options *options = &setup->options;
    run_options_init(options);
    options->sizes[0] =
        (struct size_spec){.width = SIZE_FREE, .height = SIZE_FREE, .mode = SIZE_DOWN};
    options->size_count = 1;
    options->rotate = false;
    options->allow = inspector->allow;
    options->max_pixels = options->max_bytes = UINT64_MAX; // a run has made it
}

/* A decoder that said READY, and that reads this format. */
static enum status equip(struct inspector *inspector, enum image_format format, struct reason *why)
{
    struct decoder_setup setup;
    if ((inspector->allow & FORMAT_BIT(format)) == 0 && format != FORMAT_UNKNOWN) {
        inspector->allow |= FORMAT_BIT(format);
        decoder_end(&inspector->decoder, NULL);
    }
    if (inspector->decoder.pid != 0)
        return STATUS_OK;
    fill_setup(inspector, &setup);
    enum status status = decoder_start(&inspector->decoder, inspector->program, &setup, why);
    if (status == STATUS_OK)
        status = decoder_await_ready(&inspector->decoder, -1, why);
    if (status != STATUS_OK)
        decoder_end(&inspector->decoder, NULL);
    return status;
}

/* Waits for what the decoder says next. STATUS_AGAIN: the time is over. */
static enum status hear(struct inspector *inspector, usec *left, union decoder_message *message)
{
    struct pollfd item = {.fd = inspector->decoder.socket, .events = POLLIN};
    for (;;) {
        const enum status status = decoder_receive(&inspector->decoder, message);
        if (status != STATUS_AGAIN || *left <= 0)
            return status;
        const usec begun = clock_now();
        poll(&item, 1, (int)(SLICE / US_PER_MS));
        const usec passed = clock_now() - begun;
        *left -= passed < SLICE ? passed : SLICE;
    }
}

static enum status judge(const struct decoder_reply *reply, struct reason *why)
{
    switch (reply->verdict) {
    case VERDICT_IMAGE_MADE:
        return STATUS_OK;
    case VERDICT_IMAGE_DAMAGED:
        return reason_set(why, STATUS_IMAGE, "damaged: %.*s", (int)strcspn(reply->warnings, "\n"),
                          reply->warnings);
    case VERDICT_MACHINE_TROUBLE:
        return reason_set(why, STATUS_MACHINE, "a decoder cannot work: %s", reply->error);
    default:
        return reason_set(why, STATUS_IMAGE, "%s", reply->error);
    }
}

/* Hears what the decoder answers in the end; it waits for memory with its time standing still.
 * STATUS_AGAIN: not in its time. STATUS_CLOSED: never. */
static enum status hear_reply(struct inspector *inspector, uint64_t *lent,
                              union decoder_message *message)
{
    static const atomic_bool never;
    usec left = inspector->timeout_ms * US_PER_MS;
    enum status status = hear(inspector, &left, message);
    if (status == STATUS_OK && message->record == DECODER_NEED) {
        const bool admitted =
            admission_borrow(inspector->admission, message->need.bytes, &never, lent) == STATUS_OK;
        status = decoder_admit(&inspector->decoder, message->need.serial, admitted);
        if (status == STATUS_OK)
            status = hear(inspector, &left, message);
    }
    if (status == STATUS_OK &&
        (message->record != DECODER_REPLY || message->reply.serial != inspector->serial))
        return STATUS_MALFORMED;
    return status;
}

/* STATUS_AGAIN with the reason: the decoder is gone, by its own fault or the image's. */
static enum status ask(struct inspector *inspector, int fd, uint64_t size,
                       union decoder_message *message, struct reason *why)
{
    uint64_t lent = 0;
    struct reason how = {0};
    lseek(fd, 0, SEEK_SET); // another decoder may have begun to read it
    enum status status =
        decoder_request(&inspector->decoder, ++inspector->serial, size, fd, &inspector->output, 1);
    if (status == STATUS_OK)
        status = hear_reply(inspector, &lent, message);
    admission_give_back(inspector->admission, &lent);
    if (status == STATUS_OK)
        return STATUS_OK;
    decoder_end(&inspector->decoder, &how);
    if (status == STATUS_AGAIN)
        return reason_set(why, STATUS_AGAIN, "its decoder took longer than %g s",
                          inspector->timeout_ms / 1000.0);
    return reason_set(why, STATUS_AGAIN, "its decoder failed: %s", how.text);
}

enum status inspector_look(struct inspector *inspector, int fd, uint64_t size,
                           enum image_format format, uint32_t *width, uint32_t *height,
                           struct reason *why)
{
    union decoder_message message = {0};
    enum status status = STATUS_AGAIN;
    for (int i = 0; i < TRIES && status == STATUS_AGAIN; i++) {
        status = equip(inspector, format, why);
        if (status != STATUS_OK)
            return status;
        status = ask(inspector, fd, size, &message, why);
    }
    if (status != STATUS_OK)
        return STATUS_IMAGE;
    *width = message.reply.width;
    *height = message.reply.height;
    return judge(&message.reply, why);
}

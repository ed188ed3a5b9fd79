/*
 * Damage, by definition: libvips makes the thumbnails when told to overlook errors, as the run
 * asks, and refuses when told to stop at the first warning. So the strict attempt comes first, and
 * good images pay nothing; a leniently made one is reported as damaged with what was said about it.
 *
 * Returning success is no proof: what speaks of lost memory has failed, and what is only told when
 * a file is closed is damage all the same.
 */

#include "worker/decoder/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/image_format.h"
#include "worker/decoder/lane_vips.h"
#include "worker/decoder/limits.h"
#include "worker/decoder/messages.h"

static void add_since(struct decoder_reply *reply, enum stage stage, usec since)
{
    reply->stages[stage] += (uint64_t)(clock_now() - since);
}

static void failed(struct decoder_reply *reply, const char *text)
{
    reply->verdict = VERDICT_IMAGE_FAILED;
    messages_join(reply->error, sizeof reply->error, text);
}

static void in_trouble(struct decoder_reply *reply, int error_number, const char *what)
{
    reply->verdict = VERDICT_MACHINE_TROUBLE;
    reply->error_number = error_number;
    snprintf(reply->error, sizeof reply->error, "%s: %s", what, strerror(error_number));
}

/* The image's own text: libvips' errors, else what was only logged (libpng does). */
static void failed_as_said(struct decoder_reply *reply, const struct messages *said)
{
    reply->verdict = VERDICT_IMAGE_FAILED;
    const char *lines = said->errors[0] ? said->errors : said->warnings;
    messages_join(reply->error, sizeof reply->error, lines);
    if (!reply->error[0])
        failed(reply, "cannot be decoded, and the library does not say why");
}

static bool read_input(struct image_desk *desk, const struct request *request,
                       struct decoder_reply *reply)
{
    struct reason why = {0};
    int error_number = 0;
    usec since = clock_now();
    enum status status = input_read(&desk->input, request->input, request->size,
                                    desk->setup->options.max_bytes, &error_number, &why);
    add_since(reply, STAGE_READ, since);
    reply->bytes_in = desk->input.size;
    if (status == STATUS_MACHINE)
        in_trouble(reply, error_number, "the image cannot be read");
    else if (status != STATUS_OK)
        failed(reply, why.text);
    return status == STATUS_OK;
}

/* No library sees bytes of a format that is not known and allowed. */
static bool know_format(const struct run_options *options, struct image_bytes *bytes,
                        struct decoder_reply *reply)
{
    bytes->format = format_of_bytes(bytes->data, bytes->size);
    if (bytes->format == FORMAT_UNKNOWN) {
        failed(reply, "not an image of a known format");
        return false;
    }
    if (!(options->allow & FORMAT_BIT(bytes->format))) {
        const char *name = format_name(bytes->format);
        reply->verdict = VERDICT_IMAGE_FAILED;
        snprintf(reply->error, sizeof reply->error, "%s is not allowed (--allow %s)", name, name);
        return false;
    }
    return true;
}

static bool read_header(const struct run_options *options, const struct image_bytes *bytes,
                        struct image_header *header, struct decoder_reply *reply)
{
    struct reason why = {0};
    struct messages said;
    usec since = clock_now();
    bool ok = lane_vips_header(bytes, header);
    add_since(reply, STAGE_DECODE, since);
    messages_take(&said);
    if (!ok) {
        failed_as_said(reply, &said);
        return false;
    }
    reply->width = header->source.width;
    reply->height = header->source.height;
    if (limits_check_pixels(header, options->max_pixels, &why) != STATUS_OK) {
        failed(reply, why.text);
        return false;
    }
    return true;
}

/* STATUS_IMAGE when it was refused. */
static enum status ask_for_memory(struct image_desk *desk, const struct image_bytes *bytes,
                                  const struct image_header *header, struct decoder_reply *reply)
{
    uint64_t need = limits_memory(bytes, header, &desk->setup->options);
    if (need <= desk->setup->memory_share)
        return STATUS_OK;
    bool admitted = false;
    enum status status = conversation_ask(desk->conversation, reply->serial, need, &admitted);
    if (status != STATUS_OK || admitted)
        return status;
    reply->verdict = VERDICT_IMAGE_FAILED;
    snprintf(reply->error, sizeof reply->error,
             "may need %.3g GB of memory, more than there is (--memory)", (double)need / 1e9);
    return STATUS_IMAGE;
}

/* One attempt. The place to choose a lane: all take the same arguments. */
static bool attempt(const struct image_bytes *bytes, const struct image_header *header,
                    enum fail_on fail_on, struct thumbnail *thumbnails, struct messages *said,
                    struct decoder_reply *reply)
{
    bool ok = lane_vips_make(bytes, header, fail_on, thumbnails, reply->stages);
    messages_take(said);
    if (ok && said->out_of_memory) {
        thumbnails_clear(thumbnails, SIZES_MAX);
        ok = false;
    }
    return ok;
}

static bool make(const struct run_options *options, const struct image_bytes *bytes,
                 const struct image_header *header, struct thumbnail *thumbnails,
                 struct decoder_reply *reply)
{
    struct messages strict, lenient;
    bool made = attempt(bytes, header, FAIL_ON_WARNING, thumbnails, &strict, reply);
    bool sound = made && !strict.late_damage;
    if (options->fail_on == FAIL_ON_WARNING && !sound) {
        failed_as_said(reply, &strict);
        return false;
    }
    if (made) {
        reply->verdict = sound ? VERDICT_IMAGE_MADE : VERDICT_IMAGE_DAMAGED;
        messages_append(reply->warnings, sizeof reply->warnings, strict.warnings);
        return true;
    }
    if (!attempt(bytes, header, options->fail_on, thumbnails, &lenient, reply)) {
        failed_as_said(reply, lenient.errors[0] || lenient.warnings[0] ? &lenient : &strict);
        return false;
    }
    reply->verdict = VERDICT_IMAGE_DAMAGED;
    messages_append(reply->warnings, sizeof reply->warnings, strict.errors);
    messages_append(reply->warnings, sizeof reply->warnings, lenient.errors);
    messages_append(reply->warnings, sizeof reply->warnings, lenient.warnings);
    return true;
}

static bool write_all(int fd, const unsigned char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t wrote = write(fd, bytes, size);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return false;
        bytes += wrote;
        size -= (size_t)wrote;
    }
    return true;
}

static void write_outputs(const struct request *request, const struct thumbnail *thumbnails,
                          struct decoder_reply *reply)
{
    usec since = clock_now();
    for (uint32_t i = 0; i < request->output_count; i++) {
        if (!write_all(request->outputs[i], thumbnails[i].bytes, thumbnails[i].size)) {
            in_trouble(reply, errno, "the thumbnail cannot be written");
            break;
        }
        reply->outputs[i] = (struct output){.width = thumbnails[i].width,
                                            .height = thumbnails[i].height,
                                            .bytes = thumbnails[i].size};
    }
    add_since(reply, STAGE_WRITE, since);
}

enum status image_process(struct image_desk *desk, const struct request *request,
                          struct decoder_reply *reply)
{
    const struct run_options *options = &desk->setup->options;
    struct thumbnail thumbnails[SIZES_MAX] = {0};
    struct image_header header;
    enum status status = STATUS_OK;

    *reply = (struct decoder_reply){.record = DECODER_REPLY, .serial = request->serial};
    messages_take(NULL);
    if (request->error_number) {
        in_trouble(reply, request->error_number, "descriptors did not arrive");
        return STATUS_OK;
    }
    if (read_input(desk, request, reply)) {
        struct image_bytes bytes = {.data = desk->input.data, .size = desk->input.size};
        if (know_format(options, &bytes, reply) && read_header(options, &bytes, &header, reply)) {
            status = ask_for_memory(desk, &bytes, &header, reply);
            if (status == STATUS_OK && make(options, &bytes, &header, thumbnails, reply))
                write_outputs(request, thumbnails, reply);
        }
    }
    thumbnails_clear(thumbnails, SIZES_MAX);
    input_trim(&desk->input);
    return status == STATUS_IMAGE ? STATUS_OK : status;
}

void image_desk_close(struct image_desk *desk)
{
    input_close(&desk->input);
}

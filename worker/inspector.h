#pragma once

/*
 * Whether an image can be decoded, and how large it is: told by a decoder of its own, which throws
 * the pixels away. One thread opens it, uses it and closes it (a decoder dies with the thread that
 * spawned it).
 */

#include <stdint.h>

#include "common/options.h"
#include "worker/admission.h"
#include "worker/decoder_process.h"

/* Zeroed: closed. */
struct inspector {
    const char *program;
    struct admission *admission;
    uint32_t timeout_ms;
    uint32_t allow; // FORMAT_BITs of the present decoder
    uint32_t serial;
    int output; // where pixels go; 0: closed
    struct decoder decoder;
};

/* `program` and `admission` must live as long; decoders are started when they are needed. */
enum status inspector_open(struct inspector *inspector, const char *program,
                           struct admission *admission, uint32_t timeout_ms,
                           struct reason *why) MUST_USE;
void inspector_close(struct inspector *inspector);

/* Decodes all of the image in `fd`, whose name says that it is of `format`. STATUS_IMAGE with the
 * reason: it is damaged or no image, or two decoders died of it. STATUS_MACHINE: no decoder here
 * can tell. */
enum status inspector_look(struct inspector *inspector, int fd, uint64_t size,
                           enum image_format format, uint32_t *width, uint32_t *height,
                           struct reason *why) MUST_USE;

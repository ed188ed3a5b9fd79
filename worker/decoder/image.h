#pragma once

/*
 * One image from its descriptor to its outputs' and the verdict on it: read, known by its bytes,
 * header and limits, the lane, written. Nothing of an image outlives it but the buffer of input.
 */

#include "worker/decoder/conversation.h"
#include "worker/decoder/input.h"

struct image_desk {
    struct conversation *conversation; // to ask for memory
    const struct decoder_setup *setup;
    struct input input; // owned
};

/* Fills the reply but for its rss. Not STATUS_OK when the conversation is over. */
enum status image_process(struct image_desk *desk, const struct request *request,
                          struct decoder_reply *reply) MUST_USE;

void image_desk_close(struct image_desk *desk);

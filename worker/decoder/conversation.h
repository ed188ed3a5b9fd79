#pragma once

/*
 * The decoder's end of its socket (protocol.h): records in and out, with descriptors beside. At
 * most one request waits here while another one is worked on. STATUS_CLOSED: the slot is gone;
 * STATUS_MALFORMED: what came is not a record of ours, there is no going on.
 */

#include "worker/decoder/protocol.h"

struct request {
    uint32_t serial;
    uint64_t size;
    int error_number;       // not 0: its descriptors did not arrive, for this errno
    int input;              // owned
    int outputs[SIZES_MAX]; // owned
    uint32_t output_count;
};

struct conversation {
    int fd;                // not owned
    uint32_t output_count; // descriptors of outputs that each request brings
    bool has_queued;
    struct request queued;
};

/* True when DECODER_FD is a socket of ours whose other end is our parent. */
bool conversation_is_ours(void);

/* Receives SETUP; answers it by itself, and returns STATUS_USAGE, when it is of another build. */
enum status conversation_open(struct conversation *conversation,
                              struct decoder_setup *setup) MUST_USE;
void conversation_close(struct conversation *conversation);

/* Answers SETUP; NULL: ready. */
enum status conversation_ready(struct conversation *conversation, const char *refusal) MUST_USE;
/* Waits for the next request. */
enum status conversation_next(struct conversation *conversation, struct request *request) MUST_USE;
/* Asks for memory and waits for the answer. */
enum status conversation_ask(struct conversation *conversation, uint32_t serial, uint64_t bytes,
                             bool *admitted) MUST_USE;
enum status conversation_reply(struct conversation *conversation,
                               const struct decoder_reply *reply) MUST_USE;

/* Closes the descriptors. */
void request_clear(struct request *request);

#pragma once

/*
 * What a slot and its decoder say to each other over a SOCK_SEQPACKET socketpair (descriptor
 * DECODER_FD in the child): fixed records of one build on one machine, descriptors passed beside.
 *
 *   slot -> decoder   SETUP once, then REQUEST [input, output per size], ADMIT
 *   decoder -> slot   READY (or a refusal of the setup), then per request: NEED when the image asks
 *                     for more memory than a decoder's own share, then REPLY
 *
 * The child has at most two requests in its hands, answers in order, and works on the first. It
 * ends when the socket closes.
 */

#include <stdint.h>

#include "common/job.h"
#include "common/options.h"

#define DECODER_FD 3
/* Changes with any change to the records below; SETUP and READY carry it. */
#define DECODER_PROTOCOL 1

enum decoder_record {
    DECODER_SETUP = 1,
    DECODER_READY,
    DECODER_REQUEST,
    DECODER_NEED,
    DECODER_ADMIT,
    DECODER_REPLY
};

struct decoder_setup {
    uint32_t record, protocol;
    uint64_t memory_share; // bytes an image may need without asking
    struct run_options options;
    char saver[FORMAT_SIZE + 1]; // ".jpg[Q=85]"
};

struct decoder_ready {
    uint32_t record, protocol;
    uint32_t ok;                 // 0: the setup cannot be done, see the text
    char text[IMAGE_ERROR_SIZE]; // "jpegsave: no property named `q'"
};

struct decoder_request {
    uint32_t record;
    uint32_t serial; // comes back in everything about it
    uint64_t size;   // bytes of the input, as fstat said
};

/* "I have read the header and need this much": the decoder waits for ADMIT. */
struct decoder_need {
    uint32_t record;
    uint32_t serial;
    uint64_t bytes;
};

struct decoder_admit {
    uint32_t record;
    uint32_t serial;
    uint32_t admitted; // 0: refused; the decoder replies that the image needs too much memory
};

enum decoder_verdict {
    VERDICT_IMAGE_MADE,     // every output is written
    VERDICT_IMAGE_DAMAGED,  // the same, from damaged data
    VERDICT_IMAGE_FAILED,   // the image's fault
    VERDICT_MACHINE_TROUBLE // reading or writing failed for a reason of the machine's
                            // (error_number)
};

struct decoder_reply {
    uint32_t record;
    uint32_t serial;
    uint32_t verdict;
    int32_t error_number;   // errno of MACHINE_TROUBLE
    uint32_t width, height; // of the source as stored; 0 where unknown
    uint64_t bytes_in;
    uint64_t stages[STAGES];          // microseconds
    uint32_t rss_kb;                  // of the decoder, after this image
    struct output outputs[SIZES_MAX]; // mtime_ns unused
    char error[IMAGE_ERROR_SIZE];
    char warnings[IMAGE_WARNINGS_SIZE];
};

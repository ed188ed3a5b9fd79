#pragma once

/*
 * One decoder: a child process with its end of a socket, seen from the slot that uses it. The
 * records are those of worker/decoder/protocol.h; what comes back is checked for its size and kind
 * before anybody looks at it, for a decoder may be in the hands of the image that it read.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "common/clock.h"
#include "common/status.h"
#include "worker/decoder/protocol.h"

/* Whoever does not say READY for so long will not. Starting takes 20 to 40 ms on an idle machine;
 * this allows for one where hundreds start at once, from a cold disk. */
#define DECODER_START_DEADLINE (10 * US_PER_S)

/* Zeroed: none. */
struct decoder {
    pid_t pid;  // 0: none
    int socket; // SOCK_SEQPACKET, non-blocking reads
    int errors; // what it writes to its standard error
    bool ready; // READY was read
};

union decoder_message {
    uint32_t record;
    struct decoder_ready ready;
    struct decoder_need need;
    struct decoder_reply reply;
};

/* Spawns the program and sends the setup; does not wait for READY. The child dies with the thread
 * that calls this. STATUS_MACHINE with the program's name and the reason. */
enum status decoder_start(struct decoder *decoder, const char *program,
                          const struct decoder_setup *setup, struct reason *why) MUST_USE;

/* Waits for READY. `wake` is a descriptor that ends the wait with STATUS_CLOSED when it becomes
 * readable, or -1. STATUS_MACHINE: it did not start, or refused the setup; with the reason. */
enum status decoder_await_ready(struct decoder *decoder, int wake, struct reason *why) MUST_USE;

/* Passes one image. STATUS_CLOSED: the decoder is dead and has not seen it. */
enum status decoder_request(struct decoder *decoder, uint32_t serial, uint64_t size, int input,
                            const int *outputs, uint32_t count) MUST_USE;
/* Answers a NEED. STATUS_CLOSED: the decoder is dead. */
enum status decoder_admit(struct decoder *decoder, uint32_t serial, bool admitted) MUST_USE;

/* Never blocks. STATUS_AGAIN: nothing yet. STATUS_CLOSED: it is dead. STATUS_MALFORMED: it sent
 * what is no record of ours. Texts are NUL-terminated. */
enum status decoder_receive(struct decoder *decoder, union decoder_message *message) MUST_USE;

/* Kills it if it lives, waits for its end, closes what belonged to it; `how` (may be NULL) gets
 * "died of signal 11 (SIGSEGV)", "exited with 3", and the last line it wrote to standard error. */
void decoder_end(struct decoder *decoder, struct reason *how);

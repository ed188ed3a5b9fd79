#pragma once

/*
 * The slot's end of a decoder's socket, for tests: starts the real program, speaks protocol.h with
 * it, one call a record.
 */

#include <sys/types.h>

#include "worker/decoder/protocol.h"

struct decoder_driver {
    pid_t pid;
    int fd; // our end of the socket
    uint32_t serial;
    uint64_t claim; // what requests say of the input's size; 0: the truth
};

/* Defaults of a run that a decoder needs, for one size: ".jpg", 128x128. */
void driver_setup_init(struct decoder_setup *setup);

/* Starts `program`. False when it cannot be started. */
bool driver_open(struct decoder_driver *driver, const char *program);
/* Closes the socket and waits: the exit status as of waitpid(). */
int driver_close(struct decoder_driver *driver);

bool driver_send_setup(struct decoder_driver *driver, const struct decoder_setup *setup);
bool driver_receive_ready(struct decoder_driver *driver, struct decoder_ready *ready);

/* Passes the descriptors, which stay the caller's. Returns the request's serial. */
uint32_t driver_request(struct decoder_driver *driver, int input, const int *outputs,
                        uint32_t output_count);

/* The next record, either of these; its kind, or 0 when the decoder is gone. */
union driver_answer {
    uint32_t record;
    struct decoder_need need;
    struct decoder_reply reply;
};
uint32_t driver_receive(struct decoder_driver *driver, union driver_answer *answer);

bool driver_admit(struct decoder_driver *driver, uint32_t serial, bool admitted);

#pragma once

/*
 * The conversation with the head over control: one channel, opened anew when it has been silent
 * for too long (a connection that met a protocol error never comes back by itself), envelopes
 * filled in and bad frames dropped. Knows nothing of jobs.
 */

#include "common/channel.h"
#include "common/message.h"
#include "common/wire.h"

struct session {
    struct context *context; // the caller's
    char endpoint[ENDPOINT_SIZE];
    struct channel *control;
    uint64_t run, epoch; // 0: no head has welcomed us
    uint64_t incarnation;
    struct buffer buffer; // of what is sent
    usec opened;          // when the channel was opened last
    usec heard;           // when the head was heard last, or the session began
    usec patience;        // how long the channel may be silent
    bool noticed;         // it was said that the head is waited for
    uint64_t malformed;
};

/* Zeroed: closed. */
enum status session_open(struct session *session, struct context *context,
                         const struct address *head, struct reason *why) MUST_USE;
void session_close(struct session *session, usec linger);

/* Fills in the envelope's run, epoch and sender. STATUS_AGAIN: nobody takes it now. */
enum status session_send(struct session *session, struct message *message) MUST_USE;
/* The next message that is about our run, or says WELCOME, WHO, REFUSED or END. STATUS_AGAIN: none
 * waits. STATUS_MACHINE: the head speaks another version. */
enum status session_receive(struct session *session, struct message *message,
                            struct reason *why) MUST_USE;
/* Something was heard that only the head can have said. */
void session_heard(struct session *session, usec now);
/* What time demands: a notice that the head is waited for, the channel anew (*reopened). */
enum status session_tend(struct session *session, usec now, bool *reopened,
                         struct reason *why) MUST_USE;
/* When session_tend() has something to do next. */
usec session_deadline(const struct session *session);

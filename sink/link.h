#pragma once

/*
 * The sink's end of the control channel: messages to and from the head, and how long it has been
 * silent. libzmq connects and reconnects by itself, but a connection that met a protocol error is
 * dead for good; so after a silence the channel is opened anew, ever more slowly.
 */

#include "common/channel.h"
#include "common/message.h"
#include "common/wire.h"

struct link {
    struct context *context; // the caller's
    char endpoint[ENDPOINT_SIZE];
    struct channel *control;
    struct buffer buffer;
    struct frame frame; // received last; valid until the next receive
    uint64_t incarnation;
    usec opened;        // when the channel was opened last
    usec heard;         // when the head was heard last; 0: never
    usec patience;      // silence after which the channel is opened anew
    uint64_t malformed; // frames dropped
};

enum status link_open(struct link *link, struct context *context, const struct address *head,
                      usec now, struct reason *why) MUST_USE;
void link_close(struct link *link);

/* The envelope's sender is filled in here. STATUS_AGAIN: there is no room, nothing was sent.
 * STATUS_MACHINE: no memory. */
enum status link_send(struct link *link, struct message *message) MUST_USE;
/* A frame that is encoded already. STATUS_AGAIN: there is no room. */
enum status link_send_frame(struct link *link, const void *bytes, size_t size) MUST_USE;
/* STATUS_AGAIN when nothing waits. STATUS_MALFORMED: a frame was dropped, try again.
 * STATUS_MACHINE: the head speaks another version of the protocol. */
enum status link_receive(struct link *link, struct message *message, struct reason *why) MUST_USE;
/* The head was heard, not somebody else who answers there. */
void link_heard(struct link *link, usec now);
/* Opens the channel anew when it is time; *reopened says so, and HELLO must be said again. */
enum status link_turn(struct link *link, usec now, bool *reopened, struct reason *why) MUST_USE;

#pragma once

/*
 * One request to a head, one reply: what `status` and `start` are made of.
 */

#include "cli/arguments.h"
#include "common/channel.h"
#include "common/message.h"
#include "common/status.h"

/* The reply, with the frame its texts point into. Zeroed is empty. */
struct client {
    struct context *context;
    struct channel *channel;
    struct message *reply;
};

/* Says `request` again and again until the head answers with `expected`, and leaves the answer in
 * client->reply. STATUS_MACHINE: nobody answered, or the head said no. Close it either way. */
enum status client_ask(struct client *client, const struct endpoint *head,
                       enum message_type request, enum message_type expected,
                       struct reason *why) MUST_USE;
void client_close(struct client *client);

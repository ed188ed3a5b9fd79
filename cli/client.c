/*
 * A DEALER to the head's control socket, for as long as one question takes.
 */

#include "cli/client.h"

#include <stdlib.h>

#include "common/protocol.h"
#include "common/random.h"
#include "common/wire.h"

/* A head answers within milliseconds; it may just be starting. */
#define PATIENCE (5 * US_PER_S)

static enum status client_open(struct client *client, const struct endpoint *head,
                               struct reason *why)
{
    char endpoint[ENDPOINT_SIZE];
    *client = (struct client){0};
    client->reply = calloc(1, sizeof *client->reply);
    if (client->reply == NULL)
        return reason_set(why, STATUS_MACHINE, "out of memory");
    address_endpoint(&head->address, SOCKET_CONTROL, endpoint);
    enum status status = context_open(&client->context, why);
    if (status == STATUS_OK)
        status =
            channel_open(&client->channel, client->context, CHANNEL_CLIENT, FRAME_CONTROL_MAX, why);
    if (status == STATUS_OK)
        status = channel_connect(client->channel, endpoint, why);
    return status;
}

void client_close(struct client *client)
{
    channel_close(&client->channel, 0);
    context_close(&client->context);
    free(client->reply);
    *client = (struct client){0};
}

static enum status encode_request(struct buffer *buffer, enum message_type request,
                                  struct reason *why)
{
    struct message *message = calloc(1, sizeof *message);
    if (message == NULL)
        return reason_set(why, STATUS_MACHINE, "out of memory");
    message->envelope.type = request;
    message->envelope.sender = random_id(); // nothing is kept about who asks
    enum status status = wire_encode(buffer, message);
    free(message);
    return status == STATUS_OK ? status : reason_set(why, STATUS_MACHINE, "out of memory");
}

/* STATUS_AGAIN: not the answer yet. */
static enum status take_reply(struct client *client, const struct endpoint *head,
                              enum message_type expected, struct reason *why)
{
    struct frame frame;
    enum status status = channel_receive(client->channel, &frame);
    if (status != STATUS_OK)
        return status;
    struct reason wrong = {0};
    if (wire_decode(frame.bytes, frame.size, client->reply, NULL, &wrong) != STATUS_OK)
        return reason_set(why, STATUS_MACHINE, "%s: %.900s", head->text, wrong.text);
    if (client->reply->envelope.type == MSG_REFUSED) {
        char text[REASON_SIZE / 2];
        text_copy(text, sizeof text, client->reply->refused);
        return reason_set(why, STATUS_MACHINE, "%s: %s", head->text, text);
    }
    return client->reply->envelope.type == expected ? STATUS_OK : STATUS_AGAIN;
}

static enum status ask(struct client *client, const struct endpoint *head,
                       const struct buffer *request, enum message_type expected, struct reason *why)
{
    const usec deadline = clock_now() + PATIENCE;
    for (usec now = clock_now(), due = now; now < deadline; now = clock_now()) {
        if (now >= due) {
            // STATUS_AGAIN: libzmq still connects; the next one may leave.
            enum status sent = channel_send(client->channel, request->bytes, request->size);
            (void)sent;
            due = now + HELLO_INTERVAL;
        }
        struct wait_item item = {.channel = client->channel, .fd = -1};
        enum status status = channel_wait(&item, 1, (due < deadline ? due : deadline) - now);
        if (status != STATUS_OK)
            return reason_set(why, STATUS_MACHINE, "%s: the connection broke", head->text);
        status = take_reply(client, head, expected, why);
        if (status != STATUS_AGAIN)
            return status;
    }
    return reason_set(why, STATUS_MACHINE, "%s: no head answers there; is a ventilator running?",
                      head->text);
}

enum status client_ask(struct client *client, const struct endpoint *head,
                       enum message_type request, enum message_type expected, struct reason *why)
{
    struct buffer buffer = {0};
    enum status status = client_open(client, head, why);
    if (status == STATUS_OK)
        status = encode_request(&buffer, request, why);
    if (status == STATUS_OK)
        status = ask(client, head, &buffer, expected, why);
    buffer_close(&buffer);
    return status;
}

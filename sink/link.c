/* One DEALER, replaced by another when the head has been silent for too long. */

#include "sink/link.h"

#include "common/log.h"
#include "common/random.h"

/* Silence before the channel is opened anew, at first and at most. Beats are answered each second.
 */
#define PATIENCE (5 * US_PER_S)
#define PATIENCE_MAX (40 * US_PER_S)

/* The last words may take so long to leave. */
#define FAREWELL_LINGER (1 * US_PER_S)

static enum status open_channel(struct link *link, usec now, struct reason *why)
{
    link->opened = now;
    enum status status =
        channel_open(&link->control, link->context, CHANNEL_CLIENT, FRAME_CONTROL_MAX, why);
    if (status == STATUS_OK)
        status = channel_connect(link->control, link->endpoint, why);
    return status;
}

enum status link_open(struct link *link, struct context *context, const struct address *head,
                      usec now, struct reason *why)
{
    *link = (struct link){.context = context, .incarnation = random_id(), .patience = PATIENCE};
    address_endpoint(head, SOCKET_CONTROL, link->endpoint);
    const enum status status = open_channel(link, now, why);
    if (status != STATUS_OK)
        link_close(link);
    return status;
}

void link_close(struct link *link)
{
    channel_close(&link->control, FAREWELL_LINGER);
    buffer_close(&link->buffer);
}

enum status link_send(struct link *link, struct message *message)
{
    message->envelope.sender = link->incarnation;
    const enum status status = wire_encode(&link->buffer, message);
    if (status != STATUS_OK)
        return status;
    return link_send_frame(link, link->buffer.bytes, link->buffer.size);
}

enum status link_send_frame(struct link *link, const void *bytes, size_t size)
{
    return channel_send(link->control, bytes, size);
}

enum status link_receive(struct link *link, struct message *message, struct reason *why)
{
    uint32_t version;
    enum status status = channel_receive(link->control, &link->frame);
    if (status != STATUS_OK)
        return STATUS_AGAIN;
    status = wire_decode(link->frame.bytes, link->frame.size, message, &version, why);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (version != PROTOCOL_VERSION) {
        const struct reason versions = *why;
        return reason_set(why, STATUS_MACHINE, "%s: %s", link->endpoint, versions.text);
    }
    if (link->malformed++ == 0)
        log_error("%s: a frame from there is dropped: %s", link->endpoint, why->text);
    return STATUS_MALFORMED;
}

void link_heard(struct link *link, usec now)
{
    link->heard = now;
    link->patience = PATIENCE;
}

enum status link_turn(struct link *link, usec now, bool *reopened, struct reason *why)
{
    const usec last = link->heard > link->opened ? link->heard : link->opened;
    *reopened = now - last >= link->patience;
    if (!*reopened)
        return STATUS_OK;
    link->patience = link->patience < PATIENCE_MAX / 2 ? 2 * link->patience : PATIENCE_MAX;
    channel_close(&link->control, 0);
    return open_channel(link, now, why);
}

/* Frames out: the envelope is the same for all, the body is what the caller put into head->out. */

#include <string.h>

#include "common/log.h"
#include "ventilator/head.h"

bool post_send(struct head *head, const struct peer_id *peer)
{
    head->out.envelope.run = head->run;
    head->out.envelope.epoch = head->epoch;
    head->out.envelope.sender = head->incarnation;
    if (wire_encode(&head->buffer, &head->out) != STATUS_OK) {
        head_fail(head, "out of memory for a message");
        return false;
    }
    return channel_send_to(head->control, peer, head->buffer.bytes, head->buffer.size) == STATUS_OK;
}

void post_simple(struct head *head, const struct peer_id *peer, enum message_type type)
{
    head->out.envelope.type = type;
    (void)post_send(head, peer);
}

void post_reply(struct head *head, enum message_type type)
{
    post_simple(head, &head->frame.peer, type);
}

void post_alive(struct head *head, const struct peer_id *peer, usec sent)
{
    head->out.alive.sent = sent;
    post_simple(head, peer, MSG_ALIVE);
}

void post_refuse(struct head *head, const struct peer_id *peer, const char *text)
{
    head->out.envelope.type = MSG_REFUSED;
    head->out.refused = text_of(text);
    (void)post_send(head, peer);
}

void post_setup(const struct head *head, struct run_setup *setup)
{
    const struct sources *sources = head->config->sources;
    setup->options = *head->config->options;
    setup->dest = text_of(sources->dest);
    setup->root_count = sources->root_count;
    for (uint32_t i = 0; i < sources->root_count; i++)
        setup->roots[i] = text_of(sources->roots[i]);
}

/*
 * Silence is measured from what was heard last, or from the channel's opening, whichever is later,
 * so that each new channel gets its time to connect.
 */

#include "worker/session.h"

#include "common/log.h"
#include "common/protocol.h"
#include "common/random.h"

/* An answer to HELLO or BEAT is due each second. */
#define PATIENCE_MIN (5 * US_PER_S)
#define PATIENCE_MAX (30 * US_PER_S)

static enum status open_channel(struct session *session, struct reason *why)
{
    session->opened = clock_now();
    enum status status =
        channel_open(&session->control, session->context, CHANNEL_CLIENT, FRAME_CONTROL_MAX, why);
    if (status == STATUS_OK)
        status = channel_connect(session->control, session->endpoint, why);
    return status;
}

enum status session_open(struct session *session, struct context *context,
                         const struct address *head, struct reason *why)
{
    *session =
        (struct session){.context = context, .incarnation = random_id(), .patience = PATIENCE_MIN};
    address_endpoint(head, SOCKET_CONTROL, session->endpoint);
    enum status status = open_channel(session, why);
    session->heard = session->opened;
    if (status != STATUS_OK)
        session_close(session, 0);
    return status;
}

void session_close(struct session *session, usec linger)
{
    channel_close(&session->control, linger);
    buffer_close(&session->buffer);
}

enum status session_send(struct session *session, struct message *message)
{
    message->envelope.run = session->run;
    message->envelope.epoch = session->epoch;
    message->envelope.sender = session->incarnation;
    enum status status = wire_encode(&session->buffer, message);
    if (status == STATUS_OK)
        status = channel_send(session->control, session->buffer.bytes, session->buffer.size);
    return status;
}

static bool is_for_us(const struct session *session, const struct envelope *envelope)
{
    switch (envelope->type) {
    case MSG_WELCOME:
    case MSG_WHO:
    case MSG_REFUSED:
        return true;
    case MSG_END: // of a run that ended before it welcomed us, too
        return session->epoch == 0 || envelope->epoch == session->epoch;
    default:
        return envelope->run == session->run && envelope->epoch == session->epoch;
    }
}

/* STATUS_MALFORMED: this one is dropped. */
static enum status receive_one(struct session *session, struct message *message, struct reason *why)
{
    struct frame frame;
    struct reason bad = {0};
    uint32_t version = PROTOCOL_VERSION;
    if (channel_receive(session->control, &frame) != STATUS_OK)
        return STATUS_AGAIN;
    if (wire_decode(frame.bytes, frame.size, message, &version, &bad) == STATUS_OK) {
        session_heard(session, clock_now());
        return is_for_us(session, &message->envelope) ? STATUS_OK : STATUS_MALFORMED;
    }
    if (version != PROTOCOL_VERSION)
        return reason_set(why, STATUS_MACHINE, "%s: %s", session->endpoint, bad.text);
    if (session->malformed++ == 0)
        log_error("%s: a bad frame is dropped: %s", session->endpoint, bad.text);
    return STATUS_MALFORMED;
}

enum status session_receive(struct session *session, struct message *message, struct reason *why)
{
    enum status status = STATUS_MALFORMED;
    while (status == STATUS_MALFORMED)
        status = receive_one(session, message, why);
    return status;
}

void session_heard(struct session *session, usec now)
{
    session->heard = now;
    session->patience = PATIENCE_MIN;
    session->noticed = false;
}

static usec silent_since(const struct session *session)
{
    return session->heard > session->opened ? session->heard : session->opened;
}

enum status session_tend(struct session *session, usec now, bool *reopened, struct reason *why)
{
    *reopened = false;
    if (!session->noticed && now - session->heard >= WAITING_NOTICE) {
        session->noticed = true;
        log_info("waiting for a head at %s", session->endpoint);
    }
    if (now - silent_since(session) < session->patience)
        return STATUS_OK;
    *reopened = true;
    session->patience = 2 * session->patience < PATIENCE_MAX ? 2 * session->patience : PATIENCE_MAX;
    channel_close(&session->control, 0);
    return open_channel(session, why);
}

usec session_deadline(const struct session *session)
{
    usec anew = silent_since(session) + session->patience;
    usec notice = session->heard + WAITING_NOTICE;
    return session->noticed || anew < notice ? anew : notice;
}

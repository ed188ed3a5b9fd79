/*
 * Sockets of libzmq 4.3 as channels. What each option is for stands beside it; the reasons were
 * measured on 4.3.4 (docs/DECISIONS.md). Left alone on purpose: ZMQ_HEARTBEAT_* and ZMQ_TCP_MAXRT
 * (both abort the process under load), monitors (one that is not read freezes the I/O thread),
 * ROUTER_HANDOVER (a stranger could take over a peer's connection by its id).
 *
 * What no option bounds: a peer may send parts of one message without end, and libzmq keeps them
 * until the last. Only peers that were let in can do so.
 */

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/channel.h"

#define HANDSHAKE_MS 3000
/* Messages that wait at either end of a connection. */
#define MARK_JOBS 1
#define MARK_RESULTS 1000
#define MARK_CONTROL 1000
/* The kernel's buffers for jobs: some sixty of them instead of twenty thousand. */
#define KERNEL_BUFFER_JOBS 4096
/* Connections that wait to be accepted: a fleet that starts at one moment. */
#define BACKLOG 1024
/* How fast a lost connection is tried again: at first, and at most. */
#define RECONNECT_MS 100
#define RECONNECT_MAX_MS 2000
/* Notice a peer whose machine vanished: after 60 s of silence, six questions, 10 s apart. */
#define KEEPALIVE_IDLE_S 60
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT 6
/* Unfit messages, and parts of one, thrown away in one call, so that they hold up nobody else. */
#define DISCARD_MAX 1024

struct channel {
    void *socket;
    enum channel_kind kind;
    size_t max_size;
    zmq_msg_t message; // the frame last received
    bool discarding;   // the rest of an unfit message is still to come
    uint16_t port;
    uint64_t dropped;
};

/* A context is libzmq's own object: struct context is only its name here. */
enum status context_open(struct context **context, struct reason *why)
{
    *context = zmq_ctx_new();
    if (*context == NULL)
        return reason_set(why, STATUS_MACHINE, "cannot set up messaging: %s", zmq_strerror(errno));
    return STATUS_OK;
}

void context_close(struct context **context)
{
    if (*context == NULL)
        return;
    while (zmq_ctx_term(*context) != 0 && errno == EINTR)
        continue;
    *context = NULL;
}

static int socket_type(enum channel_kind kind)
{
    switch (kind) {
    case CHANNEL_SERVER:
        return ZMQ_ROUTER;
    case CHANNEL_CLIENT:
        return ZMQ_DEALER;
    case CHANNEL_JOBS_PUSH:
    case CHANNEL_RESULTS_PUSH:
        return ZMQ_PUSH;
    default:
        return ZMQ_PULL;
    }
}

static bool is_jobs(enum channel_kind kind)
{
    return kind == CHANNEL_JOBS_PUSH || kind == CHANNEL_JOBS_PULL;
}

static bool is_results(enum channel_kind kind)
{
    return kind == CHANNEL_RESULTS_PUSH || kind == CHANNEL_RESULTS_PULL;
}

static bool set_option(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool set_common_options(struct channel *channel)
{
    void *socket = channel->socket;
    int64_t max_size = (int64_t)channel->max_size; // unset, one frame's head reserves 8 GiB
    return zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_size, sizeof max_size) == 0 &&
           set_option(socket, ZMQ_LINGER, 0) && set_option(socket, ZMQ_IPV6, 1) &&
           set_option(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
           set_option(socket, ZMQ_BACKLOG, BACKLOG) &&
           set_option(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS) &&
           set_option(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS) &&
           set_option(socket, ZMQ_TCP_KEEPALIVE, 1) &&
           set_option(socket, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S) &&
           set_option(socket, ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL_S) &&
           set_option(socket, ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT);
}

static bool set_kind_options(struct channel *channel)
{
    void *socket = channel->socket;
    enum channel_kind kind = channel->kind;
    int mark = is_jobs(kind) ? MARK_JOBS : is_results(kind) ? MARK_RESULTS : MARK_CONTROL;
    // Both marks on all of them: a peer may send into a PUSH as well.
    bool set = set_option(socket, ZMQ_SNDHWM, mark) && set_option(socket, ZMQ_RCVHWM, mark);
    if (is_jobs(kind))
        set = set && set_option(socket, ZMQ_SNDBUF, KERNEL_BUFFER_JOBS) &&
              set_option(socket, ZMQ_RCVBUF, KERNEL_BUFFER_JOBS);
    if (socket_type(kind) == ZMQ_PUSH) // nothing queues for who is not connected
        set = set && set_option(socket, ZMQ_IMMEDIATE, 1);
    if (kind == CHANNEL_SERVER) // an error instead of silence when a peer is gone or full
        set = set && set_option(socket, ZMQ_ROUTER_MANDATORY, 1);
    return set;
}

enum status channel_open(struct channel **channel, struct context *context, enum channel_kind kind,
                         size_t max_size, struct reason *why)
{
    struct channel *opened = calloc(1, sizeof *opened);
    *channel = NULL;
    if (opened == NULL)
        return reason_set(why, STATUS_MACHINE, "cannot open a socket: out of memory");
    opened->kind = kind;
    opened->max_size = max_size;
    zmq_msg_init(&opened->message);
    opened->socket = zmq_socket(context, socket_type(kind));
    if (opened->socket == NULL || !set_common_options(opened) || !set_kind_options(opened)) {
        enum status status =
            reason_set(why, STATUS_MACHINE, "cannot open a socket: %s", zmq_strerror(errno));
        channel_close(&opened, 0);
        return status;
    }
    *channel = opened;
    return STATUS_OK;
}

void channel_close(struct channel **channel, usec linger)
{
    struct channel *closing = *channel;
    if (closing == NULL)
        return;
    zmq_msg_close(&closing->message);
    if (closing->socket != NULL) {
        set_option(closing->socket, ZMQ_LINGER, (int)(linger / US_PER_MS));
        zmq_close(closing->socket);
    }
    free(closing);
    *channel = NULL;
}

static const char *bind_advice(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "address already in use; choose another port or stop what listens there";
    case EADDRNOTAVAIL:
    case ENODEV:
        return "not an address of this machine; give one of its own in numbers, or * for all";
    case EACCES:
    case EPERM:
        return "permission denied; choose a port above 1023 or a folder of your own";
    case EINVAL:
    case EPROTONOSUPPORT:
        return "not an endpoint; expected tcp://HOST:PORT, ipc://PATH or inproc://NAME";
    case ENAMETOOLONG:
        return "the path is too long for a socket; choose a shorter one";
    default:
        return zmq_strerror(error);
    }
}

/* The port the kernel chose, from "tcp://127.0.0.1:40123". */
static uint16_t bound_port(void *socket)
{
    char endpoint[ENDPOINT_SIZE] = "";
    size_t size = sizeof endpoint;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0 ||
        strncmp(endpoint, "tcp://", strlen("tcp://")) != 0)
        return 0;
    const char *colon = strrchr(endpoint, ':');
    return (uint16_t)strtoul(colon + 1, NULL, 10);
}

enum status channel_bind(struct channel *channel, const char *endpoint, struct reason *why)
{
    if (zmq_bind(channel->socket, endpoint) != 0)
        return reason_set(why, STATUS_MACHINE, "%s: %s", endpoint, bind_advice(errno));
    channel->port = bound_port(channel->socket);
    return STATUS_OK;
}

uint16_t channel_port(const struct channel *channel)
{
    return channel->port;
}

enum status channel_connect(struct channel *channel, const char *endpoint, struct reason *why)
{
    if (zmq_connect(channel->socket, endpoint) != 0)
        return reason_set(why, STATUS_MACHINE, "cannot connect to %s: %s", endpoint,
                          zmq_strerror(errno));
    return STATUS_OK;
}

static enum status status_of(int error)
{
    switch (error) {
    case EAGAIN:
        return STATUS_AGAIN;
    case EHOSTUNREACH: // no such peer of a ROUTER
    case ETERM:
        return STATUS_CLOSED;
    default:
        return STATUS_MACHINE;
    }
}

static enum status send_part(struct channel *channel, const void *bytes, size_t size, int flags)
{
    int sent;
    do {
        sent = zmq_send(channel->socket, bytes, size, flags | ZMQ_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? status_of(errno) : STATUS_OK;
}

enum status channel_send(struct channel *channel, const void *bytes, size_t size)
{
    assert(channel->kind != CHANNEL_SERVER);
    return send_part(channel, bytes, size, 0);
}

enum status channel_send_to(struct channel *channel, const struct peer_id *peer, const void *bytes,
                            size_t size)
{
    assert(channel->kind == CHANNEL_SERVER);
    enum status status = send_part(channel, peer->bytes, peer->size, ZMQ_SNDMORE);
    return status == STATUS_OK ? send_part(channel, bytes, size, 0) : status;
}

/* One part into channel->message. */
static enum status receive_part(struct channel *channel, bool *more)
{
    int received;
    do {
        received = zmq_msg_recv(&channel->message, channel->socket, ZMQ_DONTWAIT);
    } while (received < 0 && errno == EINTR);
    if (received < 0)
        return status_of(errno);
    *more = zmq_msg_more(&channel->message);
    return STATUS_OK;
}

/* Throws away what is left of an unfit message. STATUS_AGAIN when more of it must wait for the next
 * call; the channel stays readable until then. */
static enum status discard(struct channel *channel)
{
    enum status status = STATUS_OK;
    for (int parts = 0; channel->discarding && status == STATUS_OK; parts++)
        status = parts < DISCARD_MAX ? receive_part(channel, &channel->discarding) : STATUS_AGAIN;
    return status;
}

/* True for a numeric address; peers of ipc have "uid:gid:pid" in its place, of inproc nothing. */
static bool is_numeric_host(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static void write_peer_host(zmq_msg_t *message, char host[HOST_SIZE])
{
    static const char mapped[] = "::ffff:"; // IPv4 seen through a socket for both
    const char *seen = zmq_msg_gets(message, "Peer-Address");
    host[0] = '\0';
    if (seen == NULL)
        return;
    if (strncmp(seen, mapped, strlen(mapped)) == 0 && strchr(seen, '.') != NULL)
        seen += strlen(mapped);
    if (is_numeric_host(seen))
        snprintf(host, HOST_SIZE, "%s", seen);
}

/* A ROUTER puts the peer's name before each message. False: the name is longer than any of ours. */
static bool take_peer(struct channel *channel, struct peer_id *peer)
{
    size_t size = zmq_msg_size(&channel->message);
    if (size > sizeof peer->bytes)
        return false;
    peer->size = (uint8_t)size;
    memcpy(peer->bytes, zmq_msg_data(&channel->message), size);
    return true;
}

/* One message of one frame. STATUS_MALFORMED: it was another, and what is left of it is still to be
 * thrown away (channel->discarding). */
static enum status receive_one(struct channel *channel, struct frame *frame)
{
    bool more = false, fit = true;
    enum status status = receive_part(channel, &more);
    if (status == STATUS_OK && channel->kind == CHANNEL_SERVER) {
        fit = more && take_peer(channel, &frame->peer);
        if (more)
            status = receive_part(channel, &more);
    }
    if (status != STATUS_OK)
        return status;
    channel->discarding = more;
    // libzmq sees to the size on every transport but inproc.
    if (!fit || more || zmq_msg_size(&channel->message) > channel->max_size)
        return STATUS_MALFORMED;
    frame->bytes = zmq_msg_data(&channel->message);
    frame->size = zmq_msg_size(&channel->message);
    frame->host[0] = '\0';
    if (channel->kind == CHANNEL_SERVER)
        write_peer_host(&channel->message, frame->host);
    return STATUS_OK;
}

enum status channel_receive(struct channel *channel, struct frame *frame)
{
    for (int unfit = 0; unfit < DISCARD_MAX; unfit++) {
        enum status status = discard(channel);
        if (status == STATUS_OK)
            status = receive_one(channel, frame);
        if (status != STATUS_MALFORMED)
            return status;
        channel->dropped++;
    }
    return STATUS_AGAIN;
}

uint64_t channel_dropped(const struct channel *channel)
{
    return channel->dropped;
}

/* Rounded up, so that a wait of less than a millisecond is not a loop. */
static long milliseconds(usec span)
{
    return span < 0 ? -1 : (long)((span + US_PER_MS - 1) / US_PER_MS);
}

/* zmq_poll, begun again with what is left of the time when a signal came between. */
static int poll_items(zmq_pollitem_t *items, size_t count, usec timeout)
{
    usec deadline = timeout > 0 ? clock_now() + timeout : timeout;
    int ready = zmq_poll(items, (int)count, milliseconds(timeout));
    while (ready < 0 && errno == EINTR) {
        usec left = timeout > 0 ? deadline - clock_now() : timeout;
        ready = zmq_poll(items, (int)count, milliseconds(timeout > 0 && left < 0 ? 0 : left));
    }
    return ready;
}

enum status channel_wait(struct wait_item *items, size_t count, usec timeout)
{
    zmq_pollitem_t polled[WAIT_ITEMS_MAX];
    assert(count <= WAIT_ITEMS_MAX);
    for (size_t i = 0; i < count; i++) {
        polled[i] = (zmq_pollitem_t){
            .socket = items[i].channel != NULL ? items[i].channel->socket : NULL,
            .fd = items[i].fd,
            .events = (short)(ZMQ_POLLIN | (items[i].want_send ? ZMQ_POLLOUT : 0)),
        };
    }
    if (poll_items(polled, count, timeout) < 0)
        return status_of(errno);
    for (size_t i = 0; i < count; i++) {
        // An end that was closed is readable: the reader finds out.
        items[i].readable = (polled[i].revents & (ZMQ_POLLIN | ZMQ_POLLERR)) != 0;
        items[i].writable = (polled[i].revents & ZMQ_POLLOUT) != 0;
    }
    return STATUS_OK;
}

void channel_library_version(char *text, size_t size)
{
    int major = 0, minor = 0, patch = 0;
    zmq_version(&major, &minor, &patch);
    snprintf(text, size, "%d.%d.%d", major, minor, patch);
}

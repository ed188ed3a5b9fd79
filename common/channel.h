#pragma once

/*
 * The only file with <zmq.h>: sockets as channels of whole frames, safe by construction.
 *
 * Every channel has a maximum message size, marks on both sides, a handshake interval, one frame a
 * message (multipart is dropped and counted), linger stated at close, and none of the options that
 * abort libzmq 4.3.4 (heartbeats on PUSH/PULL, TCP_MAXRT, monitors). A channel belongs to one
 * thread; a context is shared.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/address.h"
#include "common/clock.h"
#include "common/status.h"

struct context;
struct channel;

enum channel_kind {
    CHANNEL_SERVER, // ROUTER: answers go to the peer that was heard
    CHANNEL_CLIENT, // DEALER
    // PUSH deals round robin to those who are connected and have room. Jobs have marks of 1 and
    // 4 kB kernel buffers at both ends, so that little waits at a worker that does not take it;
    // results have marks of 1000.
    CHANNEL_JOBS_PUSH,
    CHANNEL_JOBS_PULL,
    CHANNEL_RESULTS_PUSH,
    CHANNEL_RESULTS_PULL,
};

/* A ROUTER's name for a connection. libzmq's own are 5 bytes; ours are never set. */
#define PEER_ID_SIZE 16
struct peer_id {
    uint8_t size;
    uint8_t bytes[PEER_ID_SIZE];
};

/* A received frame; valid until the channel's next receive. */
struct frame {
    const void *bytes;
    size_t size;
    struct peer_id peer;  // of a SERVER
    char host[HOST_SIZE]; // where a SERVER's peer is seen from; empty where unknown
};

enum status context_open(struct context **context, struct reason *why) MUST_USE;
void context_close(struct context **context); // every channel must be closed; waits for lingering

/* max_size: bytes of the longest frame a peer may send. */
enum status channel_open(struct channel **channel, struct context *context, enum channel_kind kind,
                         size_t max_size, struct reason *why) MUST_USE;
/* Returns at once; what was sent has up to `linger` to leave (0: it is dropped), for which
 * context_close() waits. Writes NULL; NULL in is fine. */
void channel_close(struct channel **channel, usec linger);

/* STATUS_MACHINE with the endpoint and the cause when it is taken or makes no sense here. The file
 * of an ipc endpoint is replaced without a question and stays behind: its folder's owner sees to
 * both. */
enum status channel_bind(struct channel *channel, const char *endpoint,
                         struct reason *why) MUST_USE;
/* The port the last bind got (tcp; 0 otherwise). */
uint16_t channel_port(const struct channel *channel);
/* Returns at once; libzmq connects and reconnects behind it. */
enum status channel_connect(struct channel *channel, const char *endpoint,
                            struct reason *why) MUST_USE;

/* Never block. STATUS_AGAIN: nobody has room; nothing was sent. */
enum status channel_send(struct channel *channel, const void *bytes, size_t size) MUST_USE;
/* SERVER only. STATUS_CLOSED when that peer is gone. */
enum status channel_send_to(struct channel *channel, const struct peer_id *peer, const void *bytes,
                            size_t size) MUST_USE;
/* Never blocks. STATUS_AGAIN when nothing waits, or when it threw away so much that others should
 * have their turn: then channel_wait() finds it readable at once. */
enum status channel_receive(struct channel *channel, struct frame *frame) MUST_USE;

/* How many multipart or otherwise unfit messages this channel dropped. */
uint64_t channel_dropped(const struct channel *channel);

/* One thing to wait for: a channel, or (channel NULL) a descriptor, which is skipped when -1. */
struct wait_item {
    struct channel *channel;
    int fd;
    bool want_send;          // also wake when the channel can send (a PUSH, CLIENT)
    bool readable, writable; // results
};

/* Most items of one wait: a role has at most five sockets and a few descriptors. */
#define WAIT_ITEMS_MAX 16

/* Waits until one is ready or `timeout` has passed (negative: for ever). Results in the items.
 * STATUS_CLOSED when the context is being closed. EINTR is no result. */
enum status channel_wait(struct wait_item *items, size_t count, usec timeout) MUST_USE;

/* "4.3.4" */
void channel_library_version(char *text, size_t size);

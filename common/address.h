#pragma once

/*
 * Where a head listens: one endpoint a person types, and the sockets that follow from it. Pure.
 *
 *   tcp://host:port   control on port, the other sockets on the next four; port 0: the kernel's
 *                     choice for each
 *   ipc://path        path, path.jobs, path.results ...
 *   inproc://name     name, name.jobs, name.results ...
 *   host, host:port, [v6]:port   taken for tcp; the port is 5755 unless given
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

#define DEFAULT_PORT 5755
/* ZMQ's own limit is the longest of tcp://[v6%scope]:port and ipc:// with sun_path of 108. */
#define ENDPOINT_SIZE 256
#define HOST_SIZE 200

enum transport { TRANSPORT_TCP, TRANSPORT_IPC, TRANSPORT_INPROC };

/* In the order of their ports. FILES and STATS are reserved. */
enum socket_role { SOCKET_CONTROL, SOCKET_JOBS, SOCKET_FILES, SOCKET_RESULTS, SOCKET_STATS };

struct address {
    enum transport transport;
    char host[HOST_SIZE]; // or path, or name; IPv6 without its brackets
    uint16_t port;        // tcp only
};

enum status address_parse(const char *text, struct address *address, struct reason *why) MUST_USE;

/* The endpoint of one of its sockets: "tcp://host:5756". With port 0: "tcp://host:*". */
void address_endpoint(const struct address *address, enum socket_role role,
                      char endpoint[ENDPOINT_SIZE]);
/* The same, for a tcp port that was announced (not base + n). */
void address_endpoint_at(const struct address *address, enum socket_role role, uint16_t port,
                         char endpoint[ENDPOINT_SIZE]);

/* True for ipc, inproc, and tcp to 127.0.0.0/8, ::1 or localhost. */
bool address_is_local(const struct address *address);

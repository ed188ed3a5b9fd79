/*
 * Endpoints as a person types them, and the endpoints of the five sockets that follow from one.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "common/address.h"

/* The last base from which every socket's port is one. */
#define PORT_MAX (UINT16_MAX - SOCKET_STATS)
/* A file name of a Unix socket, with its NUL. */
#define IPC_PATH_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)

static const char *const schemes[] = {
    [TRANSPORT_TCP] = "tcp://",
    [TRANSPORT_IPC] = "ipc://",
    [TRANSPORT_INPROC] = "inproc://",
};

static const char *const suffixes[] = {
    [SOCKET_CONTROL] = "",         [SOCKET_JOBS] = ".jobs",   [SOCKET_FILES] = ".files",
    [SOCKET_RESULTS] = ".results", [SOCKET_STATS] = ".stats",
};

/* Digits only, so that neither a sign, a blank nor 0x passes. "*" is 0. */
static enum status parse_port(const char *text, const char *digits, struct address *address,
                              struct reason *why)
{
    if (strcmp(digits, "*") == 0) {
        address->port = 0;
        return STATUS_OK;
    }
    size_t length = strspn(digits, "0123456789");
    unsigned long port = length > 0 && length <= 5 ? strtoul(digits, NULL, 10) : UINT16_MAX;
    if (digits[length] != '\0' || port > PORT_MAX)
        return reason_set(why, STATUS_USAGE,
                          "%s: \"%s\" is not a port; expected 1 to %d, or 0 for any that is free",
                          text, digits, PORT_MAX);
    address->port = (uint16_t)port;
    return STATUS_OK;
}

static enum status set_host(const char *text, const char *host, size_t length,
                            struct address *address, struct reason *why)
{
    if (length == 0)
        return reason_set(why, STATUS_USAGE,
                          "%s: incomplete; expected tcp://HOST:PORT, ipc://PATH or inproc://NAME",
                          text);
    if (length >= sizeof address->host)
        return reason_set(why, STATUS_USAGE, "%.40s...: the name is longer than %d characters",
                          text, HOST_SIZE - 1);
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    return STATUS_OK;
}

/* "host", "host:port", "[v6]", "[v6]:port": what follows tcp:// in `text`. */
static enum status parse_tcp(const char *text, const char *rest, struct address *address,
                             struct reason *why)
{
    const char *host = rest, *end = rest + strcspn(rest, ":"), *after = end;
    if (*rest == '[') {
        host = rest + 1;
        end = host + strcspn(host, "]");
        after = *end == ']' ? end + 1 : end;
    }
    if ((*rest == '[' && *end != ']') || (*after != '\0' && *after != ':') ||
        strchr(after, ':') != strrchr(after, ':'))
        return reason_set(why, STATUS_USAGE,
                          "%s: not HOST:PORT; an IPv6 address stands in brackets: [::1]:%d", text,
                          DEFAULT_PORT);
    enum status status = set_host(text, host, (size_t)(end - host), address, why);
    if (status != STATUS_OK)
        return status;
    address->port = DEFAULT_PORT;
    return *after == ':' ? parse_port(text, after + 1, address, why) : STATUS_OK;
}

static enum status parse_path(const char *text, const char *path, struct address *address,
                              struct reason *why)
{
    size_t longest = strlen(suffixes[SOCKET_RESULTS]);
    size_t most = IPC_PATH_SIZE - 1 - longest;
    if (strlen(path) > most)
        return reason_set(why, STATUS_USAGE,
                          "%.40s...: the path of a socket has at most %zu bytes here", text, most);
    return set_host(text, path, strlen(path), address, why);
}

enum status address_parse(const char *text, struct address *address, struct reason *why)
{
    const char *mark = strstr(text, "://");
    *address = (struct address){0};
    if (mark == NULL)
        return parse_tcp(text, text, address, why);
    for (int transport = TRANSPORT_TCP; transport <= TRANSPORT_INPROC; transport++) {
        size_t length = strlen(schemes[transport]);
        if (strncmp(text, schemes[transport], length) != 0)
            continue;
        const char *rest = text + length;
        address->transport = (enum transport)transport;
        if (transport == TRANSPORT_TCP)
            return parse_tcp(text, rest, address, why);
        if (transport == TRANSPORT_IPC)
            return parse_path(text, rest, address, why);
        return set_host(text, rest, strlen(rest), address, why);
    }
    return reason_set(why, STATUS_USAGE,
                      "%s: not an endpoint; expected tcp://HOST:PORT, HOST:PORT, ipc://PATH or "
                      "inproc://NAME",
                      text);
}

void address_endpoint_at(const struct address *address, enum socket_role role, uint16_t port,
                         char endpoint[ENDPOINT_SIZE])
{
    const char *scheme = schemes[address->transport];
    if (address->transport != TRANSPORT_TCP) {
        snprintf(endpoint, ENDPOINT_SIZE, "%s%s%s", scheme, address->host, suffixes[role]);
        return;
    }
    bool v6 = strchr(address->host, ':') != NULL;
    char digits[sizeof "65535"] = "*";
    if (port != 0)
        snprintf(digits, sizeof digits, "%u", port);
    snprintf(endpoint, ENDPOINT_SIZE, "%s%s%s%s:%s", scheme, v6 ? "[" : "", address->host,
             v6 ? "]" : "", digits);
}

void address_endpoint(const struct address *address, enum socket_role role,
                      char endpoint[ENDPOINT_SIZE])
{
    uint16_t port = address->port == 0 ? 0 : (uint16_t)(address->port + role);
    address_endpoint_at(address, role, port, endpoint);
}

bool address_is_local(const struct address *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (address->transport != TRANSPORT_TCP || strcasecmp(address->host, "localhost") == 0)
        return true;
    // Parsed, for 127.example.org is not of this machine.
    if (inet_pton(AF_INET, address->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

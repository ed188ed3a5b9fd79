/*
 * One record is one packet, so a record is whole or it is refused. Everything is checked although
 * the slot is trusted: a decoder of one build may be started by a program of another.
 */

#include "worker/decoder/conversation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DESCRIPTORS_MAX (1 + SIZES_MAX)

union record {
    uint32_t kind;
    struct decoder_setup setup;
    struct decoder_request request;
    struct decoder_admit admit;
};

struct packet {
    union record record;
    size_t size;
    bool cut; // descriptors were lost: the process has no room for more
    int descriptors[DESCRIPTORS_MAX];
    uint32_t descriptor_count;
};

static void take_descriptors(struct packet *packet, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        packet->descriptor_count = (uint32_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(packet->descriptors, CMSG_DATA(c), packet->descriptor_count * sizeof(int));
    }
}

static void close_descriptors(struct packet *packet)
{
    for (uint32_t i = 0; i < packet->descriptor_count; i++)
        close(packet->descriptors[i]);
    packet->descriptor_count = 0;
}

static enum status receive(struct conversation *conversation, struct packet *packet)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
        struct cmsghdr align;
    } control;
    struct iovec part = {&packet->record, sizeof packet->record};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got;
    do
        got = recvmsg(conversation->fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return STATUS_CLOSED;

    packet->size = (size_t)got;
    packet->cut = message.msg_flags & MSG_CTRUNC;
    packet->descriptor_count = 0;
    take_descriptors(packet, &message);
    if (packet->size >= sizeof packet->record.kind && !(message.msg_flags & MSG_TRUNC))
        return STATUS_OK;
    close_descriptors(packet);
    return STATUS_MALFORMED;
}

static enum status transmit(struct conversation *conversation, const void *record, size_t size)
{
    ssize_t sent;
    do
        sent = send(conversation->fd, record, size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)size ? STATUS_OK : STATUS_CLOSED;
}

bool conversation_is_ours(void)
{
    int type = 0;
    struct ucred peer;
    socklen_t size = sizeof type;
    if (getsockopt(DECODER_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_SEQPACKET)
        return false;
    size = sizeof peer;
    return getsockopt(DECODER_FD, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           peer.pid == getppid();
}

static bool terminated(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

static bool options_make_sense(const struct run_options *options)
{
    if (options->size_count < 1 || options->size_count > SIZES_MAX ||
        (unsigned)options->crop >= CROPS || (unsigned)options->fail_on >= FAIL_ONS)
        return false;
    for (uint32_t i = 0; i < options->size_count; i++) {
        const struct size_spec *size = &options->sizes[i];
        if (size->width < 1 || size->width > SIZE_FREE || size->height < 1 ||
            size->height > SIZE_FREE || (unsigned)size->mode > SIZE_FORCE)
            return false;
    }
    return terminated(options->profile, sizeof options->profile);
}

static const char *complaint(const struct packet *packet)
{
    const struct decoder_setup *setup = &packet->record.setup;
    if (packet->size != sizeof *setup || setup->protocol != DECODER_PROTOCOL)
        return "thumbmill-decoder is of another version than thumbmill; install both of one build";
    if (!options_make_sense(&setup->options) || !terminated(setup->saver, sizeof setup->saver))
        return "options that make no sense";
    return NULL;
}

enum status conversation_open(struct conversation *conversation, struct decoder_setup *setup)
{
    *conversation = (struct conversation){.fd = DECODER_FD};
    struct packet packet;
    enum status status = receive(conversation, &packet);
    if (status != STATUS_OK)
        return status;
    close_descriptors(&packet);
    if (packet.record.kind != DECODER_SETUP)
        return STATUS_MALFORMED;

    const char *refusal = complaint(&packet);
    if (refusal) {
        status = conversation_ready(conversation, refusal);
        return status == STATUS_OK ? STATUS_USAGE : status;
    }
    *setup = packet.record.setup;
    conversation->output_count = setup->options.size_count;
    return STATUS_OK;
}

void conversation_close(struct conversation *conversation)
{
    if (conversation->has_queued)
        request_clear(&conversation->queued);
    conversation->has_queued = false;
}

enum status conversation_ready(struct conversation *conversation, const char *refusal)
{
    struct decoder_ready ready = {
        .record = DECODER_READY, .protocol = DECODER_PROTOCOL, .ok = refusal == NULL};
    snprintf(ready.text, sizeof ready.text, "%s", refusal ? refusal : "");
    return transmit(conversation, &ready, sizeof ready);
}

/* Takes the packet's descriptors. */
static enum status to_request(struct conversation *conversation, struct packet *packet,
                              struct request *request)
{
    bool whole = packet->descriptor_count == 1 + conversation->output_count;
    if (packet->size != sizeof packet->record.request || (!whole && !packet->cut)) {
        close_descriptors(packet);
        return STATUS_MALFORMED;
    }
    *request = (struct request){
        .serial = packet->record.request.serial, .size = packet->record.request.size, .input = -1};
    if (!whole) {
        close_descriptors(packet);
        request->error_number = EMFILE;
        return STATUS_OK;
    }
    request->input = packet->descriptors[0];
    request->output_count = conversation->output_count;
    memcpy(request->outputs, packet->descriptors + 1, request->output_count * sizeof(int));
    return STATUS_OK;
}

enum status conversation_next(struct conversation *conversation, struct request *request)
{
    if (conversation->has_queued) {
        *request = conversation->queued;
        conversation->has_queued = false;
        return STATUS_OK;
    }
    struct packet packet;
    enum status status = receive(conversation, &packet);
    if (status != STATUS_OK)
        return status;
    if (packet.record.kind != DECODER_REQUEST) {
        close_descriptors(&packet);
        return STATUS_MALFORMED;
    }
    return to_request(conversation, &packet, request);
}

enum status conversation_ask(struct conversation *conversation, uint32_t serial, uint64_t bytes,
                             bool *admitted)
{
    struct decoder_need need = {.record = DECODER_NEED, .serial = serial, .bytes = bytes};
    enum status status = transmit(conversation, &need, sizeof need);
    while (status == STATUS_OK) {
        struct packet packet;
        status = receive(conversation, &packet);
        if (status != STATUS_OK)
            break;
        const struct decoder_admit *admit = &packet.record.admit;
        if (admit->record == DECODER_ADMIT && packet.size == sizeof *admit &&
            admit->serial == serial) {
            close_descriptors(&packet);
            *admitted = admit->admitted != 0;
            return STATUS_OK;
        }
        if (admit->record != DECODER_REQUEST || conversation->has_queued) {
            close_descriptors(&packet);
            return STATUS_MALFORMED;
        }
        status = to_request(conversation, &packet, &conversation->queued);
        conversation->has_queued = status == STATUS_OK;
    }
    return status;
}

enum status conversation_reply(struct conversation *conversation, const struct decoder_reply *reply)
{
    return transmit(conversation, reply, sizeof *reply);
}

void request_clear(struct request *request)
{
    if (request->input >= 0)
        close(request->input);
    for (uint32_t i = 0; i < request->output_count; i++)
        close(request->outputs[i]);
    *request = (struct request){.input = -1};
}

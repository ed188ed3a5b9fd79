#pragma once

/*
 * Values to bytes and back: the only file with MessagePack. Unaware of sockets.
 *
 * A frame is one MessagePack array [version, type, run, epoch, sender, body...]. Decoding checks
 * every byte of it: structure, lengths, counts, ranges and enums; hostile bytes give
 * STATUS_MALFORMED and nothing else. Unknown trailing fields of the frame, and of every record in
 * it, are ignored, so that a newer peer may add some.
 *
 * To add a field to a message: at the END of its body, in its function (wire_run.c, wire_job.c,
 * wire_plan.c, wire_report.c), its count in wire.c, PROTOCOL.md, and the frame in
 * tests/unit/wire.c. Peers that do not know it ignore it. As long as there are peers that do not
 * send it, make the count a range there and give the field a default.
 * To change the meaning of a field, or remove one: raise PROTOCOL_VERSION.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/message.h"

/* A buffer that grows; reused from message to message. Zeroed is empty. */
struct buffer {
    char *bytes;
    size_t size, capacity;
};

void buffer_close(struct buffer *buffer);

/* Replaces what the buffer holds. Words to a person are cut at their limit. STATUS_MACHINE when
 * memory is out; STATUS_MALFORMED for a value that every peer would refuse. */
enum status wire_encode(struct buffer *buffer, const struct message *message) MUST_USE;

/* Sets the envelope and the one member of the union that belongs to its type: all of it but the
 * elements of lists behind their counts, and of a RESULT job.path (NULL), error and warnings in
 * `result`, which are borrowed texts beside it. The rest of the message, which is large, is left as
 * it was; after a failure nothing in it means anything.
 * STATUS_MALFORMED with the reason; for a well-formed frame of another protocol version the reason
 * names both versions and *version (may be NULL) is set to the peer's, else to ours. */
enum status wire_decode(const void *bytes, size_t size, struct message *message, uint32_t *version,
                        struct reason *why) MUST_USE;

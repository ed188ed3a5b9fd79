#pragma once

/*
 * One field at a time, in either direction: the same description of a message writes it and reads
 * it, so that the two cannot disagree (the idea of Sun's XDR routines, RFC 4506).
 *
 * A codec writes into a buffer that grows, or reads from bytes that are hostile: every read is
 * bounded by the end of the frame whatever was counted or declared before, nothing recurses, and
 * nothing is allocated by a declared size. Ranges are checked in both directions. The first field
 * that is wrong is remembered, and everything after it does nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"
#include "common/status.h"
#include "common/wire.h"

struct codec {
    struct buffer *buffer; // written to; NULL while reading
    const char *at, *end;  // what is left to read
    const char *wrong;     // the field that is not right; NULL while all is well
    enum status status;    // STATUS_MALFORMED, or STATUS_MACHINE when memory is out
};

void codec_init_write(struct codec *codec, struct buffer *buffer); // empties the buffer
void codec_init_read(struct codec *codec, const void *bytes, size_t size);

/* The field is wrong: nothing further is read or written. */
void codec_fail(struct codec *codec, const char *what);
bool codec_is_reading(const struct codec *codec);

/* Integers are coded when within [least, most], both included. Reading something wrong leaves the
 * value as it is. `what` names the field in an error and must be a literal. */
void code_u64(struct codec *codec, const char *what, uint64_t *value, uint64_t least,
              uint64_t most);
void code_u32(struct codec *codec, const char *what, uint32_t *value, uint32_t least,
              uint32_t most);
void code_u16(struct codec *codec, const char *what, uint16_t *value);
void code_u8(struct codec *codec, const char *what, uint8_t *value);
void code_i64(struct codec *codec, const char *what, int64_t *value);
/* A span or an instant: not negative. */
void code_usec(struct codec *codec, const char *what, usec *value);
void code_bool(struct codec *codec, const char *what, bool *value);
/* Any enum (all of ours have the size of an unsigned int). */
void code_enum(struct codec *codec, const char *what, void *value, uint32_t least, uint32_t most);

/* Bytes without NUL, shorter than `size`. Written as bin; str is read as well. */
void code_text(struct codec *codec, const char *what, struct text *text, size_t size);
/* The same for words to a person: cut when written too long. */
void code_words(struct codec *codec, const char *what, struct text *text, size_t size);
/* The same for an array of `size` with its NUL. */
void code_string(struct codec *codec, const char *what, char *string, size_t size);

/* The head of a list of [least, most] elements, which the caller codes: `count` of them when
 * writing. Returns how many there are; 0 when something is wrong. */
uint32_t code_count(struct codec *codec, const char *what, uint32_t count, uint32_t least,
                    uint32_t most);
/* The head of an array of `fields` fields, which the caller codes. Returns how many more the peer
 * sent, for code_surplus() behind the last one. */
uint32_t code_record(struct codec *codec, const char *what, uint32_t fields);
/* Reads over so many values, of whatever kind. */
void code_surplus(struct codec *codec, uint32_t count);
/* Nothing may be left to read. */
void code_end(struct codec *codec);

/*
 * The only file with MessagePack (msgpuck). Its typed readers trust their caller for the type and
 * for enough bytes, so take() below establishes both before each of them.
 *
 * mp_check() is not used: it counts what is outstanding in an int, and the five bytes of an array
 * that declares 2^32 - 1 elements make that wrap and pass. code_surplus() does its work, with a
 * count that cannot wrap and that gives up as soon as more is declared than bytes are left.
 */

#include <msgpuck.h>
#include <stdlib.h>
#include <string.h>

#include "common/wire_codec.h"

/* The longest head of a MessagePack value: its type and 8 bytes. */
#define HEAD_MAX 9
/* A first size of the buffer that fits most messages. */
#define BUFFER_MIN 512
/* The one byte that MessagePack gives no meaning. */
#define NEVER_USED 0xc1

void buffer_close(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void codec_init_write(struct codec *codec, struct buffer *buffer)
{
    buffer->size = 0;
    *codec = (struct codec){.buffer = buffer};
}

void codec_init_read(struct codec *codec, const void *bytes, size_t size)
{
    const char *at = bytes;
    *codec = (struct codec){.at = at, .end = at + size};
}

static void fail(struct codec *codec, const char *what, enum status status)
{
    if (codec->wrong != NULL)
        return;
    codec->wrong = what;
    codec->status = status;
}

void codec_fail(struct codec *codec, const char *what)
{
    fail(codec, what, STATUS_MALFORMED);
}

bool codec_is_reading(const struct codec *codec)
{
    return codec->buffer == NULL;
}

/* Where the next `size` bytes are to be written, or NULL. */
static char *make_room(struct codec *codec, const char *what, size_t size)
{
    struct buffer *buffer = codec->buffer;
    if (codec->wrong != NULL)
        return NULL;
    if (buffer->capacity - buffer->size < size) {
        size_t capacity = buffer->capacity < BUFFER_MIN ? BUFFER_MIN : buffer->capacity;
        while (capacity - buffer->size < size)
            capacity *= 2;
        char *bytes = realloc(buffer->bytes, capacity);
        if (bytes == NULL) {
            fail(codec, what, STATUS_MACHINE);
            return NULL;
        }
        buffer->bytes = bytes;
        buffer->capacity = capacity;
    }
    return buffer->bytes + buffer->size;
}

static void written(struct codec *codec, const char *end)
{
    codec->buffer->size = (size_t)(end - codec->buffer->bytes);
}

/* False while writing: nothing is next. */
static bool next_is(const struct codec *codec, enum mp_type type)
{
    return codec->wrong == NULL && codec->at < codec->end && mp_typeof(*codec->at) == type;
}

/* True when the next value is of that type and its head is all there; else that is what is wrong.
 */
static bool take(struct codec *codec, const char *what, enum mp_type type)
{
    ptrdiff_t missing = 1; // bytes
    if (next_is(codec, type)) {
        switch (type) {
        case MP_UINT:
            missing = mp_check_uint(codec->at, codec->end);
            break;
        case MP_INT:
            missing = mp_check_int(codec->at, codec->end);
            break;
        case MP_BOOL:
            missing = mp_check_bool(codec->at, codec->end);
            break;
        case MP_STR:
            missing = mp_check_strl(codec->at, codec->end);
            break;
        case MP_BIN:
            missing = mp_check_binl(codec->at, codec->end);
            break;
        case MP_ARRAY:
            missing = mp_check_array(codec->at, codec->end);
            break;
        default:
            break;
        }
    }
    if (missing > 0)
        codec_fail(codec, what);
    return missing <= 0;
}

static bool read_number(struct codec *codec, const char *what, uint64_t *number)
{
    if (next_is(codec, MP_INT)) { // some libraries write every integer as a signed one
        int64_t value = take(codec, what, MP_INT) ? mp_decode_int(&codec->at) : -1;
        *number = (uint64_t)value;
        return value >= 0;
    }
    if (!take(codec, what, MP_UINT))
        return false;
    *number = mp_decode_uint(&codec->at);
    return true;
}

/* True when a number was read, for the caller to store. Writes *number otherwise. */
static bool code_number(struct codec *codec, const char *what, uint64_t *number, uint64_t least,
                        uint64_t most)
{
    bool reading = codec_is_reading(codec);
    if (codec->wrong != NULL)
        return false;
    if ((reading && !read_number(codec, what, number)) || *number < least || *number > most) {
        codec_fail(codec, what);
        return false;
    }
    if (!reading) {
        char *at = make_room(codec, what, HEAD_MAX);
        if (at != NULL)
            written(codec, mp_encode_uint(at, *number));
    }
    return reading;
}

void code_u64(struct codec *codec, const char *what, uint64_t *value, uint64_t least, uint64_t most)
{
    uint64_t number = codec_is_reading(codec) ? 0 : *value;
    if (code_number(codec, what, &number, least, most))
        *value = number;
}

void code_u32(struct codec *codec, const char *what, uint32_t *value, uint32_t least, uint32_t most)
{
    uint64_t number = codec_is_reading(codec) ? 0 : *value;
    if (code_number(codec, what, &number, least, most))
        *value = (uint32_t)number;
}

void code_u16(struct codec *codec, const char *what, uint16_t *value)
{
    uint64_t number = codec_is_reading(codec) ? 0 : *value;
    if (code_number(codec, what, &number, 0, UINT16_MAX))
        *value = (uint16_t)number;
}

void code_u8(struct codec *codec, const char *what, uint8_t *value)
{
    uint64_t number = codec_is_reading(codec) ? 0 : *value;
    if (code_number(codec, what, &number, 0, UINT8_MAX))
        *value = (uint8_t)number;
}

void code_usec(struct codec *codec, const char *what, usec *value)
{
    uint64_t number = codec_is_reading(codec) ? 0 : (uint64_t)*value; // negative: over the limit
    if (code_number(codec, what, &number, 0, INT64_MAX))
        *value = (usec)number;
}

void code_enum(struct codec *codec, const char *what, void *value, uint32_t least, uint32_t most)
{
    static_assert(sizeof(enum message_type) == sizeof(uint32_t), "enums travel as 32 bits");
    uint32_t bits = 0;
    if (!codec_is_reading(codec))
        memcpy(&bits, value, sizeof bits);
    uint64_t number = bits;
    if (code_number(codec, what, &number, least, most)) {
        bits = (uint32_t)number;
        memcpy(value, &bits, sizeof bits);
    }
}

void code_i64(struct codec *codec, const char *what, int64_t *value)
{
    if (next_is(codec, MP_INT)) {
        if (take(codec, what, MP_INT))
            *value = mp_decode_int(&codec->at);
    } else if (!codec_is_reading(codec) && *value < 0) {
        char *at = make_room(codec, what, HEAD_MAX);
        if (at != NULL)
            written(codec, mp_encode_int(at, *value));
    } else {
        uint64_t number = codec_is_reading(codec) ? 0 : (uint64_t)*value;
        if (code_number(codec, what, &number, 0, INT64_MAX))
            *value = (int64_t)number;
    }
}

void code_bool(struct codec *codec, const char *what, bool *value)
{
    if (codec_is_reading(codec)) {
        if (take(codec, what, MP_BOOL))
            *value = mp_decode_bool(&codec->at);
        return;
    }
    char *at = make_room(codec, what, HEAD_MAX);
    if (at != NULL)
        written(codec, mp_encode_bool(at, *value));
}

static void read_text(struct codec *codec, const char *what, struct text *text, size_t size)
{
    uint32_t length = 0;
    if (!take(codec, what, next_is(codec, MP_STR) ? MP_STR : MP_BIN))
        return;
    length = mp_decode_strbinl(&codec->at);
    if (length >= size || length > (size_t)(codec->end - codec->at) ||
        memchr(codec->at, '\0', length) != NULL) {
        codec_fail(codec, what);
        return;
    }
    *text = (struct text){.bytes = codec->at, .size = length};
    codec->at += length;
}

static void write_text(struct codec *codec, const char *what, const char *bytes, uint32_t length)
{
    char *at = make_room(codec, what, HEAD_MAX + length);
    if (at == NULL)
        return;
    at = mp_encode_binl(at, length);
    if (length > 0)
        memcpy(at, bytes, length);
    written(codec, at + length);
}

void code_text(struct codec *codec, const char *what, struct text *text, size_t size)
{
    if (codec_is_reading(codec))
        read_text(codec, what, text, size);
    else if (text->size >= size)
        codec_fail(codec, what);
    else
        write_text(codec, what, text->bytes, text->size);
}

void code_words(struct codec *codec, const char *what, struct text *text, size_t size)
{
    if (codec_is_reading(codec))
        read_text(codec, what, text, size);
    else
        write_text(codec, what, text->bytes, text->size < size ? text->size : (uint32_t)size - 1);
}

void code_string(struct codec *codec, const char *what, char *string, size_t size)
{
    struct text text = {0};
    if (!codec_is_reading(codec))
        text = (struct text){.bytes = string, .size = (uint32_t)strnlen(string, size)};
    code_text(codec, what, &text, size);
    if (codec_is_reading(codec) && codec->wrong == NULL)
        text_copy(string, size, text);
}

static void write_array(struct codec *codec, const char *what, uint32_t count)
{
    char *at = make_room(codec, what, HEAD_MAX);
    if (at != NULL)
        written(codec, mp_encode_array(at, count));
}

uint32_t code_count(struct codec *codec, const char *what, uint32_t count, uint32_t least,
                    uint32_t most)
{
    bool reading = codec_is_reading(codec);
    if (reading) {
        if (!take(codec, what, MP_ARRAY))
            return 0;
        count = mp_decode_array(&codec->at);
    }
    if (count < least || count > most)
        codec_fail(codec, what);
    else if (!reading)
        write_array(codec, what, count);
    return codec->wrong == NULL ? count : 0;
}

uint32_t code_record(struct codec *codec, const char *what, uint32_t fields)
{
    uint32_t count = code_count(codec, what, fields, fields, UINT32_MAX);
    return count > fields ? count - fields : 0;
}

/* Of the kinds that say their own size: in how many bytes behind the first. */
static size_t width_of(int8_t hint)
{
    switch (hint) {
    case MP_HINT_STR_8:
    case MP_HINT_EXT_8:
        return sizeof(uint8_t);
    case MP_HINT_STR_16:
    case MP_HINT_ARRAY_16:
    case MP_HINT_MAP_16:
    case MP_HINT_EXT_16:
        return sizeof(uint16_t);
    default:
        return sizeof(uint32_t);
    }
}

/* Sizes one value: its own bytes, and how many values are inside it. False when its head is cut. */
static bool measure(const char *at, size_t left, uint64_t *bytes, uint64_t *inside)
{
    const int8_t hint = mp_parser_hint[(uint8_t)*at]; // bytes, or -values, that follow; or a kind
    *inside = 0;
    *bytes = 1;
    if (hint >= 0) {
        *bytes += (uint64_t)hint;
        return true;
    }
    if (hint > MP_HINT) {
        *inside = (uint64_t)-hint;
        return true;
    }
    size_t width = width_of(hint);
    if (left < 1 + width)
        return false;
    uint64_t size = 0;
    for (size_t i = 1; i <= width; i++)
        size = size << 8 | (uint8_t)at[i];
    *bytes += width;
    if (hint == MP_HINT_ARRAY_16 || hint == MP_HINT_ARRAY_32)
        *inside = size;
    else if (hint == MP_HINT_MAP_16 || hint == MP_HINT_MAP_32)
        *inside = 2 * size;
    else
        *bytes += size + (hint <= MP_HINT_EXT_8 ? 1 : 0); // an extension has a byte of its type
    return true;
}

void code_surplus(struct codec *codec, uint32_t count)
{
    const char *what = "what follows the known fields";
    uint64_t pending = codec->wrong == NULL ? count : 0;
    while (pending > 0) {
        size_t left = (size_t)(codec->end - codec->at);
        uint64_t bytes = 0, inside = 0;
        // Every value has at least one byte.
        if (pending > left || (uint8_t)*codec->at == NEVER_USED ||
            !measure(codec->at, left, &bytes, &inside) || bytes > left) {
            codec_fail(codec, what);
            return;
        }
        codec->at += bytes;
        pending += inside - 1;
    }
}

void code_end(struct codec *codec)
{
    if (codec->wrong == NULL && codec->at != codec->end)
        codec_fail(codec, "bytes after the end");
}

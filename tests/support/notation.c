/*
 * The notation of frames: a descent over values, writing or reading MessagePack.
 */

#include <msgpuck.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/notation.h"

struct packing {
    const char *at; // of the notation
    char *out, *end;
};

static void fail(const char *why, const char *where)
{
    fprintf(stderr, "notation: %s at: %.40s\n", why, where);
    abort();
}

static void reserve(const struct packing *packing, size_t size)
{
    if ((size_t)(packing->end - packing->out) < size + 9)
        fail("the frame is longer than its buffer", packing->at);
}

static bool skip_to(struct packing *packing, char c)
{
    packing->at += strspn(packing->at, " ,\n");
    if (*packing->at != c)
        return false;
    packing->at++;
    return true;
}

static bool word(struct packing *packing, const char *expected)
{
    size_t length = strlen(expected);
    if (strncmp(packing->at, expected, length) != 0)
        return false;
    packing->at += length;
    return true;
}

static void pack_text(struct packing *packing, char quote)
{
    char bytes[512];
    uint32_t size = 0;
    while (*packing->at != quote) {
        if (*packing->at == '\0' || size == sizeof bytes)
            fail("a text without its end", packing->at);
        if (packing->at[0] == '\\' && packing->at[1] == 'x') {
            char digits[] = {packing->at[2], packing->at[3], '\0'};
            bytes[size++] = (char)strtoul(digits, NULL, 16);
            packing->at += 4;
        } else {
            bytes[size++] = *packing->at++;
        }
    }
    packing->at++;
    reserve(packing, size);
    packing->out = quote == '"' ? mp_encode_str(packing->out, bytes, size)
                                : mp_encode_bin(packing->out, bytes, size);
}

static void pack_number(struct packing *packing)
{
    char *end = NULL;
    bool negative = *packing->at == '-';
    uint64_t number = strtoull(packing->at + (negative ? 1 : 0), &end, 10);
    if (end == packing->at + (negative ? 1 : 0))
        fail("not a value", packing->at);
    packing->at = end;
    packing->out = negative ? mp_encode_int(packing->out, (int64_t)(0 - number))
                            : mp_encode_uint(packing->out, number);
}

static void pack_value(struct packing *packing);

/* The count stands before the elements: they are packed behind room for the longest head. */
static void pack_array(struct packing *packing)
{
    char *head = packing->out, *body = head + 5;
    uint32_t count = 0;
    packing->out = body;
    while (!skip_to(packing, ']')) {
        pack_value(packing);
        count++;
    }
    size_t size = (size_t)(packing->out - body);
    char *begin = mp_encode_array(head, count);
    memmove(begin, body, size);
    packing->out = begin + size;
}

static void pack_value(struct packing *packing)
{
    reserve(packing, 0);
    packing->at += strspn(packing->at, " ,\n");
    if (word(packing, "["))
        pack_array(packing);
    else if (word(packing, "'"))
        pack_text(packing, '\'');
    else if (word(packing, "\""))
        pack_text(packing, '"');
    else if (word(packing, "true"))
        packing->out = mp_encode_bool(packing->out, true);
    else if (word(packing, "false"))
        packing->out = mp_encode_bool(packing->out, false);
    else if (word(packing, "nil"))
        packing->out = mp_encode_nil(packing->out);
    else
        pack_number(packing);
}

size_t notation_pack(const char *notation, char *frame, size_t capacity)
{
    struct packing packing = {.at = notation, .out = frame, .end = frame + capacity};
    pack_value(&packing);
    if (*packing.at != '\0')
        fail("something follows the value", packing.at);
    return (size_t)(packing.out - frame);
}

struct printing {
    char *out, *end;
};

static void put(struct printing *printing, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(struct printing *printing, const char *format, ...)
{
    size_t room = (size_t)(printing->end - printing->out);
    va_list values;
    va_start(values, format);
    int length = vsnprintf(printing->out, room, format, values);
    va_end(values);
    if (length < 0 || (size_t)length >= room)
        fail("the notation is longer than its buffer", format);
    printing->out += length;
}

static void print_text(struct printing *printing, char quote, const char *bytes, uint32_t size)
{
    put(printing, "%c", quote);
    for (uint32_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        put(printing, c < ' ' || c >= 0x7f ? "\\x%02x" : "%c", c);
    }
    put(printing, "%c", quote);
}

static void print_value(struct printing *printing, const char **at)
{
    enum mp_type type = mp_typeof(**at);
    uint32_t size = 0;
    if (type == MP_UINT) {
        put(printing, "%llu", (unsigned long long)mp_decode_uint(at));
    } else if (type == MP_INT) {
        put(printing, "%lld", (long long)mp_decode_int(at));
    } else if (type == MP_BOOL) {
        put(printing, "%s", mp_decode_bool(at) ? "true" : "false");
    } else if (type == MP_STR || type == MP_BIN) {
        const char *bytes = mp_decode_strbin(at, &size);
        print_text(printing, type == MP_STR ? '"' : '\'', bytes, size);
    } else if (type == MP_ARRAY) {
        size = mp_decode_array(at);
        put(printing, "[");
        for (uint32_t i = 0; i < size; i++) {
            put(printing, "%s", i == 0 ? "" : ", ");
            print_value(printing, at);
        }
        put(printing, "]");
    } else {
        fail("a kind of value our frames do not have", "");
    }
}

void notation_print(const char *frame, size_t size, char *notation, size_t capacity)
{
    struct printing printing = {.out = notation, .end = notation + capacity};
    const char *at = frame;
    print_value(&printing, &at);
    if (at != frame + size)
        fail("the frame does not end with its value", notation);
}

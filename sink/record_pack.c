/* See record_pack.h. */

#include "sink/record_pack.h"

#include <endian.h>
#include <string.h>

#define PAYLOAD_BITS 7
#define MORE 0x80u

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t size = 0;
    for (; value >= MORE; value >>= PAYLOAD_BITS)
        at[size++] = (uint8_t)(value | MORE);
    at[size++] = (uint8_t)value;
    return size;
}

static size_t put_bytes(uint8_t *at, const char *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return size;
}

long pack_find(const char *name, struct text path)
{
    if (path.size == 0)
        return -1;
    const char *found = memmem(name, strlen(name), path.bytes, path.size);
    return found ? found - name : -1;
}

static size_t put_name(uint8_t *at, const char *name, struct text path)
{
    const size_t length = strlen(name);
    const long before = pack_find(name, path);
    size_t size = 0;
    if (before < 0) {
        size += put_varint(at, length * 2);
        return size + put_bytes(at + size, name, length);
    }
    const size_t after = (size_t)before + path.size;
    size += put_varint(at, (uint64_t)before * 2 + 1);
    size += put_bytes(at + size, name, (size_t)before);
    size += put_varint(at + size, length - after);
    return size + put_bytes(at + size, name + after, length - after);
}

size_t pack_outputs(uint8_t packed[PACKED_MAX], struct text path,
                    const char names[][OUTPUT_PATH_SIZE], const struct output *outputs,
                    uint32_t count)
{
    size_t size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t mtime = htole64((uint64_t)outputs[i].mtime_ns);
        size += put_name(packed + size, names[i], path);
        size += put_varint(packed + size, outputs[i].width);
        size += put_varint(packed + size, outputs[i].height);
        size += put_varint(packed + size, outputs[i].bytes);
        memcpy(packed + size, &mtime, sizeof mtime);
        size += sizeof mtime;
    }
    return size;
}

/* ---- reading ---- */

struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

static uint64_t get_varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; cursor->at < cursor->end && shift < 64; shift += PAYLOAD_BITS) {
        const uint8_t byte = *cursor->at++;
        value |= (uint64_t)(byte & (MORE - 1)) << shift;
        if (!(byte & MORE))
            return value;
    }
    cursor->bad = true;
    return 0;
}

static uint32_t get_number(struct cursor *cursor)
{
    const uint64_t value = get_varint(cursor);
    cursor->bad |= value > UINT32_MAX;
    return (uint32_t)value;
}

/* Appends `size` bytes of the cursor to a name that has *length already. */
static void get_bytes(struct cursor *cursor, uint64_t size, char *name, size_t *length)
{
    if (cursor->bad || size > (uint64_t)(cursor->end - cursor->at) ||
        size >= OUTPUT_PATH_SIZE - *length) {
        cursor->bad = true;
        return;
    }
    memcpy(name + *length, cursor->at, size);
    *length += size;
    cursor->at += size;
}

static void get_name(struct cursor *cursor, struct text path, char name[OUTPUT_PATH_SIZE])
{
    const uint64_t head = get_varint(cursor);
    size_t length = 0;
    get_bytes(cursor, head / 2, name, &length);
    if (head & 1) {
        struct cursor source = {(const uint8_t *)path.bytes,
                                (const uint8_t *)path.bytes + path.size, false};
        get_bytes(&source, path.size, name, &length);
        cursor->bad |= source.bad;
        get_bytes(cursor, get_varint(cursor), name, &length);
    }
    name[length] = '\0';
}

static int64_t get_mtime(struct cursor *cursor)
{
    uint64_t mtime = 0;
    if (cursor->bad || (size_t)(cursor->end - cursor->at) < sizeof mtime) {
        cursor->bad = true;
        return 0;
    }
    memcpy(&mtime, cursor->at, sizeof mtime);
    cursor->at += sizeof mtime;
    return (int64_t)le64toh(mtime);
}

bool unpack_outputs(struct text packed, struct text path, char names[][OUTPUT_PATH_SIZE],
                    struct output outputs[SIZES_MAX], uint32_t *count)
{
    struct cursor cursor = {.at = (const uint8_t *)packed.bytes};
    cursor.end = cursor.at + packed.size;
    for (*count = 0; cursor.at < cursor.end && !cursor.bad; ++*count) {
        if (*count == SIZES_MAX)
            return false;
        struct output *output = &outputs[*count];
        get_name(&cursor, path, names[*count]);
        output->width = get_number(&cursor);
        output->height = get_number(&cursor);
        output->bytes = get_varint(&cursor);
        output->mtime_ns = get_mtime(&cursor);
    }
    return !cursor.bad;
}

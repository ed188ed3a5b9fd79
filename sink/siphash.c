/*
 * SipHash-2-4-128: the message in words of 8 bytes, two rounds a word and four rounds for each half
 * of the digest. All words are little-endian, on every machine.
 */

#include "sink/siphash.h"

#include <endian.h>
#include <string.h>

#define WORD_SIZE 8
#define COMPRESSION_ROUNDS 2
#define FINAL_ROUNDS 4

/* The initial state: "somepseudorandomlygeneratedbytes", read as four words. */
#define INITIAL_0 0x736f6d6570736575u
#define INITIAL_1 0x646f72616e646f6du
#define INITIAL_2 0x6c7967656e657261u
#define INITIAL_3 0x7465646279746573u

/* What parts the 128-bit variant, and the halves of its digest, from the 64-bit one. */
#define WIDE_MARK 0xee
#define SECOND_HALF_MARK 0xdd

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static void rounds(struct state *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->v0 += s->v1;
        s->v1 = rotate_left(s->v1, 13) ^ s->v0;
        s->v0 = rotate_left(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate_left(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate_left(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate_left(s->v1, 17) ^ s->v2;
        s->v2 = rotate_left(s->v2, 32);
    }
}

static void compress(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    rounds(s, COMPRESSION_ROUNDS);
    s->v0 ^= word;
}

/* Up to 8 bytes as a little-endian word; missing ones are zero. */
static uint64_t load(const uint8_t *bytes, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, bytes, size);
    return le64toh(word);
}

static void store(uint8_t *bytes, uint64_t word)
{
    word = htole64(word);
    memcpy(bytes, &word, WORD_SIZE);
}

void siphash(const uint8_t key[SIPHASH_KEY_SIZE], const void *bytes, size_t size,
             uint8_t digest[SIPHASH_SIZE])
{
    const uint64_t k0 = load(key, WORD_SIZE);
    const uint64_t k1 = load(key + WORD_SIZE, WORD_SIZE);
    struct state s = {k0 ^ INITIAL_0, k1 ^ INITIAL_1 ^ WIDE_MARK, k0 ^ INITIAL_2, k1 ^ INITIAL_3};

    const uint8_t *at = bytes;
    size_t left = size;
    for (; left >= WORD_SIZE; at += WORD_SIZE, left -= WORD_SIZE)
        compress(&s, load(at, WORD_SIZE));
    /* The last word ends with the length's lowest byte. */
    compress(&s, (left > 0 ? load(at, left) : 0) | (uint64_t)size << 56);

    s.v2 ^= WIDE_MARK;
    rounds(&s, FINAL_ROUNDS);
    store(digest, s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
    s.v1 ^= SECOND_HALF_MARK;
    rounds(&s, FINAL_ROUNDS);
    store(digest + WORD_SIZE, s.v0 ^ s.v1 ^ s.v2 ^ s.v3);
}

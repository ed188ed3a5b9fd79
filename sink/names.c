/*
 * Output names as digests in one open-addressed table (linear probing, at most three quarters
 * full, doubled when it would be fuller), and the numbers counted so far as one bitmap.
 *
 * An owner is one word: 40 bits of its number and 24 bits of its source's digest. The number
 * decides; the digest only chooses between two sentences, so a collision of it costs a wording.
 */

#include "sink/names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/naming.h"
#include "sink/siphash.h"

#define SOURCE_BITS 24
#define FIRST_SLOTS 1024        // a power of two
#define FIRST_BITMAP_BYTES 4096 // 32768 numbers
#define BITS_PER_BYTE 8

struct claim {
    uint8_t digest[SIPHASH_SIZE];
    uint64_t owner; // 0: a free slot
};
_Static_assert(sizeof(struct claim) == 24, "what a name costs, as names.h says");

struct names {
    uint8_t key[SIPHASH_KEY_SIZE];
    struct claim *slots;
    size_t slot_count; // a power of two
    size_t used;
    uint8_t *counted; // a bit a number
    size_t counted_bytes;
};

enum status names_open(struct names **names, struct reason *why)
{
    struct names *n = calloc(1, sizeof *n);
    if (n) {
        n->slots = calloc(FIRST_SLOTS, sizeof *n->slots);
        n->slot_count = FIRST_SLOTS;
        n->counted = calloc(FIRST_BITMAP_BYTES, 1);
        n->counted_bytes = FIRST_BITMAP_BYTES;
    }
    if (!n || !n->slots || !n->counted) {
        names_close(&n);
        return reason_set(why, STATUS_MACHINE, "no memory for the table of output names");
    }
    if (getrandom(n->key, sizeof n->key, 0) != (ssize_t)sizeof n->key) {
        names_close(&n);
        return reason_set(why, STATUS_MACHINE, "the system gives no random numbers");
    }
    *names = n;
    return STATUS_OK;
}

void names_close(struct names **names)
{
    if (!*names)
        return;
    free((*names)->slots);
    free((*names)->counted);
    free(*names);
    *names = NULL;
}

/* The slot that holds this digest, or the free one where it would go. */
static struct claim *find(struct claim *slots, size_t count, const uint8_t digest[SIPHASH_SIZE])
{
    uint64_t hash;
    memcpy(&hash, digest, sizeof hash);
    size_t at = hash & (count - 1);
    while (slots[at].owner != 0 && memcmp(slots[at].digest, digest, SIPHASH_SIZE) != 0)
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static enum status make_room(struct names *names, size_t more)
{
    if ((names->used + more) * 4 <= names->slot_count * 3)
        return STATUS_OK;
    const size_t count = names->slot_count * 2;
    struct claim *slots = calloc(count, sizeof *slots);
    if (!slots)
        return STATUS_MACHINE;
    for (size_t i = 0; i < names->slot_count; i++)
        if (names->slots[i].owner != 0)
            *find(slots, count, names->slots[i].digest) = names->slots[i];
    free(names->slots);
    names->slots = slots;
    names->slot_count = count;
    return STATUS_OK;
}

/* The word for an owner; never 0, for numbers count from 1. */
static enum status owner_word(const struct names *names, const struct claimant *claimant,
                              uint64_t *owner)
{
    const bool is_top =
        claimant->root.size > 0 && claimant->root.bytes[claimant->root.size - 1] == '/';
    const size_t parent = claimant->root.size + (is_top ? 0 : 1);
    char *source = malloc(parent + claimant->path.size + 1);
    if (!source)
        return STATUS_MACHINE;
    memcpy(source, claimant->root.bytes, claimant->root.size);
    source[parent - 1] = '/';
    memcpy(source + parent, claimant->path.bytes, claimant->path.size);

    uint8_t digest[SIPHASH_SIZE];
    siphash(names->key, source, parent + claimant->path.size, digest);
    free(source);
    const uint64_t tag = (uint64_t)digest[0] << 16 | (uint64_t)digest[1] << 8 | digest[2];
    *owner = claimant->number << SOURCE_BITS | tag;
    return STATUS_OK;
}

static enum status refuse(uint64_t holder, uint64_t owner, const char *output, struct reason *why)
{
    const uint64_t source_mask = (1ULL << SOURCE_BITS) - 1;
    if ((holder & source_mask) == (owner & source_mask))
        return reason_set(why, STATUS_IMAGE, "the same file was named before");
    return reason_set(why, STATUS_IMAGE,
                      "its output %s belongs to another source already; choose --output so that"
                      " their names differ",
                      output);
}

enum status names_claim(struct names *names, const struct run_options *options,
                        const struct claimant *claimant, struct reason *why)
{
    char path[JOB_PATH_SIZE];
    text_copy(path, sizeof path, claimant->path);
    uint64_t owner;
    if (make_room(names, options->size_count) != STATUS_OK ||
        owner_word(names, claimant, &owner) != STATUS_OK)
        return reason_set(why, STATUS_MACHINE, "no memory for another output name");

    uint8_t digests[SIZES_MAX][SIPHASH_SIZE];
    for (uint32_t i = 0; i < options->size_count; i++) {
        char output[OUTPUT_PATH_SIZE];
        const enum status status = naming_output(options, path, i, output, why);
        if (status != STATUS_OK)
            return status;
        siphash(names->key, output, strlen(output), digests[i]);
        const struct claim *held = find(names->slots, names->slot_count, digests[i]);
        if (held->owner != 0 && held->owner != owner)
            return refuse(held->owner, owner, output, why);
    }
    for (uint32_t i = 0; i < options->size_count; i++) {
        struct claim *slot = find(names->slots, names->slot_count, digests[i]);
        names->used += slot->owner == 0;
        memcpy(slot->digest, digests[i], SIPHASH_SIZE);
        slot->owner = owner;
    }
    return STATUS_OK;
}

/* Zeroed room for the bit of `number`, doubling. */
static enum status grow_bitmap(struct names *names, uint64_t number)
{
    size_t bytes = names->counted_bytes;
    while (number / BITS_PER_BYTE >= bytes)
        bytes *= 2;
    if (bytes == names->counted_bytes)
        return STATUS_OK;
    uint8_t *counted = realloc(names->counted, bytes);
    if (!counted)
        return STATUS_MACHINE;
    memset(counted + names->counted_bytes, 0, bytes - names->counted_bytes);
    names->counted = counted;
    names->counted_bytes = bytes;
    return STATUS_OK;
}

enum status names_first(struct names *names, uint64_t number, bool *first)
{
    const enum status status = grow_bitmap(names, number);
    if (status != STATUS_OK)
        return status;
    uint8_t *byte = &names->counted[number / BITS_PER_BYTE];
    const uint8_t bit = (uint8_t)(1u << (number % BITS_PER_BYTE));
    *first = (*byte & bit) == 0;
    *byte |= bit;
    return STATUS_OK;
}

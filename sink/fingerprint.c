/*
 * The canonical encoding: numbers as 8 bytes little-endian, texts as their length and their bytes,
 * in the order written here; its digest under a key that is no secret, for nobody gains by a
 * collision but a thumbnail of his own that is not redone.
 */

#include "sink/fingerprint.h"

#include <endian.h>
#include <string.h>

#include "sink/siphash.h"

_Static_assert(FINGERPRINT_SIZE == SIPHASH_SIZE, "a fingerprint is one digest");

#define NUMBER_SIZE 8
/* Fields of a size: width, height, mode, label with its length. */
#define SIZE_ENCODED (4 * NUMBER_SIZE + SIZE_LABEL_SIZE)
/* Numbers beside sizes and texts: 8 of the outputs, 6 of the limits; 16 leaves room. */
#define NUMBERS_MAX 16
#define ENCODED_MAX                                                                                \
    (NUMBERS_MAX * NUMBER_SIZE + SIZES_MAX * SIZE_ENCODED + TEMPLATE_SIZE + FORMAT_SIZE +          \
     PROFILE_SIZE + 3 * NUMBER_SIZE)

static const uint8_t key[SIPHASH_KEY_SIZE] = "thumbmill print";

struct encoding {
    uint8_t bytes[ENCODED_MAX];
    size_t size;
};

static void put_number(struct encoding *encoding, uint64_t number)
{
    number = htole64(number);
    memcpy(encoding->bytes + encoding->size, &number, NUMBER_SIZE);
    encoding->size += NUMBER_SIZE;
}

/* `limit`: the size of the array the text is in, so that an unterminated one stays in bounds. */
static void put_text(struct encoding *encoding, const char *text, size_t limit)
{
    const size_t length = strnlen(text, limit);
    put_number(encoding, length);
    memcpy(encoding->bytes + encoding->size, text, length);
    encoding->size += length;
}

static void digest(const struct encoding *encoding, struct fingerprint *fingerprint)
{
    siphash(key, encoding->bytes, encoding->size, fingerprint->bytes);
}

void fingerprint_outputs(const struct run_options *options, struct fingerprint *fingerprint)
{
    struct encoding encoding = {.size = 0};
    put_number(&encoding, FINGERPRINT_VERSION);
    put_number(&encoding, options->size_count);
    for (uint32_t i = 0; i < options->size_count && i < SIZES_MAX; i++) {
        const struct size_spec *size = &options->sizes[i];
        put_number(&encoding, size->width);
        put_number(&encoding, size->height);
        put_number(&encoding, size->mode);
        put_text(&encoding, size->label, sizeof size->label);
    }
    put_number(&encoding, options->crop);
    put_text(&encoding, options->output, sizeof options->output);
    put_text(&encoding, options->format, sizeof options->format);
    put_number(&encoding, (uint64_t)options->background[0] << 16 |
                              (uint64_t)options->background[1] << 8 | options->background[2]);
    put_number(&encoding, options->rotate);
    put_text(&encoding, options->profile, sizeof options->profile);
    put_number(&encoding, options->keep);
    digest(&encoding, fingerprint);
}

void fingerprint_limits(const struct run_options *options, struct fingerprint *fingerprint)
{
    struct encoding encoding = {.size = 0};
    put_number(&encoding, FINGERPRINT_VERSION);
    put_number(&encoding, options->max_pixels);
    put_number(&encoding, options->max_bytes);
    put_number(&encoding, options->timeout_ms);
    put_number(&encoding, options->allow);
    put_number(&encoding, options->fail_on);
    digest(&encoding, fingerprint);
}

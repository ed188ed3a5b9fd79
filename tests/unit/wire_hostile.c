/*
 * Hostile bytes at the wire, the same in every run: every truncation and every change of a single
 * byte of every message, and many changes at random from a fixed seed. The frames lie in memory of
 * exactly their size, so that a sanitizer sees a byte too many. What is accepted must make a
 * message that can be said again.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/wire.h"
#include "tests/support/sample_messages.h"

#define RANDOM_FRAMES 200000
/* Changes made to one frame, at most. */
#define CHANGES_MAX 8

static struct message message, again;
static struct buffer echo, second_echo;

/* Decodes; and if that is possible, what it says is encoded to a frame that says the same. */
static enum status decode(const char *frame, size_t size)
{
    struct reason why = {""};
    enum status status = wire_decode(frame, size, &message, NULL, &why);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_MALFORMED);
        assert_true(why.text[0] != '\0');
        return status;
    }
    assert_int_equal(wire_encode(&echo, &message), STATUS_OK);
    assert_int_equal(wire_decode(echo.bytes, echo.size, &again, NULL, NULL), STATUS_OK);
    assert_int_equal(wire_encode(&second_echo, &again), STATUS_OK);
    assert_int_equal(echo.size, second_echo.size);
    assert_memory_equal(echo.bytes, second_echo.bytes, echo.size);
    return status;
}

/* The sample as a frame in memory of its own, of exactly its size. */
static char *sample_frame(enum message_type type, size_t *size)
{
    struct buffer buffer = {0};
    sample_message(type, &message);
    assert_int_equal(wire_encode(&buffer, &message), STATUS_OK);
    char *frame = malloc(buffer.size);
    assert_non_null(frame);
    memcpy(frame, buffer.bytes, buffer.size);
    *size = buffer.size;
    buffer_close(&buffer);
    return frame;
}

static void every_truncation_of_every_message_is_refused(void **state)
{
    (void)state;
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        size_t size;
        char *whole = sample_frame(type, &size);
        assert_int_equal(decode(whole, size), STATUS_OK);
        for (size_t cut = 0; cut < size; cut++) {
            char *frame = malloc(cut == 0 ? 1 : cut);
            assert_non_null(frame);
            memcpy(frame, whole, cut);
            assert_int_equal(decode(frame, cut), STATUS_MALFORMED);
            free(frame);
        }
        free(whole);
    }
}

static void a_byte_after_the_end_is_refused(void **state)
{
    (void)state;
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        size_t size;
        char *whole = sample_frame(type, &size);
        char *frame = realloc(whole, size + 1);
        assert_non_null(frame);
        frame[size] = 0;
        assert_int_equal(decode(frame, size + 1), STATUS_MALFORMED);
        free(frame);
    }
}

static void no_change_of_one_byte_does_harm(void **state)
{
    (void)state;
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        size_t size;
        char *frame = sample_frame(type, &size);
        for (size_t at = 0; at < size; at++) {
            char right = frame[at];
            for (int byte = 0; byte <= UINT8_MAX; byte++) {
                frame[at] = (char)byte;
                (void)decode(frame, size);
            }
            frame[at] = right;
        }
        free(frame);
    }
}

/* xorshift64* (Vigna, 2016), so that every run throws the same. */
static uint64_t random_bits(void)
{
    static uint64_t bits = 0x9e3779b97f4a7c15;
    bits ^= bits >> 12;
    bits ^= bits << 25;
    bits ^= bits >> 27;
    return bits * 0x2545f4914f6cdd1d;
}

static size_t random_below(size_t limit)
{
    return (size_t)(random_bits() >> 16) % limit;
}

/* Overwrites a byte, favouring those that begin lists, texts and large numbers; copies a piece of
 * the frame over another; or cuts its end off. */
static size_t change(char *frame, size_t size)
{
    static const unsigned char heads[] = {0x90, 0x9f, 0xc4, 0xc6, 0xc9, 0xcf, 0xd3,
                                          0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xff, 0x00};
    size_t at = random_below(size), from = random_below(size);
    size_t room = size - (at > from ? at : from);
    switch (random_below(4)) {
    case 0:
        frame[at] = (char)random_bits();
        return size;
    case 1:
        frame[at] = (char)heads[random_below(sizeof heads)];
        return size;
    case 2:
        memmove(frame + at, frame + from, 1 + random_below(room));
        return size;
    default:
        return at == 0 ? size : at;
    }
}

static void no_changes_at_random_do_harm(void **state)
{
    (void)state;
    char *samples[MSG_TYPES];
    size_t sizes[MSG_TYPES];
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++)
        samples[type] = sample_frame(type, &sizes[type]);
    for (int i = 0; i < RANDOM_FRAMES; i++) {
        size_t type = MSG_HELLO + random_below(MSG_TYPES - MSG_HELLO);
        size_t size = sizes[type];
        char *frame = malloc(size);
        assert_non_null(frame);
        memcpy(frame, samples[type], size);
        for (size_t changes = 1 + random_below(CHANGES_MAX); changes > 0; changes--)
            size = change(frame, size);
        char *exact = realloc(frame, size);
        assert_non_null(exact);
        (void)decode(exact, size);
        free(exact);
    }
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++)
        free(samples[type]);
}

static int close_buffers(void **state)
{
    (void)state;
    buffer_close(&echo);
    buffer_close(&second_echo);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_of_every_message_is_refused),
        cmocka_unit_test(a_byte_after_the_end_is_refused),
        cmocka_unit_test(no_change_of_one_byte_does_harm),
        cmocka_unit_test(no_changes_at_random_do_harm),
    };
    return cmocka_run_group_tests(tests, NULL, close_buffers);
}

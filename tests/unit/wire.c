/*
 * The wire: what is said arrives as it was said, in the bytes that docs/PROTOCOL.md promises, and
 * what every peer would refuse is not sent. What is refused: wire_refused.c; hostile bytes at
 * random: wire_hostile.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/wire.h"
#include "tests/support/notation.h"
#include "tests/support/sample_messages.h"

#define NOTATION_SIZE 2048

static struct message said, heard;

static enum status decode(const struct buffer *buffer)
{
    memset(&heard, 0xa5, sizeof heard);
    return wire_decode(buffer->bytes, buffer->size, &heard, NULL, NULL);
}

#define COUNTS "[1000, 20, 3, 5000000000, 4, 5, true, false]"
#define OPTIONS                                                                                    \
    "[[[256, 256, 1, '256x256'], [800, 10000000, 0, '800x']], 3, '%z/%d/%s.webp', 'webp[Q=80]', "  \
    "[255, 128, 0], true, 'p3', 9, 2, 200000000, 536870912, 30000, 30, false]"
#define SETUP OPTIONS ", '/srv/thumbs', ['/srv/photos', '/']"
#define ATTEMPTS "[[1, 1], [70000, 2], [18446744073709551615, 4294967295]]"

/* The samples of sample_messages.c, as the document says that they look. */
static const char *const frames[MSG_TYPES] = {
    [MSG_HELLO] = "[1, 1, 11, 12, 13, 1, 'node7-2', 8, 16, 'no share', 'fd00::7', 5758, true]",
    [MSG_WELCOME] = "[1, 2, 11, 12, 13, " SETUP ", 5756, '10.0.0.9', 5758, '0123456789abcdef']",
    [MSG_REFUSED] = "[1, 3, 11, 12, 13, 'another sink is collecting']",
    [MSG_WHO] = "[1, 4, 11, 12, 13]",
    [MSG_JOB] = "[1, 5, 11, 12, 13, 7, 2, 1, 4096, 1700000000123456789, 'a/b.jpg']",
    [MSG_TAKEN] = "[1, 6, 11, 12, 13, " ATTEMPTS "]",
    [MSG_RETURN] = "[1, 7, 11, 12, 13, 7, 2, 2, 3, '/mnt/photos is not there']",
    [MSG_DONE] = "[1, 8, 11, 12, 13, " ATTEMPTS "]",
    [MSG_BEAT] = "[1, 9, 11, 12, 13, 123456789, 16, 'disk full', [[1, 1, false], [70000, 2, true], "
                 "[18446744073709551615, 4294967295, false]], [100, 101, 102, 103, 104, 105], 250]",
    [MSG_ALIVE] = "[1, 10, 11, 12, 13, 123456789]",
    [MSG_LEAVING] = "[1, 11, 11, 12, 13]",
    [MSG_GO] = "[1, 12, 11, 12, 13]",
    [MSG_CANCEL] = "[1, 13, 11, 12, 13, " ATTEMPTS "]",
    [MSG_START] = "[1, 14, 11, 12, 13, " SETUP ", false, true]",
    [MSG_STARTED] = "[1, 15, 11, 12, 13]",
    [MSG_ASK] = "[1, 16, 11, 12, 13, " COUNTS ", [[7, 0, 4096, 1700000000123456789, 'a/b.jpg'], "
                "[8, 1023, 0, -1, '\\xff\\x0a.png']]]",
    [MSG_ANSWER] = "[1, 17, 11, 12, 13, [[7, 0, '', 1], [8, 3, 'taken by a.png', 0]]]",
    [MSG_OUTCOME] = "[1, 18, 11, 12, 13, 7, 2, 5, 1, 4096, -5, 'a/b.jpg', 'two decoders died']",
    [MSG_RECORDED] = "[1, 19, 11, 12, 13, " ATTEMPTS "]",
    [MSG_FINISH] = "[1, 20, 11, 12, 13, " COUNTS "]",
    [MSG_FINISHED] =
        "[1, 21, 11, 12, 13, 31, 32, " COUNTS ", [0, 900, 50, 40, 9, 1], 950, 2, 33, 34, 35, 36, "
        "37, 38, 39, 40, 46, [41, 42, 43, 44, 45], [['node7-2', 47, 48, 49, 50]]]",
    [MSG_END] = "[1, 22, 11, 12, 13, 3]",
    [MSG_RESULT] =
        "[1, 23, 11, 12, 13, 'node7-2', 8, 7, 2, 1, 4096, -5, 'a/b.jpg', 2, 6000, 4000, 4097, "
        "9000, 8000, [10, 20, 30, 40, 50], [[256, 171, 11000, 1700000001], [800, 533, 99000, "
        "1700000002]], '', 'premature end\\x0aextraneous bytes']",
    [MSG_STATUS_WANTED] = "[1, 24, 11, 12, 13]",
    [MSG_STATUS] = "[1, 25, 11, 12, 13, 2, '/srv/thumbs', " COUNTS
                   ", [1, 2, 3, 4, 5, 6], 61, 62, 63, true, 300, [['node7-2', '10.0.0.7', 64, 8, "
                   "16, 12, 7, 65, 'no share', true, 66]]]",
    [MSG_START_WANTED] = "[1, 26, 11, 12, 13]",
    [MSG_START_ACCEPTED] = "[1, 27, 11, 12, 13, 'started: 3 workers']",
    [MSG_CRASHED] = "[1, 28, 11, 12, 13, 7, 2, 0, 1, 4096, -5, 'a/b.jpg', 'two decoders died']",
};

static void the_frames_are_those_of_the_document(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    char notation[NOTATION_SIZE];
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        sample_message(type, &said);
        assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
        notation_print(buffer.bytes, buffer.size, notation, sizeof notation);
        assert_string_equal(notation, frames[type]);
    }
    buffer_close(&buffer);
}

static void what_was_said_is_heard(void **state)
{
    (void)state;
    struct buffer first = {0}, second = {0};
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        for (int longest = 0; longest < 2; longest++) {
            if (longest)
                sample_longest(type, &said);
            else
                sample_message(type, &said);
            assert_int_equal(wire_encode(&first, &said), STATUS_OK);
            assert_int_equal(decode(&first), STATUS_OK);
            assert_int_equal(heard.envelope.type, type);
            assert_int_equal(wire_encode(&second, &heard), STATUS_OK);
            assert_int_equal(first.size, second.size);
            assert_memory_equal(first.bytes, second.bytes, first.size);
        }
    }
    buffer_close(&first);
    buffer_close(&second);
}

static void a_result_is_heard_field_by_field(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    const struct result *result = &heard.result.result;
    sample_message(MSG_RESULT, &said);
    assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
    assert_int_equal(decode(&buffer), STATUS_OK);
    assert_int_equal(heard.envelope.run, 11);
    assert_int_equal(heard.envelope.epoch, 12);
    assert_int_equal(heard.envelope.sender, 13);
    assert_int_equal(result->job.id, 7);
    assert_int_equal(result->job.attempt, 2);
    assert_int_equal(result->job.mtime_ns, -5);
    assert_null(result->job.path);
    assert_int_equal(result->state, IMAGE_DAMAGED);
    assert_int_equal(result->width, 6000);
    assert_int_equal(result->height, 4000);
    assert_int_equal(result->stages[STAGE_WRITE], 50);
    assert_int_equal(result->output_count, 2);
    assert_int_equal(result->outputs[1].width, 800);
    assert_int_equal(result->outputs[1].height, 533);
    assert_int_equal(heard.result.path.size, strlen("a/b.jpg"));
    assert_memory_equal(heard.result.path.bytes, "a/b.jpg", strlen("a/b.jpg"));
    buffer_close(&buffer);
}

static void the_options_are_heard_as_strings_that_end(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    const struct run_options *options = &heard.start.setup.options;
    sample_message(MSG_START, &said);
    assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
    assert_int_equal(decode(&buffer), STATUS_OK);
    assert_string_equal(options->output, "%z/%d/%s.webp");
    assert_string_equal(options->format, "webp[Q=80]");
    assert_string_equal(options->profile, "p3");
    assert_string_equal(options->sizes[1].label, "800x");
    assert_int_equal(options->size_count, 2);
    assert_int_equal(heard.start.setup.root_count, 2);
    buffer_close(&buffer);
}

static void the_longest_messages_fit_the_limits_of_frames(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        sample_longest(type, &said);
        assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
        switch (type) {
        case MSG_JOB:
            assert_in_range(buffer.size, 1, FRAME_JOB_MAX);
            break;
        case MSG_RESULT:
            assert_in_range(buffer.size, 1, FRAME_RESULT_MAX);
            break;
        case MSG_WELCOME: // from the head, which alone may say so much
        case MSG_START:
        case MSG_ASK:
        case MSG_STATUS:
            assert_in_range(buffer.size, 1, FRAME_CONTROL_MAX);
            break;
        default:
            assert_in_range(buffer.size, 1, FRAME_TO_HEAD_MAX);
            break;
        }
    }
    buffer_close(&buffer);
}

static void the_buffer_is_kept_from_message_to_message(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    sample_message(MSG_RESULT, &said);
    assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
    const char *bytes = buffer.bytes;
    size_t size = buffer.size;
    sample_message(MSG_JOB, &said);
    assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
    assert_ptr_equal(buffer.bytes, bytes);
    assert_true(buffer.size < size);
    buffer_close(&buffer);
    buffer_close(&buffer);
    assert_null(buffer.bytes);
}

/* A frame with more fields at its end: an array, a map in a map, an extension, a float. */
static size_t add_fields(const struct buffer *buffer, char *longer)
{
    static const char added[] =
        "\x92\xc0\x91\x01\x81\xa1k\x81\x01\xcb\x00\x00\x00\x00\x00\x00\x00\x00"
        "\xc7\x03\x05xyz\xd6\x01wxyz";
    unsigned char head = (unsigned char)buffer->bytes[0];
    size_t begin = head == 0xdc ? 3 : 1;
    unsigned count = head == 0xdc ? (unsigned)(unsigned char)buffer->bytes[1] << 8 |
                                        (unsigned char)buffer->bytes[2]
                                  : head & 0x0fu;
    count += 4;
    longer[0] = (char)0xdc;
    longer[1] = (char)(count >> 8);
    longer[2] = (char)count;
    memcpy(longer + 3, buffer->bytes + begin, buffer->size - begin);
    memcpy(longer + 3 + buffer->size - begin, added, sizeof added - 1);
    return 3 + buffer->size - begin + sizeof added - 1;
}

static void unknown_trailing_fields_are_ignored(void **state)
{
    (void)state;
    struct buffer buffer = {0};
    char longer[NOTATION_SIZE];
    for (enum message_type type = MSG_HELLO; type < MSG_TYPES; type++) {
        sample_message(type, &said);
        assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
        size_t size = add_fields(&buffer, longer);
        assert_int_equal(wire_decode(longer, size, &heard, NULL, NULL), STATUS_OK);
        // Every byte of them is still looked at.
        assert_int_equal(wire_decode(longer, size - 1, &heard, NULL, NULL), STATUS_MALFORMED);
    }
    buffer_close(&buffer);
}

static void every_way_to_write_a_value_is_read(void **state)
{
    (void)state;
    // str for bin; and 7 as uint64, int8, int16, int32 and int64.
    char frame[64];
    size_t size = notation_pack("[1, 3, 0, 0, 9, \"no\"]", frame, sizeof frame);
    assert_int_equal(wire_decode(frame, size, &heard, NULL, NULL), STATUS_OK);
    static const char wide[] =
        "\x96\xd0\x01\xd1\x00\x0a\xd2\x00\x00\x00\x07\xd3\x00\x00\x00\x00\x00"
        "\x00\x00\x07\xcf\x00\x00\x00\x00\x00\x00\x00\x07\xd0\x07";
    assert_int_equal(wire_decode(wide, sizeof wide - 1, &heard, NULL, NULL), STATUS_OK);
    assert_int_equal(heard.envelope.type, MSG_ALIVE);
    assert_int_equal(heard.envelope.run, 7);
    assert_int_equal(heard.envelope.epoch, 7);
    assert_int_equal(heard.alive.sent, 7);
}

static void too_many_slots(void)
{
    sample_message(MSG_HELLO, &said);
    said.hello.slots = ATTEMPTS_MAX + 1;
}

static void too_many_attempts(void)
{
    sample_message(MSG_TAKEN, &said);
    said.attempts.count = ATTEMPTS_MAX + 1;
}

static void too_long_a_path(void)
{
    sample_message(MSG_JOB, &said);
    said.job.path.size = JOB_PATH_SIZE;
}

static void an_absolute_path(void)
{
    sample_message(MSG_JOB, &said);
    said.job.path = text_of("/a.jpg");
}

static void a_negative_span(void)
{
    sample_message(MSG_RESULT, &said);
    said.result.result.busy = -1;
}

static void no_type(void)
{
    sample_message(MSG_WHO, &said);
    said.envelope.type = MSG_TYPES;
}

static void what_every_peer_would_refuse_is_not_sent(void **state)
{
    (void)state;
    static void (*const make[])(void) = {
        too_many_slots,   too_many_attempts, too_long_a_path,
        an_absolute_path, a_negative_span,   no_type,
    };
    struct buffer buffer = {0};
    for (size_t i = 0; i < sizeof make / sizeof *make; i++) {
        make[i]();
        assert_int_equal(wire_encode(&buffer, &said), STATUS_MALFORMED);
    }
    buffer_close(&buffer);
}

static void words_are_cut_to_their_limit(void **state)
{
    (void)state;
    static char words[2 * REASON_SIZE];
    struct buffer buffer = {0};
    memset(words, 'w', sizeof words - 1);
    sample_message(MSG_REFUSED, &said);
    said.refused = text_of(words);
    assert_int_equal(wire_encode(&buffer, &said), STATUS_OK);
    assert_int_equal(decode(&buffer), STATUS_OK);
    assert_int_equal(heard.refused.size, REASON_SIZE - 1);
    buffer_close(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_frames_are_those_of_the_document),
        cmocka_unit_test(what_was_said_is_heard),
        cmocka_unit_test(a_result_is_heard_field_by_field),
        cmocka_unit_test(the_options_are_heard_as_strings_that_end),
        cmocka_unit_test(the_longest_messages_fit_the_limits_of_frames),
        cmocka_unit_test(the_buffer_is_kept_from_message_to_message),
        cmocka_unit_test(unknown_trailing_fields_are_ignored),
        cmocka_unit_test(every_way_to_write_a_value_is_read),
        cmocka_unit_test(what_every_peer_would_refuse_is_not_sent),
        cmocka_unit_test(words_are_cut_to_their_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

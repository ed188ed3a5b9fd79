/*
 * What the wire refuses, and why it says so: each row of the tables is one thing that no peer may
 * say, beside others that are just within the limit.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/wire.h"
#include "tests/support/notation.h"

#define NOTATION_SIZE 2048

static struct message heard;

static enum status decode_notation(const char *notation, struct reason *why)
{
    static char frame[NOTATION_SIZE];
    size_t size = notation_pack(notation, frame, sizeof frame);
    memset(&heard, 0xa5, sizeof heard);
    return wire_decode(frame, size, &heard, NULL, why);
}

/* Begins a HELLO, JOB, ... of nobody. */
#define TO(type) "[1, " #type ", 0, 0, 9, "
#define RESULT_UP_TO_STATE TO(23) "'w', 1, 7, 1, 0, 5, 6, 'a.jpg', "
#define RESULT_UP_TO_OUTPUTS ", 1, 1, 1, 1, 1, [1, 1, 1, 1, 1], "
#define START(sizes, rest) TO(14) "[" sizes ", 0, '', 'jpg', [0, 0, 0], true, '', " rest "]"

struct refused {
    const char *what, *notation, *named; // named: the field the reason must speak of
};

static const struct refused refused_frames[] = {
    {"no array", "7", "message"},
    {"an empty array", "[]", "message"},
    {"a version that is no number", "['1', 3, 0, 0, 9]", "version"},
    {"an envelope cut short", "[1, 4, 0, 0]", "sender"},
    {"type 0", "[1, 0, 0, 0, 9]", "type"},
    {"a type to come", "[1, 29, 0, 0, 9]", "type"},
    {"a negative sender", "[1, 4, 0, 0, -9]", "sender"},
    {"too few fields", TO(5) "7, 1, 0, 5, 6]", "number of fields"},
    {"a job numbered 0", TO(5) "0, 1, 0, 5, 6, 'a']", "job"},
    {"an attempt of 33 bits", TO(5) "7, 4294967296, 0, 5, 6, 'a']", "attempt"},
    {"a root beyond the last", TO(5) "7, 1, 1024, 5, 6, 'a']", "root"},
    {"a size below 0", TO(5) "7, 1, 0, -5, 6, 'a']", "size"},
    {"an mtime of 64 bits unsigned", TO(5) "7, 1, 0, 5, 9223372036854775808, 'a']", "mtime_ns"},
    {"an empty path", TO(5) "7, 1, 0, 5, 6, '']", "path"},
    {"an absolute path", TO(5) "7, 1, 0, 5, 6, '/etc/passwd']", "path"},
    {"a NUL in a path", TO(5) "7, 1, 0, 5, 6, 'a\\x00b']", "path"},
    {"a path that is a number", TO(5) "7, 1, 0, 5, 6, 7]", "path"},
    {"attempts that are no list", TO(6) "7]", "attempts"},
    {"an attempt of one number", TO(6) "[[7]]]", "attempt"},
    {"a role nobody has", TO(1) "2, 'w', 1, 1, '', '', 0, false]", "role"},
    {"more slots than jobs may be held", TO(1) "0, 'w', 1025, 1, '', '', 0, false]", "slots"},
    {"more capacity than jobs may be held", TO(1) "0, 'w', 1, 1025, '', '', 0, false]", "capacity"},
    {"a port of 17 bits", TO(1) "0, 'w', 1, 1, '', '', 65536, false]", "results_port"},
    {"a number for a truth", TO(1) "0, 'w', 1, 1, '', '', 0, 0]", "finished"},
    {"a reason nobody has", TO(7) "7, 1, 6, 0, '']", "reason"},
    {"a time before the clock's start", TO(10) "-1]", "sent"},
    {"a verdict nobody gives", TO(17) "[[7, 4, '', 0]]]", "verdict"},
    {"an outcome that only workers reach", TO(18) "7, 1, 1, 0, 5, 6, 'a', '']", "state"},
    {"an exit status of 9 bits", TO(22) "256]", "exit_status"},
    {"a result that is pending", RESULT_UP_TO_STATE "0" RESULT_UP_TO_OUTPUTS "[], '', '']",
     "state"},
    {"a result that is fresh", RESULT_UP_TO_STATE "3" RESULT_UP_TO_OUTPUTS "[], '', '']", "state"},
    {"made, without an output", RESULT_UP_TO_STATE "1" RESULT_UP_TO_OUTPUTS "[], '', '']",
     "outputs"},
    {"failed, with an output",
     RESULT_UP_TO_STATE "4" RESULT_UP_TO_OUTPUTS "[[1, 1, 1, 1]], 'e', '']", "outputs"},
    {"an output without pixels",
     RESULT_UP_TO_STATE "1" RESULT_UP_TO_OUTPUTS "[[0, 1, 1, 1]], '', '']", "output width"},
    {"no size", START("[]", "0, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]", "sizes"},
    {"a size without a side",
     START("[[0, 1, 0, '1']]", "0, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]",
     "size width"},
    {"a size wider than any",
     START("[[10000001, 1, 0, '1']]", "0, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]",
     "size width"},
    {"a mode nobody has",
     START("[[1, 1, 4, '1']]", "0, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]", "size mode"},
    {"a label that climbs",
     START("[[1, 1, 0, '../x']]", "0, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]", "label"},
    {"a label of nothing",
     START("[[1, 1, 0, '']]", "0, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]", "label"},
    {"metadata nobody keeps",
     START("[[1, 1, 0, '1']]", "32, 0, 1, 1, 1, 2, false") ", '/d', [], false, false]", "keep"},
    {"a format nobody knows",
     START("[[1, 1, 0, '1']]", "0, 0, 1, 1, 1, 4096, false") ", '/d', [], false, false]", "allow"},
    {"a destination somewhere",
     START("[[1, 1, 0, '1']]", "0, 0, 1, 1, 1, 2, false") ", 'd', [], false, false]", "dest"},
    {"a root of nothing",
     START("[[1, 1, 0, '1']]", "0, 0, 1, 1, 1, 2, false") ", '/d', [''], false, false]", "root"},
};

static void what_no_peer_may_say_is_refused_by_its_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused_frames / sizeof *refused_frames; i++) {
        const struct refused *row = &refused_frames[i];
        struct reason why = {""};
        if (decode_notation(row->notation, &why) != STATUS_MALFORMED)
            fail_msg("%s was accepted", row->what);
        if (strstr(why.text, row->named) == NULL)
            fail_msg("%s: the reason is \"%s\"", row->what, why.text);
    }
}

/* The same frames with a legal value there are accepted, so that each row tests what it says. */
static void what_peers_may_say_is_accepted(void **state)
{
    (void)state;
    static const char *const accepted[] = {
        TO(5) "7, 1, 1023, 5, 9223372036854775807, 'a']",
        TO(5) "7, 0, 0, 18446744073709551615, -9223372036854775808, 'a']",
        TO(6) "[]]",
        TO(6) "[[7, 1, 'and', ['more']]]]",
        TO(1) "0, 'w', 1024, 1024, '', '', 65535, false]",
        TO(7) "7, 1, 5, 0, '']",
        TO(17) "[[7, 3, '', 0]]]",
        TO(18) "7, 0, 5, 0, 5, 6, 'a', '']",
        TO(22) "255]",
        RESULT_UP_TO_STATE "4" RESULT_UP_TO_OUTPUTS "[], 'e', '']",
        RESULT_UP_TO_STATE "1" RESULT_UP_TO_OUTPUTS "[[1, 1, 0, -1]], '', '']",
        START("[[1, 1, 3, '1x1']]", "31, 3, 1, 1, 1, 4095, true") ", '/d', ['/'], true, false]",
        START("[[1, 1, 0, '1', 5]]", "0, 0, 1, 1, 1, 2, false, 'more'") ", '/d', [], false, false]",
    };
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct reason why = {""};
        if (decode_notation(accepted[i], &why) != STATUS_OK)
            fail_msg("%s: %s", accepted[i], why.text);
    }
}

static void lists_longer_than_their_limit_are_refused(void **state)
{
    (void)state;
    static char frame[16 * 1024];
    static const struct {
        const char *head, *element, *tail;
        unsigned most; // the limit
    } lists[] = {
        {TO(6), "[7, 1]", "]", ATTEMPTS_MAX},
        {TO(17), "[7, 0, '', 0]", "]", ASK_MAX},
        {START("[[1, 1, 0, '1']]", "0, 0, 1, 1, 1, 2, false") ", '/d', ", "'/'", ", false, false]",
         ROOTS_MAX},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        for (unsigned count = lists[i].most; count <= lists[i].most + 1; count++) {
            size_t capacity = strlen(lists[i].head) + count * (strlen(lists[i].element) + 1) + 24;
            char *notation = malloc(capacity);
            assert_non_null(notation);
            size_t at = (size_t)snprintf(notation, capacity, "%s[", lists[i].head);
            for (unsigned k = 0; k < count; k++)
                at += (size_t)snprintf(notation + at, capacity - at, "%s,", lists[i].element);
            snprintf(notation + at, capacity - at, "]%s", lists[i].tail);
            size_t size = notation_pack(notation, frame, sizeof frame);
            assert_int_equal(wire_decode(frame, size, &heard, NULL, NULL),
                             count > lists[i].most ? STATUS_MALFORMED : STATUS_OK);
            free(notation);
        }
    }
}

static void texts_longer_than_their_limit_are_refused(void **state)
{
    (void)state;
    static char notation[2 * JOB_PATH_SIZE], frame[2 * JOB_PATH_SIZE], text[JOB_PATH_SIZE + 1];
    static const struct {
        const char *head, *tail;
        int size; // of the array it goes to, one more than the longest
    } texts[] = {
        {TO(3), "]", REASON_SIZE},
        {TO(1) "0, ", ", 1, 1, '', '', 0, false]", WORKER_NAME_SIZE},
        {TO(1) "0, 'w', 1, 1, '', ", ", 0, false]", HOST_SIZE},
    };
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (int length = texts[i].size - 1; length <= texts[i].size; length++) {
            // The notation takes at most 512 bytes a text, so the bytes are put in behind a head.
            unsigned char bin[] = {0xc5, (unsigned char)(length >> 8), (unsigned char)length};
            snprintf(notation, sizeof notation, "%s'@'%s", texts[i].head, texts[i].tail);
            size_t size = notation_pack(notation, frame, sizeof frame);
            char *mark = memchr(frame, '@', size);
            assert_non_null(mark);
            char *begin = mark - 2; // 0xc4, 1, '@'
            size_t rest = (size_t)(frame + size - (mark + 1));
            memmove(begin + sizeof bin + (size_t)length, mark + 1, rest);
            memcpy(begin, bin, sizeof bin);
            memcpy(begin + sizeof bin, text, (size_t)length);
            size = (size_t)(begin - frame) + sizeof bin + (size_t)length + rest;
            assert_int_equal(wire_decode(frame, size, &heard, NULL, NULL),
                             length < texts[i].size ? STATUS_OK : STATUS_MALFORMED);
        }
    }
}

static void declared_sizes_are_not_believed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cut[] = {
#define BYTES(literal) {literal, sizeof(literal) - 1}
        BYTES("\xdd\xff\xff\xff\xff"),                             // an array of 2^32 - 1
        BYTES("\xdd\xff\xff\xff\xff\x01\x04\x00\x00\x09"),         // ... that begins like a WHO
        BYTES("\xdd\x80\x00\x00\x00\x01\x04\x00\x00\x09"),         // ... of 2^31
        BYTES("\x96\x01\x06\x00\x00\x09\xdd\xff\xff\xff\xff"),     // attempts
        BYTES("\x96\x01\x03\x00\x00\x09\xc6\xff\xff\xff\xff"),     // a text of 4 GiB
        BYTES("\x96\x01\x04\x00\x00\x09\xdf\xff\xff\xff\xff"),     // a map in the surplus
        BYTES("\x96\x01\x04\x00\x00\x09\xc9\xff\xff\xff\xff\x01"), // an extension in the surplus
        BYTES("\x96\x01\x04\x00\x00\x09\xc1"),                     // the byte that means nothing
        BYTES("\x92\x02\xdd\xff\xff\xff\xff"),                     // another version
#undef BYTES
    };
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        char *exact = malloc(cut[i].size); // so that a sanitizer sees a byte too many
        assert_non_null(exact);
        memcpy(exact, cut[i].bytes, cut[i].size);
        assert_int_equal(wire_decode(exact, cut[i].size, &heard, NULL, NULL), STATUS_MALFORMED);
        free(exact);
    }
}

static void nesting_without_end_costs_no_stack(void **state)
{
    (void)state;
    static char deep[FRAME_CONTROL_MAX];
    memcpy(deep, "\x96\x01\x04\x00\x00\x09", 6);
    memset(deep + 6, 0x91, sizeof deep - 7); // an array in an array in an array ...
    deep[sizeof deep - 1] = 0x01;
    assert_int_equal(wire_decode(deep, sizeof deep, &heard, NULL, NULL), STATUS_OK);
    assert_int_equal(wire_decode(deep, sizeof deep - 1, &heard, NULL, NULL), STATUS_MALFORMED);
}

static void another_version_is_refused_in_words(void **state)
{
    (void)state;
    struct reason why;
    uint32_t version = 0;
    char frame[64];
    size_t size = notation_pack("[2, 'of', [3, nil, 'fields']]", frame, sizeof frame);
    assert_int_equal(wire_decode(frame, size, &heard, &version, &why), STATUS_MALFORMED);
    assert_int_equal(version, 2);
    assert_non_null(strstr(why.text, "version 2"));
    assert_non_null(strstr(why.text, "version 1"));

    assert_int_equal(wire_decode(frame, size - 1, &heard, &version, &why), STATUS_MALFORMED);
    assert_int_equal(version, PROTOCOL_VERSION);
    assert_null(strstr(why.text, "version 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_version_is_refused_in_words),
        cmocka_unit_test(what_no_peer_may_say_is_refused_by_its_name),
        cmocka_unit_test(what_peers_may_say_is_accepted),
        cmocka_unit_test(lists_longer_than_their_limit_are_refused),
        cmocka_unit_test(texts_longer_than_their_limit_are_refused),
        cmocka_unit_test(declared_sizes_are_not_believed),
        cmocka_unit_test(nesting_without_end_costs_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

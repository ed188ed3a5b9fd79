/*
 * Escapes, and numbers as people write and read them.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/text.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"plain name.jpg", "plain name.jpg"},
        {"b\xc3\xa9ton \xe2\x82\xac \xf0\x9f\x98\x80",
         "b\xc3\xa9ton \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"two\nlines\r\t", "two\\x0alines\\x0d\\x09"},
        {"\x1b[31mred", "\\x1b[31mred"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b", "\\u{9b}"},
        {"exe\xe2\x80\xaegpj", "exe\\u{202E}gpj"},
        {"\xe2\x80\xa8", "\\u{2028}"},
        {"\xe2\x81\xa6", "\\u{2066}"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"cut \xe2\x82", "cut \\xe2\\x82"},
        {"overlong \xc0\xaf", "overlong \\xc0\\xaf"},
        {"surrogate \xed\xa0\x80", "surrogate \\xed\\xa0\\x80"},
        {"beyond \xf4\x90\x80\x80", "beyond \\xf4\\x90\\x80\\x80"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[200];
        text_escape(out, sizeof out, cases[i].in);
        assert_string_equal(out, cases[i].out);
    }
}

static void an_escape_is_cut_between_characters(void **state)
{
    (void)state;
    static const char in[] = "a\xe2\x82\xac\n";
    static const char *const whole_pieces[] = {"", "a", "a\xe2\x82\xac", "a\xe2\x82\xac\\x0a"};
    for (size_t size = 1; size <= 10; size++) {
        char out[10];
        text_escape(out, size, in);
        assert_true(strlen(out) < size);
        size_t known = 0;
        while (known < COUNT(whole_pieces) && strcmp(out, whole_pieces[known]) != 0)
            known++;
        assert_true(known < COUNT(whole_pieces));
    }
    char untouched = 'x';
    text_escape(&untouched, 0, in);
    assert_int_equal(untouched, 'x');
}

static void amounts_read_like_a_person_writes_them(void **state)
{
    (void)state;
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},          {999, "999 B"},     {999.7, "1.0 kB"}, {1000, "1.0 kB"},
        {12345, "12.3 kB"},  {640000, "640 kB"}, {99960, "100 kB"}, {999700, "1.0 MB"},
        {12.3e6, "12.3 MB"}, {2.5e9, "2.5 GB"},  {7e12, "7.0 TB"},  {7e18, "7000 PB"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        text_bytes(text, sizeof text, cases[i].bytes);
        assert_string_equal(text, cases[i].text);
    }
}

static void spans_read_like_a_clock(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0, "0 s"},     {8, "8 s"},          {59.4, "59 s"},    {59.6, "1:00"},
                 {725, "12:05"}, {3599.7, "1:00:00"}, {5025, "1:23:45"}, {360000, "100:00:00"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        text_duration(text, sizeof text, cases[i].seconds);
        assert_string_equal(text, cases[i].text);
    }
}

struct number {
    const char *text;
    long long value;
};

static void check_numbers(long long (*parse)(const char *), const struct number *cases,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parse(cases[i].text) != cases[i].value)
            fail_msg("\"%s\" is read as %lld", cases[i].text, parse(cases[i].text));
    }
}

static void sizes_of_memory_are_powers_of_1024(void **state)
{
    (void)state;
    static const struct number cases[] = {
        {"0", 0},
        {"200000", 200000},
        {"512M", 512LL << 20},
        {"512MB", 512LL << 20},
        {"512MiB", 512LL << 20},
        {"2G", 2LL << 30},
        {"1.5GiB", 3LL << 29},
        {"4T", 4LL << 40},
        {"9223372036854775807", -1}, // a long long rounds up to 2^63 where long double is double
        {"9000000T", -1},
        {"", -1},
        {"M", -1},
        {"-1", -1},
        {"+1", -1},
        {" 1", -1},
        {"1 ", -1},
        {"1.5", -1},
        {"1.", -1},
        {".5M", -1},
        {"1M2", -1},
        {"1mib", -1},
        {"0x10", -1},
        {"1e3", -1},
        {"99999999999999999999999999", -1},
    };
    check_numbers(text_parse_bytes, cases, COUNT(cases));
}

static void counts_of_pixels_are_powers_of_1000(void **state)
{
    (void)state;
    static const struct number cases[] = {
        {"40000", 40000}, {"200M", 200000000}, {"200MP", 200000000}, {"1.5G", 1500000000},
        {"0.3K", 300},    {"200P", -1},        {"200MiB", -1},       {"", -1},
        {"two", -1},      {"nan", -1},         {"inf", -1},
    };
    check_numbers(text_parse_count, cases, COUNT(cases));
}

static void a_bare_span_is_in_seconds(void **state)
{
    (void)state;
    static const struct number cases[] = {
        {"30", 30000},   {"30s", 30000}, {"500ms", 500}, {"2m", 120000}, {"0.3", 300},
        {"1.001", 1001}, {"0", 0},       {"1.5ms", -1},  {"30 s", -1},   {"5h", -1},
        {"", -1},        {"s", -1},      {"-5", -1},
    };
    check_numbers(text_parse_ms, cases, COUNT(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(an_escape_is_cut_between_characters),
        cmocka_unit_test(amounts_read_like_a_person_writes_them),
        cmocka_unit_test(spans_read_like_a_clock),
        cmocka_unit_test(sizes_of_memory_are_powers_of_1024),
        cmocka_unit_test(counts_of_pixels_are_powers_of_1000),
        cmocka_unit_test(a_bare_span_is_in_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

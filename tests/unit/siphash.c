/* The keyed digest, against the vectors its authors published (vectors_sip128 of their reference
 * implementation): the key is the bytes 0 to 15, a message of n bytes is the bytes 0 to n - 1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sink/siphash.h"

static void count_up(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)i;
}

static void the_published_vectors_come_out(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        uint8_t digest[SIPHASH_SIZE];
    } cases[] = {
        {0, "\xa3\x81\x7f\x04\xba\x25\xa8\xe6\x6d\xf6\x72\x14\xc7\x55\x02\x93"},
        {1, "\xda\x87\xc1\xd8\x6b\x99\xaf\x44\x34\x76\x59\x11\x9b\x22\xfc\x45"},
        {2, "\x81\x77\x22\x8d\xa4\xa4\x5d\xc7\xfc\xa3\x8b\xde\xf6\x0a\xff\xe4"},
        {7, "\xa1\xf1\xeb\xbe\xd8\xdb\xc1\x53\xc0\xb8\x4a\xa6\x1f\xf0\x82\x39"},
        {8, "\x3b\x62\xa9\xba\x62\x58\xf5\x61\x0f\x83\xe2\x64\xf3\x14\x97\xb4"},
        {9, "\x26\x44\x99\x06\x0a\xd9\xba\xab\xc4\x7f\x8b\x02\xbb\x6d\x71\xed"},
        {15, "\x54\x93\xe9\x99\x33\xb0\xa8\x11\x7e\x08\xec\x0f\x97\xcf\xc3\xd9"},
        {16, "\x6e\xe2\xa4\xca\x67\xb0\x54\xbb\xfd\x33\x15\xbf\x85\x23\x05\x77"},
        {63, "\x51\x50\xd1\x77\x2f\x50\x83\x4a\x50\x3e\x06\x9a\x97\x3f\xbd\x7c"},
    };
    uint8_t key[SIPHASH_KEY_SIZE], message[64], digest[SIPHASH_SIZE];
    count_up(key, sizeof key);
    count_up(message, sizeof message);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        siphash(key, message, cases[i].size, digest);
        assert_memory_equal(digest, cases[i].digest, SIPHASH_SIZE);
    }
}

static void another_key_gives_another_digest(void **state)
{
    (void)state;
    uint8_t key[SIPHASH_KEY_SIZE] = {0}, one[SIPHASH_SIZE], other[SIPHASH_SIZE];
    siphash(key, "a.jpg", 5, one);
    key[15] = 1;
    siphash(key, "a.jpg", 5, other);
    assert_memory_not_equal(one, other, SIPHASH_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_come_out),
        cmocka_unit_test(another_key_gives_another_digest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

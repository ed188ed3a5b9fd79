/* Outputs as bytes: what was put in comes out, and other bytes are refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sink/record_pack.h"
#include "tests/support/random.h"

#define GARBAGE_ROUNDS 20000
#define SEED 7

static uint8_t packed[PACKED_MAX];
static char names[SIZES_MAX][OUTPUT_PATH_SIZE], read_names[SIZES_MAX][OUTPUT_PATH_SIZE];
static struct output outputs[SIZES_MAX], read_outputs[SIZES_MAX];

static const struct output extremes[] = {
    {0, 0, 0, 0},
    {1, 127, 128, -1},
    {UINT32_MAX, 128, UINT64_MAX, INT64_MAX},
    {16383, 16384, 1, INT64_MIN},
};

static size_t pack_names(const char *path, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        outputs[i] = extremes[i % 4];
    return pack_outputs(packed, text_of(path), (const char(*)[OUTPUT_PATH_SIZE])names, outputs,
                        count);
}

static bool unpack(const void *bytes, size_t size, const char *path, uint32_t *count)
{
    const struct text text = {bytes, (uint32_t)size};
    return unpack_outputs(text, text_of(path), read_names, read_outputs, count);
}

static void what_is_packed_comes_out(void **state)
{
    static const struct {
        const char *path, *name;
    } cases[] = {
        {"a/b.jpg", "a/b.jpg"},
        {"a/b.png", "a/b.png.jpg"},
        {"a/b.png", "256x256/a/b.png.jpg"},
        {"a/b.png", "b.webp"},
        {"a", "aaa"},
        {"a/b.png", "x"},
        {"", "name"},
        {"\xff\xfe", "d/\xff\xfe"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint32_t count = 0; count <= SIZES_MAX; count += count < 4 ? 1 : 6) {
            uint32_t found;
            for (uint32_t k = 0; k < count; k++)
                strcpy(names[k], cases[i].name);
            const size_t size = pack_names(cases[i].path, count);
            assert_true(unpack(packed, size, cases[i].path, &found));
            assert_int_equal(found, count);
            for (uint32_t k = 0; k < count; k++) {
                assert_string_equal(read_names[k], cases[i].name);
                assert_memory_equal(&read_outputs[k], &extremes[k % 4], sizeof *extremes);
            }
        }
}

static void the_longest_names_fit(void **state)
{
    char path[OUTPUT_PATH_SIZE];
    uint32_t found;
    (void)state;
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    for (int same = 0; same < 2; same++) {
        for (uint32_t i = 0; i < SIZES_MAX; i++) {
            strcpy(names[i], path);
            names[i][0] = same ? 'p' : 'q';
        }
        const size_t size = pack_names(path, SIZES_MAX);
        assert_true(size <= sizeof packed);
        assert_true(unpack(packed, size, path, &found));
        assert_int_equal(found, SIZES_MAX);
        assert_string_equal(read_names[SIZES_MAX - 1], names[SIZES_MAX - 1]);
    }
}

static void bytes_cut_short_are_refused(void **state)
{
    uint32_t found;
    (void)state;
    strcpy(names[0], "256x256/a/b.png.jpg");
    const size_t size = pack_names("a/b.png", 1);
    for (size_t cut = 1; cut < size; cut++) {
        uint8_t *exact = malloc(cut); // so that a sanitizer sees a byte too many
        assert_non_null(exact);
        memcpy(exact, packed, cut);
        assert_false(unpack(exact, cut, "a/b.png", &found));
        free(exact);
    }
}

static void too_many_or_too_long_are_refused(void **state)
{
    uint32_t found;
    (void)state;
    strcpy(names[0], "x");
    const size_t one = pack_names("y", 1);
    for (uint32_t i = 1; i <= SIZES_MAX; i++)
        memcpy(packed + i * one, packed, one);
    assert_true(unpack(packed, SIZES_MAX * one, "y", &found));
    assert_false(unpack(packed, (SIZES_MAX + 1) * one, "y", &found));
    memset(packed, 'z', sizeof packed);
    packed[0] = 0x80; // a name of 4096 bytes, one more than fits
    packed[1] = 0xc0 & 0x7f;
    assert_false(unpack(packed, OUTPUT_PATH_SIZE + 40, "y", &found));
}

static void any_bytes_are_read_within_their_bounds(void **state)
{
    uint64_t seed = SEED;
    uint32_t found;
    (void)state;
    for (int round = 0; round < GARBAGE_ROUNDS; round++) {
        const size_t size = random_below(&seed, 40);
        uint8_t *exact = malloc(size + 1);
        assert_non_null(exact);
        for (size_t i = 0; i < size; i++)
            exact[i] = (uint8_t)random_next(&seed);
        if (unpack(exact, size, "a/b.png", &found))
            assert_true(found <= SIZES_MAX);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out),
        cmocka_unit_test(the_longest_names_fit),
        cmocka_unit_test(bytes_cut_short_are_refused),
        cmocka_unit_test(too_many_or_too_long_are_refused),
        cmocka_unit_test(any_bytes_are_read_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

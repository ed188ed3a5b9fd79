/*
 * Formats by suffix, by first bytes and by name.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/image_format.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define BYTES(text) text, sizeof(text) - 1

static void a_suffix_names_a_format_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum image_format format;
    } cases[] = {
        {"a.jpg", FORMAT_JPEG},
        {"a/b.JPEG", FORMAT_JPEG},
        {"x.jpe", FORMAT_JPEG},
        {"x.png", FORMAT_PNG},
        {"x.WebP", FORMAT_WEBP},
        {"x.gif", FORMAT_GIF},
        {"x.tif", FORMAT_TIFF},
        {"x.tiff", FORMAT_TIFF},
        {"x.heic", FORMAT_HEIF},
        {"x.avif", FORMAT_AVIF},
        {"x.svg", FORMAT_SVG},
        {"x.pdf", FORMAT_PDF},
        {"x.jp2", FORMAT_JP2},
        {"x.jxl", FORMAT_JXL},
        {".jpg", FORMAT_JPEG},
        {"a.jpg[n=-1].jpg", FORMAT_JPEG},
        {"", FORMAT_UNKNOWN},
        {"jpg", FORMAT_UNKNOWN},
        {"a.jpg/readme", FORMAT_UNKNOWN},
        {"a.jpg.txt", FORMAT_UNKNOWN},
        {"a.", FORMAT_UNKNOWN},
        {"a.jpg[n=-1]", FORMAT_UNKNOWN},
        {"a.jpg ", FORMAT_UNKNOWN},
        {"a.\xff", FORMAT_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(format_of_name(cases[i].path), cases[i].format);
}

static const struct {
    const char *bytes;
    size_t size;
    enum image_format format;
} beginnings[] = {
    {BYTES("\xff\xd8\xff\xe0"), FORMAT_JPEG},
    {BYTES("\x89PNG\r\n\x1a\n"), FORMAT_PNG},
    {BYTES("GIF87a"), FORMAT_GIF},
    {BYTES("GIF89a"), FORMAT_GIF},
    {BYTES("RIFF\1\2\3\4WEBPVP8 "), FORMAT_WEBP},
    {BYTES("II*\0"), FORMAT_TIFF},
    {BYTES("MM\0*"), FORMAT_TIFF},
    {BYTES("II+\0"), FORMAT_TIFF},
    {BYTES("\0\0\0\x18"
           "ftypheic\0\0\0\0mif1heic"),
     FORMAT_HEIF},
    {BYTES("\0\0\0\x18"
           "ftypmif1\0\0\0\0mif1heic"),
     FORMAT_HEIF},
    {BYTES("\0\0\0\x18"
           "ftypmif1\0\0\0\0mif1avif"),
     FORMAT_AVIF},
    {BYTES("\0\0\0\x1c"
           "ftypavif\0\0\0\0avifmif1miaf"),
     FORMAT_AVIF},
    {BYTES("%PDF-1.7"), FORMAT_PDF},
    {BYTES("\0\0\0\x0cjP  \r\n\x87\n"), FORMAT_JP2},
    {BYTES("\xff\x4f\xff\x51"), FORMAT_JP2},
    {BYTES("\xff\x0a"), FORMAT_JXL},
    {BYTES("\0\0\0\x0cJXL \r\n\x87\n"), FORMAT_JXL},
    {BYTES("<svg>"), FORMAT_SVG},
    {BYTES("\xef\xbb\xbf \n<?xml version='1.0'?><!-- x --><svg xmlns=''>"), FORMAT_SVG},
    {BYTES("<svg:svg xmlns:svg=''>"), FORMAT_SVG},
};

static void first_bytes_name_a_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(beginnings); i++)
        assert_int_equal(format_of_bytes(beginnings[i].bytes, beginnings[i].size),
                         beginnings[i].format);
}

static void fewer_bytes_name_the_same_or_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(beginnings); i++)
        for (size_t size = 0; size < beginnings[i].size; size++) {
            char *exact = test_malloc(size + 1); // so that a sanitizer sees reading too far
            memcpy(exact, beginnings[i].bytes, size);
            enum image_format format = format_of_bytes(exact, size);
            /* The general brand of HEIF may turn out to be AVIF's with more bytes. */
            assert_true(format == FORMAT_UNKNOWN || format == beginnings[i].format ||
                        (format == FORMAT_HEIF && beginnings[i].format == FORMAT_AVIF));
            test_free(exact);
        }
}

static void what_only_looks_like_a_format_is_unknown(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {BYTES("")},
        {BYTES("this is a text about <svg> and %PDF-1.4")},
        {BYTES("BM\0\0\0\0")},
        {BYTES("RIFF\1\2\3\4WAVE")},
        {BYTES("\0\0\0\x18"
               "ftypisom\0\0\0\0isommp42")},
        {BYTES("\0\0\0\x0c"
               "ftypisomavif")}, // the brand stands outside the box
        {BYTES("<html><svgx></html>")},
        {BYTES("\x1f\x8b\x08\0")},
        {BYTES("\xff\xd8\0\0")},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(format_of_bytes(cases[i].bytes, cases[i].size), FORMAT_UNKNOWN);
}

static void an_svg_element_is_looked_for_only_at_the_beginning(void **state)
{
    (void)state;
    char text[FORMAT_SNIFF_SIZE + 64];
    memset(text, ' ', sizeof text);
    memcpy(text, "<!--", 4);
    memcpy(text + sizeof text - 8, "--><svg>", 8);
    assert_int_equal(format_of_bytes(text, sizeof text), FORMAT_UNKNOWN);
    memcpy(text + FORMAT_SNIFF_SIZE - 8, "--><svg>", 8);
    assert_int_equal(format_of_bytes(text, sizeof text), FORMAT_SVG);
}

static void every_format_has_a_name_that_is_read_back(void **state)
{
    (void)state;
    for (int format = FORMAT_UNKNOWN + 1; format < FORMATS; format++)
        assert_int_equal(format_of_word(format_name(format)), format);
    assert_int_equal(format_of_word("HEIC"), FORMAT_HEIF);
    assert_int_equal(format_of_word("jpg"), FORMAT_JPEG);
    assert_int_equal(format_of_word("unknown"), FORMAT_UNKNOWN);
    assert_int_equal(format_of_word(""), FORMAT_UNKNOWN);
    assert_string_equal(format_name(FORMATS), "unknown");
}

static void drawings_and_documents_are_not_written(void **state)
{
    (void)state;
    for (int format = 0; format < FORMATS; format++)
        assert_int_equal(format_is_output(format),
                         format != FORMAT_UNKNOWN && format != FORMAT_SVG && format != FORMAT_PDF);
    assert_false(format_is_output(FORMATS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suffix_names_a_format_in_any_case),
        cmocka_unit_test(first_bytes_name_a_format),
        cmocka_unit_test(fewer_bytes_name_the_same_or_none),
        cmocka_unit_test(what_only_looks_like_a_format_is_unknown),
        cmocka_unit_test(an_svg_element_is_looked_for_only_at_the_beginning),
        cmocka_unit_test(every_format_has_a_name_that_is_read_back),
        cmocka_unit_test(drawings_and_documents_are_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

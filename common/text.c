/*
 * Escaping, and numbers as people write and read them. No locale: the same everywhere.
 */

#include "common/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t text_utf8(const char *in, uint32_t *character)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least; // smaller ones have a shorter form
    } forms[] = {{0x80, 0x00, 1}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    const uint8_t *bytes = (const uint8_t *)in;
    for (size_t more = 0; more < sizeof forms / sizeof *forms; more++) {
        if ((bytes[0] & forms[more].mask) != forms[more].lead)
            continue;
        uint32_t value = bytes[0] & (uint8_t)~forms[more].mask;
        for (size_t i = 1; i <= more; i++) {
            if ((bytes[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | (bytes[i] & 0x3f);
        }
        bool surrogate = value >= 0xd800 && value <= 0xdfff;
        if (value < forms[more].least || value > 0x10ffff || surrogate)
            return 0;
        *character = value;
        return more + 1;
    }
    return 0;
}

/* Characters that end a line, or turn the direction of what follows. */
static bool is_deceptive(uint32_t character)
{
    return character == 0x061c || character == 0x200e || character == 0x200f ||
           (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

void text_escape(char *out, size_t size, const char *in)
{
    size_t used = 0;
    while (*in != '\0') {
        char piece[16];
        uint32_t character;
        size_t length = text_utf8(in, &character);
        if (length == 0 || character < 0x20 || character == 0x7f)
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)*in);
        else if (character < 0xa0 && character >= 0x80)
            snprintf(piece, sizeof piece, "\\u{%x}", (unsigned)character);
        else if (is_deceptive(character))
            snprintf(piece, sizeof piece, "\\u{%X}", (unsigned)character);
        else
            snprintf(piece, sizeof piece, "%.*s", (int)length, in);
        size_t needed = strlen(piece);
        if (used + needed + 1 > size)
            break;
        memcpy(out + used, piece, needed);
        used += needed;
        in += length == 0 ? 1 : length;
    }
    if (size > 0)
        out[used] = '\0';
}

void text_bytes(char *out, size_t size, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    const size_t last = sizeof units / sizeof *units - 1;
    size_t unit = 0;
    while (bytes >= 999.5 && unit < last) { // 999.5 would be printed as 1000
        bytes /= 1000;
        unit++;
    }
    bool decimals = unit > 0 && bytes < 99.95;
    snprintf(out, size, "%.*f %s", decimals ? 1 : 0, bytes, units[unit]);
}

void text_duration(char *out, size_t size, double seconds)
{
    const long long whole = (long long)(seconds + 0.5);
    const long long minutes = whole / 60, hours = minutes / 60;
    if (hours > 0)
        snprintf(out, size, "%lld:%02lld:%02lld", hours, minutes % 60, whole % 60);
    else if (minutes > 0)
        snprintf(out, size, "%lld:%02lld", minutes, whole % 60);
    else
        snprintf(out, size, "%lld s", whole);
}

/* A number as it was written: 1.5 is 15 / 10, so that 0.3 of a second is 300 ms and no less. A long
 * double holds every whole number of a long long. */
struct decimal {
    long double digits, divisor;
};

/* Adds digits; returns how many there were. */
static size_t read_digits(const char **text, struct decimal *decimal)
{
    size_t count = strspn(*text, "0123456789");
    for (size_t i = 0; i < count; i++)
        decimal->digits = decimal->digits * 10 + (*(*text)++ - '0');
    return count;
}

/* Reads digits, or digits.digits, and moves behind them. Returns false when there are none. */
static bool read_decimal(const char **text, struct decimal *decimal)
{
    *decimal = (struct decimal){.divisor = 1};
    if (read_digits(text, decimal) == 0)
        return false;
    if (**text != '.')
        return true;
    (*text)++;
    size_t places = read_digits(text, decimal);
    for (size_t i = 0; i < places; i++)
        decimal->divisor *= 10;
    return places > 0;
}

/* decimal * factor, rounded down; -1 when that is no long long. Parts of the unit itself (half a
 * byte) are no number. */
static long long scale(const struct decimal *decimal, long double factor)
{
    long double value = decimal->digits * factor / decimal->divisor;
    if ((decimal->divisor != 1 && factor == 1) || !(value < (long double)LLONG_MAX))
        return -1;
    return (long long)value;
}

/* A number, one of K M G T or none, and then one of the words in `tails`. */
static long long parse_with_unit(const char *text, long double step, const char *const *tails)
{
    static const char letters[] = "KMGT";
    struct decimal decimal;
    long double factor = 1;
    if (!read_decimal(&text, &decimal))
        return -1;
    const char *letter = *text != '\0' ? strchr(letters, *text) : NULL;
    if (letter == NULL)
        return *text == '\0' ? scale(&decimal, 1) : -1;
    for (const char *at = letters; at <= letter; at++)
        factor *= step;
    for (; *tails != NULL; tails++) {
        if (strcmp(text + 1, *tails) == 0)
            return scale(&decimal, factor);
    }
    return -1;
}

long long text_parse_bytes(const char *text)
{
    static const char *const tails[] = {"", "B", "iB", NULL};
    return parse_with_unit(text, 1024, tails);
}

long long text_parse_count(const char *text)
{
    static const char *const tails[] = {"", "P", NULL};
    return parse_with_unit(text, 1000, tails);
}

long long text_parse_ms(const char *text)
{
    static const struct {
        const char *unit;
        long double ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60 * 1000}};
    struct decimal decimal;
    if (!read_decimal(&text, &decimal))
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].unit) == 0)
            return scale(&decimal, units[i].ms);
    }
    return -1;
}

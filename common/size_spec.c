/*
 * The size grammar, read by hand: digits? x? digits? suffix?, at least one number.
 *
 * With `!` a side that is not given takes the other's number, as vipsthumbnail has it: no aspect
 * is left that could tell it.
 */

#include "common/size_spec.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Digits of SIZE_FREE, the largest side. More are refused even when they are zeros, so that a label
 * of two numbers and an x fits SIZE_LABEL_SIZE. */
#define SIDE_DIGITS 8

/* Reads a number at *text, moves behind it. Returns false when it is out of range; *side is left
 * alone when there is no number. */
static bool read_side(const char **text, uint32_t *side)
{
    size_t digits = strspn(*text, "0123456789");
    if (digits == 0)
        return true;
    if (digits > SIDE_DIGITS)
        return false;
    uint32_t value = 0;
    for (size_t i = 0; i < digits; i++)
        value = value * 10 + (uint32_t)((*text)[i] - '0');
    *text += digits;
    *side = value;
    return value >= 1 && value <= SIZE_FREE;
}

static bool read_suffix(const char *text, enum size_mode *mode)
{
    static const char suffixes[] = {
        [SIZE_BOTH] = '\0', [SIZE_DOWN] = '>', [SIZE_UP] = '<', [SIZE_FORCE] = '!'};
    for (size_t i = 0; i < sizeof suffixes; i++) {
        if (text[0] == suffixes[i]) {
            *mode = (enum size_mode)i;
            return text[0] == '\0' || text[1] == '\0';
        }
    }
    return false;
}

static bool parse(const char *text, struct size_spec *spec)
{
    const char *at = text;
    uint32_t width = 0, height = 0;
    if (!read_side(&at, &width))
        return false;
    bool square = *at != 'x';
    if (!square) {
        at++;
        if (!read_side(&at, &height))
            return false;
    }
    if ((width == 0 && height == 0) || !read_suffix(at, &spec->mode))
        return false;
    square = square || spec->mode == SIZE_FORCE;
    spec->width = width != 0 ? width : square ? height : SIZE_FREE;
    spec->height = height != 0 ? height : square ? width : SIZE_FREE;
    snprintf(spec->label, sizeof spec->label, "%.*s", (int)(at - text), text);
    return true;
}

enum status size_spec_parse(const char *text, struct size_spec *spec, struct reason *why)
{
    *spec = (struct size_spec){0};
    if (!parse(text, spec))
        return reason_set(why, STATUS_USAGE,
                          "%s: not a size; expected WIDTH, WIDTHx, xHEIGHT or WIDTHxHEIGHT", text);
    return STATUS_OK;
}

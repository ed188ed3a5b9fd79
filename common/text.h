#pragma once

/*
 * Texts that come from images, file names and peers, made fit for a terminal, a log and JSON.
 */

#include <stddef.h>
#include <stdint.h>

/* Reads the UTF-8 character `in` begins with (RFC 3629: no surrogates, no overlong forms, at most
 * U+10FFFF). Returns its bytes, 1..4, or 0 when it does not begin with one; 0 at the NUL too. */
size_t text_utf8(const char *in, uint32_t *character);

/* Copies `in` to `out` (NUL-terminated, cut at `size` on a character) with every control character,
 * every invalid UTF-8 byte and the bidirectional overrides written as \xNN or \u{NNNN}. */
void text_escape(char *out, size_t size, const char *in);

/* "12.3 MB", "640 kB": decimal units. */
void text_bytes(char *out, size_t size, double bytes);

/* "1:23:45", "12:05", "8 s". */
void text_duration(char *out, size_t size, double seconds);

/* Reads "512M", "2G", "1.5GiB", "200000": K M G T are powers of 1024 for bytes.
 * Returns -1 when it is not a size. */
long long text_parse_bytes(const char *text);
/* Reads "200MP", "200M", "1.5G", "40000": powers of 1000. Returns -1 when it is not a count. */
long long text_parse_count(const char *text);
/* Reads "30", "30s", "500ms", "2m" into milliseconds. Returns -1 when it is not a span. */
long long text_parse_ms(const char *text);

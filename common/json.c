/*
 * The JSON writer: RFC 8259, one line, no blanks.
 */

#include "common/json.h"

#include <math.h>

#include "common/text.h"

/* Whole numbers up to here are exact in a double, and in every JSON reader. */
#define EXACT_MAX 9007199254740992.0 // 2^53

static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    while (*text != '\0') {
        uint32_t character;
        size_t length = text_utf8(text, &character);
        if (length == 0) {
            // Python's surrogateescape: the byte, kept in a lone low surrogate.
            fprintf(out, "\\udc%02x", (unsigned char)*text);
            length = 1;
        } else if (character == '"' || character == '\\') {
            fprintf(out, "\\%c", (char)character);
        } else if (character < 0x20 || (character >= 0x7f && character < 0xa0)) {
            fprintf(out, "\\u%04x", (unsigned)character);
        } else {
            fwrite(text, 1, length, out);
        }
        text += length;
    }
    fputc('"', out);
}

static void begin_value(struct json *json, const char *key)
{
    if (json->comma)
        fputc(',', json->out);
    json->comma = true;
    if (key != NULL) {
        write_string(json->out, key);
        fputc(':', json->out);
    }
}

static void open_container(struct json *json, const char *key, char bracket)
{
    begin_value(json, key);
    fputc(bracket, json->out);
    json->comma = false;
}

static void close_container(struct json *json, char bracket)
{
    fputc(bracket, json->out);
    json->comma = true;
}

void json_open(struct json *json, FILE *out)
{
    *json = (struct json){.out = out};
}

void json_object(struct json *json, const char *key)
{
    open_container(json, key, '{');
}

void json_object_end(struct json *json)
{
    close_container(json, '}');
}

void json_array(struct json *json, const char *key)
{
    open_container(json, key, '[');
}

void json_array_end(struct json *json)
{
    close_container(json, ']');
}

void json_text(struct json *json, const char *key, const char *value)
{
    begin_value(json, key);
    write_string(json->out, value);
}

void json_number(struct json *json, const char *key, double value)
{
    begin_value(json, key);
    if (!isfinite(value))
        fputs("null", json->out); // JSON has no word for it
    else if (value == floor(value) && fabs(value) <= EXACT_MAX)
        fprintf(json->out, "%.0f", value);
    else
        fprintf(json->out, "%.6g", value);
}

void json_count(struct json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "%llu", (unsigned long long)value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}

#pragma once

/*
 * A streaming JSON writer: keys and values in order, commas and quotes are its business.
 *
 * Our own because file names are bytes: what is not UTF-8 is written as lone surrogates \udc80 to
 * \udcff (Python's surrogateescape, so that os.fsencode gives the name back), which the JSON
 * libraries refuse to write.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
    FILE *out;
    bool comma; // a value stands before the next one in this container
};

void json_open(struct json *json, FILE *out);         // the caller keeps `out`
void json_object(struct json *json, const char *key); // key NULL inside arrays and at the top
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_text(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key,
                 double value); // shortest of %.6g that is exact for integers
void json_count(struct json *json, const char *key, uint64_t value);
void json_bool(struct json *json, const char *key, bool value);

/*
 * Paths as texts. An output grows component by component; ".." takes the last one back.
 */

#include "ventilator/lexical.h"

#include <string.h>

struct output {
    char *text; // NUL-terminated; "" stands for "/" until the end
    size_t length, size;
};

static bool append(struct output *out, const char *name, size_t length)
{
    if (length >= out->size - out->length - 1)
        return false;
    out->text[out->length] = '/';
    memcpy(out->text + out->length + 1, name, length);
    out->length += 1 + length;
    out->text[out->length] = '\0';
    return true;
}

static void take_back(struct output *out)
{
    while (out->length > 0 && out->text[--out->length] != '/')
        ;
    out->text[out->length] = '\0';
}

static bool walk_components(struct output *out, const char *path)
{
    while (*path != '\0') {
        const size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.')
            take_back(out);
        else if (length > 0 && !(length == 1 && path[0] == '.') && !append(out, path, length))
            return false;
        path += length;
        path += strspn(path, "/");
    }
    return true;
}

bool lexical_absolute(char *out, size_t size, const char *from, const char *path)
{
    if (size < sizeof "/")
        return false;
    struct output output = {.text = out, .size = size};
    out[0] = '\0';
    if (path[0] != '/' && !walk_components(&output, from))
        return false;
    if (!walk_components(&output, path))
        return false;
    if (output.length == 0)
        memcpy(out, "/", sizeof "/");
    return true;
}

const char *lexical_below(const char *folder, const char *path)
{
    const size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    if (strncmp(folder, path, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

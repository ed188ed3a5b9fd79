/*
 * The lines of `thumbmill list`.
 */

#include "cli/listing.h"

#include <string.h>

#include "common/json.h"
#include "common/text.h"

/* Every byte as \xNN. */
#define ESCAPED_SIZE (4 * SOURCE_PATH_SIZE)
/* The longest state: quarantined. */
#define STATE_COLUMNS 11

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define NORMAL "\033[0m"

void listing_source(char source[SOURCE_PATH_SIZE], const char *root, const char *path)
{
    const size_t length = strlen(root);
    const bool slash = length > 0 && root[length - 1] == '/';
    snprintf(source, SOURCE_PATH_SIZE, "%s%s%s", root, slash ? "" : "/", path);
}

/* ---- for a person ---- */

static void print_escaped(FILE *out, const char *text)
{
    char escaped[ESCAPED_SIZE];
    text_escape(escaped, sizeof escaped, text);
    fputs(escaped, out);
}

static const char *colour_of(enum image_state state)
{
    if (state == IMAGE_FAILED || state == IMAGE_QUARANTINED)
        return RED;
    return state == IMAGE_DAMAGED ? YELLOW : "";
}

/* The first of the warnings; the others are in the JSON. */
static void print_warning(const char *warnings, FILE *out)
{
    char line[IMAGE_WARNINGS_SIZE];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(warnings, "\n"), warnings);
    fputs("  (", out);
    print_escaped(out, line);
    fputc(')', out);
}

void listing_line(const struct record_image *image, bool colour, FILE *out)
{
    char source[SOURCE_PATH_SIZE];
    const char *before = colour ? colour_of(image->state) : "";
    fprintf(out, "%s%-*s%s  ", before, STATE_COLUMNS, image_state_name(image->state),
            before[0] != '\0' ? NORMAL : "");
    listing_source(source, image->root, image->path);
    print_escaped(out, source);
    fputs("  -> ", out);
    for (uint32_t i = 0; i < image->output_count; i++) {
        fputs(i > 0 ? ", " : "", out);
        print_escaped(out, image->outputs[i].path);
    }
    if (image->output_count == 0)
        print_escaped(out, image->error);
    if (image->state == IMAGE_DAMAGED && image->warnings[0] != '\0')
        print_warning(image->warnings, out);
    fputc('\n', out);
}

/* ---- for programs ---- */

static void write_warnings(struct json *json, const char *warnings)
{
    char line[IMAGE_WARNINGS_SIZE];
    json_array(json, "warnings");
    while (*warnings != '\0') {
        const size_t length = strcspn(warnings, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, warnings);
        if (length > 0)
            json_text(json, NULL, line);
        warnings += length + (warnings[length] == '\n');
    }
    json_array_end(json);
}

static void write_outputs(struct json *json, const struct record_image *image)
{
    json_array(json, "outputs");
    for (uint32_t i = 0; i < image->output_count; i++) {
        const struct record_output *output = &image->outputs[i];
        json_object(json, NULL);
        json_text(json, "path", output->path);
        json_count(json, "width", output->output.width);
        json_count(json, "height", output->output.height);
        json_count(json, "bytes", output->output.bytes);
        json_object_end(json);
    }
    json_array_end(json);
}

void listing_json(const struct record_image *image, FILE *out)
{
    struct json json;
    char source[SOURCE_PATH_SIZE];
    listing_source(source, image->root, image->path);
    json_open(&json, out);
    json_object(&json, NULL);
    json_text(&json, "path", source);
    json_text(&json, "status", image_state_name(image->state));
    json_text(&json, "error", image->error);
    write_warnings(&json, image->warnings);
    write_outputs(&json, image);
    json_count(&json, "width", image->width);
    json_count(&json, "height", image->height);
    json_count(&json, "bytes", image->size);
    json_count(&json, "ms", image->ms);
    json_text(&json, "worker", image->worker);
    json_count(&json, "attempts", image->attempts);
    json_object_end(&json);
    fputc('\n', out);
}

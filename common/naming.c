/*
 * The template grammar. A template is read in two halves: the body, which makes the path, and the
 * saver ("jpg" with options), which makes the format. The default naming is a template as well.
 *
 * Names of sources are bytes that somebody else chose: what comes out of a template is checked
 * component by component, whatever the template was.
 */

#include "common/naming.h"

#include <stdio.h>
#include <string.h>

#include "common/image_format.h"

#define DEFAULT_TEMPLATE "%d/%n"
#define DEFAULT_TEMPLATE_SIZES "%z/%d/%n"
#define OWN_FOLDER ".thumbmill" // DEST's own, never an output
#define COMPONENT_MAX 255       // bytes of a file's name (NAME_MAX)

struct pattern {
    char body[TEMPLATE_SIZE];    // without saver options
    char saver[FORMAT_SIZE + 1]; // ".webp[Q=80]"
    enum image_format format;
    bool has_suffix; // the body ends with the format's suffix
};

/* ---- reading a template ---- */

static enum image_format format_of_suffix(const char *suffix, size_t length)
{
    char name[FORMAT_SIZE];
    snprintf(name, sizeof name, "x.%.*s", (int)length, suffix);
    return format_of_name(name);
}

/* Reads "jpg" or "jpg[Q=85]". */
static enum status read_format(const char *text, struct pattern *pattern, struct reason *why)
{
    const size_t length = strcspn(text, "[");
    const size_t whole = strlen(text);
    const enum image_format format = format_of_suffix(text, length);
    if (!format_is_output(format) || memchr(text, '.', length) != NULL ||
        memchr(text, '/', length) != NULL)
        return reason_set(why, STATUS_USAGE,
                          "--format %s: not a format that can be written; expected jpg, png, webp, "
                          "avif, or with options jpg[Q=85]",
                          text);
    if (length < whole && (text[whole - 1] != ']' || whole - length < 2))
        return reason_set(why, STATUS_USAGE, "--format %s: options end with ], as in jpg[Q=85]",
                          text);
    pattern->format = format;
    snprintf(pattern->saver, sizeof pattern->saver, ".%s", text);
    return STATUS_OK;
}

/* The literal suffix a body ends with, without its dot; NULL when it has none, or one that depends
 * on the source (%n). */
static const char *literal_suffix(const char *body)
{
    const char *name = strrchr(body, '/');
    const char *dot = strrchr(name != NULL ? name : body, '.');
    return dot == NULL || strchr(dot, '%') != NULL ? NULL : dot + 1;
}

/* Parts "%s.webp[Q=80]" at its bracket; the suffix before it chooses the format. */
static enum status read_suffix(struct pattern *pattern, struct reason *why)
{
    char options[TEMPLATE_SIZE] = "";
    char *bracket = strrchr(pattern->body, '[');
    const size_t length = strlen(pattern->body);
    if (bracket != NULL && pattern->body[length - 1] == ']') {
        memcpy(options, bracket, strlen(bracket) + 1);
        *bracket = '\0';
    }
    const char *suffix = literal_suffix(pattern->body);
    if (suffix == NULL && options[0] == '\0')
        return STATUS_OK; // --format and the rule of the default naming
    const enum image_format format =
        suffix != NULL ? format_of_suffix(suffix, strlen(suffix)) : FORMAT_UNKNOWN;
    if (!format_is_output(format))
        return reason_set(why, STATUS_USAGE,
                          "--output %s: does not end with a format that can be written; expected "
                          ".jpg, .png, .webp, .avif, or with options .jpg[Q=85]",
                          pattern->body);
    pattern->has_suffix = true;
    // The same format without options of its own: those of --format are meant.
    const bool inherits = options[0] == '\0' && format == pattern->format;
    pattern->format = format;
    if (inherits)
        return STATUS_OK;
    const int size = snprintf(pattern->saver, sizeof pattern->saver, ".%s%s", suffix, options);
    if ((size_t)size >= sizeof pattern->saver)
        return reason_set(why, STATUS_USAGE, "--output: saver options over %d bytes", FORMAT_SIZE);
    return STATUS_OK;
}

static enum status read_pattern(const struct run_options *options, struct pattern *pattern,
                                struct reason *why)
{
    const char *output = options->output;
    if (output[0] == '\0')
        output = options->size_count > 1 ? DEFAULT_TEMPLATE_SIZES : DEFAULT_TEMPLATE;
    *pattern = (struct pattern){0};
    snprintf(pattern->body, sizeof pattern->body, "%s", output);
    enum status status = read_format(options->format, pattern, why);
    if (status == STATUS_OK)
        status = read_suffix(pattern, why);
    return status;
}

/* ---- checking it ---- */

/* Whether a part of a path between slashes is exactly `name`. */
static bool is_component(const char *component, size_t length, const char *name)
{
    return length == strlen(name) && memcmp(component, name, length) == 0;
}

static enum status check_letters(const struct run_options *options, const char *body,
                                 struct reason *why)
{
    bool tells_sizes = false;
    for (const char *at = strchr(body, '%'); at != NULL; at = strchr(at + 2, '%')) {
        if (at[1] == '\0' || strchr("dsnz%", at[1]) == NULL)
            return reason_set(why, STATUS_USAGE,
                              "--output %s: %%%c is unknown; expected %%d, %%s, %%n, %%z or %%%%",
                              body, at[1] == '\0' ? ' ' : at[1]);
        tells_sizes |= at[1] == 'z';
    }
    if (options->size_count > 1 && !tells_sizes)
        return reason_set(why, STATUS_USAGE,
                          "--output %s: %u sizes would have one name; add %%z, as in %%z/%s", body,
                          options->size_count, body);
    return STATUS_OK;
}

static enum status check_components(const char *body, struct reason *why)
{
    if (body[0] == '/')
        return reason_set(why, STATUS_USAGE,
                          "--output %s: begins with /; expected a path below DEST", body);
    const char *component = body;
    for (bool last = false; !last;) {
        const size_t length = strcspn(component, "/");
        last = component[length] == '\0';
        if (is_component(component, length, ".") || is_component(component, length, ".."))
            return reason_set(why, STATUS_USAGE,
                              "--output %s: . and .. could leave DEST; expected names", body);
        if (component == body && is_component(component, length, OWN_FOLDER))
            return reason_set(why, STATUS_USAGE,
                              "--output %s: " OWN_FOLDER " is thumbmill's own folder", body);
        if (last && (length == 0 || is_component(component, length, "%d")))
            return reason_set(why, STATUS_USAGE, "--output %s: names a folder, not a file", body);
        component += length + 1;
    }
    return STATUS_OK;
}

/* Two sizes with one label have one name, whatever the template is. */
static enum status check_labels(const struct run_options *options, struct reason *why)
{
    for (uint32_t i = 0; i < options->size_count; i++) {
        for (uint32_t k = 0; k < i; k++) {
            if (strcmp(options->sizes[i].label, options->sizes[k].label) == 0)
                return reason_set(why, STATUS_USAGE,
                                  "--size %s: given twice; both would have the same name",
                                  options->sizes[i].label);
        }
    }
    return STATUS_OK;
}

enum status naming_check(const struct run_options *options, struct reason *why)
{
    struct pattern pattern;
    enum status status = read_pattern(options, &pattern, why);
    if (status == STATUS_OK)
        status = check_letters(options, pattern.body, why);
    if (status == STATUS_OK)
        status = check_components(pattern.body, why);
    if (status == STATUS_OK)
        status = check_labels(options, why);
    return status;
}

void naming_saver(const struct run_options *options, char *saver, size_t size)
{
    struct pattern pattern;
    if (read_pattern(options, &pattern, NULL) != STATUS_OK)
        pattern.saver[0] = '\0'; // not options that passed naming_check
    snprintf(saver, size, "%s", pattern.saver);
}

/* ---- making a path ---- */

/* A path that grows; what does not fit sets `full`. */
struct path {
    char *bytes; // OUTPUT_PATH_SIZE of them
    size_t size;
    bool full;
};

/* Appends; a slash at the beginning or behind another one is left out, for %d may be empty. */
static void append(struct path *path, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bool idle = bytes[i] == '/' && (path->size == 0 || path->bytes[path->size - 1] == '/');
        if (idle)
            continue;
        if (path->size + 1 == OUTPUT_PATH_SIZE) {
            path->full = true;
            return;
        }
        path->bytes[path->size++] = bytes[i];
    }
}

static void append_letter(struct path *path, char letter, const char *source, const char *label)
{
    const char *slash = strrchr(source, '/');
    const char *name = slash != NULL ? slash + 1 : source;
    const char *dot = strrchr(name, '.');
    switch (letter) {
    case 'd':
        append(path, source, (size_t)(name - source) - (slash != NULL));
        break;
    case 's': // of ".jpg" the whole: it has no suffix
        append(path, name, dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name));
        break;
    case 'n':
        append(path, name, strlen(name));
        break;
    case 'z':
        append(path, label, strlen(label));
        break;
    default:
        append(path, "%", 1);
    }
}

static void append_body(struct path *path, const char *body, const char *source, const char *label)
{
    while (*body != '\0') {
        const size_t literal = strcspn(body, "%");
        append(path, body, literal);
        body += literal;
        if (*body == '\0' || body[1] == '\0')
            break;
        append_letter(path, body[1], source, label);
        body += 2;
    }
}

/* What every output must be, whatever made it: a path that stays below DEST and can be created. */
static enum status check_output(const char *output, struct reason *why)
{
    const char *component = output;
    for (bool last = false; !last;) {
        const size_t length = strcspn(component, "/");
        last = component[length] == '\0';
        if (length == 0 || is_component(component, length, ".") ||
            is_component(component, length, ".."))
            return reason_set(why, STATUS_IMAGE, "its output %s is not a name", output);
        if (component == output && is_component(component, length, OWN_FOLDER))
            return reason_set(why, STATUS_IMAGE, "its output %s would be in thumbmill's own folder",
                              output);
        if (length > COMPONENT_MAX)
            return reason_set(why, STATUS_IMAGE, "its output has a name of %zu bytes; %d fit",
                              length, COMPONENT_MAX);
        component += length + 1;
    }
    return STATUS_OK;
}

enum status naming_output(const struct run_options *options, const char *path, uint32_t index,
                          char output[OUTPUT_PATH_SIZE], struct reason *why)
{
    struct pattern pattern;
    enum status status = read_pattern(options, &pattern, why);
    if (status != STATUS_OK)
        return status;
    struct path made = {.bytes = output};
    append_body(&made, pattern.body, path, options->sizes[index].label);
    output[made.size] = '\0';
    if (!pattern.has_suffix && format_of_name(output) != pattern.format)
        append(&made, pattern.saver, strcspn(pattern.saver, "["));
    output[made.size] = '\0';
    if (made.full)
        return reason_set(why, STATUS_IMAGE, "its output's path is over %d bytes",
                          OUTPUT_PATH_SIZE - 1);
    return check_output(output, why);
}

/*
 * What an option's text means. Numbers are read strictly: all of the text, within their range.
 */

#include "cli/option_values.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "sink/record.h"

/* ---- flags ---- */

#define FLAG_READER(function, field, set_to)                                                       \
    enum status function(struct arguments *arguments, const char *value, struct reason *why)       \
    {                                                                                              \
        (void)value;                                                                               \
        (void)why;                                                                                 \
        arguments->field = set_to;                                                                 \
        return STATUS_OK;                                                                          \
    }

FLAG_READER(read_help, help, true)
FLAG_READER(read_version, version, true)
FLAG_READER(read_no_rotate, options.rotate, false)
FLAG_READER(read_sync, options.sync, true)
FLAG_READER(read_null, nul_separated, true)
FLAG_READER(read_stay, stay, true)
FLAG_READER(read_insecure, insecure, true)
FLAG_READER(read_hold, hold, true)
FLAG_READER(read_force, force, true)
FLAG_READER(read_retry_failed, retry_failed, true)
FLAG_READER(read_yes, yes, true)
FLAG_READER(read_quiet, quiet, true)
FLAG_READER(read_json, json, true)

/* ---- what is done to each image ---- */

enum status read_size(struct arguments *arguments, const char *value, struct reason *why)
{
    if (!arguments->sizes_given)
        arguments->options.size_count = 0;
    arguments->sizes_given = true;
    return options_add_sizes(&arguments->options, value, why);
}

enum status read_smartcrop(struct arguments *arguments, const char *value, struct reason *why)
{
    return options_set_crop(&arguments->options, value, why);
}

enum status read_background(struct arguments *arguments, const char *value, struct reason *why)
{
    return options_set_background(&arguments->options, value, why);
}

enum status read_keep(struct arguments *arguments, const char *value, struct reason *why)
{
    return options_set_keep(&arguments->options, value, why);
}

enum status read_fail_on(struct arguments *arguments, const char *value, struct reason *why)
{
    return options_set_fail_on(&arguments->options, value, why);
}

enum status read_allow(struct arguments *arguments, const char *value, struct reason *why)
{
    return options_add_allow(&arguments->options, value, why);
}

static enum status copy_text(char *out, size_t size, const char *value, struct reason *why)
{
    const size_t length = strlen(value);
    if (length == 0)
        return reason_set(why, STATUS_USAGE, "it is empty; leave the option out for its default");
    if (length >= size)
        return reason_set(why, STATUS_USAGE, "%.40s...: has %zu bytes; expected at most %zu", value,
                          length, size - 1);
    memcpy(out, value, length + 1);
    return STATUS_OK;
}

enum status read_output(struct arguments *arguments, const char *value, struct reason *why)
{
    return copy_text(arguments->options.output, sizeof arguments->options.output, value, why);
}

enum status read_format(struct arguments *arguments, const char *value, struct reason *why)
{
    return copy_text(arguments->options.format, sizeof arguments->options.format, value, why);
}

enum status read_profile(struct arguments *arguments, const char *value, struct reason *why)
{
    return copy_text(arguments->options.profile, sizeof arguments->options.profile, value, why);
}

/* ---- limits ---- */

/* A parsed number, or -1 when it was none. */
static enum status check_range(const char *value, long long number, long long most,
                               const char *examples, struct reason *why)
{
    if (number < 1)
        return reason_set(why, STATUS_USAGE, "%s: expected %s", value, examples);
    if (number > most)
        return reason_set(why, STATUS_USAGE, "%s: too much; expected at most %lld", value, most);
    return STATUS_OK;
}

enum status read_max_pixels(struct arguments *arguments, const char *value, struct reason *why)
{
    const long long pixels = text_parse_count(value);
    arguments->options.max_pixels = (uint64_t)pixels;
    return check_range(value, pixels, LLONG_MAX, "a number of pixels such as 200MP", why);
}

enum status read_max_bytes(struct arguments *arguments, const char *value, struct reason *why)
{
    const long long bytes = text_parse_bytes(value);
    arguments->options.max_bytes = (uint64_t)bytes;
    return check_range(value, bytes, LLONG_MAX, "a number of bytes such as 512M", why);
}

enum status read_memory(struct arguments *arguments, const char *value, struct reason *why)
{
    const long long bytes = text_parse_bytes(value);
    arguments->memory = (uint64_t)bytes;
    return check_range(value, bytes, LLONG_MAX, "a number of bytes such as 2G", why);
}

enum status read_timeout(struct arguments *arguments, const char *value, struct reason *why)
{
    const long long ms = text_parse_ms(value);
    arguments->options.timeout_ms = (uint32_t)ms;
    return check_range(value, ms, UINT32_MAX, "a time such as 30, 500ms or 2m", why);
}

enum status read_head_timeout(struct arguments *arguments, const char *value, struct reason *why)
{
    const long long ms = text_parse_ms(value);
    arguments->head_timeout = ms * US_PER_MS;
    return check_range(value, ms, UINT32_MAX, "a time such as 60, 500ms or 2m", why);
}

/* ---- sources ---- */

enum status read_files_from(struct arguments *arguments, const char *value, struct reason *why)
{
    arguments->files_from = value;
    return value[0] != '\0' ? STATUS_OK : reason_set(why, STATUS_USAGE, "expected a file, or -");
}

enum status read_base(struct arguments *arguments, const char *value, struct reason *why)
{
    arguments->base = value;
    return value[0] != '\0' ? STATUS_OK : reason_set(why, STATUS_USAGE, "expected a folder");
}

/* ---- workers ---- */

/* Digits only: no sign, no blank. */
static enum status read_number(uint32_t *number, const char *value, uint32_t least, uint32_t most,
                               struct reason *why)
{
    static const size_t digits_max = 9; // fits 32 bits
    const size_t digits = strspn(value, "0123456789");
    const unsigned long parsed = digits <= digits_max ? strtoul(value, NULL, 10) : ULONG_MAX;
    if (digits == 0 || value[digits] != '\0' || parsed < least || parsed > most)
        return reason_set(why, STATUS_USAGE, "%s: expected a number from %u to %u", value, least,
                          most);
    *number = (uint32_t)parsed;
    return STATUS_OK;
}

enum status read_jobs(struct arguments *arguments, const char *value, struct reason *why)
{
    return read_number(&arguments->jobs, value, 0, SLOTS_MAX * WORKERS_PER_PROCESS_MAX, why);
}

enum status read_workers(struct arguments *arguments, const char *value, struct reason *why)
{
    return read_number(&arguments->workers, value, 1, WORKERS_PER_PROCESS_MAX, why);
}

/* FROM=TO, both absolute: they are compared with the head's absolute paths. The first '=' parts
 * them. FROM is cut out of the argument in place. */
static enum status read_mapping(struct mappings *mappings, const char *value, struct reason *why)
{
    const char *parting = strchr(value, '=');
    if (value[0] != '/' || parting == NULL || parting[1] != '/')
        return reason_set(why, STATUS_USAGE, "%s: expected FROM=TO, two absolute paths", value);
    if (mappings->count == MAPPINGS_MAX)
        return reason_set(why, STATUS_USAGE, "%s: expected at most %d of them", value,
                          MAPPINGS_MAX);
    *(char *)parting = '\0'; // argv belongs to the program
    mappings->list[mappings->count++] = (struct root_mapping){.from = value, .to = parting + 1};
    return STATUS_OK;
}

enum status read_source_root(struct arguments *arguments, const char *value, struct reason *why)
{
    return read_mapping(&arguments->source_roots, value, why);
}

enum status read_dest_root(struct arguments *arguments, const char *value, struct reason *why)
{
    return read_mapping(&arguments->dest_roots, value, why);
}

enum status read_name(struct arguments *arguments, const char *value, struct reason *why)
{
    arguments->name = value;
    if (value[0] == '\0' || strlen(value) >= WORKER_NAME_SIZE)
        return reason_set(why, STATUS_USAGE, "%.40s: expected 1 to %d bytes", value,
                          WORKER_NAME_SIZE - 1);
    return STATUS_OK;
}

/* ---- addresses ---- */

static enum status read_endpoint(struct endpoint *endpoint, const char *value, struct reason *why)
{
    endpoint->given = true;
    endpoint->text = value;
    enum status status = address_parse(value, &endpoint->address, why);
    if (status == STATUS_OK && endpoint->address.transport == TRANSPORT_INPROC)
        return reason_set(why, STATUS_USAGE,
                          "%s: reaches no other process; expected tcp:// or ipc://", value);
    return status;
}

enum status read_listen(struct arguments *arguments, const char *value, struct reason *why)
{
    return read_endpoint(&arguments->listen, value, why);
}

enum status read_bind(struct arguments *arguments, const char *value, struct reason *why)
{
    return read_endpoint(&arguments->bind, value, why);
}

enum status read_connect(struct arguments *arguments, const char *value, struct reason *why)
{
    enum status status = read_endpoint(&arguments->connect, value, why);
    const struct address *address = &arguments->connect.address;
    if (status == STATUS_OK && address->transport == TRANSPORT_TCP && address->port == 0)
        return reason_set(why, STATUS_USAGE, "%s: expected the port that the head listens on",
                          value);
    return status;
}

enum status read_db(struct arguments *arguments, const char *value, struct reason *why)
{
    arguments->db = value;
    if (value[0] == '\0')
        return reason_set(why, STATUS_USAGE, "expected the path of a file");
    return STATUS_OK;
}

enum status read_advertise(struct arguments *arguments, const char *value, struct reason *why)
{
    arguments->advertise = value;
    if (value[0] == '\0' || strlen(value) >= HOST_SIZE || strchr(value, '/') != NULL)
        return reason_set(why, STATUS_USAGE, "%.40s: expected a host's name or address", value);
    return STATUS_OK;
}

/* ---- what is shown ---- */

enum status read_progress(struct arguments *arguments, const char *value, struct reason *why)
{
    static const char *const modes[] = {
        [PROGRESS_AUTO] = "auto", [PROGRESS_BAR] = "bar",   [PROGRESS_PLAIN] = "plain",
        [PROGRESS_JSON] = "json", [PROGRESS_NONE] = "none",
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(value, modes[i]) == 0) {
            arguments->progress = (enum progress_mode)i;
            return STATUS_OK;
        }
    }
    return reason_set(why, STATUS_USAGE, "%s: expected auto, bar, plain, json or none", value);
}

/* One of the states that a record knows; PENDING: it is none. */
static enum image_state state_of_word(const char *word, size_t size)
{
    static const enum image_state recorded[] = {IMAGE_MADE, IMAGE_DAMAGED, IMAGE_FAILED,
                                                IMAGE_QUARANTINED};
    for (size_t i = 0; i < sizeof recorded / sizeof *recorded; i++) {
        const char *name = image_state_name(recorded[i]);
        if (strlen(name) == size && strncmp(name, word, size) == 0)
            return recorded[i];
    }
    return IMAGE_PENDING;
}

enum status read_states(struct arguments *arguments, const char *value, struct reason *why)
{
    for (const char *word = value;; word++) {
        const size_t size = strcspn(word, ",");
        const enum image_state state = state_of_word(word, size);
        if (state == IMAGE_PENDING)
            return reason_set(why, STATUS_USAGE,
                              "%.40s: expected made, damaged, failed or quarantined, or some of "
                              "them by commas (what a run counts as fresh is made or damaged)",
                              value);
        arguments->states |= RECORD_STATE(state);
        word += size;
        if (*word == '\0')
            return STATUS_OK;
    }
}

enum status read_json_file(struct arguments *arguments, const char *value, struct reason *why)
{
    arguments->json_file = value;
    return value[0] != '\0' ? STATUS_OK : reason_set(why, STATUS_USAGE, "expected a file, or -");
}

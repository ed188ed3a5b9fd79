/*
 * HELLO, WELCOME, START, REFUSED, START_ACCEPTED, END: who takes part in a run, and what it is.
 * Options are checked for their structure only; whether they make sense together is for
 * run_options_check().
 */

#include <string.h>

#include "common/wire_body.h"

#define SIZE_FIELDS 4
#define OPTIONS_FIELDS 14
#define COLOURS 3

/* All exit statuses a process can have. */
#define EXIT_STATUS_MAX 255

void wire_run_hello(struct codec *codec, struct message *message)
{
    struct hello *hello = &message->hello;
    code_enum(codec, "role", &hello->role, PEER_WORKER, PEER_SINK);
    code_text(codec, "name", &hello->name, WORKER_NAME_SIZE);
    code_u32(codec, "slots", &hello->slots, 0, ATTEMPTS_MAX);
    code_u32(codec, "capacity", &hello->capacity, 0, ATTEMPTS_MAX);
    code_words(codec, "trouble", &hello->trouble, REASON_SIZE);
    code_text(codec, "results_host", &hello->results_host, HOST_SIZE);
    code_u16(codec, "results_port", &hello->results_port);
    code_bool(codec, "finished", &hello->finished);
}

/* Labels become folders below DEST: nothing but what the size grammar gives them. */
static void code_label(struct codec *codec, struct size_spec *size)
{
    code_string(codec, "label", size->label, sizeof size->label);
    if (codec->wrong == NULL &&
        (size->label[0] == '\0' || size->label[strspn(size->label, "0123456789x")] != '\0'))
        codec_fail(codec, "label");
}

static void code_sizes(struct codec *codec, struct run_options *options)
{
    uint32_t count = code_count(codec, "sizes", options->size_count, 1, SIZES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct size_spec *size = &options->sizes[i];
        uint32_t surplus = code_record(codec, "size", SIZE_FIELDS);
        code_u32(codec, "size width", &size->width, 1, SIZE_FREE);
        code_u32(codec, "size height", &size->height, 1, SIZE_FREE);
        code_enum(codec, "size mode", &size->mode, SIZE_BOTH, SIZE_FORCE);
        code_label(codec, size);
        code_surplus(codec, surplus);
    }
    if (codec_is_reading(codec))
        options->size_count = count;
}

static void code_background(struct codec *codec, uint8_t background[COLOURS])
{
    uint32_t surplus = code_record(codec, "background", COLOURS);
    for (int i = 0; i < COLOURS; i++)
        code_u8(codec, "background", &background[i]);
    code_surplus(codec, surplus);
}

static void code_options(struct codec *codec, struct run_options *options)
{
    uint32_t surplus = code_record(codec, "options", OPTIONS_FIELDS);
    code_sizes(codec, options);
    code_enum(codec, "crop", &options->crop, CROP_NONE, CROPS - 1);
    code_string(codec, "output", options->output, sizeof options->output);
    code_string(codec, "format", options->format, sizeof options->format);
    code_background(codec, options->background);
    code_bool(codec, "rotate", &options->rotate);
    code_string(codec, "profile", options->profile, sizeof options->profile);
    code_u32(codec, "keep", &options->keep, KEEP_NONE, KEEP_ALL);
    code_enum(codec, "fail_on", &options->fail_on, FAIL_ON_NONE, FAIL_ONS - 1);
    code_u64(codec, "max_pixels", &options->max_pixels, 0, UINT64_MAX);
    code_u64(codec, "max_bytes", &options->max_bytes, 0, UINT64_MAX);
    code_u32(codec, "timeout_ms", &options->timeout_ms, 0, UINT32_MAX);
    code_u32(codec, "allow", &options->allow, 0, FORMAT_BIT(FORMATS) - 1);
    code_bool(codec, "sync", &options->sync);
    code_surplus(codec, surplus);
}

static void code_folder(struct codec *codec, const char *what, struct text *folder)
{
    code_text(codec, what, folder, JOB_PATH_SIZE);
    if (codec->wrong == NULL && (folder->size == 0 || folder->bytes[0] != '/'))
        codec_fail(codec, what);
}

static void code_setup(struct codec *codec, struct run_setup *setup)
{
    code_options(codec, &setup->options);
    code_folder(codec, "dest", &setup->dest);
    uint32_t count = code_count(codec, "roots", setup->root_count, 0, ROOTS_MAX);
    for (uint32_t i = 0; i < count; i++)
        code_folder(codec, "root", &setup->roots[i]);
    if (codec_is_reading(codec))
        setup->root_count = count;
}

void wire_run_welcome(struct codec *codec, struct message *message)
{
    struct welcome *welcome = &message->welcome;
    code_setup(codec, &welcome->setup);
    code_u16(codec, "jobs_port", &welcome->jobs_port);
    code_text(codec, "results_host", &welcome->results_host, HOST_SIZE);
    code_u16(codec, "results_port", &welcome->results_port);
    code_text(codec, "token", &welcome->token, TOKEN_MAX + 1);
}

void wire_run_start(struct codec *codec, struct message *message)
{
    struct start *start = &message->start;
    code_setup(codec, &start->setup);
    code_bool(codec, "force", &start->force);
    code_bool(codec, "retry_failed", &start->retry_failed);
}

void wire_run_refused(struct codec *codec, struct message *message)
{
    code_words(codec, "reason", &message->refused, REASON_SIZE);
}

void wire_run_accepted(struct codec *codec, struct message *message)
{
    code_words(codec, "line", &message->accepted, REASON_SIZE);
}

void wire_run_end(struct codec *codec, struct message *message)
{
    uint32_t status = codec_is_reading(codec) ? 0 : (uint32_t)message->end.exit_status;
    code_u32(codec, "exit_status", &status, 0, EXIT_STATUS_MAX);
    if (codec_is_reading(codec))
        message->end.exit_status = (int)status;
}

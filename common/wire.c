/*
 * The envelope, and which body belongs to which type. The bodies are in wire_run.c, wire_job.c,
 * wire_plan.c and wire_report.c; single fields in wire_codec.c.
 */

#include "common/wire.h"
#include "common/wire_body.h"

#define ENVELOPE_FIELDS 5

struct body {
    uint32_t fields; // that `code` codes
    void (*code)(struct codec *codec, struct message *message);
};

static void no_body(struct codec *codec, struct message *message)
{
    (void)codec;
    (void)message;
}

static const struct body bodies[MSG_TYPES] = {
    [MSG_HELLO] = {8, wire_run_hello},
    [MSG_WELCOME] = {7, wire_run_welcome},
    [MSG_REFUSED] = {1, wire_run_refused},
    [MSG_WHO] = {0, no_body},
    [MSG_JOB] = {6, wire_job_job},
    [MSG_TAKEN] = {1, wire_job_attempts},
    [MSG_RETURN] = {5, wire_job_returned},
    [MSG_DONE] = {1, wire_job_attempts},
    [MSG_BEAT] = {6, wire_job_beat},
    [MSG_ALIVE] = {1, wire_job_alive},
    [MSG_LEAVING] = {0, no_body},
    [MSG_GO] = {0, no_body},
    [MSG_CANCEL] = {1, wire_job_attempts},
    [MSG_START] = {5, wire_run_start},
    [MSG_STARTED] = {0, no_body},
    [MSG_ASK] = {2, wire_plan_ask},
    [MSG_ANSWER] = {1, wire_plan_answer},
    [MSG_OUTCOME] = {8, wire_plan_outcome},
    [MSG_RECORDED] = {1, wire_job_attempts},
    [MSG_FINISH] = {1, wire_plan_finish},
    [MSG_FINISHED] = {17, wire_plan_finished},
    [MSG_END] = {1, wire_run_end},
    [MSG_RESULT] = {18, wire_job_result},
    [MSG_STATUS_WANTED] = {0, no_body},
    [MSG_STATUS] = {10, wire_report_status},
    [MSG_START_WANTED] = {0, no_body},
    [MSG_START_ACCEPTED] = {1, wire_run_accepted},
    [MSG_CRASHED] = {8, wire_plan_outcome},
};

/* The type and what stands behind it in every message. */
static void code_envelope(struct codec *codec, struct envelope *envelope)
{
    code_enum(codec, "type", &envelope->type, MSG_HELLO, MSG_TYPES - 1);
    code_u64(codec, "run", &envelope->run, 0, UINT64_MAX);
    code_u64(codec, "epoch", &envelope->epoch, 0, UINT64_MAX);
    code_u64(codec, "sender", &envelope->sender, 0, UINT64_MAX);
}

enum status wire_encode(struct buffer *buffer, const struct message *message)
{
    struct message *unchanged = (struct message *)message; // coding reads it when it writes
    enum message_type type = message->envelope.type;
    uint32_t version = PROTOCOL_VERSION;
    struct codec codec;

    codec_init_write(&codec, buffer);
    if (type < MSG_HELLO || type >= MSG_TYPES)
        return STATUS_MALFORMED;
    (void)code_record(&codec, "message", ENVELOPE_FIELDS + bodies[type].fields);
    code_u32(&codec, "version", &version, 0, UINT32_MAX);
    code_envelope(&codec, &unchanged->envelope);
    bodies[type].code(&codec, unchanged);
    return codec.status;
}

/* A frame of another protocol version, of which only the version is ours to read. */
static enum status refuse_version(struct codec *codec, uint32_t version, uint32_t left,
                                  struct reason *why)
{
    code_surplus(codec, left);
    code_end(codec);
    if (codec->wrong != NULL)
        return reason_set(why, STATUS_MALFORMED, "not a message of any protocol version");
    return reason_set(why, STATUS_MALFORMED,
                      "it speaks protocol version %u, this program version %d; install the same "
                      "version of thumbmill on both",
                      version, PROTOCOL_VERSION);
}

enum status wire_decode(const void *bytes, size_t size, struct message *message, uint32_t *version,
                        struct reason *why)
{
    struct codec codec;
    uint32_t peer = PROTOCOL_VERSION;
    if (version != NULL)
        *version = PROTOCOL_VERSION;

    codec_init_read(&codec, bytes, size);
    // A version to come may have a shorter envelope: only its first field is for ever.
    uint32_t left = code_record(&codec, "message", 1);
    code_u32(&codec, "version", &peer, 0, UINT32_MAX);
    if (codec.wrong == NULL && peer != PROTOCOL_VERSION) {
        enum status status = refuse_version(&codec, peer, left, why);
        if (version != NULL && codec.wrong == NULL)
            *version = peer;
        return status;
    }

    message->envelope.type = 0;
    code_envelope(&codec, &message->envelope);
    if (codec.wrong == NULL) {
        const struct body *body = &bodies[message->envelope.type];
        uint32_t known = ENVELOPE_FIELDS - 1 + body->fields;
        if (left < known)
            codec_fail(&codec, "number of fields");
        body->code(&codec, message);
        code_surplus(&codec, left < known ? 0 : left - known);
        code_end(&codec);
    }
    if (codec.wrong == NULL)
        return STATUS_OK;
    return reason_set(why, codec.status, "%s: %s is missing, of another type or out of range",
                      message_name(message->envelope.type), codec.wrong);
}

/*
 * Samples: small ones by hand; the longest from them, by filling what can grow.
 */

#include <stdlib.h>
#include <string.h>

#include "tests/support/sample_messages.h"

#define T(literal) ((struct text){.bytes = (literal), .size = sizeof(literal) - 1})

static const struct dispatch_counts counts = {
    .enumerated = 1000,
    .ignored = 20,
    .walk_errors = 3,
    .known_bytes = 5000000000,
    .retries = 4,
    .returns = 5,
    .walk_complete = true,
    .interrupted = false,
};

static void fill_setup(struct run_setup *setup)
{
    *setup = (struct run_setup){
        .options =
            {
                .sizes = {{256, 256, SIZE_DOWN, "256x256"}, {800, SIZE_FREE, SIZE_BOTH, "800x"}},
                .size_count = 2,
                .crop = CROP_ATTENTION,
                .output = "%z/%d/%s.webp",
                .format = "webp[Q=80]",
                .background = {255, 128, 0},
                .rotate = true,
                .profile = "p3",
                .keep = KEEP_EXIF | KEEP_ICC,
                .fail_on = FAIL_ON_ERROR,
                .max_pixels = 200000000,
                .max_bytes = 536870912,
                .timeout_ms = 30000,
                .allow = FORMATS_DEFAULT,
                .sync = false,
            },
        .dest = T("/srv/thumbs"),
        .root_count = 2,
        .roots = {T("/srv/photos"), T("/")},
    };
}

static void fill_attempts(struct attempts *attempts)
{
    attempts->count = 3;
    attempts->list[0] = (struct attempt){1, 1};
    attempts->list[1] = (struct attempt){70000, 2};
    attempts->list[2] = (struct attempt){UINT64_MAX, UINT32_MAX};
}

static void fill_beat(struct beat *beat)
{
    *beat = (struct beat){
        .sent = 123456789, .capacity = 16, .trouble = T("disk full"), .round_trip = 250};
    fill_attempts(&beat->held);
    beat->running[1] = 1;
    for (int i = 0; i < IMAGE_STATES; i++)
        beat->states[i] = 100 + (uint64_t)i;
}

static void fill_ask(struct ask *ask)
{
    ask->known = counts;
    ask->count = 2;
    ask->entries[0] = (struct ask_entry){7, 0, T("a/b.jpg"), 4096, 1700000000123456789};
    ask->entries[1] = (struct ask_entry){8, 1023, T("\xff\n.png"), 0, -1};
}

static void fill_result(struct result_message *made)
{
    *made = (struct result_message){
        .worker = T("node7-2"),
        .slots = 8,
        .path = T("a/b.jpg"),
        .error = T(""),
        .warnings = T("premature end\nextraneous bytes"),
        .result =
            {
                .job = {.id = 7, .attempt = 2, .root = 1, .size = 4096, .mtime_ns = -5},
                .state = IMAGE_DAMAGED,
                .width = 6000,
                .height = 4000,
                .bytes_in = 4097,
                .latency = 9000,
                .busy = 8000,
                .stages = {10, 20, 30, 40, 50},
                .output_count = 2,
                .outputs = {{256, 171, 11000, 1700000001}, {800, 533, 99000, 1700000002}},
            },
    };
}

static void fill_summary(struct summary *summary)
{
    *summary = (struct summary){
        .run = 31,
        .epoch = 32,
        .dispatch = counts,
        .states = {0, 900, 50, 40, 9, 1},
        .outputs = 950,
        .duplicates = 2,
        .bytes_in = 33,
        .bytes_out = 34,
        .pixels_in = 35,
        .bytes_settled = 36,
        .elapsed = 37,
        .latency_p50 = 38,
        .latency_p95 = 39,
        .latency_p99 = 40,
        .stages = {41, 42, 43, 44, 45},
        .timed_images = 46,
        .share_count = 1,
        .shares = {{"node7-2", 47, 48, 49, 50}},
    };
}

static void fill_status(struct status_report *status)
{
    *status = (struct status_report){
        .phase = PHASE_RUNNING,
        .dest = T("/srv/thumbs"),
        .counts = counts,
        .states = {1, 2, 3, 4, 5, 6},
        .out = 61,
        .done = 62,
        .ready = 63,
        .sink_present = true,
        .worker_count = 300,
        .listed = 1,
        .workers = {{T("node7-2"), T("10.0.0.7"), 64, 8, 16, 12, 7, 65, T("no share"), true, 66}},
    };
}

/* The hellos and goodbyes. */
static void fill_run(enum message_type type, struct message *message)
{
    switch (type) {
    case MSG_HELLO:
        message->hello =
            (struct hello){PEER_SINK, T("node7-2"), 8, 16, T("no share"), T("fd00::7"), 5758, true};
        break;
    case MSG_WELCOME:
        fill_setup(&message->welcome.setup);
        message->welcome.jobs_port = 5756;
        message->welcome.results_host = T("10.0.0.9");
        message->welcome.results_port = 5758;
        message->welcome.token = T("0123456789abcdef");
        break;
    case MSG_START:
        fill_setup(&message->start.setup);
        message->start.retry_failed = true;
        break;
    case MSG_REFUSED:
        message->refused = T("another sink is collecting");
        break;
    case MSG_START_ACCEPTED:
        message->accepted = T("started: 3 workers");
        break;
    case MSG_END:
        message->end.exit_status = 3;
        break;
    default: // the others have no body
        break;
    }
}

void sample_message(enum message_type type, struct message *message)
{
    memset(message, 0, sizeof *message);
    message->envelope = (struct envelope){type, 11, 12, 13};
    switch (type) {
    case MSG_JOB:
        message->job = (struct job_message){{7, 2}, 1, 4096, 1700000000123456789, T("a/b.jpg")};
        break;
    case MSG_TAKEN:
    case MSG_DONE:
    case MSG_CANCEL:
    case MSG_RECORDED:
        fill_attempts(&message->attempts);
        break;
    case MSG_RETURN:
        message->returned =
            (struct returned){{7, 2}, RETURN_TROUBLE, 3, T("/mnt/photos is not there")};
        break;
    case MSG_BEAT:
        fill_beat(&message->beat);
        break;
    case MSG_ALIVE:
        message->alive.sent = 123456789;
        break;
    case MSG_ASK:
        fill_ask(&message->ask);
        break;
    case MSG_ANSWER:
        message->answer =
            (struct answer){.count = 2,
                            .entries = {{7, VERDICT_NEW, T(""), 1},
                                        {8, VERDICT_NAME_TAKEN, T("taken by a.png"), 0}}};
        break;
    case MSG_OUTCOME:
    case MSG_CRASHED:
        message->outcome = (struct outcome){7,    2,  IMAGE_QUARANTINED,     1, T("a/b.jpg"),
                                            4096, -5, T("two decoders died")};
        if (type == MSG_CRASHED)
            message->outcome.state = IMAGE_PENDING;
        break;
    case MSG_FINISH:
        message->finish = counts;
        break;
    case MSG_FINISHED:
        fill_summary(&message->finished);
        break;
    case MSG_RESULT:
        fill_result(&message->result);
        break;
    case MSG_STATUS:
        fill_status(&message->status);
        break;
    default:
        fill_run(type, message);
        break;
    }
}

/* Bytes enough for the longest text; the first is a slash where a folder is wanted. */
static struct text longest(size_t size, bool folder)
{
    static char relative[JOB_PATH_SIZE], absolute[JOB_PATH_SIZE];
    if (relative[0] == '\0') {
        memset(relative, 'p', sizeof relative);
        memset(absolute, 'p', sizeof absolute);
        absolute[0] = '/';
    }
    return (struct text){.bytes = folder ? absolute : relative, .size = (uint32_t)size - 1};
}

static void grow_setup(struct run_setup *setup)
{
    struct run_options *options = &setup->options;
    for (uint32_t i = 0; i < SIZES_MAX; i++) {
        options->sizes[i] = (struct size_spec){SIZE_FREE, SIZE_FREE, SIZE_FORCE, ""};
        memset(options->sizes[i].label, '0', SIZE_LABEL_SIZE - 1);
    }
    options->size_count = SIZES_MAX;
    text_copy(options->output, sizeof options->output, longest(TEMPLATE_SIZE, false));
    text_copy(options->format, sizeof options->format, longest(FORMAT_SIZE, false));
    text_copy(options->profile, sizeof options->profile, longest(PROFILE_SIZE, false));
    options->max_pixels = options->max_bytes = UINT64_MAX;
    options->timeout_ms = UINT32_MAX;
    setup->dest = longest(JOB_PATH_SIZE, true);
    for (uint32_t i = 0; i < ROOTS_MAX; i++)
        setup->roots[i] = longest(JOB_PATH_SIZE, true);
    setup->root_count = ROOTS_MAX;
}

static void grow_attempts(struct attempts *attempts)
{
    for (uint32_t i = 0; i < ATTEMPTS_MAX; i++)
        attempts->list[i] = (struct attempt){UINT64_MAX, UINT32_MAX};
    attempts->count = ATTEMPTS_MAX;
}

static void grow_result(struct result_message *made)
{
    made->worker = longest(WORKER_NAME_SIZE, false);
    made->path = longest(JOB_PATH_SIZE, false);
    made->error = longest(IMAGE_ERROR_SIZE, false);
    made->warnings = longest(IMAGE_WARNINGS_SIZE, false);
    made->result.job = (struct job){.id = UINT64_MAX,
                                    .attempt = UINT32_MAX,
                                    .root = ROOTS_MAX - 1,
                                    .size = UINT64_MAX,
                                    .mtime_ns = INT64_MIN};
    made->result.latency = made->result.busy = INT64_MAX;
    for (int i = 0; i < STAGES; i++)
        made->result.stages[i] = INT64_MAX;
    for (uint32_t i = 0; i < SIZES_MAX; i++)
        made->result.outputs[i] = (struct output){UINT32_MAX, UINT32_MAX, UINT64_MAX, INT64_MIN};
    made->result.output_count = SIZES_MAX;
}

static void grow_lists(enum message_type type, struct message *message)
{
    if (type == MSG_ASK) {
        for (uint32_t i = 0; i < ASK_MAX; i++)
            message->ask.entries[i] = (struct ask_entry){
                UINT64_MAX, ROOTS_MAX - 1, longest(JOB_PATH_SIZE, false), UINT64_MAX, INT64_MIN};
        message->ask.count = ASK_MAX;
    } else if (type == MSG_ANSWER) {
        for (uint32_t i = 0; i < ASK_MAX; i++)
            message->answer.entries[i] = (struct answer_entry){
                UINT64_MAX, VERDICT_NAME_TAKEN, longest(IMAGE_ERROR_SIZE, false), UINT32_MAX};
        message->answer.count = ASK_MAX;
    } else if (type == MSG_FINISHED) {
        struct worker_share share = {.incarnation = UINT64_MAX, .images = UINT64_MAX, .busy = 1};
        text_copy(share.name, sizeof share.name, longest(WORKER_NAME_SIZE, false));
        for (uint32_t i = 0; i < SHARES_MAX; i++)
            message->finished.shares[i] = share;
        message->finished.share_count = SHARES_MAX;
    } else if (type == MSG_STATUS) {
        for (uint32_t i = 0; i < STATUS_WORKERS_MAX; i++) {
            struct status_worker *worker = &message->status.workers[i];
            *worker = message->status.workers[0];
            worker->name = longest(WORKER_NAME_SIZE, false);
            worker->host = longest(HOST_SIZE, false);
            worker->trouble = longest(REASON_SIZE, false);
            worker->incarnation = worker->images = UINT64_MAX;
        }
        message->status.listed = STATUS_WORKERS_MAX;
    }
}

void sample_longest(enum message_type type, struct message *message)
{
    sample_message(type, message);
    message->envelope = (struct envelope){type, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    switch (type) {
    case MSG_HELLO:
        message->hello.name = longest(WORKER_NAME_SIZE, false);
        message->hello.trouble = longest(REASON_SIZE, false);
        message->hello.results_host = longest(HOST_SIZE, false);
        break;
    case MSG_WELCOME:
        grow_setup(&message->welcome.setup);
        message->welcome.results_host = longest(HOST_SIZE, false);
        message->welcome.token = longest(TOKEN_MAX + 1, false);
        break;
    case MSG_START:
        grow_setup(&message->start.setup);
        break;
    case MSG_JOB:
        message->job = (struct job_message){{UINT64_MAX, UINT32_MAX},
                                            ROOTS_MAX - 1,
                                            UINT64_MAX,
                                            INT64_MIN,
                                            longest(JOB_PATH_SIZE, false)};
        break;
    case MSG_TAKEN:
    case MSG_DONE:
    case MSG_CANCEL:
    case MSG_RECORDED:
        grow_attempts(&message->attempts);
        break;
    case MSG_BEAT:
        grow_attempts(&message->beat.held);
        message->beat.trouble = longest(REASON_SIZE, false);
        break;
    case MSG_RESULT:
        grow_result(&message->result);
        break;
    default:
        grow_lists(type, message);
        break;
    }
}

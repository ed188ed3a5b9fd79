/* The rig: the sink in threads of its own, the head and a worker in the test's. */

#include "tests/support/sink_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/wire.h"

struct sink_rig rig;

#define NS_PER_S 1000000000LL
#define PATH_SIZE 24 // of an image "N.png", and of its output "N.png.jpg"

static struct buffer buffer;

static void count_progress(void *observer, const struct summary *so_far)
{
    (void)observer;
    (void)so_far;
    rig.progress_calls++;
}

static void *run_sink(void *unused)
{
    (void)unused;
    rig.ended = sink_run(&rig.config, &rig.summary, &rig.why);
    return NULL;
}

int rig_set_up(void **state)
{
    (void)state;
    struct reason reason;
    char endpoint[ENDPOINT_SIZE];
    temp_tree_open(&rig.tree);
    temp_tree_folder(&rig.tree, "dest/.thumbmill"); // as a ventilator leaves it
    snprintf(rig.dest, sizeof rig.dest, "%s", temp_tree_at(&rig.tree, "dest"));
    rig.run = RIG_RUN;
    rig.force = rig.retry_failed = rig.sync = false;
    rig.config = (struct sink_config){
        .stop = &rig.stop, .head_timeout = HEAD_TIMEOUT, .progress = count_progress};
    rig.progress_calls = 0;
    if (context_open(&rig.context, &reason) != STATUS_OK ||
        stop_open(&rig.stop, &reason) != STATUS_OK ||
        address_parse("inproc://head", &rig.config.head, &reason) != STATUS_OK ||
        address_parse("inproc://sink", &rig.config.bind, &reason) != STATUS_OK)
        return -1;
    rig.config.context = rig.context;
    address_endpoint(&rig.config.head, SOCKET_CONTROL, endpoint);
    if (channel_open(&rig.control, rig.context, CHANNEL_SERVER, FRAME_CONTROL_MAX, &reason) !=
            STATUS_OK ||
        channel_bind(rig.control, endpoint, &reason) != STATUS_OK)
        return -1;
    rig.starts = 0;
    return 0;
}

int rig_tear_down(void **state)
{
    (void)state;
    channel_close(&rig.worker, 0);
    channel_close(&rig.control, 0);
    context_close(&rig.context);
    stop_close(&rig.stop);
    buffer_close(&buffer);
    temp_tree_close(&rig.tree);
    return 0;
}

void rig_connect_worker(const char *endpoint)
{
    struct reason reason;
    channel_close(&rig.worker, 0);
    assert_int_equal(
        channel_open(&rig.worker, rig.context, CHANNEL_RESULTS_PUSH, FRAME_RESULT_MAX, &reason),
        STATUS_OK);
    assert_int_equal(channel_connect(rig.worker, endpoint, &reason), STATUS_OK);
}

/* Each at a place of its own: libzmq gives the one before free in a thread of its own. */
void rig_start_sink(void)
{
    struct reason reason;
    char place[32], endpoint[ENDPOINT_SIZE];
    if (rig.starts++ > 0) {
        snprintf(place, sizeof place, "inproc://sink-%d", rig.starts);
        assert_int_equal(address_parse(place, &rig.config.bind, &reason), STATUS_OK);
    }
    address_endpoint(&rig.config.bind, SOCKET_RESULTS, endpoint);
    rig_connect_worker(endpoint);
    assert_int_equal(pthread_create(&rig.thread, NULL, run_sink, NULL), 0);
}

void rig_join_sink(void)
{
    assert_int_equal(pthread_join(rig.thread, NULL), 0);
}

void rig_replace_sink(void)
{
    struct reason reason;
    stop_raise(&rig.stop, STOP_NOW);
    rig_join_sink();
    stop_close(&rig.stop);
    assert_int_equal(stop_open(&rig.stop, &reason), STATUS_OK);
    rig_start_sink();
}

void rig_hear_any(void)
{
    struct reason reason;
    struct frame frame;
    struct wait_item item = {.channel = rig.control, .fd = -1};
    do
        assert_int_equal(channel_wait(&item, 1, RIG_FOR_EVER), STATUS_OK);
    while (channel_receive(rig.control, &frame) != STATUS_OK);
    assert_int_equal(wire_decode(frame.bytes, frame.size, &rig.in, NULL, &reason), STATUS_OK);
    rig.sink_peer = frame.peer;
}

void rig_hear(enum message_type wanted)
{
    rig_hear_any();
    while (rig.in.envelope.type != wanted) {
        const enum message_type type = rig.in.envelope.type;
        if (type == MSG_REFUSED)
            fail_msg("refused: %.*s", (int)rig.in.refused.size, rig.in.refused.bytes);
        if (type != MSG_HELLO && type != MSG_BEAT)
            fail_msg("%s, not %s", message_name(type), message_name(wanted));
        rig_hear_any();
    }
}

void rig_say_of(uint64_t run, enum message_type type)
{
    rig.out.envelope = (struct envelope){.type = type, .run = run, .epoch = RIG_EPOCH, .sender = 1};
    assert_int_equal(wire_encode(&buffer, &rig.out), STATUS_OK);
    assert_int_equal(channel_send_to(rig.control, &rig.sink_peer, buffer.bytes, buffer.size),
                     STATUS_OK);
}

void rig_say(enum message_type type)
{
    rig_say_of(rig.run, type);
}

void rig_say_start(uint64_t run)
{
    struct start *start = &rig.out.start;
    memset(start, 0, sizeof *start);
    run_options_init(&start->setup.options);
    start->setup.options.sync = rig.sync;
    start->setup.dest = text_of(rig.dest);
    start->setup.root_count = 1;
    start->setup.roots[0] = text_of("/photos");
    start->force = rig.force;
    start->retry_failed = rig.retry_failed;
    rig_say_of(run, MSG_START);
}

void rig_begin_run_of(uint64_t run)
{
    rig.run = run;
    rig_start_sink();
    rig_hear(MSG_HELLO);
    rig_say_start(run);
    rig_hear(MSG_STARTED);
    assert_int_equal(rig.in.envelope.run, run);
    assert_int_equal(rig.in.envelope.epoch, RIG_EPOCH);
}

void rig_begin_run(void)
{
    rig_begin_run_of(RIG_RUN);
}

void rig_expect_refused(const char *words)
{
    char refused[IMAGE_ERROR_SIZE];
    text_copy(refused, sizeof refused, rig.in.refused);
    if (!strstr(refused, words) || strchr(refused, '\n'))
        fail_msg("refused with \"%s\", not one line with \"%s\"", refused, words);
}

void rig_ask_about(uint64_t first, uint32_t count)
{
    static char paths[ASK_MAX][PATH_SIZE];
    rig.out.ask.known = (struct dispatch_counts){.enumerated = first + count - 1};
    rig.out.ask.count = count;
    for (uint32_t i = 0; i < count; i++) {
        snprintf(paths[i], sizeof paths[i], "%u.png", (unsigned)(first + i));
        rig.out.ask.entries[i] =
            (struct ask_entry){.number = first + i, .path = text_of(paths[i]), .size = 10};
    }
    rig_say(MSG_ASK);
    rig_hear(MSG_ANSWER);
    assert_int_equal(rig.in.answer.count, count);
}

void rig_push(const void *bytes, size_t size)
{
    struct wait_item item = {.channel = rig.worker, .fd = -1, .want_send = true};
    while (channel_send(rig.worker, bytes, size) == STATUS_AGAIN)
        assert_int_equal(channel_wait(&item, 1, RIG_FOR_EVER), STATUS_OK);
}

struct output rig_place_output(uint64_t job)
{
    char path[sizeof "dest/" + PATH_SIZE];
    struct stat found;
    snprintf(path, sizeof path, "dest/%u.png.jpg", (unsigned)job);
    const char *full = temp_tree_at(&rig.tree, path);
    if (stat(full, &found) != 0) { // made again by another worker it would be the same
        temp_tree_file(&rig.tree, path, "jpg", 3);
        assert_int_equal(stat(full, &found), 0);
    }
    return (struct output){.width = 1,
                           .height = 1,
                           .bytes = (uint64_t)found.st_size,
                           .mtime_ns = found.st_mtim.tv_sec * NS_PER_S + found.st_mtim.tv_nsec};
}

void rig_push_result(uint64_t run, uint64_t job, uint32_t attempt)
{
    static struct message made;
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%u.png", (unsigned)job);
    made.envelope =
        (struct envelope){.type = MSG_RESULT, .run = run, .epoch = RIG_EPOCH, .sender = 2};
    made.result = (struct result_message){.worker = text_of("w"),
                                          .slots = 1,
                                          .path = text_of(path),
                                          .error = text_of(""),
                                          .warnings = text_of("")};
    made.result.result.job = (struct job){.id = job, .attempt = attempt, .size = 10};
    made.result.result.state = IMAGE_MADE;
    made.result.result.output_count = 1;
    made.result.result.outputs[0] = rig_place_output(job);
    assert_int_equal(wire_encode(&buffer, &made), STATUS_OK);
    rig_push(buffer.bytes, buffer.size);
}

struct attempt rig_hear_recorded(uint32_t count)
{
    uint32_t heard = 0;
    while (heard < count) {
        rig_hear(MSG_RECORDED);
        heard += rig.in.attempts.count;
    }
    assert_int_equal(heard, count);
    return rig.in.attempts.list[rig.in.attempts.count - 1];
}

void rig_say_finish(uint64_t enumerated, bool interrupted)
{
    rig.out.finish = (struct dispatch_counts){
        .enumerated = enumerated, .walk_complete = true, .interrupted = interrupted};
    rig_say(MSG_FINISH);
    rig_hear(MSG_FINISHED);
}

void rig_end_run(int exit_status)
{
    rig.out.end.exit_status = exit_status;
    rig_say(MSG_END);
    rig_join_sink();
}

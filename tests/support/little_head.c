/* The little head: one thread, the test's; the worker has another. */

#include "tests/support/little_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "the token"

static struct channel *open_channel(struct little_head *head, enum channel_kind kind,
                                    enum socket_role role)
{
    char endpoint[ENDPOINT_SIZE];
    struct channel *channel = NULL;
    struct reason why;
    assert_int_equal(channel_open(&channel, head->context, kind, FRAME_CONTROL_MAX, &why),
                     STATUS_OK);
    address_endpoint(&head->config.head, role, endpoint);
    assert_int_equal(channel_bind(channel, endpoint, &why), STATUS_OK);
    return channel;
}

void head_open(struct little_head *head, const char *decoder)
{
    struct reason why;
    memset(head, 0, sizeof *head);
    temp_tree_open(&head->tree);
    temp_tree_folder(&head->tree, "src");
    temp_tree_file(&head->tree, "dest/.thumbmill/token", TOKEN, strlen(TOKEN));
    strcpy(head->src, temp_tree_at(&head->tree, "src"));
    strcpy(head->dest, temp_tree_at(&head->tree, "dest"));
    run_options_init(&head->options);
    head->run = 77;
    head->epoch = 1;
    assert_int_equal(context_open(&head->context, &why), STATUS_OK);
    assert_int_equal(stop_open(&head->stop, &why), STATUS_OK);
    head->config = (struct worker_config){.context = head->context,
                                          .stop = &head->stop,
                                          .name = "tester",
                                          .slots = 1,
                                          .memory = 64 << 20,
                                          .decoder = decoder,
                                          .head_timeout = HEAD_TIMEOUT};
    assert_int_equal(address_parse("inproc://head", &head->config.head, &why), STATUS_OK);
    head->control = open_channel(head, CHANNEL_SERVER, SOCKET_CONTROL);
    head->jobs = open_channel(head, CHANNEL_JOBS_PUSH, SOCKET_JOBS);
    head->results = open_channel(head, CHANNEL_RESULTS_PULL, SOCKET_RESULTS);
}

void head_close(struct little_head *head)
{
    if (head->started) {
        stop_raise(&head->stop, STOP_NOW);
        head_join_worker(head);
    }
    channel_close(&head->results, 0);
    channel_close(&head->jobs, 0);
    channel_close(&head->control, 0);
    context_close(&head->context);
    stop_close(&head->stop);
    buffer_close(&head->buffer);
    temp_tree_close(&head->tree);
}

static void *run_worker(void *argument)
{
    struct little_head *head = argument;
    head->status = worker_run(&head->config, &head->why);
    return NULL;
}

void head_start_worker(struct little_head *head)
{
    assert_int_equal(pthread_create(&head->thread, NULL, run_worker, head), 0);
    head->started = true;
}

enum status head_join_worker(struct little_head *head)
{
    pthread_join(head->thread, NULL);
    head->started = false;
    return head->status;
}

/* --- saying --- */

static void encode(struct little_head *head, enum message_type type)
{
    head->out.envelope =
        (struct envelope){.type = type, .run = head->run, .epoch = head->epoch, .sender = 99};
    assert_int_equal(wire_encode(&head->buffer, &head->out), STATUS_OK);
}

void head_say(struct little_head *head, enum message_type type)
{
    encode(head, type);
    assert_int_equal(
        channel_send_to(head->control, &head->worker, head->buffer.bytes, head->buffer.size),
        STATUS_OK);
}

static void welcome(struct little_head *head)
{
    struct welcome *out = &head->out.welcome;
    memset(out, 0, sizeof *out);
    out->setup.options = head->options;
    out->setup.dest = text_of(head->dest);
    out->setup.root_count = 1;
    out->setup.roots[0] = text_of(head->src);
    out->token = text_of(TOKEN);
    head_say(head, MSG_WELCOME);
}

void head_make(struct little_head *head, const char *path, const char *content)
{
    char below[JOB_PATH_SIZE + 8];
    snprintf(below, sizeof below, "src/%s", path);
    temp_tree_file(&head->tree, below, content, strlen(content));
}

static void set_job(struct little_head *head, uint64_t job, const char *path)
{
    memset(&head->out.job, 0, sizeof head->out.job);
    head->out.job.attempt = (struct attempt){.job = job, .attempt = 1};
    head->out.job.path = text_of(path);
}

void head_push(struct little_head *head, uint64_t job, const char *path)
{
    struct wait_item item = {.channel = head->jobs, .fd = -1, .want_send = true};
    set_job(head, job, path);
    encode(head, MSG_JOB);
    while (channel_send(head->jobs, head->buffer.bytes, head->buffer.size) != STATUS_OK)
        assert_int_equal(channel_wait(&item, 1, -1), STATUS_OK);
}

void head_send_job(struct little_head *head, uint64_t job, const char *path)
{
    set_job(head, job, path);
    head_say(head, MSG_JOB);
}

void head_cancel(struct little_head *head, uint64_t job)
{
    head->out.attempts.count = 1;
    head->out.attempts.list[0] = (struct attempt){.job = job, .attempt = 1};
    head_say(head, MSG_CANCEL);
}

/* --- hearing --- */

static void answer(struct little_head *head)
{
    if (head->mute)
        return;
    if (head->in.envelope.type == MSG_HELLO) {
        welcome(head);
    } else if (head->in.envelope.type == MSG_BEAT && head->in.envelope.epoch == head->epoch) {
        head->out.alive.sent = head->in.beat.sent;
        head_say(head, MSG_ALIVE);
    }
}

static void mark(bool named[JOBS_MAX], const struct attempts *attempts)
{
    for (uint32_t i = 0; i < attempts->count; i++) {
        assert_in_range(attempts->list[i].job, 1, JOBS_MAX - 1);
        named[attempts->list[i].job] = true;
    }
}

/* False: nothing waits on control. */
static bool hear_one(struct little_head *head)
{
    struct frame frame;
    struct reason why;
    if (channel_receive(head->control, &frame) != STATUS_OK)
        return false;
    assert_int_equal(wire_decode(frame.bytes, frame.size, &head->in, NULL, &why), STATUS_OK);
    head->worker = frame.peer;
    if (head->in.envelope.type == MSG_TAKEN)
        mark(head->taken, &head->in.attempts);
    if (head->in.envelope.type == MSG_DONE)
        mark(head->done, &head->in.attempts);
    answer(head);
    return true;
}

const struct message *head_hear(struct little_head *head, enum message_type type)
{
    struct wait_item item = {.channel = head->control, .fd = -1};
    for (;;) {
        while (hear_one(head))
            if (head->in.envelope.type == type)
                return &head->in;
        assert_int_equal(channel_wait(&item, 1, -1), STATUS_OK);
    }
}

const struct returned *head_hear_return(struct little_head *head, uint64_t job)
{
    const struct returned *returned = NULL;
    do {
        returned = &head_hear(head, MSG_RETURN)->returned;
    } while (returned->attempt.job != job);
    return returned;
}

static bool all_were_named(const bool named[JOBS_MAX], uint64_t first, uint64_t last)
{
    while (first <= last && named[first])
        first++;
    return first > last;
}

static void hear_all(struct little_head *head, const bool named[JOBS_MAX], uint64_t first,
                     uint64_t last)
{
    struct wait_item item = {.channel = head->control, .fd = -1};
    assert_in_range(last, first, JOBS_MAX - 1);
    while (!all_were_named(named, first, last))
        if (!hear_one(head))
            assert_int_equal(channel_wait(&item, 1, -1), STATUS_OK);
}

void head_hear_taken(struct little_head *head, uint64_t first, uint64_t last)
{
    hear_all(head, head->taken, first, last);
}

void head_hear_done(struct little_head *head, uint64_t first, uint64_t last)
{
    hear_all(head, head->done, first, last);
}

const struct result_message *head_hear_result(struct little_head *head)
{
    struct wait_item items[] = {{.channel = head->results, .fd = -1},
                                {.channel = head->control, .fd = -1}};
    struct frame frame;
    struct reason why;
    while (channel_receive(head->results, &frame) != STATUS_OK) {
        assert_int_equal(channel_wait(items, 2, -1), STATUS_OK);
        if (items[1].readable)
            hear_one(head);
    }
    assert_int_equal(wire_decode(frame.bytes, frame.size, &head->in, NULL, &why), STATUS_OK);
    assert_int_equal(head->in.envelope.type, MSG_RESULT);
    return &head->in.result;
}

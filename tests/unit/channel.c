/*
 * Channels between our own, over inproc, ipc and tcp. Strangers: channel_hostile.c.
 */

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "tests/support/channels.h"

static void both_ways(const char *endpoint, const char *host)
{
    struct channel *server = open_channel(CHANNEL_SERVER), *client = open_channel(CHANNEL_CLIENT);
    struct frame frame;
    assert_int_equal(channel_bind(server, endpoint, NULL), STATUS_OK);
    if (channel_port(server) != 0) {
        char dialled[ENDPOINT_SIZE];
        snprintf(dialled, sizeof dialled, "tcp://127.0.0.1:%u", channel_port(server));
        assert_int_equal(channel_connect(client, dialled, NULL), STATUS_OK);
    } else {
        assert_int_equal(channel_connect(client, endpoint, NULL), STATUS_OK);
    }
    send_text(client, "question");
    receive(server, &frame);
    assert_frame(&frame, "question");
    assert_string_equal(frame.host, host);
    assert_int_equal(channel_send_to(server, &frame.peer, "answer", strlen("answer")), STATUS_OK);
    receive(client, &frame);
    assert_frame(&frame, "answer");
    assert_int_equal(channel_receive(client, &frame), STATUS_AGAIN);
    assert_int_equal(channel_dropped(server) + channel_dropped(client), 0);
    channel_close(&client, 0);
    channel_close(&server, 0);
    assert_null(server);
}

static void a_server_answers_who_asked(void **state)
{
    (void)state;
    char folder[] = "/tmp/thumbmill-channel-XXXXXX", ipc[ENDPOINT_SIZE];
    assert_non_null(mkdtemp(folder));
    snprintf(ipc, sizeof ipc, "ipc://%s/control", folder);
    both_ways("inproc://control", "");
    both_ways(ipc, "");
    both_ways("tcp://127.0.0.1:*", "127.0.0.1");
    both_ways("tcp://*:*", "127.0.0.1");
    assert_int_equal(unlink(ipc + strlen("ipc://")), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void two_peers_are_told_apart(void **state)
{
    (void)state;
    struct channel *server = open_channel(CHANNEL_SERVER);
    struct channel *one = open_channel(CHANNEL_CLIENT), *two = open_channel(CHANNEL_CLIENT);
    struct frame from_one, from_two, frame;
    const char *endpoint = bind_anywhere(server);
    assert_int_equal(channel_connect(one, endpoint, NULL), STATUS_OK);
    assert_int_equal(channel_connect(two, endpoint, NULL), STATUS_OK);
    send_text(one, "1");
    receive(server, &from_one);
    send_text(two, "2");
    receive(server, &from_two);
    assert_int_equal(channel_send_to(server, &from_one.peer, "to 1", 4), STATUS_OK);
    assert_int_equal(channel_send_to(server, &from_two.peer, "to 2", 4), STATUS_OK);
    receive(one, &frame);
    assert_frame(&frame, "to 1");
    receive(two, &frame);
    assert_frame(&frame, "to 2");
    channel_close(&one, 0);
    channel_close(&two, 0);
    channel_close(&server, 0);
}

static void sending_to_a_gone_peer_says_closed(void **state)
{
    (void)state;
    struct channel *server = open_channel(CHANNEL_SERVER), *client = open_channel(CHANNEL_CLIENT);
    const struct peer_id nobody = {.size = 5, .bytes = {0, 1, 2, 3, 4}};
    struct frame frame;
    assert_int_equal(channel_connect(client, bind_anywhere(server), NULL), STATUS_OK);
    assert_int_equal(channel_send_to(server, &nobody, "x", 1), STATUS_CLOSED);
    send_text(client, "hello");
    receive(server, &frame);
    struct peer_id peer = frame.peer;
    channel_close(&client, 0);
    enum status status;
    do { // until libzmq has noticed; the test's time limit is the end of patience
        struct wait_item item = {.channel = server};
        status = channel_send_to(server, &peer, "x", 1);
        assert_int_equal(channel_wait(&item, 1, US_PER_MS), STATUS_OK);
    } while (status == STATUS_OK || status == STATUS_AGAIN);
    assert_int_equal(status, STATUS_CLOSED);
    channel_close(&server, 0);
}

static void sending_to_a_full_peer_says_again(void **state)
{
    (void)state;
    struct channel *server = open_channel(CHANNEL_SERVER), *client = open_channel(CHANNEL_CLIENT);
    struct frame frame;
    int sent = 0;
    assert_int_equal(channel_bind(server, "inproc://full", NULL), STATUS_OK);
    assert_int_equal(channel_connect(client, "inproc://full", NULL), STATUS_OK);
    send_text(client, "hello");
    receive(server, &frame);
    struct peer_id peer = frame.peer;
    while (channel_send_to(server, &peer, "x", 1) == STATUS_OK)
        assert_in_range(++sent, 1, 2000); // the marks of both ends
    assert_int_equal(channel_send_to(server, &peer, "x", 1), STATUS_AGAIN);
    while (sent-- > 0)
        receive(client, &frame);
    assert_int_equal(channel_send_to(server, &peer, "x", 1), STATUS_OK);
    channel_close(&client, 0);
    channel_close(&server, 0);
}

static void a_push_deals_to_those_who_are_there(void **state)
{
    (void)state;
    struct channel *push = open_channel(CHANNEL_JOBS_PUSH);
    struct channel *one = open_channel(CHANNEL_JOBS_PULL), *two = open_channel(CHANNEL_JOBS_PULL);
    struct frame frame;
    assert_int_equal(channel_bind(push, "inproc://deal", NULL), STATUS_OK);
    assert_int_equal(channel_send(push, "x", 1), STATUS_AGAIN);
    assert_int_equal(channel_connect(one, "inproc://deal", NULL), STATUS_OK);
    assert_int_equal(channel_connect(two, "inproc://deal", NULL), STATUS_OK);
    send_text(push, "a");
    send_text(push, "b");
    receive(one, &frame);
    assert_frame(&frame, "a");
    receive(two, &frame);
    assert_frame(&frame, "b");
    channel_close(&one, 0);
    channel_close(&two, 0);
    channel_close(&push, 0);
}

static void nothing_is_queued_for_who_is_not_connected(void **state)
{
    (void)state;
    struct channel *push = open_channel(CHANNEL_RESULTS_PUSH);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof there;
    char endpoint[ENDPOINT_SIZE];
    // A port that is taken, so that nobody comes to listen there, and does not listen either.
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&there, sizeof there), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&there, &size), 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", ntohs(there.sin_port));
    assert_int_equal(channel_connect(push, endpoint, NULL), STATUS_OK);
    assert_int_equal(channel_send(push, "x", 1), STATUS_AGAIN);
    close(fd);
    channel_close(&push, 0);
}

/* How many jobs a worker that takes none of them has swallowed when no more is accepted. */
static int swallowed(const char *endpoint)
{
    static const char job[200];
    struct channel *push = open_channel(CHANNEL_JOBS_PUSH), *pull = open_channel(CHANNEL_JOBS_PULL);
    char dialled[ENDPOINT_SIZE];
    int sent = 0;
    assert_int_equal(channel_bind(push, endpoint, NULL), STATUS_OK);
    snprintf(dialled, sizeof dialled, "tcp://127.0.0.1:%u", channel_port(push));
    assert_int_equal(channel_connect(pull, channel_port(push) == 0 ? endpoint : dialled, NULL),
                     STATUS_OK);
    wait_for(push, true);
    struct wait_item item = {.channel = push, .want_send = true, .writable = true};
    while (item.writable) {
        if (channel_send(push, job, sizeof job) == STATUS_OK)
            sent++;
        assert_int_equal(channel_wait(&item, 1, 300 * US_PER_MS), STATUS_OK);
    }
    channel_close(&push, 0);
    channel_close(&pull, 0);
    return sent;
}

static void little_waits_at_a_worker_that_takes_nothing(void **state)
{
    (void)state;
    assert_in_range(swallowed("inproc://stalled"), 1, 2);
    assert_in_range(swallowed("tcp://127.0.0.1:*"), 1, 200);
}

static void what_was_sent_before_closing_arrives(void **state)
{
    (void)state;
    struct channel *pull = open_channel(CHANNEL_RESULTS_PULL);
    struct channel *push = open_channel(CHANNEL_RESULTS_PUSH);
    struct frame frame;
    assert_int_equal(channel_connect(push, bind_anywhere(pull), NULL), STATUS_OK);
    for (int i = 0; i < 100; i++)
        send_text(push, "result");
    channel_close(&push, LINGER);
    for (int i = 0; i < 100; i++)
        receive(pull, &frame);
    channel_close(&pull, 0);
}

static void a_port_that_is_taken_is_named_with_advice(void **state)
{
    (void)state;
    struct channel *first = open_channel(CHANNEL_SERVER), *second = open_channel(CHANNEL_SERVER);
    struct reason why = {""};
    char expected[REASON_SIZE];
    const char *endpoint = bind_anywhere(first);
    assert_int_equal(channel_bind(second, endpoint, &why), STATUS_MACHINE);
    snprintf(expected, sizeof expected,
             "%s: address already in use; choose another port or stop what listens there",
             endpoint);
    assert_string_equal(why.text, expected);
    channel_close(&first, 0);
    channel_close(&second, 0);
}

static void an_endpoint_that_cannot_be_bound_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *words;
    } rows[] = {
        {"tcp://192.0.2.1:5755", "not an address of this machine"}, // TEST-NET-1, RFC 5737
        {"tcp://thumbs.invalid:5755", "not an address of this machine"},
        {"nonsense", "not an endpoint"},
        {"carrier-pigeon://coop", "not an endpoint"},
        {"ipc:///no/such/folder/control", "No such file"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel *channel = open_channel(CHANNEL_SERVER);
        struct reason why = {""};
        assert_int_equal(channel_bind(channel, rows[i].endpoint, &why), STATUS_MACHINE);
        assert_ptr_equal(strstr(why.text, rows[i].endpoint), why.text);
        if (strstr(why.text, rows[i].words) == NULL)
            fail_msg("%s", why.text);
        channel_close(&channel, 0);
    }
}

static void an_endpoint_that_makes_no_sense_is_not_connected_to(void **state)
{
    (void)state;
    struct channel *channel = open_channel(CHANNEL_CLIENT);
    struct reason why = {""};
    assert_int_equal(channel_connect(channel, "tcp://", &why), STATUS_MACHINE);
    assert_non_null(strstr(why.text, "cannot connect to tcp://"));
    channel_close(&channel, 0);
}

static void a_wait_ends_when_a_descriptor_is_readable(void **state)
{
    (void)state;
    struct channel *channel = open_channel(CHANNEL_RESULTS_PULL);
    int fd = eventfd(1, EFD_CLOEXEC), pipe_ends[2];
    assert_int_equal(pipe(pipe_ends), 0);
    struct wait_item items[] = {{.channel = channel}, {.fd = -1}, {.fd = fd}, {.fd = pipe_ends[0]}};
    assert_int_equal(channel_wait(items, 4, PATIENCE), STATUS_OK);
    assert_false(items[0].readable);
    assert_false(items[1].readable);
    assert_true(items[2].readable);
    assert_false(items[3].readable);
    close(pipe_ends[1]); // an end that was closed is news as well
    items[2].fd = -1;
    assert_int_equal(channel_wait(items, 4, PATIENCE), STATUS_OK);
    assert_false(items[2].readable);
    assert_true(items[3].readable);
    close(pipe_ends[0]);
    close(fd);
    channel_close(&channel, 0);
}

static void a_wait_without_an_event_ends_with_nothing_ready(void **state)
{
    (void)state;
    struct channel *channel = open_channel(CHANNEL_RESULTS_PULL);
    struct wait_item items[] = {{.channel = channel, .readable = true}, {.fd = -1}};
    assert_int_equal(channel_wait(items, 2, 0), STATUS_OK);
    assert_false(items[0].readable);
    assert_int_equal(channel_wait(items, 2, 1), STATUS_OK);
    assert_int_equal(channel_wait(NULL, 0, 1), STATUS_OK);
    channel_close(&channel, 0);
}

static void *close_in_a_thread(void *closing)
{
    context_close(closing);
    return NULL;
}

static void closing_the_context_ends_a_wait(void **state)
{
    (void)state;
    struct context *closing;
    struct channel *channel;
    pthread_t thread;
    struct frame frame;
    assert_int_equal(context_open(&closing, NULL), STATUS_OK);
    assert_int_equal(channel_open(&channel, closing, CHANNEL_CLIENT, LIMIT, NULL), STATUS_OK);
    struct wait_item item = {.channel = channel};
    // The pointer is read by the other thread alone from here on.
    assert_int_equal(pthread_create(&thread, NULL, close_in_a_thread, &closing), 0);
    assert_int_equal(channel_wait(&item, 1, -1), STATUS_CLOSED);
    assert_int_equal(channel_send(channel, "x", 1), STATUS_CLOSED);
    assert_int_equal(channel_receive(channel, &frame), STATUS_CLOSED);
    channel_close(&channel, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_null(closing);
}

static void closing_nothing_does_nothing(void **state)
{
    (void)state;
    struct channel *channel = NULL;
    struct context *nothing = NULL;
    channel_close(&channel, LINGER);
    context_close(&nothing);
    assert_null(channel);
}

static void the_library_tells_its_version(void **state)
{
    (void)state;
    char text[16];
    channel_library_version(text, sizeof text);
    assert_ptr_equal(strstr(text, "4."), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_answers_who_asked),
        cmocka_unit_test(two_peers_are_told_apart),
        cmocka_unit_test(sending_to_a_gone_peer_says_closed),
        cmocka_unit_test(sending_to_a_full_peer_says_again),
        cmocka_unit_test(a_push_deals_to_those_who_are_there),
        cmocka_unit_test(nothing_is_queued_for_who_is_not_connected),
        cmocka_unit_test(little_waits_at_a_worker_that_takes_nothing),
        cmocka_unit_test(what_was_sent_before_closing_arrives),
        cmocka_unit_test(a_port_that_is_taken_is_named_with_advice),
        cmocka_unit_test(an_endpoint_that_cannot_be_bound_is_explained),
        cmocka_unit_test(an_endpoint_that_makes_no_sense_is_not_connected_to),
        cmocka_unit_test(a_wait_ends_when_a_descriptor_is_readable),
        cmocka_unit_test(a_wait_without_an_event_ends_with_nothing_ready),
        cmocka_unit_test(closing_the_context_ends_a_wait),
        cmocka_unit_test(closing_nothing_does_nothing),
        cmocka_unit_test(the_library_tells_its_version),
    };
    return cmocka_run_group_tests(tests, channels_open, channels_close);
}

/*
 * Channels against strangers: those that speak ZeroMQ and break our rules, and those that do not.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <zmq.h>

#include "tests/support/channels.h"

static void a_frame_longer_than_the_limit_is_never_received(void **state)
{
    (void)state;
    static const char *const endpoints[] = {"inproc://long", "tcp://127.0.0.1:*"};
    static char bytes[LIMIT + 1];
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        struct channel *server = open_channel(CHANNEL_SERVER);
        struct channel *rude = open_channel(CHANNEL_CLIENT), *fit = open_channel(CHANNEL_CLIENT);
        char endpoint[ENDPOINT_SIZE];
        struct frame frame;
        assert_int_equal(channel_bind(server, endpoints[i], NULL), STATUS_OK);
        snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", channel_port(server));
        const char *dialled = i == 0 ? endpoints[i] : endpoint;
        assert_int_equal(channel_connect(rude, dialled, NULL), STATUS_OK);
        assert_int_equal(channel_connect(fit, dialled, NULL), STATUS_OK);
        send_text(rude, "before");
        receive(server, &frame);
        assert_frame(&frame, "before");
        assert_int_equal(channel_send(rude, bytes, LIMIT + 1), STATUS_OK);
        assert_int_equal(channel_send(fit, bytes, LIMIT), STATUS_OK);
        receive(server, &frame);
        assert_int_equal(frame.size, LIMIT);
        assert_int_equal(channel_receive(server, &frame), STATUS_AGAIN);
        channel_close(&rude, 0);
        channel_close(&fit, 0);
        channel_close(&server, 0);
    }
}

/* A stranger's socket, of a context of its own. */
struct stranger {
    void *context, *socket;
};

static struct stranger stranger_open(int type, const char *endpoint)
{
    struct stranger stranger = {.context = zmq_ctx_new()};
    int unlimited = 0;
    stranger.socket = zmq_socket(stranger.context, type);
    zmq_setsockopt(stranger.socket, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    assert_int_equal(zmq_connect(stranger.socket, endpoint), 0);
    return stranger;
}

static void stranger_close(struct stranger *stranger)
{
    int linger = 0;
    zmq_setsockopt(stranger->socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_close(stranger->socket);
    zmq_ctx_term(stranger->context);
}

static void send_parts(const struct stranger *stranger, int count)
{
    for (int i = 1; i <= count; i++)
        assert_int_equal(zmq_send(stranger->socket, "part", 4, i < count ? ZMQ_SNDMORE : 0), 4);
}

static void a_multipart_message_is_dropped_and_counted(void **state)
{
    (void)state;
    static const struct {
        enum channel_kind kind;
        int stranger; // its type
    } rows[] = {{CHANNEL_SERVER, ZMQ_DEALER},
                {CHANNEL_RESULTS_PULL, ZMQ_PUSH},
                {CHANNEL_JOBS_PULL, ZMQ_PUSH}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct channel *channel = open_channel(rows[i].kind);
        struct stranger stranger = stranger_open(rows[i].stranger, bind_anywhere(channel));
        struct frame frame;
        send_parts(&stranger, 2);
        send_parts(&stranger, 10);
        send_parts(&stranger, 1);
        receive(channel, &frame);
        assert_frame(&frame, "part");
        assert_int_equal(channel_dropped(channel), 2);
        stranger_close(&stranger);
        channel_close(&channel, 0);
    }
}

static void a_multipart_message_of_many_parts_holds_up_nobody(void **state)
{
    (void)state;
    struct channel *server = open_channel(CHANNEL_SERVER);
    struct stranger stranger = stranger_open(ZMQ_DEALER, bind_anywhere(server));
    struct frame frame;
    enum status status;
    int turns = 0;
    send_parts(&stranger, 100000);
    send_parts(&stranger, 1);
    do {
        wait_for(server, false);
        status = channel_receive(server, &frame);
        turns++;
    } while (status == STATUS_AGAIN);
    assert_int_equal(status, STATUS_OK);
    assert_frame(&frame, "part");
    assert_int_equal(channel_dropped(server), 1);
    assert_true(turns > 50); // it came up for air
    stranger_close(&stranger);
    channel_close(&server, 0);
}

static void a_peer_with_a_long_name_is_not_heard(void **state)
{
    (void)state;
    struct channel *server = open_channel(CHANNEL_SERVER);
    struct stranger stranger = {.context = zmq_ctx_new()};
    struct frame frame;
    char name[PEER_ID_SIZE + 1];
    const char *endpoint = bind_anywhere(server);
    memset(name, 'n', sizeof name);
    stranger.socket = zmq_socket(stranger.context, ZMQ_DEALER);
    zmq_setsockopt(stranger.socket, ZMQ_ROUTING_ID, name, sizeof name);
    assert_int_equal(zmq_connect(stranger.socket, endpoint), 0);
    send_parts(&stranger, 1);
    do {
        wait_for(server, false);
        assert_int_equal(channel_receive(server, &frame), STATUS_AGAIN);
    } while (channel_dropped(server) == 0);
    assert_int_equal(channel_dropped(server), 1);
    stranger_close(&stranger);
    channel_close(&server, 0);
}

/* A connection below ZeroMQ. */
static int connect_raw(const struct channel *channel)
{
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons(channel_port(channel)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

static void garbage_on_the_port_disturbs_nobody(void **state)
{
    (void)state;
    static const char garbage[] = "GET / HTTP/1.1\r\nHost: thumbs\r\n\r\n";
    struct channel *server = open_channel(CHANNEL_SERVER), *client = open_channel(CHANNEL_CLIENT);
    struct frame frame;
    const char *endpoint = bind_anywhere(server);
    int fd = connect_raw(server);
    assert_int_equal(write(fd, garbage, sizeof garbage), sizeof garbage);
    assert_int_equal(channel_connect(client, endpoint, NULL), STATUS_OK);
    send_text(client, "hello");
    receive(server, &frame);
    assert_frame(&frame, "hello");
    close(fd);
    channel_close(&client, 0);
    channel_close(&server, 0);
}

static void who_does_not_greet_is_hung_up_on(void **state)
{
    (void)state;
    struct channel *server = open_channel(CHANNEL_SERVER);
    char greeting[64];
    bind_anywhere(server);
    int fd = connect_raw(server);
    ssize_t size;
    do {
        size = read(fd, greeting, sizeof greeting);
    } while (size > 0);
    assert_true(size == 0 || errno == ECONNRESET);
    close(fd);
    channel_close(&server, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_longer_than_the_limit_is_never_received),
        cmocka_unit_test(a_multipart_message_is_dropped_and_counted),
        cmocka_unit_test(a_multipart_message_of_many_parts_holds_up_nobody),
        cmocka_unit_test(a_peer_with_a_long_name_is_not_heard),
        cmocka_unit_test(garbage_on_the_port_disturbs_nobody),
        cmocka_unit_test(who_does_not_greet_is_hung_up_on),
    };
    return cmocka_run_group_tests(tests, channels_open, channels_close);
}

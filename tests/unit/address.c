/*
 * Endpoints: what a person may type, what becomes of it, what is refused and how.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/address.h"

struct understood {
    const char *text, *host, *control, *results; // the last two: their endpoints
    enum transport transport;
    int port;
    bool local;
};

static const struct understood understood[] = {
    {"tcp://10.0.0.1:6000", "10.0.0.1", "tcp://10.0.0.1:6000", "tcp://10.0.0.1:6003", TRANSPORT_TCP,
     6000, false},
    {"tcp://10.0.0.1", "10.0.0.1", "tcp://10.0.0.1:5755", "tcp://10.0.0.1:5758", TRANSPORT_TCP,
     5755, false},
    {"head", "head", "tcp://head:5755", "tcp://head:5758", TRANSPORT_TCP, 5755, false},
    {"head.example.org:80", "head.example.org", "tcp://head.example.org:80",
     "tcp://head.example.org:83", TRANSPORT_TCP, 80, false},
    {"[fd00::7]:6000", "fd00::7", "tcp://[fd00::7]:6000", "tcp://[fd00::7]:6003", TRANSPORT_TCP,
     6000, false},
    {"[fe80::1%eth0]", "fe80::1%eth0", "tcp://[fe80::1%eth0]:5755", "tcp://[fe80::1%eth0]:5758",
     TRANSPORT_TCP, 5755, false},
    {"tcp://[::1]:0", "::1", "tcp://[::1]:*", "tcp://[::1]:*", TRANSPORT_TCP, 0, true},
    {"*:5755", "*", "tcp://*:5755", "tcp://*:5758", TRANSPORT_TCP, 5755, false},
    {"127.0.0.1:*", "127.0.0.1", "tcp://127.0.0.1:*", "tcp://127.0.0.1:*", TRANSPORT_TCP, 0, true},
    {"127.3.2.1:65531", "127.3.2.1", "tcp://127.3.2.1:65531", "tcp://127.3.2.1:65534",
     TRANSPORT_TCP, 65531, true},
    {"localhost", "localhost", "tcp://localhost:5755", "tcp://localhost:5758", TRANSPORT_TCP, 5755,
     true},
    {"127.example.org", "127.example.org", "tcp://127.example.org:5755",
     "tcp://127.example.org:5758", TRANSPORT_TCP, 5755, false},
    {"0.0.0.0:1", "0.0.0.0", "tcp://0.0.0.0:1", "tcp://0.0.0.0:4", TRANSPORT_TCP, 1, false},
    {"ipc:///run/mill", "/run/mill", "ipc:///run/mill", "ipc:///run/mill.results", TRANSPORT_IPC, 0,
     true},
    {"inproc://run", "run", "inproc://run", "inproc://run.results", TRANSPORT_INPROC, 0, true},
};

static void every_form_of_an_endpoint_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof understood / sizeof *understood; i++) {
        const struct understood *row = &understood[i];
        struct address address;
        struct reason why = {""};
        char endpoint[ENDPOINT_SIZE];
        if (address_parse(row->text, &address, &why) != STATUS_OK)
            fail_msg("%s", why.text);
        assert_int_equal(address.transport, row->transport);
        assert_string_equal(address.host, row->host);
        assert_int_equal(address.port, row->port);
        address_endpoint(&address, SOCKET_CONTROL, endpoint);
        assert_string_equal(endpoint, row->control);
        address_endpoint(&address, SOCKET_RESULTS, endpoint);
        assert_string_equal(endpoint, row->results);
        assert_int_equal(address_is_local(&address), row->local);
    }
}

static void what_is_no_endpoint_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "incomplete"},
        {"tcp://", "incomplete"},
        {":5755", "incomplete"},
        {"ipc://", "incomplete"},
        {"inproc://", "incomplete"},
        {"[]:5755", "incomplete"},
        {"udp://host:5755", "not an endpoint"},
        {"TCP://host:5755", "not an endpoint"},
        {"://host", "not an endpoint"},
        {"::1", "brackets"},
        {"fd00::7:5755", "brackets"},
        {"[::1:5755", "brackets"},
        {"[::1]5755", "brackets"},
        {"host:", "not a port"},
        {"host:http", "not a port"},
        {"host:-1", "not a port"},
        {"host:+1", "not a port"},
        {"host: 1", "not a port"},
        {"host:1x", "not a port"},
        {"host:65532", "not a port"}, // its stats would be 65536
        {"host:99999999999999999999", "not a port"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address address;
        struct reason why = {""};
        if (address_parse(rows[i].text, &address, &why) != STATUS_USAGE)
            fail_msg("\"%s\" was taken", rows[i].text);
        if (strstr(why.text, rows[i].words) == NULL)
            fail_msg("\"%s\": %s", rows[i].text, why.text);
    }
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
    (void)state;
    char text[ENDPOINT_SIZE] = "ipc:///";
    struct address address;
    struct reason why = {""};
    // 107 bytes of sun_path less ".results"
    memset(text + strlen(text), 'a', 99 - 1);
    assert_int_equal(address_parse(text, &address, &why), STATUS_OK);
    strcat(text, "a");
    assert_int_equal(address_parse(text, &address, &why), STATUS_USAGE);
    assert_non_null(strstr(why.text, "at most 99 bytes"));
}

static void a_host_too_long_is_refused(void **state)
{
    (void)state;
    char text[HOST_SIZE + 1] = "";
    struct address address;
    struct reason why = {""};
    memset(text, 'h', HOST_SIZE - 1);
    assert_int_equal(address_parse(text, &address, &why), STATUS_OK);
    strcat(text, "h");
    assert_int_equal(address_parse(text, &address, &why), STATUS_USAGE);
}

static void an_announced_port_takes_the_place_of_the_usual_one(void **state)
{
    (void)state;
    struct address address;
    char endpoint[ENDPOINT_SIZE];
    assert_int_equal(address_parse("[::1]:6000", &address, NULL), STATUS_OK);
    address_endpoint_at(&address, SOCKET_JOBS, 40123, endpoint);
    assert_string_equal(endpoint, "tcp://[::1]:40123");
    assert_int_equal(address_parse("inproc://run", &address, NULL), STATUS_OK);
    address_endpoint_at(&address, SOCKET_JOBS, 40123, endpoint);
    assert_string_equal(endpoint, "inproc://run.jobs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_endpoint_is_understood),
        cmocka_unit_test(what_is_no_endpoint_is_refused_in_words),
        cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
        cmocka_unit_test(a_host_too_long_is_refused),
        cmocka_unit_test(an_announced_port_takes_the_place_of_the_usual_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

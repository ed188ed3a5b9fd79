/* One decoder and the pool of them, with a decoder that is not the decoder. */

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/decoder_pool.h"

static struct decoder_setup make_setup(const char *saver)
{
    struct decoder_setup setup = {.record = DECODER_SETUP, .protocol = DECODER_PROTOCOL};
    setup.options.size_count = 2;
    strcpy(setup.options.sizes[0].label, "64");
    strcpy(setup.options.sizes[1].label, "9x9");
    snprintf(setup.saver, sizeof setup.saver, "%s", saver);
    return setup;
}

static struct decoder start_decoder(void)
{
    struct decoder decoder = {0};
    struct reason why;
    struct decoder_setup setup = make_setup(".jpg");
    assert_int_equal(decoder_start(&decoder, FAKE_DECODER, &setup, &why), STATUS_OK);
    assert_int_equal(decoder_await_ready(&decoder, -1, &why), STATUS_OK);
    return decoder;
}

/* Passes an image of this content and returns the two descriptors it is written to. */
static void request(struct decoder *decoder, uint32_t serial, const char *content, int outputs[2])
{
    int input = memfd_create("input", MFD_CLOEXEC);
    size_t size = strlen(content);
    assert_int_equal(pwrite(input, content, size, 0), size);
    for (int i = 0; i < 2; i++)
        outputs[i] = memfd_create("output", MFD_CLOEXEC);
    assert_int_equal(decoder_request(decoder, serial, size, input, outputs, 2), STATUS_OK);
    close(input);
}

static enum status receive(struct decoder *decoder, union decoder_message *message)
{
    struct pollfd item = {.fd = decoder->socket, .events = POLLIN};
    assert_int_equal(poll(&item, 1, -1), 1);
    return decoder_receive(decoder, message);
}

static void assert_holds(int fd, const char *content)
{
    char found[256];
    ssize_t size = pread(fd, found, sizeof found, 0);
    assert_int_equal(size, strlen(content));
    assert_memory_equal(found, content, (size_t)size);
    close(fd);
}

static void close_both(const int outputs[2])
{
    close(outputs[0]);
    close(outputs[1]);
}

static void a_decoder_writes_every_output_of_an_image(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    union decoder_message message;
    int outputs[2];
    request(&decoder, 7, "OK hello", outputs);
    assert_int_equal(receive(&decoder, &message), STATUS_OK);
    assert_int_equal(message.record, DECODER_REPLY);
    assert_int_equal(message.reply.serial, 7);
    assert_int_equal(message.reply.verdict, VERDICT_IMAGE_MADE);
    assert_holds(outputs[0], "64:hello");
    assert_holds(outputs[1], "9x9:hello");
    assert_int_equal(decoder_receive(&decoder, &message), STATUS_AGAIN);
    decoder_end(&decoder, NULL);
    decoder_end(&decoder, NULL); // ending nothing does nothing
}

static void two_images_in_its_hands_are_answered_in_order(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    union decoder_message message;
    int first[2], second[2];
    request(&decoder, 1, "WARN one", first);
    request(&decoder, 2, "FAIL two", second);
    assert_int_equal(receive(&decoder, &message), STATUS_OK);
    assert_int_equal(message.reply.serial, 1);
    assert_string_equal(message.reply.warnings, "one");
    assert_int_equal(receive(&decoder, &message), STATUS_OK);
    assert_int_equal(message.reply.serial, 2);
    assert_int_equal(message.reply.verdict, VERDICT_IMAGE_FAILED);
    assert_string_equal(message.reply.error, "two");
    close_both(first);
    close_both(second);
    decoder_end(&decoder, NULL);
}

static void memory_is_asked_for_and_admitted_or_refused(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    union decoder_message message;
    for (uint32_t admitted = 0; admitted <= 1; admitted++) {
        int outputs[2];
        request(&decoder, admitted, "NEED 12345", outputs);
        assert_int_equal(receive(&decoder, &message), STATUS_OK);
        assert_int_equal(message.record, DECODER_NEED);
        assert_int_equal(message.need.bytes, 12345);
        assert_int_equal(decoder_admit(&decoder, admitted, admitted), STATUS_OK);
        assert_int_equal(receive(&decoder, &message), STATUS_OK);
        assert_int_equal(message.reply.verdict,
                         admitted ? VERDICT_IMAGE_MADE : VERDICT_IMAGE_FAILED);
        close_both(outputs);
    }
    decoder_end(&decoder, NULL);
}

static void how_a_decoder_ended_is_told(void **state)
{
    (void)state;
    const struct {
        const char *content, *how;
    } cases[] = {
        {"CRASH heap corrupted", "it died of signal 11 (SIGSEGV): heap corrupted"},
        {"CRASH first\nignored", "it died of signal 11 (SIGSEGV): first"},
        {"EXIT 3", "it exited with 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decoder decoder = start_decoder();
        union decoder_message message;
        struct reason how;
        int outputs[2];
        request(&decoder, 1, cases[i].content, outputs);
        assert_int_equal(receive(&decoder, &message), STATUS_CLOSED);
        decoder_end(&decoder, &how);
        assert_string_equal(how.text, cases[i].how);
        assert_int_equal(decoder.pid, 0);
        close_both(outputs);
    }
}

static void an_answer_before_its_death_is_not_lost(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    union decoder_message message;
    int first[2], second[2], third[2];
    kill(decoder.pid, SIGSTOP); // until all three are sent
    request(&decoder, 1, "OK first", first);
    request(&decoder, 2, "EXIT 1", second);
    request(&decoder, 3, "OK never read", third); // unread at its death: resets the connection
    kill(decoder.pid, SIGCONT);
    assert_int_equal(waitid(P_PID, (id_t)decoder.pid, NULL, WEXITED | WNOWAIT), 0);
    assert_int_equal(receive(&decoder, &message), STATUS_OK);
    assert_int_equal(message.reply.serial, 1);
    assert_int_equal(receive(&decoder, &message), STATUS_CLOSED);
    close_both(first);
    close_both(second);
    close_both(third);
    decoder_end(&decoder, NULL);
}

static void a_decoder_that_hangs_is_killed(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    struct reason how;
    int outputs[2];
    request(&decoder, 1, "HANG", outputs);
    decoder_end(&decoder, &how);
    assert_string_equal(how.text, "it died of signal 9 (SIGKILL)");
    close_both(outputs);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    union decoder_message message;
    int outputs[2];
    request(&decoder, 1, "NONSENSE", outputs);
    assert_int_equal(receive(&decoder, &message), STATUS_MALFORMED);
    close_both(outputs);
    decoder_end(&decoder, NULL);
}

static void a_dead_decoder_takes_no_image(void **state)
{
    (void)state;
    struct decoder decoder = start_decoder();
    kill(decoder.pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)decoder.pid, NULL, WEXITED | WNOWAIT), 0);
    int input = memfd_create("input", MFD_CLOEXEC);
    const int outputs[2] = {input, input};
    assert_int_equal(decoder_request(&decoder, 1, 0, input, outputs, 2), STATUS_CLOSED);
    assert_int_equal(decoder_admit(&decoder, 1, true), STATUS_CLOSED);
    close(input);
    decoder_end(&decoder, NULL);
}

static void who_cannot_start_is_named_with_the_reason(void **state)
{
    (void)state;
    const struct {
        const char *program, *saver, *reason;
    } cases[] = {
        {"/nowhere/decoder", ".jpg",
         "the decoder /nowhere/decoder cannot be started: No such file"},
        {"/bin/true", ".jpg", "decoders do not start: it exited with 0"},
        {FAKE_DECODER, ".refuse", "the decoder refused: no saver of this name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decoder_pool *pool = NULL;
        struct reason why = {0};
        struct decoder_setup setup = make_setup(cases[i].saver);
        assert_int_equal(decoder_pool_open(&pool, cases[i].program, &setup, &why), STATUS_OK);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(decoder_pool_probe(pool, -1, &why), STATUS_MACHINE);
            assert_ptr_equal(strstr(why.text, cases[i].reason), why.text);
        }
        decoder_pool_close(&pool);
    }
}

static void a_wait_for_ready_can_be_ended(void **state)
{
    (void)state;
    struct decoder decoder = {0};
    struct reason why;
    struct decoder_setup setup = make_setup(".mute");
    int wake = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(decoder_start(&decoder, FAKE_DECODER, &setup, &why), STATUS_OK);
    assert_int_equal(decoder_await_ready(&decoder, wake, &why), STATUS_CLOSED);
    decoder_end(&decoder, NULL);
    close(wake);
}

static void the_pool_replaces_what_was_taken_and_keeps_what_is_given_back(void **state)
{
    (void)state;
    struct decoder_pool *pool = NULL;
    struct decoder_setup setup = make_setup(".jpg");
    struct decoder decoders[3] = {{0}};
    struct reason why;
    assert_int_equal(decoder_pool_open(&pool, FAKE_DECODER, &setup, &why), STATUS_OK);
    assert_int_equal(decoder_pool_probe(pool, -1, &why), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(decoder_pool_take(pool, &decoders[i], &why), STATUS_OK);
        assert_int_equal(decoder_await_ready(&decoders[i], -1, &why), STATUS_OK);
    }
    for (int i = 0; i < 3; i++) {
        decoder_pool_give_back(pool, &decoders[i]);
        assert_int_equal(decoders[i].pid, 0);
    }
    decoder_pool_stop(pool);
    assert_int_equal(decoder_pool_take(pool, &decoders[0], &why), STATUS_CLOSED);
    decoder_pool_close(&pool);
    assert_null(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decoder_writes_every_output_of_an_image),
        cmocka_unit_test(two_images_in_its_hands_are_answered_in_order),
        cmocka_unit_test(memory_is_asked_for_and_admitted_or_refused),
        cmocka_unit_test(how_a_decoder_ended_is_told),
        cmocka_unit_test(an_answer_before_its_death_is_not_lost),
        cmocka_unit_test(a_decoder_that_hangs_is_killed),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(a_dead_decoder_takes_no_image),
        cmocka_unit_test(who_cannot_start_is_named_with_the_reason),
        cmocka_unit_test(a_wait_for_ready_can_be_ended),
        cmocka_unit_test(the_pool_replaces_what_was_taken_and_keeps_what_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

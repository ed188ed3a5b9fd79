/*
 * The decoder as a process: its setup, its requests, its asking for memory, the troubles of the
 * machine, and how it ends.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/decoder_rig.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Of main.c. */
#define EXIT_USAGE 2
#define EXIT_MALFORMED 3

static void a_setup_that_cannot_be_done_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *saver, *profile;
        uint32_t protocol;
        const char *says;
    } cases[] = {
        {".jpg[q=85]", "", DECODER_PROTOCOL, "no property named `q'"},
        {".jpg[Q=1000]", "", DECODER_PROTOCOL, "out of range"},
        {".jpg[Q=85", "", DECODER_PROTOCOL, "]"},
        {".nonesuch", "", DECODER_PROTOCOL, "not a format"},
        {".jpg", "nonesuch", DECODER_PROTOCOL, "nonesuch"},
        {".jpg", "", DECODER_PROTOCOL + 1, "one build"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decoder_driver driver;
        struct decoder_setup setup;
        struct decoder_ready ready;
        driver_setup_init(&setup);
        setup.protocol = cases[i].protocol;
        snprintf(setup.saver, sizeof setup.saver, "%s", cases[i].saver);
        snprintf(setup.options.profile, sizeof setup.options.profile, "%s", cases[i].profile);
        assert_true(driver_open(&driver, DECODER));
        assert_true(driver_send_setup(&driver, &setup));
        assert_true(driver_receive_ready(&driver, &ready));
        assert_false(ready.ok);
        if (!strstr(ready.text, cases[i].says))
            fail_msg("%s: %s", cases[i].saver, ready.text);
        assert_int_equal(WEXITSTATUS(driver_close(&driver)), EXIT_USAGE);
    }
}

static void options_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < 5; kind++) {
        struct decoder_driver driver;
        struct decoder_setup setup;
        struct decoder_ready ready;
        driver_setup_init(&setup);
        if (kind == 0)
            setup.options.size_count = 0;
        else if (kind == 1)
            setup.options.size_count = SIZES_MAX + 1;
        else if (kind == 2)
            setup.options.sizes[0].width = 0;
        else if (kind == 3)
            memset(setup.options.profile, 'x', sizeof setup.options.profile);
        else
            memset(setup.saver, 'x', sizeof setup.saver);
        assert_true(driver_open(&driver, DECODER));
        assert_true(driver_send_setup(&driver, &setup));
        assert_true(driver_receive_ready(&driver, &ready));
        assert_false(ready.ok);
        driver_close(&driver);
    }
}

static void it_ends_well_when_the_socket_closes(void **state)
{
    (void)state;
    struct decoder_driver driver;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    assert_true(driver_open(&driver, DECODER)); // before the setup
    assert_int_equal(driver_close(&driver), 0);
    rig_start(&driver, &setup); // and after it
    assert_int_equal(driver_close(&driver), 0);
}

static void it_ends_when_it_is_told_what_is_no_record(void **state)
{
    (void)state;
    static const struct {
        uint32_t words[4];
        size_t size;
    } cases[] = {
        {{DECODER_REQUEST, 1, 0, 0}, 16}, // no descriptors
        {{DECODER_REQUEST}, 4},
        {{DECODER_ADMIT, 1, 1}, 12},
        {{DECODER_REPLY}, 4},
        {{0}, 1},
        {{77, 0, 0, 0}, 16},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decoder_driver driver;
        struct decoder_setup setup;
        union driver_answer answer = {0};
        driver_setup_init(&setup);
        rig_start(&driver, &setup);
        assert_int_equal(send(driver.fd, cases[i].words, cases[i].size, 0), cases[i].size);
        assert_int_equal(driver_receive(&driver, &answer), 0);
        assert_int_equal(WEXITSTATUS(driver_close(&driver)), EXIT_MALFORMED);
    }
}

static void two_requests_at_once_are_answered_in_order(void **state)
{
    (void)state;
    struct decoder_driver driver;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    rig_start(&driver, &setup);
    int first = rig_sample("photo.png"), second = rig_sample("zero-byte.jpg");
    int outputs[2] = {rig_output(), rig_output()};
    uint32_t serials[2] = {driver_request(&driver, first, &outputs[0], 1),
                           driver_request(&driver, second, &outputs[1], 1)};
    for (int i = 0; i < 2; i++) {
        union driver_answer answer = {0};
        assert_int_equal(driver_receive(&driver, &answer), DECODER_REPLY);
        assert_int_equal(answer.reply.serial, serials[i]);
        assert_int_equal(answer.reply.verdict, i ? VERDICT_IMAGE_FAILED : VERDICT_IMAGE_MADE);
        close(outputs[i]);
    }
    close(first);
    close(second);
    rig_stop(&driver);
}

static void memory_above_the_share_is_asked_for(void **state)
{
    (void)state;
    for (int admitted = 0; admitted <= 1; admitted++) {
        struct decoder_driver driver;
        struct decoder_setup setup;
        union driver_answer answer = {0};
        driver_setup_init(&setup);
        setup.memory_share = 1;
        rig_start(&driver, &setup);
        int input = rig_sample("photo.jpg");
        int outputs[2] = {rig_output(), rig_output()};
        uint32_t serial = driver_request(&driver, input, &outputs[0], 1);
        assert_int_equal(driver_receive(&driver, &answer), DECODER_NEED);
        assert_int_equal(answer.need.serial, serial);
        assert_true(answer.need.bytes > rig_size("photo.jpg"));

        /* The next request may come before the answer. */
        uint32_t next = driver_request(&driver, input, &outputs[1], 1);
        assert_true(driver_admit(&driver, serial, admitted));
        assert_int_equal(driver_receive(&driver, &answer), DECODER_REPLY);
        assert_int_equal(answer.reply.serial, serial);
        assert_int_equal(answer.reply.verdict,
                         admitted ? VERDICT_IMAGE_MADE : VERDICT_IMAGE_FAILED);
        assert_true(admitted || strstr(answer.reply.error, "--memory"));

        assert_int_equal(driver_receive(&driver, &answer), DECODER_NEED);
        assert_int_equal(answer.need.serial, next);
        assert_true(driver_admit(&driver, next, true));
        assert_int_equal(driver_receive(&driver, &answer), DECODER_REPLY);
        assert_int_equal(answer.reply.verdict, VERDICT_IMAGE_MADE);
        close(input);
        close(outputs[0]);
        close(outputs[1]);
        rig_stop(&driver);
    }
}

static void a_full_disk_is_the_machine_s_trouble(void **state)
{
    (void)state;
    struct decoder_setup setup;
    struct decoder_driver driver;
    union driver_answer answer = {0};
    driver_setup_init(&setup);
    rig_size_spec(&setup, "64");
    rig_start(&driver, &setup);
    int input = rig_sample("photo.jpg");
    int outputs[2] = {rig_output(), open("/dev/full", O_WRONLY | O_CLOEXEC)};
    driver_request(&driver, input, outputs, 2);
    assert_int_equal(driver_receive(&driver, &answer), DECODER_REPLY);
    assert_int_equal(answer.reply.verdict, VERDICT_MACHINE_TROUBLE);
    assert_int_equal(answer.reply.error_number, ENOSPC);
    close(outputs[0]);
    close(outputs[1]);
    close(input);

    /* And no image's fault: the decoder goes on. */
    struct decoder_reply reply = rig_ask(&driver, &setup, rig_sample("photo.jpg"), NULL);
    assert_int_equal(reply.verdict, VERDICT_IMAGE_MADE);
    rig_stop(&driver);
}

static void what_is_no_file_is_that_image_s_fault(void **state)
{
    (void)state;
    struct decoder_setup setup;
    driver_setup_init(&setup);
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct decoder_reply reply = rig_decode(&setup, folder, NULL);
    assert_int_equal(reply.verdict, VERDICT_IMAGE_FAILED);
    assert_non_null(strstr(reply.error, "directory"));
}

static void a_file_is_read_to_its_end_whatever_its_size_was(void **state)
{
    (void)state;
    static const uint64_t claims[] = {1, 100, 1ULL << 60};
    struct decoder_setup setup;
    driver_setup_init(&setup);
    for (size_t i = 0; i < COUNT(claims); i++) {
        struct decoder_driver driver;
        rig_start(&driver, &setup);
        driver.claim = claims[i];
        struct decoder_reply reply = rig_ask(&driver, &setup, rig_sample("photo.png"), NULL);
        assert_int_equal(reply.verdict, VERDICT_IMAGE_MADE);
        assert_int_equal(reply.bytes_in, rig_size("photo.png"));
        rig_stop(&driver);
    }
}

/* Runs the program with the words; what it printed is in `text`. */
static int exit_status_of(const char *words, char *text, size_t size)
{
    char command[1024];
    snprintf(command, sizeof command, "'%s' %s 2>&1", DECODER, words);
    FILE *output = popen(command, "r");
    assert_non_null(output);
    text[fread(text, 1, size - 1, output)] = '\0';
    int status = pclose(output);
    return WEXITSTATUS(status);
}

static void by_hand_it_answers_questions_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int status;
        const char *says;
    } cases[] = {
        {"", EXIT_USAGE, "not by hand"},
        {"--version", 0, "\nread jpeg png webp gif"},
        {"--version", 0, "\nwrite jpeg png webp gif"},
        {"--check '.jpg[Q=85]'", 0, ""},
        {"--check .webp p3", 0, ""},
        {"--check '.jpg[q=85]'", EXIT_USAGE, "no property named `q'"},
        {"--check .jpg nonesuch", EXIT_USAGE, "nonesuch"},
        {"--check", EXIT_USAGE, "--check SAVER [PROFILE]"},
        {"photo.jpg", EXIT_USAGE, "--check SAVER [PROFILE]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[4096];
        int status = exit_status_of(cases[i].words, text, sizeof text);
        if (status != cases[i].status || !strstr(text, cases[i].says))
            fail_msg("%s: exit status %d: %s", cases[i].words, status, text);
        if (status != 0) // one line
            assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setup_that_cannot_be_done_is_refused_in_words),
        cmocka_unit_test(options_that_make_no_sense_are_refused),
        cmocka_unit_test(it_ends_well_when_the_socket_closes),
        cmocka_unit_test(it_ends_when_it_is_told_what_is_no_record),
        cmocka_unit_test(two_requests_at_once_are_answered_in_order),
        cmocka_unit_test(memory_above_the_share_is_asked_for),
        cmocka_unit_test(a_full_disk_is_the_machine_s_trouble),
        cmocka_unit_test(what_is_no_file_is_that_image_s_fault),
        cmocka_unit_test(a_file_is_read_to_its_end_whatever_its_size_was),
        cmocka_unit_test(by_hand_it_answers_questions_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, rig_open, rig_close);
}

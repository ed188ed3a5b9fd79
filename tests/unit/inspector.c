/* Looking at images, with a decoder that is not the decoder. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/temp_tree.h"
#include "worker/inspector.h"

#define MEMORY (64 << 20)
#define LONG_MS 60000
#define SHORT_MS 200

static struct temp_tree tree;
static struct admission *admission;

static int set_up(void **state)
{
    (void)state;
    struct reason why;
    temp_tree_open(&tree);
    return admission_open(&admission, MEMORY, 1, &why) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    admission_close(&admission);
    temp_tree_close(&tree);
    return 0;
}

static struct inspector open_inspector(uint32_t timeout_ms)
{
    struct inspector inspector;
    struct reason why;
    assert_int_equal(inspector_open(&inspector, FAKE_DECODER, admission, timeout_ms, &why),
                     STATUS_OK);
    return inspector;
}

/* Looks at an image of this content; its size must be the fake's when it decodes. */
static enum status look(struct inspector *inspector, const char *content, enum image_format format,
                        struct reason *why)
{
    uint32_t width = 0, height = 0;
    const size_t size = strlen(content);
    const int fd = memfd_create("image", MFD_CLOEXEC);
    assert_int_equal(pwrite(fd, content, size, 0), size);
    *why = (struct reason){0};
    const enum status status = inspector_look(inspector, fd, size, format, &width, &height, why);
    close(fd);
    if (status == STATUS_OK) {
        assert_int_equal(width, 640);
        assert_int_equal(height, 480);
    }
    return status;
}

static void what_a_decoder_finds_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *content;
        enum status status;
        const char *says;
    } cases[] = {
        {"OK", STATUS_OK, ""},
        {"WARN of nothing", STATUS_OK, ""},
        {"FAIL not an image", STATUS_IMAGE, "not an image"},
        {"DAMAGED at its end", STATUS_IMAGE, "damaged: at its end"},
        {"CRASH last words", STATUS_IMAGE,
         "its decoder failed: it died of signal 11 (SIGSEGV): last words"},
        {"EXIT 4", STATUS_IMAGE, "its decoder failed: it exited with 4"},
        {"NONSENSE", STATUS_IMAGE, "its decoder failed"},
        {"NEED 1000", STATUS_OK, ""},
        {"NEED 100000000000", STATUS_IMAGE, "needs too much memory"},
        {"TROUBLE 28", STATUS_MACHINE, "a decoder cannot work"},
        {"OK again", STATUS_OK, ""},
    };
    struct inspector inspector = open_inspector(LONG_MS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reason why;
        assert_int_equal(look(&inspector, cases[i].content, FORMAT_JPEG, &why), cases[i].status);
        if (strncmp(why.text, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("%s: %s", cases[i].content, why.text);
    }
    inspector_close(&inspector);
}

static void a_decoder_that_dies_once_costs_nothing(void **state)
{
    (void)state;
    char content[JOB_PATH_SIZE + 32];
    struct reason why;
    struct inspector inspector = open_inspector(LONG_MS);
    snprintf(content, sizeof content, "CRASH-ONCE %s", temp_tree_at(&tree, "crashed"));
    assert_int_equal(look(&inspector, content, FORMAT_JPEG, &why), STATUS_OK);
    inspector_close(&inspector);
}

static void a_decoder_that_hangs_is_ended(void **state)
{
    (void)state;
    struct reason why;
    struct inspector inspector = open_inspector(SHORT_MS);
    assert_int_equal(look(&inspector, "HANG", FORMAT_JPEG, &why), STATUS_IMAGE);
    assert_string_equal(why.text, "its decoder took longer than 0.2 s");
    assert_int_equal(inspector.decoder.pid, 0);
    inspector_close(&inspector);
}

static void a_decoder_is_kept_until_another_format_is_needed(void **state)
{
    (void)state;
    struct reason why;
    struct inspector inspector = open_inspector(LONG_MS);
    assert_int_equal(look(&inspector, "OK", FORMAT_JPEG, &why), STATUS_OK);
    const pid_t first = inspector.decoder.pid;
    assert_int_equal(look(&inspector, "OK", FORMAT_WEBP, &why), STATUS_OK);
    assert_int_equal(look(&inspector, "OK", FORMAT_UNKNOWN, &why), STATUS_OK);
    assert_int_equal(inspector.decoder.pid, first);
    assert_int_equal(look(&inspector, "OK", FORMAT_AVIF, &why), STATUS_OK);
    assert_int_not_equal(inspector.decoder.pid, first);
    assert_true(inspector.allow & FORMAT_BIT(FORMAT_AVIF));
    inspector_close(&inspector);
}

static void without_a_decoder_nothing_is_said_of_the_image(void **state)
{
    (void)state;
    struct reason why;
    struct inspector inspector = open_inspector(LONG_MS);
    inspector.program = "/nonexistent/decoder";
    assert_int_equal(look(&inspector, "OK", FORMAT_JPEG, &why), STATUS_MACHINE);
    assert_non_null(strstr(why.text, "/nonexistent/decoder"));
    inspector_close(&inspector);
}

static void closing_twice_does_nothing(void **state)
{
    (void)state;
    struct inspector inspector = open_inspector(LONG_MS);
    inspector_close(&inspector);
    inspector_close(&inspector);
    assert_int_equal(inspector.output, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_decoder_finds_is_told),
        cmocka_unit_test(a_decoder_that_dies_once_costs_nothing),
        cmocka_unit_test(a_decoder_that_hangs_is_ended),
        cmocka_unit_test(a_decoder_is_kept_until_another_format_is_needed),
        cmocka_unit_test(without_a_decoder_nothing_is_said_of_the_image),
        cmocka_unit_test(closing_twice_does_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

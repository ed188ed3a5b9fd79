/*
 * The command line: which command takes what, what is said of what it does not take.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/option_table.h"
#include "sink/record.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define WORDS_MAX 16

static const struct command commands[] = {
    {.name = "run", .bit = COMMAND_RUN},     {.name = "ventilator", .bit = COMMAND_VENTILATOR},
    {.name = "sink", .bit = COMMAND_SINK},   {.name = "worker", .bit = COMMAND_WORKER},
    {.name = "start", .bit = COMMAND_START}, {.name = "status", .bit = COMMAND_STATUS},
    {.name = "list", .bit = COMMAND_LIST},   {.name = "verify", .bit = COMMAND_VERIFY},
    {.name = "prune", .bit = COMMAND_PRUNE}, {.name = NULL, .bit = COMMAND_NONE},
};
enum { RUN, VENTILATOR, SINK, WORKER, START, STATUS, LIST, VERIFY, PRUNE, NONE };

/* Writable words of one command line, as main gets them. */
struct line {
    char bytes[1024];
    char *words[WORDS_MAX];
    int count;
};

/* Parts a line at its blanks. */
static enum status parse(int command, const char *text, struct line *line,
                         struct arguments *arguments, struct reason *why)
{
    *line = (struct line){.words = {(char *)commands[command].name}, .count = 1};
    snprintf(line->bytes, sizeof line->bytes, "%s", text);
    for (char *word = strtok(line->bytes, " "); word != NULL; word = strtok(NULL, " "))
        line->words[line->count++] = word;
    arguments_init(arguments);
    return option_table_parse(&commands[command], line->count, line->words, arguments, why);
}

static void assert_parsed(int command, const char *text, struct line *line,
                          struct arguments *arguments)
{
    struct reason why = {0};
    if (parse(command, text, line, arguments, &why) != STATUS_OK)
        fail_msg("%s: %s", text, why.text);
}

static void every_option_of_run_reaches_its_field(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    assert_parsed(RUN,
                  "-s 64,128x -m attention -o %z/%n --format jpg[Q=85] --background #102030 "
                  "--no-rotate",
                  &line, &arguments);
    assert_int_equal(arguments.options.size_count, 2);
    assert_int_equal(arguments.options.crop, CROP_ATTENTION);
    assert_string_equal(arguments.options.output, "%z/%n");
    assert_string_equal(arguments.options.format, "jpg[Q=85]");
    assert_int_equal(arguments.options.background[2], 0x30);
    assert_false(arguments.options.rotate);
    assert_parsed(RUN, "--profile p3 --keep icc --fail-on error --max-pixels 1MP --max-bytes 1K",
                  &line, &arguments);
    assert_string_equal(arguments.options.profile, "p3");
    assert_int_equal(arguments.options.keep, KEEP_ICC);
    assert_int_equal(arguments.options.fail_on, FAIL_ON_ERROR);
    assert_int_equal(arguments.options.max_pixels, 1000000);
    assert_int_equal(arguments.options.max_bytes, 1024);
    assert_parsed(RUN, "--timeout 500ms --allow tiff --sync --files-from - -0 --base /b", &line,
                  &arguments);
    assert_int_equal(arguments.options.timeout_ms, 500);
    assert_true(arguments.options.allow & FORMAT_BIT(FORMAT_TIFF));
    assert_true(arguments.options.sync);
    assert_string_equal(arguments.files_from, "-");
    assert_true(arguments.nul_separated);
    assert_string_equal(arguments.base, "/b");
    assert_parsed(RUN, "-j 6 --workers 3 --memory 2G --listen 127.0.0.1:6000 --insecure", &line,
                  &arguments);
    assert_int_equal(arguments.jobs, 6);
    assert_int_equal(arguments.workers, 3);
    assert_int_equal(arguments.memory, 2ll << 30);
    assert_int_equal(arguments.listen.address.port, 6000);
    assert_true(arguments.insecure);
    assert_parsed(RUN, "--force --retry-failed --db r", &line, &arguments);
    assert_true(arguments.force);
    assert_true(arguments.retry_failed);
    assert_string_equal(arguments.db, "r");
    assert_parsed(RUN, "--progress json -q --json -", &line, &arguments);
    assert_int_equal(arguments.progress, PROGRESS_JSON);
    assert_true(arguments.quiet);
    assert_string_equal(arguments.json_file, "-");
}

static void options_of_the_other_roles_reach_their_fields(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    assert_parsed(WORKER,
                  "--connect head -j 2 --source-root /a=/b --source-root /c=/d=e --dest-root /f=/g "
                  "--name n --stay --head-timeout 1",
                  &line, &arguments);
    assert_int_equal(arguments.connect.address.port, DEFAULT_PORT);
    assert_int_equal(arguments.source_roots.count, 2);
    assert_string_equal(arguments.source_roots.list[0].from, "/a");
    assert_string_equal(arguments.source_roots.list[0].to, "/b");
    assert_string_equal(arguments.source_roots.list[1].to, "/d=e");
    assert_string_equal(arguments.dest_roots.list[0].from, "/f");
    assert_string_equal(arguments.name, "n");
    assert_true(arguments.stay);
    assert_int_equal(arguments.head_timeout, US_PER_S);
    assert_parsed(SINK, "--connect head --bind 127.0.0.1:0 --advertise me --json f", &line,
                  &arguments);
    assert_true(arguments.bind.given);
    assert_string_equal(arguments.advertise, "me");
    assert_parsed(VENTILATOR, "--hold --bind ipc:///tmp/x a b", &line, &arguments);
    assert_true(arguments.hold);
    assert_parsed(STATUS, "--connect head --json", &line, &arguments);
    assert_true(arguments.json);
    assert_null(arguments.json_file);
}

static void options_of_the_record_reach_their_fields(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    assert_parsed(LIST, "d --status failed,quarantined --json --db r", &line, &arguments);
    assert_int_equal(arguments.states,
                     RECORD_STATE(IMAGE_FAILED) | RECORD_STATE(IMAGE_QUARANTINED));
    assert_true(arguments.json);
    assert_string_equal(arguments.db, "r");
    assert_parsed(LIST, "d --status made --status damaged", &line, &arguments);
    assert_int_equal(arguments.states, RECORD_STATE(IMAGE_MADE) | RECORD_STATE(IMAGE_DAMAGED));
    assert_parsed(VERIFY, "d --db r -j 3", &line, &arguments);
    assert_int_equal(arguments.jobs, 3);
    assert_false(arguments.yes);
    assert_parsed(PRUNE, "d --db r --yes", &line, &arguments);
    assert_true(arguments.yes);
}

static void sizes_given_take_the_place_of_the_default(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    assert_parsed(RUN, "a b", &line, &arguments);
    assert_int_equal(arguments.options.size_count, 1);
    assert_parsed(RUN, "-s 1 --size=2,3 -s4 a b", &line, &arguments);
    assert_int_equal(arguments.options.size_count, 4);
    assert_string_equal(arguments.options.sizes[3].label, "4");
}

static void operands_may_stand_anywhere_and_look_like_options_after_two_dashes(void **state)
{
    (void)state;
    struct line line;
    struct arguments arguments;
    assert_parsed(RUN, "a -j 2 b -q -- -c --size", &line, &arguments);
    assert_int_equal(arguments.operand_count, 4);
    static const char *const expected[] = {"a", "b", "-c", "--size"};
    for (size_t i = 0; i < COUNT(expected); i++)
        assert_string_equal(arguments.operands[i], expected[i]);
}

static void what_is_wrong_is_named_in_one_line(void **state)
{
    (void)state;
    static const struct {
        int command;
        const char *text, *says;
    } cases[] = {
        {RUN, "--size 12q",
         "--size 12q: not a size; expected WIDTH, WIDTHx, xHEIGHT or "
         "WIDTHxHEIGHT"},
        {RUN, "-s 12q a b",
         "--size 12q: not a size; expected WIDTH, WIDTHx, xHEIGHT or "
         "WIDTHxHEIGHT"},
        {RUN, "--nonsense a", "--nonsense: unknown option of run; see thumbmill run --help"},
        {RUN, "a b --nonsense=3", "--nonsense: unknown option of run; see thumbmill run --help"},
        {RUN, "-qx", "-x: unknown option of run; see thumbmill run --help"},
        {VENTILATOR, "--db x",
         "--db: unknown option of ventilator; see thumbmill ventilator --help"},
        {RUN, "--keys d", "--keys: unknown option of run; see thumbmill run --help"},
        {RUN, "--sandbox try", "--sandbox: unknown option of run; see thumbmill run --help"},
        {RUN, "--hold", "--hold: unknown option of run; see thumbmill run --help"},
        {VENTILATOR, "-j 3", "-j: unknown option of ventilator; see thumbmill ventilator --help"},
        {VENTILATOR, "--workers 3",
         "--workers: unknown option of ventilator; see thumbmill ventilator --help"},
        {VENTILATOR, "--memory 1G",
         "--memory: unknown option of ventilator; see thumbmill ventilator --help"},
        {VERIFY, "--yes", "--yes: unknown option of verify; see thumbmill verify --help"},
        {PRUNE, "-j 3", "-j: unknown option of prune; see thumbmill prune --help"},
        {LIST, "--status", "--status: expected a value, S"},
        {LIST, "--status fresh",
         "--status fresh: expected made, damaged, failed or quarantined, or some of them by commas "
         "(what a run counts as fresh is made or damaged)"},
        {WORKER, "-s 3", "-s: unknown option of worker; see thumbmill worker --help"},
        {START, "--json", "--json: unknown option of start; see thumbmill start --help"},
        {NONE, "--what", "--what: unknown option; see thumbmill --help"},
        {RUN, "-j", "--jobs: expected a value, N"},
        {RUN, "--size", "--size: expected a value, SPEC"},
        {RUN, "--sync=yes", "--sync: takes no value"},
        {STATUS, "--json=x", "--json: takes no value"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct line line;
        struct arguments arguments;
        struct reason why = {0};
        assert_int_equal(parse(cases[i].command, cases[i].text, &line, &arguments, &why),
                         STATUS_USAGE);
        assert_string_equal(why.text, cases[i].says);
    }
}

static void values_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const struct {
        int command;
        const char *option; // stands in the reason
        const char *values[10];
    } cases[] = {
        {RUN, "--jobs", {"x", "-1", "1.5", "16385", "+1", "99999999999999999999", "1x"}},
        {RUN, "--workers", {"0", "65", "-1", "x"}},
        {RUN, "--max-pixels", {"0", "many", "-1", "200P"}},
        {RUN, "--max-bytes", {"0", "1.5", "-1", "12Q"}},
        {RUN, "--memory", {"0", "lots"}},
        {RUN, "--timeout", {"0", "-1", "x", "5000000"}},
        {RUN, "--progress", {"loud", "Bar"}},
        {RUN, "--smartcrop", {"middle"}},
        {RUN, "--listen", {"nonsense://here", "tcp://", "127.0.0.1:99999", "inproc://x"}},
        {WORKER, "--connect", {"tcp://", "127.0.0.1:0", "inproc://x"}},
        {WORKER, "--source-root", {"/a", "a=/b", "/a=b", "="}},
        {WORKER, "--head-timeout", {"0", "x"}},
        {SINK, "--advertise", {"tcp://x"}},
        {LIST, "--status", {"fresh", "pending", "Made", "made,", ",made", "made,,failed", "mad"}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t k = 0; cases[i].values[k] != NULL; k++) {
            char text[200];
            struct line line;
            struct arguments arguments;
            struct reason why = {0};
            snprintf(text, sizeof text, "%s %s", cases[i].option, cases[i].values[k]);
            if (parse(cases[i].command, text, &line, &arguments, &why) != STATUS_USAGE)
                fail_msg("%s is taken", text);
            assert_ptr_equal(strstr(why.text, cases[i].option), why.text);
        }
    }
}

static void empty_values_are_refused(void **state)
{
    (void)state;
    static const char *const options[] = {"--output=",     "--format=", "--profile=", "--size=",
                                          "--files-from=", "--base=",   "--json=",    "--listen="};
    for (size_t i = 0; i < COUNT(options); i++) {
        struct line line;
        struct arguments arguments;
        struct reason why = {0};
        assert_int_equal(parse(RUN, options[i], &line, &arguments, &why), STATUS_USAGE);
    }
}

static char *help_of(enum command_bit command)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    option_table_help(command, out);
    fclose(out);
    return text;
}

static void help_names_what_a_command_takes_and_nothing_else(void **state)
{
    (void)state;
    char *text = help_of(COMMAND_VENTILATOR);
    assert_non_null(strstr(text, "-s, --size SPEC"));
    assert_non_null(strstr(text, "      --hold"));
    assert_non_null(strstr(text, "  -0 "));
    assert_null(strstr(text, "--jobs"));
    assert_null(strstr(text, "--stay"));
    free(text);
    text = help_of(COMMAND_NONE);
    assert_null(strstr(text, "--size"));
    assert_non_null(strstr(text, "--version"));
    free(text);
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        char *text = help_of(commands[i].bit);
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
            assert_true(strlen(line) <= 100);
            assert_int_not_equal(line[strlen(line) - 1], ' ');
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_of_run_reaches_its_field),
        cmocka_unit_test(options_of_the_other_roles_reach_their_fields),
        cmocka_unit_test(options_of_the_record_reach_their_fields),
        cmocka_unit_test(sizes_given_take_the_place_of_the_default),
        cmocka_unit_test(operands_may_stand_anywhere_and_look_like_options_after_two_dashes),
        cmocka_unit_test(what_is_wrong_is_named_in_one_line),
        cmocka_unit_test(values_that_make_no_sense_are_refused),
        cmocka_unit_test(empty_values_are_refused),
        cmocka_unit_test(help_names_what_a_command_takes_and_nothing_else),
        cmocka_unit_test(help_fits_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

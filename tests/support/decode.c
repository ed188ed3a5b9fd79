/*
 * thumbmill-decode: drives the decoder alone over files, for tests and comparisons.
 *
 *   thumbmill-decode [-s SIZE]... [-m CROP] [-f SAVER] [-a FORMATS] [-r] [-l FAIL_ON] [-p PROFILE]
 *                    DECODER OUTDIR FILE...
 *
 * FILE number n (from 0) goes to OUTDIR/n.SIZE_INDEX; a line of tab-parted fields each on standard
 * output: n, verdict, source WxH, each output's WxH, stage times (us), error, warnings, rss kB. -r:
 * no rotation. A decoder that dies is started again.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/decoder_driver.h"

#define VERDICT_DIED 100

static const char *verdict_name(uint32_t verdict)
{
    static const char *const names[] = {
        [VERDICT_IMAGE_MADE] = "made",
        [VERDICT_IMAGE_DAMAGED] = "damaged",
        [VERDICT_IMAGE_FAILED] = "failed",
        [VERDICT_MACHINE_TROUBLE] = "trouble",
    };
    return verdict <= VERDICT_MACHINE_TROUBLE ? names[verdict] : "died";
}

static int die(const char *text)
{
    fprintf(stderr, "thumbmill-decode: %s\n", text);
    exit(2);
}

static void read_option(struct decoder_setup *setup, int letter, const char *value)
{
    struct run_options *options = &setup->options;
    struct reason why = {0};
    enum status status = STATUS_OK;
    switch (letter) {
    case 's':
        if (options->size_count < SIZES_MAX)
            status = size_spec_parse(value, &options->sizes[options->size_count++], &why);
        break;
    case 'm':
        status = options_set_crop(options, value, &why);
        break;
    case 'a':
        status = options_add_allow(options, value, &why);
        break;
    case 'l':
        status = options_set_fail_on(options, value, &why);
        break;
    case 'f':
        snprintf(setup->saver, sizeof setup->saver, "%s", value);
        break;
    case 'p':
        snprintf(options->profile, sizeof options->profile, "%s", value);
        break;
    case 'r':
        options->rotate = false;
        break;
    default:
        die("unknown option");
    }
    if (status != STATUS_OK)
        die(why.text);
}

static void start(struct decoder_driver *driver, const char *program,
                  const struct decoder_setup *setup)
{
    struct decoder_ready ready;
    if (!driver_open(driver, program) || !driver_send_setup(driver, setup) ||
        !driver_receive_ready(driver, &ready))
        die("the decoder does not start");
    if (!ready.ok)
        die(ready.text);
}

static void print_lines(const char *text)
{
    putchar('\t');
    for (; *text; text++)
        putchar(*text == '\n' || *text == '\t' ? ';' : *text);
}

static void print_reply(int number, const struct decoder_reply *reply, uint32_t size_count)
{
    printf("%d\t%s\t%ux%u\t", number, verdict_name(reply->verdict), reply->width, reply->height);
    for (uint32_t i = 0; i < size_count; i++)
        printf("%s%ux%u", i ? "," : "", reply->outputs[i].width, reply->outputs[i].height);
    for (int i = 0; i < STAGES; i++)
        printf("%c%llu", i ? ',' : '\t', (unsigned long long)reply->stages[i]);
    print_lines(reply->error);
    print_lines(reply->warnings);
    printf("\t%u", reply->rss_kb);
    putchar('\n');
}

static int open_output(const char *folder, int number, uint32_t index)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.%u", folder, number, index);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd >= 0 ? fd : die(path);
}

static void decode(struct decoder_driver *driver, const struct decoder_setup *setup,
                   const char *folder, const char *file, int number, struct decoder_reply *reply)
{
    int outputs[SIZES_MAX];
    int input = open(file, O_RDONLY | O_CLOEXEC);
    if (input < 0)
        die(file);
    for (uint32_t i = 0; i < setup->options.size_count; i++)
        outputs[i] = open_output(folder, number, i);
    driver_request(driver, input, outputs, setup->options.size_count);

    union driver_answer answer = {0};
    if (driver_receive(driver, &answer) == DECODER_REPLY)
        *reply = answer.reply;
    else
        *reply = (struct decoder_reply){.verdict = VERDICT_DIED};
    close(input);
    for (uint32_t i = 0; i < setup->options.size_count; i++)
        close(outputs[i]);
}

int main(int argc, char **argv)
{
    struct decoder_setup setup;
    driver_setup_init(&setup);
    setup.options.size_count = 0;
    for (int letter; (letter = getopt(argc, argv, "s:m:f:a:l:p:r")) != -1;)
        read_option(&setup, letter, optarg);
    if (argc - optind < 2)
        die("DECODER OUTDIR FILE...");
    if (setup.options.size_count == 0)
        setup.options.size_count = 1;

    struct decoder_driver driver;
    start(&driver, argv[optind], &setup);
    for (int i = optind + 2; i < argc; i++) {
        int number = i - optind - 2;
        struct decoder_reply reply;
        decode(&driver, &setup, argv[optind + 1], argv[i], number, &reply);
        print_reply(number, &reply, setup.options.size_count);
        if (reply.verdict == VERDICT_DIED) {
            driver_close(&driver);
            start(&driver, argv[optind], &setup);
        }
    }
    return driver_close(&driver) == 0 ? 0 : 1;
}

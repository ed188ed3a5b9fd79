/*
 * thumbmill-decoder: a child of a worker's slot that turns bytes of images into thumbnails. It
 * holds no path, no key and no network, and ends with its parent or with its socket.
 *
 *   thumbmill-decoder --version                   libvips and its formats, a line each
 *   thumbmill-decoder --check SAVER [PROFILE]     can ".jpg[Q=85]" be written, in these colours?
 */

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "worker/decoder/conversation.h"
#include "worker/decoder/image.h"
#include "worker/decoder/lane_vips.h"
#include "worker/decoder/messages.h"
#include "worker/decoder/resident.h"

#define EXIT_USAGE 2
#define EXIT_MALFORMED 3 // the slot said what we do not understand

/* One arena and early giving back keep a long-lived decoder at some 35 MB where the defaults let
 * it grow to 300 (docs/DECISIONS.md). */
static void tune_allocator(void)
{
    static const int threshold = 128 * 1024;
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, threshold);
    mallopt(M_TRIM_THRESHOLD, threshold);
}

static int complain(const char *text)
{
    fprintf(stderr, "thumbmill-decoder: %s\n", text);
    return EXIT_USAGE;
}

/* A terminal's or a service manager's signals are for thumbmill, which drains; we end when it
 * closes our socket, and at once when it, or the thread of it that spawned us, ends (prctl(2)). */
static bool tie_to_parent(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], SIG_IGN);
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && conversation_is_ours();
}

static enum status serve(struct image_desk *desk)
{
    for (;;) {
        struct request request;
        enum status status = conversation_next(desk->conversation, &request);
        if (status != STATUS_OK)
            return status;
        struct decoder_reply reply;
        status = image_process(desk, &request, &reply);
        request_clear(&request);
        reply.rss_kb = resident_kb();
        if (status == STATUS_OK)
            status = conversation_reply(desk->conversation, &reply);
        if (status != STATUS_OK)
            return status;
    }
}

static enum status start(struct conversation *conversation, const struct decoder_setup *setup)
{
    struct reason why = {0};
    enum status status = lane_vips_open(&setup->options, setup->saver, &why);
    if (status == STATUS_OK && !(messages_catch_stderr() && resident_open()))
        status = reason_set(&why, STATUS_MACHINE, "the decoder has no descriptors left");
    enum status told = conversation_ready(conversation, status == STATUS_OK ? NULL : why.text);
    return status == STATUS_OK ? told : status;
}

static int run(void)
{
    static struct decoder_setup setup; // some kilobytes, for the process' life
    struct conversation conversation;
    struct image_desk desk = {.conversation = &conversation, .setup = &setup};

    if (!tie_to_parent())
        return complain("is started by thumbmill, not by hand; see thumbmill run --help");
    enum status status = conversation_open(&conversation, &setup);
    if (status == STATUS_OK)
        status = start(&conversation, &setup);
    if (status == STATUS_OK)
        status = serve(&desk);
    image_desk_close(&desk);
    conversation_close(&conversation);
    if (status == STATUS_CLOSED)
        return 0;
    return status == STATUS_MALFORMED ? EXIT_MALFORMED : EXIT_USAGE;
}

static int version(void)
{
    struct reason why = {0};
    printf("thumbmill-decoder %s\n", THUMBMILL_VERSION);
    return lane_vips_describe(&why) == STATUS_OK ? 0 : complain(why.text);
}

static int check(const char *saver, const char *profile)
{
    struct reason why = {0};
    struct run_options options = {.allow = FORMATS_DEFAULT};
    if (strlen(profile) >= sizeof options.profile || strlen(saver) > FORMAT_SIZE)
        return complain("the name is too long");
    snprintf(options.profile, sizeof options.profile, "%s", profile);
    return lane_vips_open(&options, saver, &why) == STATUS_OK ? 0 : complain(why.text);
}

int main(int argc, char **argv)
{
    tune_allocator();
    messages_open();
    if (argc == 1)
        return run();
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return version();
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "--check") == 0)
        return check(argv[2], argc == 4 ? argv[3] : "");
    return complain("only --version or --check SAVER [PROFILE] is taken");
}

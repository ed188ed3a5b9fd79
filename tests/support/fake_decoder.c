/*
 * A decoder that is not the decoder: it speaks worker/decoder/protocol.h and does what the first
 * line of its input says, so that a test chooses by a file's content what happens to its decoder.
 *
 *   OK text                 every output: "<size label>:<text>"
 *   WARN text, DAMAGED text the same, with the text as warning, or damaged
 *   FAIL text               the image failed with this error
 *   TROUBLE errno           the machine's trouble
 *   CRASH text              writes the text to standard error, dies of SIGSEGV
 *   CRASH-ONCE path         the same, unless the file exists; it makes it first
 *   EXIT status             exits
 *   HANG                    waits for ever
 *   WAIT path               opens this FIFO and reads it to its end, then OK
 *   WORK ms                 OK, that much later
 *   COUNT path              appends a byte to this file, then OK
 *   NEED bytes              asks for memory, then OK or a failure
 *   NEED-WAIT bytes path    asks for memory, then as WAIT
 *   NONSENSE                sends what is no record
 *   EMPTY                   OK, but writes nothing
 *   GREW kB                 OK, and says it has grown to that
 *   PID                     every output: its process id
 *
 * Anything else is OK. A saver of ".refuse" is a setup it refuses, ".mute" one it never answers.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "worker/decoder/protocol.h"

#define INPUT_SIZE 4096

struct work {
    struct decoder_request request;
    int input, outputs[SIZES_MAX];
    char text[INPUT_SIZE]; // the input's first line
    const char *argument;  // behind its first word
    struct decoder_reply reply;
};

static struct decoder_setup setup;

static void must(bool done)
{
    if (!done)
        _exit(9);
}

static void send_record(const void *record, size_t size)
{
    must(send(DECODER_FD, record, size, MSG_NOSIGNAL) == (ssize_t)size);
}

/* Ends the program when the slot's end is closed. */
static void receive_record(void *record, size_t size)
{
    ssize_t received = recv(DECODER_FD, record, size, 0);
    if (received == 0)
        _exit(0);
    must(received == (ssize_t)size);
}

static void say_ready(void)
{
    receive_record(&setup, sizeof setup);
    must(setup.record == DECODER_SETUP);
    struct decoder_ready ready = {.record = DECODER_READY, .protocol = DECODER_PROTOCOL, .ok = 1};
    if (strcmp(setup.saver, ".refuse") == 0) {
        ready.ok = 0;
        snprintf(ready.text, sizeof ready.text, "no saver of this name");
    }
    while (strcmp(setup.saver, ".mute") == 0)
        pause();
    send_record(&ready, sizeof ready);
}

static void receive_request(struct work *work)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE((1 + SIZES_MAX) * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = &work->request, .iov_len = sizeof work->request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t received = recvmsg(DECODER_FD, &message, MSG_CMSG_CLOEXEC);
    if (received == 0)
        _exit(0);
    must(received == (ssize_t)sizeof work->request && work->request.record == DECODER_REQUEST);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    size_t count = 1 + setup.options.size_count;
    must(header != NULL && header->cmsg_len == CMSG_LEN(count * sizeof(int)));
    memcpy(&work->input, CMSG_DATA(header), sizeof work->input);
    memcpy(work->outputs, CMSG_DATA(header) + sizeof work->input,
           (count - 1) * sizeof *work->outputs);
}

static void read_input(struct work *work)
{
    ssize_t size = read(work->input, work->text, sizeof work->text - 1);
    must(size >= 0);
    work->text[size] = '\0';
    work->text[strcspn(work->text, "\n")] = '\0';
    char *space = strchr(work->text, ' ');
    work->argument = space == NULL ? "" : space + 1;
    work->reply.bytes_in = (uint64_t)size;
}

static void die(const char *words)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    dprintf(STDERR_FILENO, "%s\n", words);
    signal(SIGSEGV, SIG_DFL); // a sanitizer may have taken it
    raise(SIGSEGV);
}

static void read_to_end(const char *fifo)
{
    char byte;
    int fd = open(fifo, O_RDONLY | O_CLOEXEC);
    must(fd >= 0);
    while (read(fd, &byte, 1) > 0)
        ;
    close(fd);
}

static void work_for(long ms)
{
    struct itimerspec span = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    must(timer >= 0 && timerfd_settime(timer, 0, &span, NULL) == 0);
    struct pollfd item = {.fd = timer, .events = POLLIN};
    if (ms > 0)
        poll(&item, 1, -1);
    close(timer);
}

static void count_in(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    must(fd >= 0 && write(fd, "+", 1) == 1);
    close(fd);
}

static void ask_for(struct work *work, const char *bytes)
{
    struct decoder_need need = {
        .record = DECODER_NEED, .serial = work->request.serial, .bytes = strtoull(bytes, NULL, 10)};
    struct decoder_admit admit;
    send_record(&need, sizeof need);
    receive_record(&admit, sizeof admit);
    must(admit.record == DECODER_ADMIT && admit.serial == work->request.serial);
    if (!admit.admitted) {
        work->reply.verdict = VERDICT_IMAGE_FAILED;
        snprintf(work->reply.error, sizeof work->reply.error, "needs too much memory");
    }
}

static void write_outputs(struct work *work, const char *text)
{
    for (uint32_t i = 0; i < setup.options.size_count; i++) {
        must(dprintf(work->outputs[i], "%s:%s", setup.options.sizes[i].label, text) > 0);
        work->reply.outputs[i].width = setup.options.sizes[i].width;
        work->reply.outputs[i].height = setup.options.sizes[i].height;
    }
}

static bool is(const struct work *work, const char *word)
{
    size_t size = strlen(word);
    return strncmp(work->text, word, size) == 0 &&
           (work->text[size] == ' ' || work->text[size] == '\0');
}

/* What ends the decoder, or keeps it. */
static void misbehave(struct work *work)
{
    if (is(work, "CRASH"))
        die(work->argument);
    if (is(work, "CRASH-ONCE") && open(work->argument, O_CREAT | O_EXCL | O_CLOEXEC, 0600) >= 0)
        die("once");
    if (is(work, "EXIT"))
        _exit(atoi(work->argument));
    while (is(work, "HANG"))
        pause();
    if (is(work, "NONSENSE"))
        send_record("nonsense", 8);
}

static void wait_or_ask(struct work *work)
{
    if (is(work, "WAIT"))
        read_to_end(work->argument);
    if (is(work, "WORK"))
        work_for(atol(work->argument));
    if (is(work, "COUNT"))
        count_in(work->argument);
    if (is(work, "NEED") || is(work, "NEED-WAIT"))
        ask_for(work, work->argument);
    if (is(work, "NEED-WAIT"))
        read_to_end(strchr(work->argument, ' ') + 1);
}

static void decide(struct work *work)
{
    struct decoder_reply *reply = &work->reply;
    if (is(work, "WARN") || is(work, "DAMAGED"))
        snprintf(reply->warnings, sizeof reply->warnings, "%s", work->argument);
    if (is(work, "DAMAGED"))
        reply->verdict = VERDICT_IMAGE_DAMAGED;
    if (is(work, "GREW"))
        reply->rss_kb = (uint32_t)atol(work->argument);
    if (is(work, "TROUBLE")) {
        reply->verdict = VERDICT_MACHINE_TROUBLE;
        reply->error_number = atoi(work->argument);
    }
    if (is(work, "FAIL")) {
        reply->verdict = VERDICT_IMAGE_FAILED;
        snprintf(reply->error, sizeof reply->error, "%s", work->argument);
    }
}

static void serve_one(void)
{
    static struct work work;
    memset(&work, 0, sizeof work);
    receive_request(&work);
    read_input(&work);
    work.reply.record = DECODER_REPLY;
    work.reply.serial = work.request.serial;
    work.reply.width = 640;
    work.reply.height = 480;
    misbehave(&work);
    wait_or_ask(&work);
    decide(&work);
    char pid[32];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (work.reply.verdict <= VERDICT_IMAGE_DAMAGED && !is(&work, "EMPTY"))
        write_outputs(&work, is(&work, "PID") ? pid : work.argument);
    close(work.input);
    for (uint32_t i = 0; i < setup.options.size_count; i++)
        close(work.outputs[i]);
    send_record(&work.reply, sizeof work.reply);
}

int main(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    say_ready();
    for (;;)
        serve_one();
}

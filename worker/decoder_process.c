/*
 * A decoder gets: its socket as descriptor 3, /dev/null as input and output, a pipe for its last
 * words, an environment with what a loader or a sanitizer may need, a process group of its own (so
 * that Ctrl-C at the terminal does not end images that are being drained). Everything else is
 * closed.
 */

#include "worker/decoder_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child may inherit; nothing else of our environment is its business. */
static const char *const inherited[] = {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                        "TSAN_OPTIONS", "LSAN_OPTIONS"};
#define INHERITED (sizeof inherited / sizeof *inherited)

/* Its last words: as much as one line of a crash report needs. */
#define WORDS_SIZE 512

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Points into our own environment: "NAME=value" strings, NULL at the end. */
static void environment_for_child(char *list[INHERITED + 1])
{
    size_t count = 0;
    for (char **entry = environ; *entry != NULL; entry++) {
        for (size_t i = 0; i < INHERITED; i++) {
            size_t size = strlen(inherited[i]);
            if (strncmp(*entry, inherited[i], size) == 0 && (*entry)[size] == '=' &&
                count < INHERITED)
                list[count++] = *entry;
        }
    }
    list[count] = NULL;
}

/* Signals as a fresh program expects them, whatever our threads block or ignore. */
static int attributes_for_child(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    return error;
}

static int files_for_child(posix_spawn_file_actions_t *files, int socket, int errors)
{
    int error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, errors, STDERR_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(files, socket, DECODER_FD);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, DECODER_FD + 1);
    return error;
}

/* Returns an errno. */
static int spawn(const char *program, int socket, int errors, pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    char *environment[INHERITED + 1];
    char *arguments[] = {(char *)program, NULL};
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&files);
    environment_for_child(environment);
    int error = attributes_for_child(&attributes);
    if (error == 0)
        error = files_for_child(&files, socket, errors);
    if (error == 0)
        error = posix_spawn(pid, program, &files, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return error;
}

enum status decoder_start(struct decoder *decoder, const char *program,
                          const struct decoder_setup *setup, struct reason *why)
{
    int pair[2] = {-1, -1};
    int errors[2] = {-1, -1};
    int error = 0;
    pid_t pid = 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        pipe2(errors, O_CLOEXEC | O_NONBLOCK) != 0)
        error = errno;
    else
        error = spawn(program, pair[1], errors[1], &pid);
    close_fd(pair[1]);
    close_fd(errors[1]);
    if (error != 0) {
        close_fd(pair[0]);
        close_fd(errors[0]);
        return reason_set(why, STATUS_MACHINE, "the decoder %s cannot be started: %s", program,
                          strerror(error));
    }
    *decoder = (struct decoder){.pid = pid, .socket = pair[0], .errors = errors[0]};
    /* One that died already is found dead by who waits for READY. */
    send(decoder->socket, setup, sizeof *setup, MSG_NOSIGNAL | MSG_DONTWAIT);
    return STATUS_OK;
}

/* What READY says; STATUS_AGAIN when it is not there yet. */
static enum status read_ready(struct decoder *decoder, struct reason *why)
{
    union decoder_message message;
    enum status status = decoder_receive(decoder, &message);
    if (status == STATUS_AGAIN)
        return status;
    if (status == STATUS_CLOSED) {
        struct reason how;
        decoder_end(decoder, &how);
        return reason_set(why, STATUS_MACHINE, "decoders do not start: %s", how.text);
    }
    if (status != STATUS_OK || message.record != DECODER_READY ||
        message.ready.protocol != DECODER_PROTOCOL)
        return reason_set(why, STATUS_MACHINE,
                          "the decoder is of another version; install both programs anew");
    if (!message.ready.ok)
        return reason_set(why, STATUS_MACHINE, "the decoder refused: %s", message.ready.text);
    decoder->ready = true;
    return STATUS_OK;
}

enum status decoder_await_ready(struct decoder *decoder, int wake, struct reason *why)
{
    usec deadline = clock_now() + DECODER_START_DEADLINE;
    while (!decoder->ready) {
        enum status status = read_ready(decoder, why);
        if (status == STATUS_OK)
            break;
        if (status != STATUS_AGAIN)
            return status;
        usec left = deadline - clock_now();
        if (left <= 0)
            return reason_set(why, STATUS_MACHINE, "decoders do not start: not ready in %lld s",
                              DECODER_START_DEADLINE / US_PER_S);
        struct pollfd items[] = {{.fd = decoder->socket, .events = POLLIN},
                                 {.fd = wake, .events = POLLIN}};
        poll(items, 2, (int)(left / US_PER_MS) + 1);
        if (items[1].revents != 0)
            return STATUS_CLOSED;
    }
    return STATUS_OK;
}

/* The last line it wrote and nobody read, in `words` (empty if there is none). */
static void last_words(int errors, char words[WORDS_SIZE])
{
    char block[WORDS_SIZE];
    ssize_t size = 0;
    words[0] = '\0';
    /* A line across the border of two blocks loses its beginning. */
    while ((size = read(errors, block, sizeof block - 1)) > 0) {
        while (size > 0 && block[size - 1] == '\n')
            size--;
        block[size] = '\0';
        const char *line = strrchr(block, '\n');
        snprintf(words, WORDS_SIZE, "%s", line == NULL ? block : line + 1);
    }
}

static enum status sent(ssize_t size)
{
    return size < 0 ? STATUS_CLOSED : STATUS_OK;
}

enum status decoder_request(struct decoder *decoder, uint32_t serial, uint64_t size, int input,
                            const int *outputs, uint32_t count)
{
    struct decoder_request request = {.record = DECODER_REQUEST, .serial = serial, .size = size};
    struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE((1 + SIZES_MAX) * sizeof(int))];
    } control = {0};
    size_t fds_size = (1 + count) * sizeof(int);
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(fds_size)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds_size);
    memcpy(CMSG_DATA(header), &input, sizeof input);
    memcpy(CMSG_DATA(header) + sizeof input, outputs, count * sizeof *outputs);
    return sent(sendmsg(decoder->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

enum status decoder_admit(struct decoder *decoder, uint32_t serial, bool admitted)
{
    struct decoder_admit admit = {.record = DECODER_ADMIT, .serial = serial, .admitted = admitted};
    return sent(send(decoder->socket, &admit, sizeof admit, MSG_NOSIGNAL | MSG_DONTWAIT));
}

/* The size of a record that a decoder may send, 0 for others. */
static size_t size_of_record(uint32_t record)
{
    switch (record) {
    case DECODER_READY:
        return sizeof(struct decoder_ready);
    case DECODER_NEED:
        return sizeof(struct decoder_need);
    case DECODER_REPLY:
        return sizeof(struct decoder_reply);
    default:
        return 0;
    }
}

static void terminate_texts(union decoder_message *message)
{
    if (message->record == DECODER_READY) {
        message->ready.text[sizeof message->ready.text - 1] = '\0';
    } else if (message->record == DECODER_REPLY) {
        message->reply.error[sizeof message->reply.error - 1] = '\0';
        message->reply.warnings[sizeof message->reply.warnings - 1] = '\0';
    }
}

enum status decoder_receive(struct decoder *decoder, union decoder_message *message)
{
    const int flags = MSG_DONTWAIT | MSG_TRUNC;
    ssize_t size = recv(decoder->socket, message, sizeof *message, flags);
    /* A child that dies with a request unread resets the connection, once; what it had said before
     * is still there behind that. */
    if (size < 0 && errno == ECONNRESET)
        size = recv(decoder->socket, message, sizeof *message, flags);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return STATUS_AGAIN;
    if (size <= 0)
        return STATUS_CLOSED;
    if ((size_t)size < sizeof message->record || (size_t)size != size_of_record(message->record))
        return STATUS_MALFORMED;
    terminate_texts(message);
    if (message->record == DECODER_REPLY) {
        char words[WORDS_SIZE];
        last_words(decoder->errors, words); // of this image: not to be blamed on the next
    }
    return STATUS_OK;
}

static void tell_how(int status, bool known, const char *words, struct reason *how)
{
    const char *between = words[0] == '\0' ? "" : ": ";
    const char *name = known && WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    if (!known)
        reason_set(how, STATUS_OK, "it ended%s%s", between, words);
    else if (WIFSIGNALED(status))
        reason_set(how, STATUS_OK, "it died of signal %d (SIG%s)%s%s", WTERMSIG(status),
                   name == NULL ? "?" : name, between, words);
    else
        reason_set(how, STATUS_OK, "it exited with %d%s%s", WEXITSTATUS(status), between, words);
}

void decoder_end(struct decoder *decoder, struct reason *how)
{
    if (decoder->pid == 0)
        return;
    /* Harmless to one that is ending already: the kernel keeps the first cause. */
    kill(decoder->pid, SIGKILL);
    int status = 0;
    pid_t reaped = 0;
    do {
        reaped = waitpid(decoder->pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    char words[WORDS_SIZE];
    last_words(decoder->errors, words);
    tell_how(status, reaped == decoder->pid, words, how);
    close(decoder->socket);
    close(decoder->errors);
    *decoder = (struct decoder){0};
}

/*
 * One packet a record; descriptors travel beside a REQUEST.
 */

#include "tests/support/decoder_driver.h"

#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void driver_setup_init(struct decoder_setup *setup)
{
    *setup = (struct decoder_setup){.record = DECODER_SETUP,
                                    .protocol = DECODER_PROTOCOL,
                                    .memory_share = 1ULL << 40,
                                    .saver = ".jpg"};
    struct run_options *options = &setup->options;
    options->sizes[0] = (struct size_spec){.width = 128, .height = 128, .mode = SIZE_BOTH};
    options->size_count = 1;
    options->rotate = true;
    memset(options->background, 0xff, sizeof options->background);
    options->max_pixels = 200000000;
    options->max_bytes = 512ULL << 20;
    options->allow = FORMATS_DEFAULT;
}

bool driver_open(struct decoder_driver *driver, const char *program)
{
    int ends[2];
    *driver = (struct decoder_driver){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;

    posix_spawn_file_actions_t actions;
    char *arguments[] = {(char *)program, NULL};
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], DECODER_FD);
    int failed = posix_spawn(&driver->pid, program, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    driver->fd = ends[0];
    if (failed)
        close(driver->fd);
    return !failed;
}

int driver_close(struct decoder_driver *driver)
{
    int status = 0;
    close(driver->fd);
    waitpid(driver->pid, &status, 0);
    return status;
}

bool driver_send_setup(struct decoder_driver *driver, const struct decoder_setup *setup)
{
    return send(driver->fd, setup, sizeof *setup, MSG_NOSIGNAL) == sizeof *setup;
}

bool driver_receive_ready(struct decoder_driver *driver, struct decoder_ready *ready)
{
    return recv(driver->fd, ready, sizeof *ready, 0) == sizeof *ready &&
           ready->record == DECODER_READY;
}

uint32_t driver_request(struct decoder_driver *driver, int input, const int *outputs,
                        uint32_t output_count)
{
    struct stat file = {0};
    fstat(input, &file);
    struct decoder_request request = {.record = DECODER_REQUEST,
                                      .serial = ++driver->serial,
                                      .size =
                                          driver->claim ? driver->claim : (uint64_t)file.st_size};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * (1 + SIZES_MAX))];
        struct cmsghdr align;
    } control = {0};
    size_t descriptors = sizeof(int) * (1 + output_count);
    struct iovec part = {&request, sizeof request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(descriptors)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors);
    memcpy(CMSG_DATA(header), &input, sizeof input);
    memcpy(CMSG_DATA(header) + sizeof input, outputs, output_count * sizeof(int));
    sendmsg(driver->fd, &message, MSG_NOSIGNAL);
    return request.serial;
}

uint32_t driver_receive(struct decoder_driver *driver, union driver_answer *answer)
{
    ssize_t got = recv(driver->fd, answer, sizeof *answer, 0);
    bool whole = (answer->record == DECODER_NEED && got == sizeof answer->need) ||
                 (answer->record == DECODER_REPLY && got == sizeof answer->reply);
    return whole ? answer->record : 0;
}

bool driver_admit(struct decoder_driver *driver, uint32_t serial, bool admitted)
{
    struct decoder_admit admit = {.record = DECODER_ADMIT, .serial = serial, .admitted = admitted};
    return send(driver->fd, &admit, sizeof admit, MSG_NOSIGNAL) == sizeof admit;
}

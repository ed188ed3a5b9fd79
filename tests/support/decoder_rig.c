/*
 * The samples are made by their program, the decoder is the real one: both come by path from CMake.
 */

#include "tests/support/decoder_rig.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

extern char **environ;

static struct temp_tree tree;

int rig_open(void **state)
{
    (void)state;
    temp_tree_open(&tree);
    char *arguments[] = {(char *)SAMPLES, (char *)"kinds", tree.path, NULL};
    pid_t pid;
    int status = -1;
    assert_int_equal(posix_spawn(&pid, SAMPLES, NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

int rig_close(void **state)
{
    (void)state;
    temp_tree_close(&tree);
    return 0;
}

int rig_sample(const char *name)
{
    char path[JOB_PATH_SIZE + 256];
    snprintf(path, sizeof path, "%s/%s", tree.path, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("no sample %s", name);
    return fd;
}

size_t rig_size(const char *name)
{
    struct stat file;
    int fd = rig_sample(name);
    assert_int_equal(fstat(fd, &file), 0);
    close(fd);
    return (size_t)file.st_size;
}

int rig_beginning(const char *name, size_t size)
{
    int from = rig_sample(name), to = rig_output();
    struct rig_bytes bytes = rig_bytes_of(from);
    size_t taken = size < bytes.size ? size : bytes.size;
    assert_int_equal(write(to, bytes.data, taken), (ssize_t)taken);
    rig_bytes_clear(&bytes);
    close(from);
    return to;
}

void rig_start(struct decoder_driver *driver, const struct decoder_setup *setup)
{
    struct decoder_ready ready;
    assert_true(driver_open(driver, DECODER));
    assert_true(driver_send_setup(driver, setup));
    assert_true(driver_receive_ready(driver, &ready));
    assert_string_equal(ready.text, "");
    assert_true(ready.ok);
}

void rig_stop(struct decoder_driver *driver)
{
    assert_int_equal(driver_close(driver), 0);
}

int rig_output(void)
{
    int fd = memfd_create("output", MFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

struct rig_bytes rig_bytes_of(int output)
{
    struct stat file;
    assert_int_equal(fstat(output, &file), 0);
    struct rig_bytes bytes = {.size = (size_t)file.st_size};
    bytes.data = test_malloc(bytes.size + 1);
    assert_int_equal(pread(output, bytes.data, bytes.size, 0), (ssize_t)bytes.size);
    return bytes;
}

void rig_bytes_clear(struct rig_bytes *bytes)
{
    test_free(bytes->data);
    *bytes = (struct rig_bytes){0};
}

struct decoder_reply rig_ask(struct decoder_driver *driver, const struct decoder_setup *setup,
                             int input, int *outputs)
{
    int own[SIZES_MAX];
    int *used = outputs ? outputs : own;
    for (uint32_t i = 0; i < setup->options.size_count; i++)
        used[i] = rig_output();
    uint32_t serial = driver_request(driver, input, used, setup->options.size_count);
    close(input);

    union driver_answer answer = {0};
    assert_int_equal(driver_receive(driver, &answer), DECODER_REPLY);
    assert_int_equal(answer.reply.serial, serial);
    for (uint32_t i = 0; !outputs && i < setup->options.size_count; i++)
        close(own[i]);
    return answer.reply;
}

struct decoder_reply rig_decode(const struct decoder_setup *setup, int input, int *outputs)
{
    struct decoder_driver driver;
    rig_start(&driver, setup);
    struct decoder_reply reply = rig_ask(&driver, setup, input, outputs);
    rig_stop(&driver);
    return reply;
}

void rig_size_spec(struct decoder_setup *setup, const char *spec)
{
    struct run_options *options = &setup->options;
    struct reason why = {0};
    assert_int_equal(size_spec_parse(spec, &options->sizes[options->size_count], &why), STATUS_OK);
    options->size_count++;
}

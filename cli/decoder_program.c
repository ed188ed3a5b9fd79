/*
 * The decoder as a program that is asked one thing and ends. (Its life as a child that decodes
 * belongs to worker/decoder_process.c.)
 */

#include "cli/decoder_program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/naming.h"

#define PROGRAM "thumbmill-decoder"
/* More than its --version says. */
#define ANSWER_SIZE 8192
/* Its exit status when what it is asked about does not exist (worker/decoder/main.c). */
#define DECODER_REFUSES 2

/* ---- where it is ---- */

static bool can_run(const char *path)
{
    return access(path, X_OK) == 0;
}

/* Where this program lies, with its last slash; false when that cannot be told. */
static bool own_folder(char folder[PATH_MAX])
{
    const ssize_t size = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (size <= 0)
        return false;
    folder[size] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return false;
    slash[1] = '\0';
    return true;
}

enum status decoder_program_find(char path[PATH_MAX], struct reason *why)
{
    static const char *const places[] = {PROGRAM, "../libexec/thumbmill/" PROGRAM};
    const char *given = getenv("THUMBMILL_DECODER");
    if (given != NULL && given[0] != '\0') {
        if (snprintf(path, PATH_MAX, "%s", given) < PATH_MAX && can_run(path))
            return STATUS_OK;
        return reason_set(why, STATUS_MACHINE,
                          "THUMBMILL_DECODER=%s: %s; expected the path of a program", given,
                          strerror(errno));
    }
    char folder[PATH_MAX];
    if (!own_folder(folder))
        return reason_set(why, STATUS_MACHINE, "/proc/self/exe: %s; set THUMBMILL_DECODER",
                          strerror(errno));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (snprintf(path, PATH_MAX, "%s%s", folder, places[i]) < PATH_MAX && can_run(path))
            return STATUS_OK;
    }
    return reason_set(why, STATUS_MACHINE,
                      "no " PROGRAM " in %s or %s../libexec/thumbmill; install it or set "
                      "THUMBMILL_DECODER",
                      folder, folder);
}

/* ---- asking it ---- */

/* Starts it with `output` as its descriptor `number`. */
static int spawn(const char *const *words, int output, int number, pid_t *child)
{
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&files, output, number);
    if (error == 0)
        error = posix_spawn(child, words[0], &files, NULL, (char *const *)words, environ);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Reads to the end, keeps what fits, NUL-terminates. */
static void read_answer(int fd, char *text, size_t size)
{
    size_t kept = 0;
    char piece[512];
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR)) {
        const size_t room = size - 1 - kept;
        const size_t take = got < 0 ? 0 : (size_t)got < room ? (size_t)got : room;
        memcpy(text + kept, piece, take);
        kept += take;
    }
    text[kept] = '\0';
}

/* Runs it with some words (words[0] is the program), reads what it writes to descriptor `number`.
 * *code: its exit status, or -1 when a signal ended it. */
static enum status ask(const char *const *words, int number, char *answer, size_t size, int *code,
                       struct reason *why)
{
    int ends[2];
    pid_t child;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return reason_set(why, STATUS_MACHINE, "pipe: %s", strerror(errno));
    const int error = spawn(words, ends[1], number, &child);
    close(ends[1]);
    if (error == 0)
        read_answer(ends[0], answer, size);
    close(ends[0]);
    if (error != 0)
        return reason_set(why, STATUS_MACHINE, "%s: %s", words[0], strerror(error));
    int ended;
    while (waitpid(child, &ended, 0) < 0) {
        if (errno != EINTR)
            return reason_set(why, STATUS_MACHINE, "%s: %s", words[0], strerror(errno));
    }
    *code = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return STATUS_OK;
}

enum status decoder_program_version(const char *program, char *text, size_t size,
                                    struct reason *why)
{
    const char *const words[] = {program, "--version", NULL};
    int code = -1;
    enum status status = ask(words, STDOUT_FILENO, text, size, &code, why);
    if (status == STATUS_OK && code != 0)
        return reason_set(why, STATUS_MACHINE, "%s: does not tell its version", program);
    return status;
}

/* ---- is there such a saver, such a profile? ---- */

/* Behind "WORD: ", if the text begins so. */
static const char *without(const char *text, const char *word)
{
    const size_t length = strlen(word);
    return strncmp(text, word, length) == 0 && strncmp(text + length, ": ", 2) == 0
               ? text + length + 2
               : text;
}

static enum status check(const char *program, const char *saver, const char *profile,
                         const char *option, const char *value, struct reason *why)
{
    const char *const words[] = {program, "--check", saver, profile, NULL};
    char answer[ANSWER_SIZE] = "";
    int code = -1;
    enum status status = ask(words, STDERR_FILENO, answer, sizeof answer, &code, why);
    if (status != STATUS_OK || code == 0)
        return status;
    answer[strcspn(answer, "\n")] = '\0';
    const char *line = without(answer, PROGRAM);
    if (code == DECODER_REFUSES)
        return reason_set(why, STATUS_USAGE, "%s %s: %.512s", option, value,
                          without(line, profile != NULL ? profile : saver));
    return reason_set(why, STATUS_MACHINE, "%s --check: ended badly; is it " PROGRAM "?", program);
}

enum status decoder_program_check(const struct run_options *options, struct reason *why)
{
    char program[PATH_MAX], saver[FORMAT_SIZE + 1];
    naming_saver(options, saver, sizeof saver);
    const bool has_options = strchr(saver, '[') != NULL, has_profile = options->profile[0] != '\0';
    if (!has_options && !has_profile)
        return STATUS_OK;
    enum status status = decoder_program_find(program, why);
    const bool of_template = strchr(options->output, '[') != NULL;
    if (status == STATUS_OK && has_options)
        status = check(program, saver, NULL, of_template ? "--output" : "--format",
                       of_template ? options->output : options->format, why);
    if (status == STATUS_OK && has_profile)
        status = check(program, saver, options->profile, "--profile", options->profile, why);
    return status;
}

/* Folders for tests: made below TMPDIR, removed by rm, which is at ease with trees of any depth. */

#include "tests/support/temp_tree.h"

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define BUFFERS 8

void temp_tree_open(struct temp_tree *tree)
{
    const char *parent = getenv("TMPDIR");
    char template[JOB_PATH_SIZE];
    snprintf(template, sizeof template, "%s/thumbmill-test-XXXXXX", parent ? parent : "/tmp");
    assert_non_null(mkdtemp(template));
    char *real = realpath(template, NULL);
    assert_non_null(real);
    assert_true(strlen(real) < sizeof tree->path);
    strcpy(tree->path, real);
    free(real);
    assert_int_equal(chmod(tree->path, 0755), 0);
}

void temp_tree_close(struct temp_tree *tree)
{
    char program[] = "rm", options[] = "-rf", no_more[] = "--";
    char *arguments[] = {program, options, no_more, tree->path, NULL};
    pid_t child;
    int status;
    assert_int_equal(posix_spawnp(&child, "rm", NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    tree->path[0] = '\0';
}

const char *temp_tree_at(const struct temp_tree *tree, const char *path)
{
    static char buffers[BUFFERS][2 * JOB_PATH_SIZE];
    static unsigned next;
    char *at = buffers[next++ % BUFFERS];
    snprintf(at, sizeof buffers[0], "%s%s%s", tree->path, *path ? "/" : "", path);
    return at;
}

static void make_parents(const struct temp_tree *tree, const char *path)
{
    char part[JOB_PATH_SIZE];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        (void)mkdir(temp_tree_at(tree, part), 0755); // one that is there already is fine
    }
}

void temp_tree_folder(const struct temp_tree *tree, const char *path)
{
    make_parents(tree, path);
    assert_int_equal(mkdir(temp_tree_at(tree, path), 0755), 0);
}

void temp_tree_file(const struct temp_tree *tree, const char *path, const char *content,
                    size_t size)
{
    make_parents(tree, path);
    const int fd = open(temp_tree_at(tree, path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, size), (ssize_t)size);
    assert_int_equal(close(fd), 0);
}

void temp_tree_link(const struct temp_tree *tree, const char *path, const char *target)
{
    make_parents(tree, path);
    assert_int_equal(symlink(target, temp_tree_at(tree, path)), 0);
}

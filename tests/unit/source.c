/* Opening beneath a root: the same answers with openat2 and on kernels that do not have it. */

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/temp_tree.h"
#include "worker/source.h"

static struct temp_tree tree;
static char root[JOB_PATH_SIZE];

static int set_up(void **state)
{
    (void)state;
    temp_tree_open(&tree);
    strcpy(root, temp_tree_at(&tree, "root"));
    temp_tree_file(&tree, "root/a.jpg", "12345", 5);
    temp_tree_file(&tree, "root/d/e/b.jpg", "", 0);
    temp_tree_file(&tree, "outside.jpg", "1", 1);
    temp_tree_folder(&tree, "root/folder");
    temp_tree_link(&tree, "root/out", "..");
    temp_tree_link(&tree, "root/out.jpg", "../outside.jpg");
    temp_tree_link(&tree, "root/loop", "loop");
    return mkfifo(temp_tree_at(&tree, "root/fifo"), 0600);
}

static int tear_down(void **state)
{
    (void)state;
    temp_tree_close(&tree);
    return 0;
}

static const struct {
    const char *path;
    enum status status;
    uint64_t size;
} cases[] = {
    {"a.jpg", STATUS_OK, 5},        {"d/e/b.jpg", STATUS_OK, 0},
    {"none.jpg", STATUS_CLOSED, 0}, {"d/none/b.jpg", STATUS_CLOSED, 0},
    {"a.jpg/b", STATUS_IMAGE, 0},   {"folder", STATUS_IMAGE, 0},
    {"fifo", STATUS_IMAGE, 0},      {"out/outside.jpg", STATUS_IMAGE, 0},
    {"out.jpg", STATUS_IMAGE, 0},   {"loop", STATUS_IMAGE, 0},
};

/* How many of the cases came out otherwise. */
static uintptr_t count_wrong(void)
{
    uintptr_t wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = -1;
        uint64_t size = 0;
        struct reason why = {0};
        enum status status = source_open(root, cases[i].path, &fd, &size, &why);
        wrong += status != cases[i].status || size != cases[i].size;
        wrong += (status == STATUS_OK) != (fd >= 0);
        wrong += (status == STATUS_IMAGE) != (why.text[0] != '\0');
        if (fd >= 0)
            close(fd);
    }
    return wrong;
}

static void what_is_beneath_the_root_opens_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(count_wrong(), 0);
}

/* From now on this thread has no openat2. */
static bool forbid_openat2(void)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = instructions};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
           syscall(SYS_openat2, 0, NULL, NULL, 0) < 0 && errno == ENOSYS;
}

static void *count_wrong_without_openat2(void *argument)
{
    (void)argument;
    return (void *)(forbid_openat2() ? count_wrong() : UINTPTR_MAX);
}

static void the_same_holds_without_openat2(void **state)
{
    (void)state;
    pthread_t thread;
    void *wrong = NULL;
    assert_int_equal(pthread_create(&thread, NULL, count_wrong_without_openat2, NULL), 0);
    pthread_join(thread, &wrong);
    assert_int_equal((uintptr_t)wrong, 0);
}

static void a_root_that_is_absent_is_the_machines_trouble(void **state)
{
    (void)state;
    const char *const roots[] = {"root/none", "root/a.jpg"};
    for (size_t i = 0; i < 2; i++) {
        int fd = -1;
        uint64_t size = 0;
        struct reason why = {0};
        const char *absent = temp_tree_at(&tree, roots[i]);
        assert_int_equal(source_open(absent, "a.jpg", &fd, &size, &why), STATUS_MACHINE);
        assert_non_null(strstr(why.text, absent));
        assert_int_equal(source_probe(absent, &why), STATUS_MACHINE);
    }
    assert_int_equal(source_probe(root, NULL), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_beneath_the_root_opens_and_nothing_else),
        cmocka_unit_test(the_same_holds_without_openat2),
        cmocka_unit_test(a_root_that_is_absent_is_the_machines_trouble),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

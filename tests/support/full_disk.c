/* See full_disk.h. */

#include "tests/support/full_disk.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

static void set_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void full_disk_begin(void)
{
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); // the error of write() is enough
    set_limit(1);
}

void full_disk_end(void)
{
    set_limit(RLIM_INFINITY);
}

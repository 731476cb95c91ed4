// SPDX-License-Identifier: Apache-2.0
#include "nth_failure/calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

// Once, with the n-th call failing; 0: none. False: there are not so many calls.
static bool act(const struct nth_work *work, unsigned long n, unsigned long *ret_calls)
{
    char place[256];
    hs_nth_arm(work->kinds, n);
    int rc = work->act();
    long blocks = hs_nth_blocks();
    *ret_calls = hs_nth_disarm();
    hs_nth_place(place, sizeof(place));
    const char *wrong = work->check(rc);
    if (wrong || blocks != 0 || (rc != 0 && !hs_nth_failed())) {
        fail_msg("%s: call %lu fails in %s: %s; %ld blocks are not freed; %s", work->name, n, place,
                 hs_strerror(rc), blocks, wrong ? wrong : "");
    }
    return hs_nth_failed();
}

void nth_each_call_fails(const struct nth_work *work, unsigned long step)
{
    unsigned long calls, n = 1;
    assert_null(
        work->check(work->act())); // what libraries keep from their first use is not counted
    act(work, 0, &calls);
    assert_true(calls >= work->least);
    while (act(work, n, &calls)) {
        n += step;
    }
    printf("%s: %lu calls, one in %lu failed in turn\n", work->name, n - 1, step);
}

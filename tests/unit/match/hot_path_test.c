// SPDX-License-Identifier: Apache-2.0
/*
 * From a batch to its hits: no allocation and no system call, whatever the reads are.
 *
 * Allocation is counted at the linker (--wrap); system calls are forbidden to a child process by
 * the kernel itself.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "match/kernel.h"
#include "unit/match/fixture.h"

enum { READS = 130, EXIT_FINE = 42, EXIT_NO_SECCOMP = 43 };

static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *ptr, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *ptr, size_t size)
{
    allocations++;
    return __real_realloc(ptr, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    allocations++;
    return __real_aligned_alloc(alignment, size);
}

struct workbench {
    struct hs_snapshot *snapshot;
    struct hs_matcher *matcher;
    struct hs_read_view views[READS];
    struct hs_candidate_view scratch[READS * HS_READ_CANDIDATES_MAX];
    uint8_t messages[READS][256];
    unsigned hits;
};

static void every_tier(Hitstream__V1__PlateRead *read)
{
    static Hitstream__V1__Candidate candidate, *candidates[] = {&candidate};
    static char vrm[] = "8D5ISMR";
    hitstream__v1__candidate__init(&candidate);
    candidate.vrm = vrm;
    candidate.confidence_pct = 70;
    read->candidates = candidates;
    read->n_candidates = 1;
}

// Reads that take every way through the matcher: exact, folded, odd, unreadable, lacking,
// patterned, faulty.
static void fill(struct workbench *bench, const struct hs_kernel *kernel)
{
    static const char *const marks[] = {"AB12CDE", "BD51SMR", "LK05XYZ",
                                        "A?12X?Z", "AB1?C?E", NULL};
    static const char *const reads[] = {"AB12CDE", "A812CDE", "ab12 cde", "AB12CD?",
                                        "AB12CD",  "AB1ZCZE", "",         "XXXXXXXX",
                                        "LKO5XYZ", "AB99CDE", "VB12CDE"};
    bench->snapshot = fixture_snapshot(marks);
    assert_int_equal(hs_matcher_new_with(kernel, &bench->matcher), 0);
    for (size_t i = 0; i < READS; i++) {
        size_t count;
        struct hs_str packed =
            fixture_batch(reads[i % (sizeof(reads) / sizeof(reads[0]))], i % 3 ? NULL : every_tier);
        assert_true(packed.len <= sizeof(bench->messages[i]));
        memcpy(bench->messages[i], packed.ptr, packed.len);
        assert_int_equal(hs_read_views(hs_str_n(bench->messages[i], packed.len), &bench->views[i],
                                       1, &bench->scratch[i * HS_READ_CANDIDATES_MAX], &count),
                         0);
    }
}

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    struct workbench *bench = ctx;
    bench->hits += hit->tier != HS_TIER_NONE;
}

static void run(struct workbench *bench)
{
    static const struct hs_match_context context;
    hs_matcher_run(bench->matcher, bench->snapshot, &context, bench->views, READS, NULL, count_hit,
                   bench);
}

static void empty(struct workbench *bench)
{
    hs_matcher_free(bench->matcher);
    hs_snapshot_free(bench->snapshot);
}

static void check_allocations(const struct hs_kernel *kernel)
{
    static struct workbench bench;
    bench.hits = 0;
    fill(&bench, kernel);
    assert_true(allocations > 0); // else nothing is being counted
    allocations = 0;
    run(&bench);
    assert_int_equal(allocations, 0);
    assert_true(bench.hits > READS / 3);
    empty(&bench);
}

static void test_no_allocation(void **state)
{
    (void)state;
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    hs_kernels(kernels);
    for (size_t k = 0; kernels[k]; k++) {
        check_allocations(kernels[k]);
    }
}

// From here on the process may end, and nothing else.
static int forbid_system_calls(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog filter = {sizeof(steps) / sizeof(steps[0]), steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return -1;
    }
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

// How a child ends that may make no system call: after a run, or after one call too many.
static int end_of_child(struct workbench *bench, bool break_the_rule)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (forbid_system_calls() != 0) {
            syscall(SYS_exit_group, EXIT_NO_SECCOMP);
        }
        run(bench);
        if (break_the_rule) {
            syscall(SYS_getppid);
        }
        syscall(SYS_exit_group, EXIT_FINE);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_no_system_call(void **state)
{
    (void)state;
    static struct workbench bench;
    fill(&bench, hs_kernel_best());
    int end = end_of_child(&bench, false);
    if (end == EXIT_NO_SECCOMP) {
        print_message("this kernel does not let a process forbid itself system calls\n");
    } else {
        assert_int_equal(end, EXIT_FINE);
        assert_true(end_of_child(&bench, true) < 0); // the guard does see one
    }
    empty(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocation),
        cmocka_unit_test(test_no_system_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

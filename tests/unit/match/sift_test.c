// SPDX-License-Identifier: Apache-2.0
/*
 * Searches that take many keys a read, of many reads together: every kernel finds what the scalar one finds, in the same
 * order, however the reads' lengths and oddities follow one another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"
#include "match/confusion.h"
#include "match/kernel.h"

enum { READS = 700, TEXT_BYTES = 1 << 20 };

// Reads of these marks in turn.
struct reads {
    struct hs_read_view views[READS];
    struct hs_candidate_view scratch[READS][HS_READ_CANDIDATES_MAX];
    uint8_t packed[READS][64];
};

static void make_reads(const char *const *vrms, struct reads *ret_reads)
{
    size_t count;
    for (size_t i = 0, k = 0; i < READS; i++, k = vrms[k + 1] ? k + 1 : 0) {
        struct hs_str batch = fixture_batch(vrms[k], NULL);
        assert_true(batch.len <= sizeof(ret_reads->packed[i]));
        memcpy(ret_reads->packed[i], batch.ptr, batch.len);
        assert_int_equal(hs_read_views(hs_str_n(ret_reads->packed[i], batch.len),
                                       &ret_reads->views[i], 1, ret_reads->scratch[i], &count),
                         0);
    }
}

static void add_hit(void *ctx, const struct hs_hit *hit)
{
    char *text = ctx;
    size_t at = strlen(text);
    snprintf(text + at, TEXT_BYTES - at, "%zu %.*s %d;", hit->read_index, HS_STR_ARG(hit->entry_id),
             (int)hit->tier);
}

static const char *hits_of(const struct hs_kernel *kernel, const struct hs_snapshot *snapshot,
                           const struct hs_match_context *context, const struct reads *reads,
                           char *text)
{
    struct hs_matcher *matcher;
    text[0] = '\0';
    assert_int_equal(hs_matcher_new_with(kernel, &matcher), 0);
    hs_matcher_run(matcher, snapshot, context, reads->views, READS, NULL, add_hit, text);
    hs_matcher_free(matcher);
    return text;
}

// `least`: hits that there are at least.
static void check(const char *const *listed, const char *const *vrms, const char *pairs,
                  size_t least)
{
    static struct reads reads;
    static char expected[TEXT_BYTES], found[TEXT_BYTES];
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    struct hs_confusions *confusions;
    struct hs_snapshot *snapshot = fixture_snapshot(listed);
    assert_int_equal(hs_confusions_new(&confusions), 0);
    assert_int_equal(hs_confusions_add(confusions, HS_STR(""), hs_str(pairs)), 0);
    const struct hs_match_context context = {.confusions = confusions};
    make_reads(vrms, &reads);
    hs_kernels(kernels);
    hits_of(kernels[0], snapshot, &context, &reads, expected);
    size_t hits = 0;
    for (const char *at = expected; (at = strchr(at, ';')); at++) {
        hits++;
    }
    assert_true(hits >= least);
    for (size_t k = 1; kernels[k]; k++) {
        assert_string_equal(hits_of(kernels[k], snapshot, &context, &reads, found), expected);
    }
    hs_confusions_free(confusions);
    hs_snapshot_free(snapshot);
}

// More neighbours than keys find room, so that some reads are searched one by one.
static void test_a_table_of_every_pair(void **state)
{
    (void)state;
    static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char *const listed[] = {"AB12CDE", "XY9ZZ88", NULL};
    static const char *const vrms[] = {"AB99CD3", "A%12CDE", "AB1WCDE", "ab1wcde", "XY9ZQ88", NULL};
    char pairs[sizeof(all) * sizeof(all) * 2], *at = pairs;
    for (const char *a = all; *a; a++) {
        for (const char *b = a + 1; *b; b++) {
            at += sprintf(at, "%c%c ", *a, *b);
        }
    }
    check(listed, vrms, pairs, READS / 5);
}

static void test_lengths_and_oddities_in_between(void **state)
{
    (void)state;
    static const char *const listed[] = {"AB1?CDE",      "A?1?CDE", "AB1?C",   "??12CDE",
                                         "AB12CDEFGH?K", "AB12CDE", "PB12CDE", NULL};
    static const char *const vrms[] = {"AB12CDE",      "AB12CDE", "AB19C",   "ab 12 cde", "XX12CDE",
                                       "AB12CDEFGHJK", "AB1?CDE", "RB12CDE", "PP99PPP",   "A",
                                       "AB12CDE",      "R812CDE", NULL};
    check(listed, vrms, "PB PR 8B", READS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_table_of_every_pair),
        cmocka_unit_test(test_lengths_and_oddities_in_between),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

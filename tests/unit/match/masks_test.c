// SPDX-License-Identifier: Apache-2.0
/*
 * More masks of one length than a kernel takes: twenty covert lists, each with as many masks as it may have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fixture.h"
#include "match/kernel.h"

enum { LISTS_MAX = 32, MASKS_A_LIST = 16, FIXED_MIN = 3 };

// Sets of hidden positions of a mark of `len` characters, the smallest numbers first, with enough left to see.
static size_t hidden_sets(unsigned len, unsigned *ret_sets, size_t max)
{
    size_t count = 0;
    for (unsigned bits = 1; bits < 1U << len && count < max; bits++) {
        if (len - (unsigned)__builtin_popcount(bits) >= FIXED_MIN) {
            ret_sets[count++] = bits;
        }
    }
    return count;
}

// Lists "c0", "c1" ... of 16 patterns each: the mark under one set after the other.
static struct hs_snapshot *snapshot_of(const char *mark, const unsigned *sets, size_t count)
{
    static const Hitstream__V1__MatchTier tiers[] = {HITSTREAM__V1__MATCH_TIER__MATCH_TIER_WILDCARD,
                                                     0};
    Hitstream__V1__MatchPolicy policy = HITSTREAM__V1__MATCH_POLICY__INIT;
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    assert_int_equal(hs_snapshot_builder_new(&builder), 0);
    for (size_t i = 0; i < count; i++) {
        char list_id[32], entry_id[32], pattern[HS_VRM_MAX + 1];
        if (i % MASKS_A_LIST == 0) {
            snprintf(list_id, sizeof(list_id), "c%zu", i / MASKS_A_LIST);
            struct hs_list_spec spec = fixture_list(list_id);
            spec.covert = true;
            spec.policy = fixture_policy(tiers, policy);
            assert_int_equal(hs_snapshot_builder_list(builder, &spec), 0);
        }
        snprintf(pattern, sizeof(pattern), "%s", mark);
        for (unsigned bits = sets[i]; bits; bits &= bits - 1) {
            pattern[__builtin_ctz(bits)] = '?';
        }
        snprintf(entry_id, sizeof(entry_id), "e%zu", i);
        assert_int_equal(hs_snapshot_builder_entry(builder, fixture_entry(entry_id, pattern, NULL)),
                         0);
    }
    assert_int_equal(hs_snapshot_builder_build(builder, FIXTURE_NOW_MS, HS_STR("1-0"), &snapshot),
                     0);
    return snapshot;
}

static void count_hit(void *ctx, const struct hs_hit *hit)
{
    assert_int_equal(hit->tier, HS_TIER_WILDCARD);
    ++*(size_t *)ctx;
}

static size_t hits_of(const struct hs_kernel *kernel, const struct hs_snapshot *snapshot,
                      const char *mark)
{
    static const struct hs_match_context context;
    struct hs_candidate_view scratch[HS_READ_CANDIDATES_MAX];
    struct hs_read_view view;
    struct hs_matcher *matcher;
    size_t count, hits = 0;
    assert_int_equal(hs_read_views(fixture_batch(mark, NULL), &view, 1, scratch, &count), 0);
    assert_int_equal(hs_matcher_new_with(kernel, &matcher), 0);
    hs_matcher_run(matcher, snapshot, &context, &view, 1, NULL, count_hit, &hits);
    hs_matcher_free(matcher);
    return hits;
}

// Each mark of a read must hit exactly the patterns that hide where it differs from the listed mark.
static void check(const char *listed, const char *read, size_t least)
{
    unsigned sets[LISTS_MAX * MASKS_A_LIST], differing = 0;
    unsigned len = (unsigned)strlen(listed);
    size_t count = hidden_sets(len, sets, sizeof(sets) / sizeof(sets[0])), expected = 0;
    assert_true(count >= least);
    for (unsigned i = 0; i < len; i++) {
        differing |= (unsigned)(listed[i] != read[i]) << i;
    }
    for (size_t i = 0; i < count; i++) {
        expected += (differing & ~sets[i]) == 0;
    }
    struct hs_snapshot *snapshot = snapshot_of(listed, sets, count);
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    hs_kernels(kernels);
    for (size_t k = 0; kernels[k]; k++) {
        assert_int_equal(hits_of(kernels[k], snapshot, read), expected);
    }
    hs_snapshot_free(snapshot);
}

static void more_masks_of_one_length_than_a_kernel_takes_all_hit(void **state)
{
    (void)state;
    enum { TOO_MANY = 320 };
    check("ACEFHJKLMNPR", "ACEFHJKLMNPR", TOO_MANY);
    check("ACEFHJKLMNPR", "XCEFHJKLMNPR", TOO_MANY);
    check("ACEFHJKLMNPR", "ACYFHTKLMNPR", TOO_MANY);
    check("ACEFHJKLMNPR", "XXXFHJKLMNPX", TOO_MANY);
}

static void every_mask_that_vectors_can_take_hits(void **state)
{
    (void)state;
    static const char *const reads[] = {"ACEFHJKL", "XCEFHJKL", "ACEFHJKX",
                                        "AXEFXJKX", "XXXXXJKL", "XXXXXXXX"};
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        check("ACEFHJKL", reads[i], 8 + 28 + 56 + 70 + 56);
    }
    check("ACEFHJK", "ACEXHXK", 7 + 21 + 35 + 35);
    check("ACEFH", "XCEFX", 5 + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_masks_of_one_length_than_a_kernel_takes_all_hit),
        cmocka_unit_test(every_mask_that_vectors_can_take_hits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Patterns in lines: every pattern that was laid is found by each kernel, hardly anything else is, and what changes later
 * leaves the groups that are there as they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "match/kernel.h"
#include "match/snapshot_parts.h"

enum { LEN = 7, PATTERNS = 8000, READS = 8000, READS_AT_ONCE = 32, MASKS_MAX = 64 };

// Numbers that are the same in every run.
static uint32_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static void random_mark(uint64_t *state, char ret_mark[LEN + 1])
{
    static const char letters[] = "ABCDEFGHJKLMNOPRSTUVWXY";
    for (unsigned i = 0; i < LEN; i++) {
        uint32_t n = next(state);
        ret_mark[i] = i == 2 || i == 3 ? (char)('0' + n % 10) : letters[n % 23];
    }
    ret_mark[LEN] = '\0';
}

static void hide(char *mark, unsigned hidden)
{
    for (; hidden; hidden &= hidden - 1) {
        mark[__builtin_ctz(hidden)] = '?';
    }
}

// All sets of two hidden positions, and then of three, until there are `count`.
static void choose_masks(unsigned count, unsigned *ret_masks)
{
    unsigned at = 0;
    for (int hidden = 2; hidden <= 3; hidden++) {
        for (unsigned bits = 1; bits < 1U << LEN && at < count; bits++) {
            if (__builtin_popcount(bits) == hidden) {
                ret_masks[at++] = bits;
            }
        }
    }
    assert_int_equal(at, count);
}

// Pattern number i, always the same.
static void pattern(size_t i, const unsigned *masks, unsigned mask_count, char ret_mark[LEN + 1])
{
    uint64_t state = i;
    random_mark(&state, ret_mark);
    hide(ret_mark, masks[i % mask_count]);
}

static struct hs_snapshot *snapshot_of(const unsigned *masks, unsigned mask_count)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    struct hs_list_spec spec = fixture_list("wanted");
    assert_int_equal(hs_snapshot_builder_new(&builder), 0);
    assert_int_equal(hs_snapshot_builder_list(builder, &spec), 0);
    for (size_t i = 0; i < PATTERNS; i++) {
        char id[16], mark[LEN + 1];
        snprintf(id, sizeof(id), "e%zu", i);
        pattern(i, masks, mask_count, mark);
        assert_int_equal(hs_snapshot_builder_entry(builder, fixture_entry(id, mark, NULL)), 0);
    }
    assert_int_equal(hs_snapshot_builder_build(builder, FIXTURE_NOW_MS, HS_STR("1-0"), &snapshot),
                     0);
    return snapshot;
}

static void each_mask_is_in_one_group_with_masks_that_share_positions(void **state)
{
    (void)state;
    unsigned masks[MASKS_MAX], seen[1 << LEN] = {0}, in_groups = 0;
    choose_masks(32, masks);
    struct hs_snapshot *snapshot = snapshot_of(masks, 32);
    assert_non_null(snapshot->lines);
    const struct hs_mask_groups *of = &snapshot->lines->of_len[LEN];
    assert_in_range(of->group_count, 4, 8); // 32 loads a read without groups
    for (uint32_t g = 0; g < of->group_count; g++) {
        uint64_t shared = of->rows[g / HS_GROUPS_A_ROW].shared[g % HS_GROUPS_A_ROW];
        assert_true(__builtin_popcountll(shared) >= HS_PATTERN_FIXED_MIN * 8);
        for (unsigned m = 0; m < of->groups[g].mask_count; m++) {
            assert_true(of->groups[g].hides[m] != 0 && (of->groups[g].hides[m] & shared) == 0);
            assert_int_equal(seen[of->groups[g].numbers[m] & ((1U << LEN) - 1)]++, 0);
            in_groups++;
        }
    }
    for (unsigned m = 0; m < 32; m++) {
        assert_int_equal(seen[masks[m]], 1);
    }
    assert_int_equal(in_groups, 32);
    hs_snapshot_free(snapshot);
}

static void view_of(const char *mark, struct hs_read_view *ret_view)
{
    *ret_view = (struct hs_read_view){.vrm_len = LEN};
    memcpy(ret_view->vrm, mark, LEN);
}

// Whether the read that has number `at` has the key of this pattern among those that pass.
static bool passes(const struct hs_keys *keys, size_t count, size_t at, const char *mark)
{
    struct hs_vrm vrm;
    assert_int_equal(hs_vrm_normalise(hs_str(mark), &vrm, NULL), 0);
    uint64_t hash = hs_index_hash(hs_vrm_pack_skeleton(&vrm));
    for (size_t i = 0; i < count; i++) {
        if (keys->reads[i] == at && keys->hashes[i] == hash) {
            return true;
        }
    }
    return false;
}

static void every_pattern_is_found_by_the_reads_it_means(void **state)
{
    (void)state;
    static struct hs_keys keys;
    unsigned masks[MASKS_MAX];
    choose_masks(MASKS_MAX - 8, masks);
    struct hs_snapshot *snapshot = snapshot_of(masks, MASKS_MAX - 8);
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    hs_kernels(kernels);
    for (size_t first = 0; first < PATTERNS; first += READS_AT_ONCE) {
        struct hs_read_view views[READS_AT_ONCE];
        char marks[READS_AT_ONCE][LEN + 1];
        for (size_t i = 0; i < READS_AT_ONCE; i++) { // what is hidden may be anything
            char read[LEN + 1];
            pattern(first + i, masks, MASKS_MAX - 8, marks[i]);
            for (unsigned c = 0; c <= LEN; c++) {
                read[c] = marks[i][c] == '?' ? (char)('a' + (first + i + c) % 26) : marks[i][c];
            }
            view_of(read, &views[i]);
        }
        for (size_t k = 0; kernels[k]; k++) {
            size_t count =
                kernels[k]->mask(snapshot->lines, &snapshot->filter, views, READS_AT_ONCE, &keys);
            for (size_t i = 0; i < READS_AT_ONCE; i++) {
                assert_true(passes(&keys, count, i, marks[i]));
            }
        }
    }
    hs_snapshot_free(snapshot);
}

// How many keys of random reads pass both parts, or the lines alone.
static size_t count_passing(const struct hs_snapshot *snapshot, const struct hs_kernel *kernel,
                            const struct hs_filter *filter)
{
    static struct hs_keys keys;
    uint64_t random = 20261130;
    size_t passing = 0;
    for (size_t first = 0; first < READS; first += READS_AT_ONCE) {
        struct hs_read_view views[READS_AT_ONCE];
        for (size_t i = 0; i < READS_AT_ONCE; i++) {
            char read[LEN + 1];
            random_mark(&random, read);
            view_of(read, &views[i]);
        }
        passing += kernel->mask(snapshot->lines, filter, views, READS_AT_ONCE, &keys);
    }
    return passing;
}

static void few_other_keys_pass(void **state)
{
    (void)state;
    static const uint64_t all_set[] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                       UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const struct hs_filter everything = hs_filter_at(all_set, (struct hs_filter_size){3, 1});
    unsigned masks[MASKS_MAX];
    choose_masks(32, masks);
    struct hs_snapshot *snapshot = snapshot_of(masks, 32);
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    hs_kernels(kernels);
    size_t by_lines = count_passing(snapshot, kernels[0], &everything);
    size_t by_both = count_passing(snapshot, kernels[0], &snapshot->filter);
    assert_in_range(by_lines, 1, READS * 32 / 40);
    assert_in_range(by_both, 1, by_lines / 2); // some of them are listed
    for (size_t k = 1; kernels[k]; k++) {
        assert_int_equal(count_passing(snapshot, kernels[k], &everything), by_lines);
        assert_int_equal(count_passing(snapshot, kernels[k], &snapshot->filter), by_both);
    }
    hs_snapshot_free(snapshot);
}

static struct hs_snapshot *put(const struct hs_snapshot *old, const char *id, const char *mark)
{
    struct hs_snapshot *made;
    struct hs_snapshot_change change = {.kind = HS_CHANGE_PUT,
                                        .spec = {.list_id = HS_STR("wanted"), .sequence = 1},
                                        .entry = fixture_entry(id, mark, NULL)};
    assert_int_equal(hs_snapshot_apply(old, &change, 1, FIXTURE_NOW_MS, HS_STR("2-0"), &made), 0);
    return made;
}

static uint32_t groups_of(const struct hs_snapshot *snapshot, unsigned len)
{
    return snapshot->lines->of_len[len].group_count;
}

static void an_overlay_adds_groups_and_changes_none(void **state)
{
    (void)state;
    static const char *const marks[] = {"AB1?CDE", "A?12CDE", "AB?2", "X123ABC", NULL};
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_snapshot *whole = put(base, "e8", "XY21ZZZ");
    struct hs_snapshot *same = put(whole, "e9", "XY2?ZZZ"); // a mask that is there
    struct hs_snapshot *more = put(same, "e10", "XY2?Z?Z"); // and one that is not
    struct hs_snapshot *first = put(more, "e11", "J?1A");
    assert_ptr_equal(whole->lines, base->lines); // no pattern: nothing to copy
    assert_int_equal(groups_of(base, 7), 1);
    assert_int_equal(groups_of(same, 7), 1);
    assert_int_equal(groups_of(more, 7), 2);
    assert_int_equal(groups_of(more, 4), 1);
    assert_int_equal(groups_of(first, 4), 2);
    assert_memory_equal(first->lines->of_len[7].groups[0].hides,
                        base->lines->of_len[7].groups[0].hides,
                        sizeof(base->lines->of_len[7].groups[0].hides));
    assert_string_equal(fixture_match(base, "XY27ZZZ", NULL), "");
    assert_string_equal(fixture_match(same, "XY27ZZZ", NULL), "wanted/e9 WILDCARD 400");
    assert_string_equal(fixture_match(more, "XY27ZBZ", NULL), "wanted/e10 WILDCARD 400");
    assert_string_equal(fixture_match(first, "JK1A", NULL), "wanted/e11 WILDCARD 400");
    assert_string_equal(fixture_match(first, "AB92", NULL), "wanted/e2 WILDCARD 400");
    assert_string_equal(fixture_match(first, "AK12CDE", NULL), "wanted/e1 WILDCARD 400");
    hs_snapshot_free(base);
    hs_snapshot_free(whole);
    hs_snapshot_free(same);
    hs_snapshot_free(more);
    hs_snapshot_free(first);
}

static void a_list_without_patterns_has_no_lines(void **state)
{
    (void)state;
    static const char *const marks[] = {"AB12CDE", "AB12CDEF?HJK", NULL};
    struct hs_snapshot *base = fixture_snapshot(marks);
    struct hs_snapshot *put_first = put(base, "e9", "XY2?ZZZ");
    assert_null(base->lines); // the pattern is too long for one
    assert_string_equal(fixture_match(base, "AB12CDEF9HJK", NULL), "wanted/e1 WILDCARD 400");
    assert_non_null(put_first->lines);
    assert_string_equal(fixture_match(put_first, "XY27ZZZ", NULL), "wanted/e9 WILDCARD 400");
    hs_snapshot_free(base);
    hs_snapshot_free(put_first);
}

static void a_file_brings_the_same_lines(void **state)
{
    (void)state;
    unsigned masks[MASKS_MAX];
    choose_masks(20, masks);
    struct hs_snapshot *built = snapshot_of(masks, 20), *loaded;
    char path[] = "/tmp/hs-mask-lines-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(hs_snapshot_save(built, path), 0);
    assert_int_equal(hs_snapshot_load(path, &loaded), 0);
    unlink(path);
    assert_int_equal(groups_of(loaded, LEN), groups_of(built, LEN));
    assert_int_equal(loaded->lines->line_count, built->lines->line_count);
    assert_memory_equal(loaded->lines->words, built->lines->words,
                        (size_t)built->lines->line_count * HS_MASKS_A_GROUP * sizeof(uint64_t));
    hs_snapshot_free(built);
    hs_snapshot_free(loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mask_is_in_one_group_with_masks_that_share_positions),
        cmocka_unit_test(every_pattern_is_found_by_the_reads_it_means),
        cmocka_unit_test(few_other_keys_pass),
        cmocka_unit_test(an_overlay_adds_groups_and_changes_none),
        cmocka_unit_test(a_list_without_patterns_has_no_lines),
        cmocka_unit_test(a_file_brings_the_same_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

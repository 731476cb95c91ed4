// SPDX-License-Identifier: Apache-2.0
/*
 * The engine against the slow matcher, on worlds of a printed seed: every tier, policy, term, date
 * and state of the overlay, every kernel, and the file on disk.
 *
 *   HS_PROPERTY_SEED   begin with this world (default: another one each day)
 *   HS_PROPERTY_READS  how many reads (default 60,000)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "match/kernel.h"
#include "reference/world.h"

enum { BATCH = 150, TEXT = 16384, ROUNDS = 8 };

struct batch {
    struct ref_read reads[BATCH];
    const char *cameras[BATCH];
    uint8_t packed[BATCH * 512];
    struct hs_read_view views[BATCH];
    struct hs_candidate_view scratch[BATCH * HS_READ_CANDIDATES_MAX];
    char hits[BATCH][TEXT];
};

static void add_hit(void *ctx, const struct hs_hit *hit)
{
    struct batch *batch = ctx;
    char *text = batch->hits[hit->read_index];
    size_t at = strlen(text);
    snprintf(text + at, TEXT - at, "%.*s/%.*s %d %u%s ~%s;", HS_STR_ARG(hit->list->list_id),
             HS_STR_ARG(hit->entry_id), (int)hit->tier, hit->score_permille,
             hit->ambiguous ? " ambiguous" : "", hit->matched_vrm);
}

static void check_batch(const struct world *world, struct batch *batch,
                        const struct hs_snapshot *snapshot, const struct hs_cameras *cameras,
                        const struct hs_kernel *kernel, const char (*expected)[TEXT], uint64_t seed,
                        const char *state)
{
    const struct hs_match_context context = {.cameras = cameras};
    struct hs_matcher *matcher;
    (void)world;
    assert_int_equal(hs_matcher_new_with(kernel, &matcher), 0);
    for (size_t i = 0; i < BATCH; i++) {
        batch->hits[i][0] = '\0';
    }
    hs_matcher_run(matcher, snapshot, &context, batch->views, BATCH, NULL, add_hit, batch);
    hs_matcher_free(matcher);
    for (size_t i = 0; i < BATCH; i++) {
        if (strcmp(batch->hits[i], expected[i]) != 0) {
            for (int k = 0; k < batch->reads[i].candidate_count; k++) {
                print_message("candidate '%s' %u\n", batch->reads[i].candidates[k],
                              batch->reads[i].candidate_pct[k]);
            }
            fail_msg("seed %llu, %s, %s kernel, read '%s': engine '%s', reference '%s'",
                     (unsigned long long)seed, state, kernel->name, batch->reads[i].vrm,
                     batch->hits[i], expected[i]);
        }
    }
}

static void make_batch(struct world *world, struct batch *batch, char (*ret_expected)[TEXT])
{
    size_t count;
    for (size_t i = 0; i < BATCH; i++) {
        world_read(world, &batch->reads[i], &batch->cameras[i]);
        ref_match(world->lists, world->list_count, world->entries, world->entry_count,
                  &batch->reads[i], ret_expected[i], TEXT);
    }
    size_t len =
        world_pack(batch->reads, batch->cameras, BATCH, batch->packed, sizeof(batch->packed));
    assert_int_equal(
        hs_read_views(hs_str_n(batch->packed, len), batch->views, BATCH, batch->scratch, &count),
        0);
    assert_int_equal(count, BATCH);
}

static size_t check_world(uint64_t seed, struct batch *batch, const struct hs_cameras *cameras,
                          const char *path, size_t *hits)
{
    static char expected[BATCH][TEXT];
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    struct world world;
    hs_kernels(kernels);
    world_make(seed, &world);
    struct hs_snapshot *snapshot = world_snapshot(&world), *rebuilt, *loaded;
    assert_int_equal(hs_snapshot_rebuild(snapshot, &rebuilt), 0);
    assert_int_equal(hs_snapshot_save(snapshot, path), 0);
    assert_int_equal(hs_snapshot_load(path, &loaded), 0);
    for (int round = 0; round < ROUNDS; round++) {
        make_batch(&world, batch, expected);
        for (size_t i = 0; i < BATCH; i++) {
            *hits += expected[i][0] != '\0';
        }
        for (size_t k = 0; kernels[k]; k++) {
            check_batch(&world, batch, snapshot, cameras, kernels[k], expected, seed, "overlay");
            check_batch(&world, batch, rebuilt, cameras, kernels[k], expected, seed, "rebuilt");
        }
        check_batch(&world, batch, loaded, cameras, hs_kernel_best(), expected, seed, "loaded");
    }
    hs_snapshot_free(snapshot);
    hs_snapshot_free(rebuilt);
    hs_snapshot_free(loaded);
    return (size_t)BATCH * ROUNDS;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_engine_agrees_with_reference(void **state)
{
    (void)state;
    uint64_t seed = setting("HS_PROPERTY_SEED", (uint64_t)time(NULL) / 86400 * 1000000);
    uint64_t wanted = setting("HS_PROPERTY_READS", 60000);
    char path[] = "/tmp/hs-property-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct hs_diags diags = {0};
    struct hs_cameras *cameras = NULL;
    assert_int_equal(hs_cameras_parse(hs_str(world_cameras), "cameras.csv", &diags, &cameras), 0);
    struct batch *batch = malloc(sizeof(*batch));
    size_t reads = 0, hits = 0;
    print_message("first seed %llu\n", (unsigned long long)seed);
    for (; reads < wanted; seed++) {
        reads += check_world(seed, batch, cameras, path, &hits);
    }
    print_message("%zu reads, %zu of them with hits\n", reads, hits);
    assert_true(hits > reads / 20); // else the worlds have become too thin to show anything
    unlink(path);
    free(batch);
    hs_cameras_free(cameras);
    hs_diags_fini(&diags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_engine_agrees_with_reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

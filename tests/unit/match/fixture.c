// SPDX-License-Identifier: Apache-2.0
#include "unit/match/fixture.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const tier_names[] = {"NONE",     "EXACT",     "GLYPH",     "GRAMMAR",
                                         "CONFUSED", "LOOKALIKE", "CANDIDATE", "WILDCARD"};

// A few buffers in turn, so that several texts can be held at once.
static uint8_t *next_buffer(void)
{
    static uint8_t buffers[64][4096];
    static unsigned next;
    return buffers[next++ % 64];
}

struct hs_str fixture_entry(const char *id, const char *vrm, fixture_edit_entry *edit)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id_copy[64], vrm_copy[64];
    snprintf(id_copy, sizeof(id_copy), "%s", id);
    snprintf(vrm_copy, sizeof(vrm_copy), "%s", vrm);
    entry.entry_id = id_copy;
    entry.vrm = vrm_copy;
    entry.weed_date = 20301231;
    if (edit) {
        edit(&entry);
    }
    uint8_t *out = next_buffer();
    size_t len = hitstream__v1__watchlist_entry__get_packed_size(&entry);
    assert(len <= 4096);
    hitstream__v1__watchlist_entry__pack(&entry, out);
    return hs_str_n(out, len);
}

struct hs_list_spec fixture_list(const char *list_id)
{
    return (struct hs_list_spec){
        .list_id = hs_str(list_id),
        .title = HS_STR("A list"),
        .owner_force = HS_STR("north"),
        .status = HS_LIST_LIVE,
        .generation = 1,
    };
}

struct hs_str fixture_policy(const Hitstream__V1__MatchTier *tiers,
                             Hitstream__V1__MatchPolicy policy)
{
    Hitstream__V1__MatchTier copy[8];
    while (tiers && tiers[policy.n_tiers]) {
        copy[policy.n_tiers] = tiers[policy.n_tiers];
        policy.n_tiers++;
    }
    policy.tiers = copy;
    uint8_t *out = next_buffer();
    return hs_str_n(out, hitstream__v1__match_policy__pack(&policy, out));
}

struct hs_snapshot *fixture_snapshot(const char *const *vrms)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    struct hs_list_spec spec = fixture_list("wanted");
    int status = hs_snapshot_builder_new(&builder);
    assert(status == 0);
    status = hs_snapshot_builder_list(builder, &spec);
    assert(status == 0);
    for (unsigned i = 0; vrms[i]; i++) {
        char id[16];
        snprintf(id, sizeof(id), "e%u", i);
        status = hs_snapshot_builder_entry(builder, fixture_entry(id, vrms[i], NULL));
        assert(status == 0);
    }
    status = hs_snapshot_builder_build(builder, FIXTURE_NOW_MS, HS_STR("1-0"), &snapshot);
    assert(status == 0);
    return snapshot;
}

struct hs_str fixture_batch(const char *vrm, fixture_edit_read *edit)
{
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT, *reads[] = {&read};
    Hitstream__V1__PlateReadBatch batch = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    char vrm_copy[300], camera[] = "c1";
    snprintf(vrm_copy, sizeof(vrm_copy), "%s", vrm);
    read.vrm = vrm_copy;
    read.camera_id = camera;
    read.captured_at_ms = FIXTURE_NOW_MS;
    if (edit) {
        edit(&read);
    }
    batch.n_reads = 1;
    batch.reads = reads;
    uint8_t *out = next_buffer();
    return hs_str_n(out, hitstream__v1__plate_read_batch__pack(&batch, out));
}

static void add_hit(void *ctx, const struct hs_hit *hit)
{
    struct hs_buf *out = ctx;
    hs_buf_printf(out, "%s%.*s/%.*s %s %u", out->len ? ", " : "", HS_STR_ARG(hit->list->list_id),
                  HS_STR_ARG(hit->entry_id), tier_names[hit->tier], hit->score_permille);
    if (hit->ambiguous) {
        hs_buf_add_text(out, " ambiguous");
    }
}

const char *fixture_match_at(const struct hs_snapshot *snapshot, const struct hs_cameras *cameras,
                             const char *vrm, fixture_edit_read *edit)
{
    static struct hs_buf out;
    struct hs_read_view view;
    struct hs_candidate_view scratch[HS_READ_CANDIDATES_MAX];
    struct hs_match_context context = {.cameras = cameras};
    struct hs_matcher *matcher;
    enum hs_read_fault fault;
    size_t count = 0;
    int status = hs_read_views(fixture_batch(vrm, edit), &view, 1, scratch, &count);
    assert(status == 0 && count == 1);
    status = hs_matcher_new(&matcher);
    assert(status == 0);
    hs_buf_clear(&out);
    hs_matcher_run(matcher, snapshot, &context, &view, 1, &fault, add_hit, &out);
    hs_matcher_free(matcher);
    if (fault != HS_READ_OK) {
        hs_buf_printf(&out, "fault %d", (int)fault);
    }
    return hs_buf_text(&out);
}

const char *fixture_match(const struct hs_snapshot *snapshot, const char *vrm,
                          fixture_edit_read *edit)
{
    return fixture_match_at(snapshot, NULL, vrm, edit);
}

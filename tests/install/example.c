// SPDX-License-Identifier: Apache-2.0
/*
 * A program that has never heard of Kafka or Redis: one list of one entry, two reads, the hits on
 * stdout. The install test compiles it against the installed headers and library alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/matcher.h"

static void print_hit(void *ctx, const struct hs_hit *hit)
{
    (void)ctx;
    printf("read %zu: %.*s on list %.*s, tier %d\n", hit->read_index, HS_STR_ARG(hit->entry_vrm),
           HS_STR_ARG(hit->list->list_id), (int)hit->tier);
}

static struct hs_snapshot *one_entry(void)
{
    static char list_id[] = "stolen";
    static char vrm[] = "AB12CDE";
    uint8_t packed[256];
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    entry.list_id = list_id;
    entry.entry_id = vrm;
    entry.vrm = vrm;
    entry.weed_date = 20991231;
    size_t len = hitstream__v1__watchlist_entry__pack(&entry, packed);
    struct hs_list_spec spec = {
        .list_id = HS_STR("stolen"), .status = HS_LIST_LIVE, .generation = 1};
    struct hs_snapshot_builder *builder = NULL;
    struct hs_snapshot *snapshot = NULL;
    if (hs_snapshot_builder_new(&builder) != HS_OK ||
        hs_snapshot_builder_list(builder, &spec) != HS_OK ||
        hs_snapshot_builder_entry(builder, hs_str_n(packed, len)) != HS_OK ||
        hs_snapshot_builder_build(builder, 1, HS_STR("0-0"), &snapshot) != HS_OK) {
        fprintf(stderr, "cannot build the snapshot\n");
        exit(1);
    }
    return snapshot;
}

// A read as a camera's gateway packs it.
static struct hs_read_view view_read(char *vrm, uint8_t *packed, struct hs_candidate_view *scratch)
{
    static char camera_id[] = "lansdown-n";
    struct hs_read_view view;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    read.vrm = vrm;
    read.camera_id = camera_id;
    read.captured_at_ms = INT64_C(1768291200000);
    size_t len = hitstream__v1__plate_read__pack(&read, packed);
    hs_read_view_of(hs_str_n(packed, len), scratch, &view);
    return view;
}

int main(void)
{
    char first[] = "AB12CDE";
    char second[] = "XY65ZZA";
    uint8_t packed[2][256];
    struct hs_candidate_view scratch[2][HS_READ_CANDIDATES_MAX];
    struct hs_read_view views[2] = {view_read(first, packed[0], scratch[0]),
                                    view_read(second, packed[1], scratch[1])};
    struct hs_match_context context = {.cameras = NULL};
    struct hs_snapshot *snapshot = one_entry();
    struct hs_matcher *matcher;
    if (hs_matcher_new(&matcher) != HS_OK) {
        return 1;
    }
    hs_matcher_run(matcher, snapshot, &context, views, 2, NULL, print_hit, NULL);
    printf("%" PRIu64 " reads\n", hs_matcher_stats(matcher)->reads);
    hs_matcher_free(matcher);
    hs_snapshot_free(snapshot);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// A whole program with libhitstream-match: which of these reads is the listed vehicle's, and how?
//   cc example.c $(pkg-config --cflags --libs hitstream-match)     ./a.out AB12CDE AB12CDE A812CDE
#include <stdio.h>

#include "hitstream/v1/watchlist.pb-c.h"
#include "match/query.h"

static void print_hit(void *ctx, const struct hs_hit *hit)
{
    printf("%s is %.*s by tier %d, score %u\n", (const char *)ctx, HS_STR_ARG(hit->entry_vrm),
           (int)hit->tier, hit->score_permille);
}

int main(int argc, char **argv)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    uint8_t packed[512];
    entry.vrm = entry.entry_id = argc > 1 && strlen(argv[1]) < 100 ? argv[1] : "AB12CDE";
    entry.weed_date = 20991231;
    struct hs_str bytes = hs_str_n(packed, hitstream__v1__watchlist_entry__pack(&entry, packed));
    struct hs_list_spec list = {.list_id = HS_STR("wanted"), .status = HS_LIST_LIVE};
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    if (hs_snapshot_builder_new(&builder) != 0 || hs_snapshot_builder_list(builder, &list) != 0 ||
        hs_snapshot_builder_entry(builder, bytes) != 0 ||
        hs_snapshot_builder_build(builder, 1, HS_STR("0-0"), &snapshot) != 0) {
        return 1;
    }
    const struct hs_match_context context = {.cameras = NULL, .confusions = NULL};
    for (int i = 2; i < argc; i++) {
        struct hs_match_query read = {.vrm = hs_str(argv[i]), .at_ms = INT64_C(1795305600000)};
        enum hs_read_fault fault;
        if (hs_match_query(snapshot, &context, &read, &fault, print_hit, argv[i]) != 0) {
            printf("%s is no plate\n", argv[i]);
        }
    }
    hs_snapshot_free(snapshot);
    return 0;
}

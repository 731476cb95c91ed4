// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a road table: what is taken is found again and means the same when it is printed and
// read, and what is refused says why.
#include "fuzz/fuzz.h"
#include "geo/roads.h"

static void check(const struct hs_roads *roads)
{
    struct hs_buf text = {0}, again = {0};
    struct hs_diags diags = {0};
    struct hs_roads *second;
    for (size_t i = 0; i < hs_roads_count(roads); i++) {
        const struct hs_road_link *link = hs_roads_at(roads, i);
        size_t first;
        fuzz_must(hs_roads_find(roads, link->from, link->direction, link->to) == link);
        fuzz_must(hs_roads_exits(roads, link->from, link->direction, &first) > 0);
        fuzz_must(first < hs_roads_count(roads));
    }
    hs_roads_canonical(roads, &text);
    fuzz_must(hs_roads_parse(hs_buf_str(&text), "again", &diags, &second) == 0);
    hs_roads_canonical(second, &again);
    fuzz_must(hs_str_eq(hs_buf_str(&text), hs_buf_str(&again)));
    hs_roads_free(second);
    hs_diags_fini(&diags);
    hs_buf_fini(&text);
    hs_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hs_diags diags = {.limit = 100};
    struct hs_roads *roads;
    struct hs_buf out = {0};
    if (hs_roads_parse(hs_str_n(data, size), "fuzz", &diags, &roads) == 0) {
        check(roads);
        hs_roads_free(roads);
    } else {
        fuzz_must(diags.errors > 0);
    }
    for (size_t i = 0; i < diags.count; i++) {
        hs_diag_format(&diags.rows[i], &out);
    }
    hs_buf_fini(&out);
    hs_diags_fini(&diags);
    return 0;
}

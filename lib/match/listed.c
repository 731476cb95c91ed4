// SPDX-License-Identifier: Apache-2.0
#include "match/listed.h"

#include <stdlib.h>

#include "base/error.h"
#include "match/terms.h"

struct hs_listing {
    struct hs_matcher *matcher; // of its own: the worker's counts reads
    struct hs_read_view views[HS_COMPANIONS_MAX];
};

int hs_listing_new(struct hs_listing **ret_listing)
{
    struct hs_listing *listing = calloc(1, sizeof(*listing));
    int rc = listing ? hs_matcher_new(&listing->matcher) : HS_ENOMEM;
    if (rc != 0) {
        free(listing);
        return rc;
    }
    *ret_listing = listing;
    return 0;
}

void hs_listing_free(struct hs_listing *listing)
{
    if (listing) {
        hs_matcher_free(listing->matcher);
        free(listing);
    }
}

// A companion as a read of the hit's camera.
static void make_view(const struct hs_listed_beside *beside, const struct hs_companion *companion,
                      struct hs_read_view *view)
{
    static const struct hs_candidate_view none;
    struct hs_str mark = hs_vrm_str(&companion->vrm);
    int64_t gap_ms = beside->after ? companion->gap_ms : -(int64_t)companion->gap_ms;
    *view = (struct hs_read_view){
        .vrm_len = (uint8_t)mark.len,
        .captured_at_ms = beside->captured_at_ms + gap_ms,
        .candidates = &none,
        .raw = (const uint8_t *)beside->camera_id.ptr, // all there is of it
        .raw_len = (uint32_t)beside->camera_id.len,
        .camera_id_len = (uint8_t)(beside->camera_id.len < 255 ? beside->camera_id.len : 255),
        .camera_id_at = 0,
    };
    memcpy(view->vrm, mark.ptr, mark.len);
}

// Hits of a read come in order of list.
static void note_hit(void *ctx, const struct hs_hit *hit)
{
    static const struct hs_terms_question nothing;
    struct hs_listed *listed = ctx;
    const struct hs_list_spec *list = hit->list;
    struct hs_listed_on row = {0};
    struct hs_terms terms;
    if (list->covert || list->status != HS_LIST_LIVE || hit->tier != HS_TIER_EXACT ||
        list->list_id.len > HS_LISTED_TEXT_MAX || list->owner_force.len > HS_LISTED_TEXT_MAX ||
        hs_terms_read(hit->entry, &nothing, &terms) != 0) {
        return;
    }
    memcpy(row.list_id, list->list_id.ptr, list->list_id.len);
    if (list->owner_force.len > 0) {
        memcpy(row.owner_force, list->owner_force.ptr, list->owner_force.len);
    }
    row.handling = terms.handling;
    row.safeguarding = terms.safeguarding;
    uint8_t *count = &listed->counts[hit->read_index];
    struct hs_listed_on *rows = listed->on[hit->read_index];
    bool again = *count > 0 && memcmp(&rows[*count - 1], &row, sizeof(row)) == 0;
    if (!again && *count < HS_LISTED_MAX) {
        rows[(*count)++] = row;
    }
}

void hs_listing_find(struct hs_listing *listing, const struct hs_snapshot *snapshot,
                     const struct hs_match_context *context, const struct hs_listed_beside *beside,
                     const struct hs_company *company, struct hs_listed *ret_listed)
{
    memset(ret_listed->counts, 0, sizeof(ret_listed->counts));
    for (uint32_t i = 0; i < company->count; i++) {
        make_view(beside, &company->listed[i], &listing->views[i]);
    }
    hs_matcher_run(listing->matcher, snapshot, context, listing->views, company->count, NULL,
                   note_hit, ret_listed);
}

// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_COMPANY_EVENT_H
#define HITSTREAMD_COMPANY_EVENT_H
/*
 * What passed around a hit, as the log holds it: stamped on the hit itself (flow, and who was there
 * before it), and as a record of its own (who came after).
 *
 * Companions are personal data: they are written near a hit and nowhere else. Threads: any; pure.
 * The same input gives the same bytes.
 */

#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/hit_event.h"
#include "match/companions.h"
#include "match/listed.h"

// Writes the hit's whole event to `out`, with what is known of before it; what is not known (a
// window of 0) is left out. `listed`: which of them are listed themselves; NULL: not asked.
void hs_company_stamp(const struct hs_hit_event *event, const struct hs_flow *flow,
                      const struct hs_company *before, const struct hs_listed *listed,
                      struct hs_buf *out);

// Whose hit it was. Texts are terminated.
struct hs_company_of {
    const char *vehicle;
    struct hs_id hit_id;
    Hitstream__V1__AudienceKind audience_kind;
    const char *list_id; // "" for open
    int64_t captured_at_ms;
};
// Writes the event of who came after the hit to `out`; `listed` as above.
void hs_company_after_pack(const struct hs_company_of *of, const struct hs_company *after,
                           const struct hs_listed *listed, struct hs_buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_QUERY_H
#define HS_MATCH_QUERY_H
/*
 * One made-up read asked of a snapshot: what would this plate hit, and by which tier?
 *
 * For tools (`hitctl check`): allocates, and is not for the hot path. Threads: any; each call has a
 * matcher of its own. Ownership: as hs_matcher_run().
 */

#include "match/matcher.h"

struct hs_match_query {
    struct hs_str vrm;       // as a camera would give it
    struct hs_str camera_id; // empty: a camera that no register knows
    int64_t at_ms;           // the read's own time
    unsigned confidence_pct; // of every character; 0: not given
};

// HS_EINVAL with *ret_fault when the read is no read; HS_ENOMEM.
int hs_match_query(const struct hs_snapshot *snapshot, const struct hs_match_context *context,
                   const struct hs_match_query *query, enum hs_read_fault *ret_fault,
                   hs_hit_sink *sink, void *sink_ctx);

#endif

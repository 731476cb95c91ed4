// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_VERDICT_H
#define HS_MATCH_VERDICT_H
/*
 * From slots that may match one read to the hits that are told.
 *
 * A read is held against each slot that is found for it (hs_verdict_hold), whatever the search was
 * that found it: tiers.c says how they compare, policy and terms whether that counts. When all are
 * in, hs_verdict_tell() settles what depends on more than one: exact hits, ambiguity, order.
 *
 * Threads: a verdict belongs to one matcher. No allocation after it was made. Bounds:
 * HS_MATCH_HITS_MAX matches an audience; beyond it the better ones stay.
 */

#include "match/kernel.h"
#include "match/matcher.h"
#include "match/snapshot_parts.h"
#include "match/tiers.h"

enum { HS_MATCHES_MAX = (HS_SNAPSHOT_LISTS_MAX + 1) * HS_MATCH_HITS_MAX };

// An entry that the read may hit, before it is known what else does.
struct hs_match {
    const struct hs_slot *slot;
    struct hs_str entry;
    struct hs_str entry_id;
    struct hs_vrm listed;
    struct hs_comparison comparison;
    uint16_t list;
    uint8_t reading;
    bool ambiguous;
};

// What a run was given, and the read at hand.
struct hs_verdict {
    const struct hs_snapshot *snapshot;
    const struct hs_match_context *context;
    hs_hit_sink *sink;
    void *sink_ctx;
    struct hs_matcher_stats *stats;
    const struct hs_read_view *read;
    const struct hs_camera *camera; // of the read, once camera_known; NULL: not in the register
    bool camera_known;
    size_t read_index;       // in the batch
    uint8_t readings_made;   // bits
    uint8_t readings_usable; // bits
    struct hs_reading readings[HS_READINGS_MAX];
    uint16_t audience_matches[HS_SNAPSHOT_LISTS_MAX + 1];
    size_t match_count;
    struct hs_match matches[HS_MATCHES_MAX]; // its far end is hardly ever touched
};

// The table of the read's camera.
const struct hs_confusion_table *hs_confusions_of(const struct hs_match_context *context,
                                                  const struct hs_read_view *read);
// Begins with a read.
void hs_verdict_begin(struct hs_verdict *verdict, const struct hs_read_view *read,
                      size_t read_index);
// A reading, normalised with all that is known of it; made once a read. NULL: not usable.
struct hs_reading *hs_verdict_reading(struct hs_verdict *verdict, unsigned reading);
// Holds one slot against one reading.
void hs_verdict_hold(struct hs_verdict *verdict, unsigned reading, const struct hs_segment *segment,
                     const struct hs_slot *slot);
// Settles and tells the hits.
void hs_verdict_tell(struct hs_verdict *verdict);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_MATCHER_H
#define HS_MATCH_MATCHER_H
/*
 * The matcher: a batch of reads in, hits out. One for each worker thread.
 *
 * hs_matcher_run() takes no lock, allocates nothing, makes no system call and writes no log; it is
 * called inside one RCU read section. Threads: a matcher belongs to one. Ownership: hits borrow
 * from snapshot and reads for the call of the sink. Bounds: HS_MATCH_HITS_MAX hits a read and
 * audience, the rest is counted.
 */

#include "geo/cameras.h"
#include "match/snapshot.h"
#include "vrm/vrm.h"
#include "wire/read_view.h"

enum { HS_MATCH_HITS_MAX = 64 }; // hits of one read for one audience

// As MatchTier in the contract.
enum hs_tier {
    HS_TIER_NONE = 0,
    HS_TIER_EXACT = 1,
    HS_TIER_GLYPH = 2,
    HS_TIER_GRAMMAR = 3,
    HS_TIER_CONFUSED = 4,
    HS_TIER_LOOKALIKE = 5,
    HS_TIER_CANDIDATE = 6,
    HS_TIER_WILDCARD = 7,
};

// One read that matches one entry.
struct hs_hit {
    size_t read_index; // in the batch
    const struct hs_list_spec *list;
    struct hs_str entry; // packed WatchlistEntry
    struct hs_str entry_id;
    struct hs_str entry_vrm;        // as listed, normalised; '?' in a pattern
    const struct hs_camera *camera; // NULL: not in the register
    enum hs_tier tier;
    uint16_t score_permille;
    uint8_t weakest_confidence_pct; // of what matched; 0: not given
    bool ambiguous;                 // another entry of this audience explains the read equally well
    char matched_vrm[HS_VRM_MAX + 1]; // what matched, normalised: the read or a candidate
    uint16_t differing;               // bit i: position i differs from the listed mark
};

// Why a read is not matched; counted in hs_matcher_stats.
enum hs_read_fault {
    HS_READ_OK,
    HS_READ_MALFORMED, // protobuf-c would refuse it
    HS_READ_NO_PLATE,  // empty, too long, or nothing that can stand on a plate
    HS_READ_NO_CAMERA,
    HS_READ_NO_TIME, // zero or negative
};

struct hs_matcher;
struct hs_confusions;
typedef void hs_hit_sink(void *ctx, const struct hs_hit *hit);

int hs_matcher_new(struct hs_matcher **ret_matcher);
void hs_matcher_free(struct hs_matcher *matcher);

// What a read's place and camera are judged by. Borrowed for the run.
struct hs_match_context {
    const struct hs_cameras *cameras; // NULL: no camera is known; an unknown place limits no entry
    const struct hs_confusions *confusions; // NULL: the default table for every camera model
};

// Matches `count` reads (any number) against the snapshot, in order of reads. `ret_faults` (may be
// NULL) has room for `count`: a read with a fault is not matched. The sink must not keep what it is
// given.
void hs_matcher_run(struct hs_matcher *matcher, const struct hs_snapshot *snapshot,
                    const struct hs_match_context *context, const struct hs_read_view *reads,
                    size_t count, enum hs_read_fault *ret_faults, hs_hit_sink *sink,
                    void *sink_ctx);

struct hs_matcher_stats {
    uint64_t reads;
    uint64_t faults;
    uint64_t hits[HS_TIER_WILDCARD + 1]; // by tier
    uint64_t hits_dropped;               // beyond HS_MATCH_HITS_MAX
};
const struct hs_matcher_stats *hs_matcher_stats(const struct hs_matcher *matcher);

#endif

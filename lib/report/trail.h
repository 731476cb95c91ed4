// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_TRAIL_H
#define HS_REPORT_TRAIL_H
/*
 * Where the vehicles of an organised-crime group were, all in one: places in order of time, reads
 * of one vehicle at one site in a row together.
 *
 * Threads: one. Ownership: the trail copies what it keeps; texts live as long as it. Bounds:
 * HS_TRAIL_READS_MAX reads; what comes beyond is counted. The order in which hits come does not
 * matter, nor how often.
 */

#include "report/view.h"

enum { HS_TRAIL_READS_MAX = 1 << 20, HS_TRAIL_NAMES_MAX = 1 << 17 };

struct hs_trail;

// Hits of entries of this group, from one event time up to but not at another.
int hs_trail_new(struct hs_str group_id, int64_t from_ms, int64_t to_ms,
                 struct hs_trail **ret_trail);
void hs_trail_free(struct hs_trail *trail);
// The caller has asked whether its audience may be seen. HS_ENOMEM.
int hs_trail_add(struct hs_trail *trail, const struct hs_hit_view *hit);
void hs_trail_finish(struct hs_trail *trail);

// A vehicle at a place.
struct hs_trail_place {
    int64_t at_ms;    // first read there, Unix
    int64_t until_ms; // last read there before another place
    struct hs_str vehicle;
    struct hs_str list_id;
    struct hs_str site_id;
    struct hs_str road;
    struct hs_str force;
    struct hs_str area;
    uint32_t reads;
};
// In order of time.
const struct hs_trail_place *hs_trail_places(const struct hs_trail *trail, size_t *ret_count);
uint64_t hs_trail_vehicles(const struct hs_trail *trail);
uint64_t hs_trail_beyond_bounds(const struct hs_trail *trail);

#endif

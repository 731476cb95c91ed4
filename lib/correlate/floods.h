// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_FLOODS_H
#define HS_CORRELATE_FLOODS_H
/*
 * Which entries and lists flood: are seen so often that a desk could no longer find what matters.
 *
 * Counted is each vehicle at each site once in a window of event time, by list and by entry; trial
 * and test hits count for nothing. One that goes beyond its limit (rules 'flood.*') floods from
 * that hit on until a whole window has passed within it. Hits of windows before the newest are
 * judged but not counted.
 *
 * A partition counts its own share, for vehicles are spread over partitions by their key. So a
 * limit is one of a partition; with n of them a list may bring n times as much. In return, what is
 * held is a function of the partition's log alone. The counts stand in PartitionState, which is
 * never ahead of its offset: a replay counts again what came after it.
 *
 * Threads: one at a time. Pure. Ownership: owns its rows. Bounds: HS_FLOOD_LISTS_MAX open lists, the
 * one seen longest ago leaves; one row for each covert list, which no other list moves. Sightings
 * are told apart by HS_FLOOD_CELLS cells: near HS_FLOOD_SIGHTINGS_MAX a tenth too few are counted.
 * An entry is counted while it is among the HS_FLOOD_ENTRIES most seen of its list (Misra and
 * Gries, 1982): its count is too low by at most that share of the list's.
 */

#include "base/arena.h"
#include "controls/rules.h"
#include "hitstream/v1/state.pb-c.h"
#include "wire/audience.h"

enum {
    HS_FLOOD_LISTS_MAX = 256,
    HS_FLOOD_CELLS = 8192,
    HS_FLOOD_ENTRIES = 32,
};

// What is known of a flood at a hit.
struct hs_flood {
    bool floods;         // the hit is part of one; else the rest says nothing
    bool began;          // with this hit
    bool of_entry;       // its entry floods; else the list as a whole
    int64_t began_at_ms; // event time
    uint32_t sightings;  // in this window so far
    uint32_t limit;
    int64_t window_ms;
};

struct hs_flood_guard; // of one list

struct hs_floods {
    struct hs_flood_guard *guards; // the one asked for last first
};

void hs_floods_fini(struct hs_floods *floods); // zeroed is empty and valid

// Counts a hit of an open or covert list and says whether it is part of a flood. HS_ENOMEM.
int hs_floods_count(struct hs_floods *floods, const struct hs_rules *rules, const char *vehicle,
                    const Hitstream__V1__Hit *hit, struct hs_flood *ret_flood);

// As parts of a PartitionState, which borrows from the guards and the bump. False: out of memory.
bool hs_floods_pack(const struct hs_floods *floods, struct hs_bump *bump,
                    Hitstream__V1__PartitionState *state);
// In place of what was there. HS_EFORMAT, HS_ENOMEM.
int hs_floods_unpack(struct hs_floods *floods, const Hitstream__V1__PartitionState *state);

// A flood as the contract has it, without its id; `entry_id` is borrowed.
void hs_flood_fill(const struct hs_flood *flood, const Hitstream__V1__Hit *hit,
                   Hitstream__V1__Flood *out);
void hs_flood_read(const Hitstream__V1__Flood *from, struct hs_flood *ret_flood);

#endif

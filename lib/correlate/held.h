// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_HELD_H
#define HS_CORRELATE_HELD_H
/*
 * Hits that a flood holds back, in their vehicle's state, and whose turn it is.
 *
 * A vehicle holds the hits of its open incident that were not told, in order of the log; hits of
 * one entry at one site are one row. Each audience's vehicles that hold stand in a heap: the most
 * urgent first, then the worst harm, then the one that waits longest. The owner's clock takes one
 * in each 'flood.release_every_ms' and appends 'timer fired' for it; what is told of it, and when,
 * is decided where that event stands in the log. So the heap and its pace are no part of any state.
 *
 * Threads: one at a time. Ownership: a vehicle owns its rows; heaps borrow vehicles, which know
 * their place. Bounds: HS_HELD_MAX rows a vehicle, beyond it the incident is told at once; one heap
 * an audience that ever held.
 */

#include "base/arena.h"
#include "correlate/floods.h"
#include "correlate/vehicle_heap.h"

enum { HS_HELD_MAX = 8 };

// Hits of one entry at one site; the first is the one that will be told.
struct hs_held_row {
    char *hit;          // packed Hit, owned
    size_t len;         // bytes of it
    uint64_t what;      // hash of list, entry and site
    int64_t held_at_ms; // LogAppendTime of its event
    uint32_t hits;      // that it stands for
    struct hs_flood flood;
    uint8_t priority; // the highest for any queue, as it would have been told
    uint32_t harm;    // of its entry
    int64_t at_ms;    // event time
    bool new_place;   // it made a point of the trail
    bool newest;      // no hit of the incident was later
};

// What a vehicle holds; never empty.
struct hs_held {
    struct hs_held_row rows[HS_HELD_MAX];
    size_t count;
};

// Vehicles of one audience that hold.
struct hs_release_heap {
    char *audience;                  // text, owned
    struct hs_vehicle_heap vehicles; // the most urgent first
    int64_t next_ms;                 // the next turn, by the owner's clock
};

struct hs_release {
    struct hs_release_heap *heaps; // in order of first use, owned
    size_t heap_count;
};

// Adds a hit to what the vehicle holds; `row` says all but hit, what, harm and event time.
// HS_ELIMIT: the rows are full; HS_ENOMEM.
int hs_held_add(struct hs_vehicle *vehicle, const Hitstream__V1__Hit *hit,
                const struct hs_held_row *row);
void hs_held_free(struct hs_held *held); // NULL is legal
// Parts of a VehicleState, which borrows. False: out of memory.
bool hs_held_pack(const struct hs_held *held, struct hs_bump *bump,
                  Hitstream__V1__VehicleState *state);
// NULL where the state holds nothing. HS_EFORMAT, HS_ENOMEM.
int hs_held_unpack(const Hitstream__V1__VehicleState *state, struct hs_held **ret_held);

void hs_release_fini(struct hs_release *release); // zeroed is empty and valid
// After any change of what the vehicle holds: puts it where it belongs, or takes it out. The first
// of its audience waits for `every_ms` from `now_ms` on. HS_ENOMEM.
int hs_release_update(struct hs_release *release, struct hs_vehicle *vehicle, int64_t now_ms,
                      int64_t every_ms);
// Takes it out, whatever it holds.
void hs_release_remove(struct hs_release *release, struct hs_vehicle *vehicle);
// The heap whose turn comes first; NULL: nothing is held. Its vehicle is the first row's.
struct hs_release_heap *hs_release_first(const struct hs_release *release);
// Vehicles that hold and whose turn was not appended yet.
size_t hs_release_count(const struct hs_release *release);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_VEHICLE_STATE_H
#define HS_CORRELATE_VEHICLE_STATE_H
/*
 * All that is known of one vehicle for one audience, in memory and as VehicleState.
 *
 * Threads: one at a time. Ownership: a vehicle owns what hangs on it; interned messages belong to
 * the pool. Bounds: the limits below; a state that was not touched for HS_STATE_KEEP_MS of the
 * log's time and has no open incident counts as empty, and is removed by a later checkpoint.
 */

#include "base/arena.h"
#include "correlate/correlator.h"
#include "correlate/held.h"
#include "correlate/incident_state.h"
#include "wire/audience.h"

enum {
    HS_SEEN_HITS_MAX = 64,       // ids of hits known; the oldest is forgotten
    HS_ENDED_MAX = 4,            // incidents lately ended; the oldest is forgotten
    HS_TIMERS_MAX = 8,           // timers standing; one of each kind and incident
    HS_FEEDBACK_IDS_MAX = 32,    // ids of feedback known; the oldest is forgotten
    HS_EXCLUSIONS_MAX = 8,       // 'not this vehicle'; the oldest that Redis has leaves first
    HS_EXCLUSION_NOTE_MAX = 256, // bytes of its reason; the rest is cut off
    HS_VEHICLE_KEY_MAX = 512,    // bytes of vehicle + '|' + audience
};
#define HS_STATE_KEEP_MS INT64_C(86400000) // a state outlives its last event by so long

struct hs_findings; // rules/findings.h

struct hs_timer {
    Hitstream__V1__TimerKind kind;
    struct hs_id incident;
    int64_t due_at_ms;
    bool appended; // 'timer fired' was appended by this object; not part of the state
};

// 'Not this vehicle': hits of this plate and entry are not told.
struct hs_exclusion {
    struct hs_id feedback;
    char *list_id; // the six texts are one allocation, owned
    char *entry_id;
    char *plate; // as read, normalised
    char *person;
    char *queue; // whose desk
    char *note;
    int64_t expires_at_ms;
    bool stored; // Redis has it; kept for hits that matched before
};

struct hs_vehicle_class;

struct hs_vehicle {
    char *key;               // "AB12CDE|open", terminated, owned
    size_t key_len;          // bytes
    uint64_t key_hash;       // of key
    struct hs_str mark;      // into key
    struct hs_str audience;  // text, into key
    struct hs_audience who;  // the same, taken apart; borrows from key
    uint64_t epoch;          // of the record it was restored from
    uint64_t applied_offset; // last event that is part of it; valid when `touched`
    int64_t applied_at_ms;   // LogAppendTime of that event; never falls
    bool touched;            // some event is part of it
    bool stored;             // a record of it may stand in anpr.vehicles
    bool dirty;              // changed since the last checkpoint
    struct hs_id *seen;      // ids of hits, oldest first
    size_t seen_count;
    size_t seen_capacity;
    struct hs_incident *open;                // or NULL
    struct hs_incident *ended[HS_ENDED_MAX]; // in order of ending
    size_t ended_count;
    struct hs_findings *findings; // what the finding rules remember; owned; NULL: nothing
    struct hs_timer timers[HS_TIMERS_MAX];
    size_t timer_count;
    struct hs_held *held; // what a flood holds of the open incident; owned; NULL: nothing
    struct hs_id feedback[HS_FEEDBACK_IDS_MAX]; // that was applied, the newest last
    size_t feedback_count;
    struct hs_exclusion *exclusions; // HS_EXCLUSIONS_MAX at most; NULL before the first
    size_t exclusion_count;
    struct hs_vehicle *next_in_bucket; // vehicle_table.c
    struct hs_vehicle *older;          // neighbours in order of last event
    struct hs_vehicle *newer;
    struct hs_vehicle_class *vehicles; // its audience's; NULL: it had no event
    struct hs_vehicle *class_older;    // neighbours there
    struct hs_vehicle *class_newer;
    struct hs_vehicle *next_dirty; // correlator.c: in order of first change
    size_t timer_place;            // in the heap of timers.c; SIZE_MAX: not in it
    size_t release_place;          // in its audience's heap of release.c; SIZE_MAX: not in it
    bool release_appended;         // its turn was appended by this object; not part of the state
};

// An empty state. HS_EFORMAT: no key of a vehicle and audience; HS_ENOMEM.
int hs_vehicle_new(struct hs_str key, struct hs_vehicle **ret_vehicle);
// Forgets all but the key.
void hs_vehicle_clear(struct hs_vehicle *vehicle, struct hs_intern_pool *pool);
void hs_vehicle_free(struct hs_vehicle *vehicle, struct hs_intern_pool *pool);

// Whether it must stay however old it is: an incident is open, or an exclusion pending.
bool hs_vehicle_is_needed(const struct hs_vehicle *vehicle);

// How long it outlives its last event: HS_STATE_KEEP_MS, or longer where a rule has reason to.
int64_t hs_vehicle_keep_ms(const struct hs_vehicle *vehicle);

bool hs_vehicle_has_seen(const struct hs_vehicle *vehicle, const struct hs_id *hit);
int hs_vehicle_note_seen(struct hs_vehicle *vehicle, const struct hs_id *hit);
// Takes an incident among the ended; its timers go, and the oldest of a full table falls out.
void hs_vehicle_end(struct hs_vehicle *vehicle, struct hs_intern_pool *pool,
                    struct hs_incident *incident);

// Sets the timer of that kind and incident; a new time counts as not appended. HS_ELIMIT.
int hs_vehicle_set_timer(struct hs_vehicle *vehicle, Hitstream__V1__TimerKind kind,
                         const struct hs_id *incident, int64_t due_at_ms);
// Takes the timer away; false when none of that kind, incident and time stands.
bool hs_vehicle_take_timer(struct hs_vehicle *vehicle, Hitstream__V1__TimerKind kind,
                           const struct hs_id *incident, int64_t due_at_ms);
// Takes away the timer of that kind, whatever its time.
void hs_vehicle_drop_timer(struct hs_vehicle *vehicle, Hitstream__V1__TimerKind kind,
                           const struct hs_id *incident);
// Takes away all timers of an incident.
void hs_vehicle_drop_timers(struct hs_vehicle *vehicle, const struct hs_id *incident);

// vehicle_feedback.c: ids of feedback that was applied.
bool hs_vehicle_has_feedback(const struct hs_vehicle *vehicle, const struct hs_id *feedback);
void hs_vehicle_note_feedback(struct hs_vehicle *vehicle, const struct hs_id *feedback);
// Appends an exclusion; copies the texts. Of a full table the oldest that Redis has leaves, or else
// the oldest: *ret_dropped says whether one left that was still pending. HS_ENOMEM.
int hs_vehicle_exclude(struct hs_vehicle *vehicle, const struct hs_exclusion *exclusion,
                       bool *ret_dropped);
// Whether hits of that plate and entry are not told at that time.
bool hs_vehicle_excludes(const struct hs_vehicle *vehicle, const char *list_id,
                         const char *entry_id, const char *plate, int64_t at_ms);
void hs_vehicle_forget_exclusions(struct hs_vehicle *vehicle);
// walk.c: as others are told of it; borrows from both.
struct hs_pending_exclusion hs_exclusion_view(const struct hs_vehicle *vehicle,
                                              const struct hs_exclusion *exclusion);

// vehicle_pack.c: appends the packed VehicleState; `bump` is scratch. HS_ENOMEM.
int hs_vehicle_pack(const struct hs_vehicle *vehicle, struct hs_intern_pool *pool, uint64_t epoch,
                    struct hs_bump *bump, struct hs_buf *out);
// vehicle_unpack.c: fills an empty vehicle. HS_EFORMAT (the vehicle is left empty), HS_ENOMEM.
int hs_vehicle_unpack(struct hs_vehicle *vehicle, const Hitstream__V1__VehicleState *state,
                      struct hs_intern_pool *pool);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_CORRELATOR_H
#define HS_CORRELATE_CORRELATOR_H
/*
 * The correlator of one partition of anpr.hits: a pure function of its events.
 *
 *     (vehicles' state, event, controls) -> (vehicles' state, alerts, events to append)
 *
 * It reads no clock, file or network: time is the highest LogAppendTime among its events; controls
 * are those that the last 'controls activated' named. Feed it the same events in the same order and
 * it emits the same bytes, whatever the batches and wherever it was restored.
 *
 * Life: new; restore, each record of anpr.vehicles; restored; then apply from
 * hs_correlator_next_offset() on, with checkpoints in between. Without anything to restore, apply
 * right away.
 *
 * Threads: one at a time for each object. Ownership: the object owns vehicles' states; what it
 * passes to the sink is borrowed for the call. Bounds: see vehicle_state.h, incident_state.h and
 * HS_WAITING_MAX. After HS_ENOMEM the object is broken: every later call returns it; restore anew.
 */

#include "base/str.h"
#include "controls/controls.h"
#include "wire/header.h"
#include "wire/ids.h"
#include "wire/token.h"

struct hs_correlator;

// One record of the log.
struct hs_log_record {
    uint64_t offset;
    int64_t append_time_ms;    // LogAppendTime
    struct hs_str value;       // packed VehicleEvent
    struct hs_str traceparent; // may be empty
};

// One alert to one queue.
struct hs_alert {
    struct hs_id id;
    struct hs_id incident;
    // NULL: no route permits it (dispatch.unrouted). Borrowed for the call.
    const struct hs_queue *queue;
    int64_t event_at_ms; // event time of its cause
    // Where the edge sends it instead when it is older than divert_after_ms by the wall clock: a
    // live queue's intelligence queue. NULL: nowhere. Borrowed for the call.
    const struct hs_queue *late_queue;
    int64_t divert_after_ms;
    bool covert;           // counted with all covert ones as one sum
    bool test;             // of a test read: never counted
    struct hs_str payload; // packed Alert: the edge makes JSON of it where the queue wants
    const struct hs_headers *headers; // without wall-clock ages
};

// 'Not this vehicle' as a desk decided it: hits of this plate and entry are no longer told. It stands
// in state until 'exclusion stored' with its id says that Redis has it; several rows of one id are
// possible, and are stored together. Texts are borrowed for the call.
struct hs_pending_exclusion {
    struct hs_id feedback;  // the id under which it is stored
    struct hs_str vehicle;  // key of the events about it
    struct hs_str audience; // "open", "covert:<list>"
    struct hs_str list_id;
    struct hs_str entry_id;
    struct hs_str plate;  // as read, normalised
    struct hs_str person; // who decided it
    struct hs_str queue;  // whose desk
    struct hs_str note;
    int64_t expires_at_ms;
};

// An entry that some desk was told of, or that an open incident stands on.
struct hs_standing_entry {
    struct hs_str vehicle;  // key of the events about it
    struct hs_str audience; // "open", "covert:<list>", "trial:<list>"
    struct hs_str list_id;
    struct hs_str entry_id;
    uint64_t generation; // revision of the list as it was last hit; 0.0: not known
    uint64_t sequence;
    uint32_t weed_date; // yyyymmdd; 0: not known
};

// Where results go. Called from within hs_correlator_apply() and hs_correlator_due(), in order.
struct hs_correlate_sink {
    void *ctx;
    void (*alert)(void *ctx, const struct hs_alert *alert);
    // A packed VehicleEvent to append to this partition; it counts when it is read back.
    void (*append)(void *ctx, struct hs_str key, struct hs_str event);
    // The same for the partition that its key belongs to, which is another's as a rule; NULL: this
    // one. Append it before what is told of the event; twice does no harm.
    void (*append_by_key)(void *ctx, struct hs_str key, struct hs_str event);
    // A packed CameraObservation for anpr.observations, of this site; NULL: nobody asks.
    void (*observe)(void *ctx, struct hs_str site, const struct hs_id *id,
                    struct hs_str observation);
    // An exclusion became pending; NULL: nobody asks. Those of a restored state are told by
    // hs_correlator_each_exclusion() alone.
    void (*exclusion)(void *ctx, const struct hs_pending_exclusion *exclusion);
};

// A new reference to the controls object of a hash, or NULL while it is not known.
typedef struct hs_controls *hs_controls_lookup(void *ctx, const char *hash);

struct hs_correlator_config {
    struct hs_id_key id_key;
    struct hs_token_key token_key;
    hs_controls_lookup *controls_lookup;
    void *controls_ctx;
    struct hs_correlate_sink sink;
    size_t vehicles_max; // states of one audience; 0: HS_VEHICLES_MAX
};

// States of one audience; beyond it the one that was quiet longest leaves, one without an open
// incident first.
enum { HS_VEHICLES_MAX = 1000000 };

// Events about vehicles that come before the first 'controls activated' of a log wait for it; beyond
// so many they are decided without controls (no queue, so all is unrouted).
enum { HS_WAITING_MAX = 10000 };

int hs_correlator_new(const struct hs_correlator_config *config,
                      struct hs_correlator **ret_correlator);
void hs_correlator_free(struct hs_correlator *correlator);

// What the record was.
enum hs_applied {
    HS_APPLIED_HIT,
    HS_APPLIED_TOOK_OVER,
    HS_APPLIED_CONTROLS,
    HS_APPLIED_TIMER,
    HS_APPLIED_COMPANIONS,
    HS_APPLIED_FEEDBACK,
    HS_APPLIED_WITHDRAWN,
    HS_APPLIED_EXCLUSION,
    HS_APPLIED_FLOODS,
    HS_APPLIED_CAMERA,
    HS_APPLIED_OTHER, // a kind of a later version: no effect
};

// Applies one event. Offsets rise; one below hs_correlator_next_offset() is applied already and
// ignored. HS_EFORMAT: not a usable VehicleEvent, passed over, nothing changed but `now`;
// HS_EAGAIN: it names controls that are not known yet, nothing changed: fetch them and apply again.
// `ret_applied` may be NULL.
int hs_correlator_apply(struct hs_correlator *correlator, const struct hs_log_record *record,
                        enum hs_applied *ret_applied);

// Counts a hit among its list's, as applying it would, and does nothing else: for who applies the
// events of one vehicle alone, and wants them judged as they were. What is no hit counts for
// nothing. HS_ENOMEM.
int hs_correlator_count(struct hs_correlator *correlator, struct hs_str value);

// One record of anpr.vehicles, in order of the partition; a record of a newer epoch wins, whatever
// the order. An empty value is a tombstone, whose epoch stands in its header (0: not known).
struct hs_state_record {
    struct hs_str key;
    struct hs_str value;
    uint64_t epoch;
};
// HS_EFORMAT: cannot be read, nothing changed.
int hs_correlator_restore(struct hs_correlator *correlator, const struct hs_state_record *record);
// All was restored. HS_EAGAIN: the controls in force are not known yet; fetch them and call again.
int hs_correlator_restored(struct hs_correlator *correlator);

// The first offset that is not part of the states: where to read on, and what to commit after a
// checkpoint.
uint64_t hs_correlator_next_offset(const struct hs_correlator *correlator);
// Of the controls in force, "" for none; of those it waits for after HS_EAGAIN from restored.
const char *hs_correlator_controls_hash(const struct hs_correlator *correlator);
// The time that stands in the restored state of the partition: nobody told of the events from
// next_offset on before it, by the owner's clock; 0: there was none.
int64_t hs_correlator_written_at_ms(const struct hs_correlator *correlator);

// Checkpoint: packs every vehicle changed since the last call (an empty value: a tombstone), then
// the PartitionState, whose key is HS_PARTITION_STATE_KEY. The caller writes them in this order,
// the state of the partition only when the others are acknowledged, and makes the next checkpoint
// only after that one stands.
#define HS_PARTITION_STATE_KEY "partition"
typedef void hs_checkpoint_record(void *ctx, struct hs_str key, struct hs_str value);
int hs_correlator_checkpoint(struct hs_correlator *correlator, uint64_t epoch,
                             int64_t written_at_ms, hs_checkpoint_record *record, void *ctx);
// Vehicles that the next checkpoint would pack.
size_t hs_correlator_dirty(const struct hs_correlator *correlator);
// Another wrote this key's record: the next checkpoint writes ours again.
int hs_correlator_overwritten(struct hs_correlator *correlator, struct hs_str key);

// Timers, and turns of what floods hold: when the next is due (INT64_MAX: none), and appending
// 'timer fired' for at most `max` of those due by `wall_ms` that were not appended already by this object; returns how many were.
int64_t hs_correlator_next_due_ms(const struct hs_correlator *correlator);
size_t hs_correlator_due(struct hs_correlator *correlator, int64_t wall_ms, size_t max);

// Every entry that stands in a state, told or open; the same one once for each vehicle. In pieces:
// about `max` vehicles from *cursor on (0 at first), which then stands behind them, or at 0 when all
// have been walked. What changes in between may be walked twice or in the next turn, but nothing that
// stands all the time is left out. Not 0 ends the walk and is returned. The function must not touch
// the correlator.
int hs_correlator_entries_from(const struct hs_correlator *correlator, size_t *cursor, size_t max,
                               int (*fn)(void *ctx, const struct hs_standing_entry *entry),
                               void *ctx);
// A camera by which a vehicle contradicts itself, or on whose word a desk was told of it.
struct hs_standing_clash {
    struct hs_str vehicle;  // key of the events about it
    struct hs_str audience; // "open"
    struct hs_str camera;
};
// Every such camera of every vehicle, in pieces likewise; a camera may come more than once.
int hs_correlator_clashes_from(const struct hs_correlator *correlator, size_t *cursor, size_t max,
                               int (*fn)(void *ctx, const struct hs_standing_clash *clash),
                               void *ctx);
// Every exclusion that Redis does not have yet, in one piece.
int hs_correlator_each_exclusion(const struct hs_correlator *correlator,
                                 int (*fn)(void *ctx, const struct hs_pending_exclusion *exclusion),
                                 void *ctx);

struct hs_correlator_stats {
    uint64_t vehicles;       // states held
    uint64_t open_incidents; // now
    uint64_t hits;           // applied
    uint64_t duplicate_hits; // known by id
    uint64_t second_sensor;  // of a vehicle that another sensor of the site read in the same second
    uint64_t excluded_hits;  // not told: 'not this vehicle'
    uint64_t withdrawn_hits; // not told: of an entry that was withdrawn after it matched
    uint64_t repeats;        // not told again
    uint64_t alerts;         // emitted
    uint64_t trial_hits;     // counted, never told
    uint64_t findings;       // made, each counted once whatever the queues
    uint64_t impossible_journeys; // pairs of sightings that no one vehicle can have made
    uint64_t camera_findings;     // applied to vehicles that they concern
    uint64_t findings_withdrawn;  // taken back
    uint64_t unrouted;            // alerts without a route
    uint64_t
        covert_unrouted;     // covert ones without a route: not told to anybody, all lists together
    uint64_t routes_dropped; // queues beyond HS_ROUTE_MAX for one hit
    uint64_t trail_dropped;  // places that fell out of a full trail
    uint64_t vehicles_dropped;   // states that left a full table
    uint64_t entries_dropped;    // entries that fell out of an incident
    uint64_t exclusions_dropped; // pending ones that fell out of a state
    uint64_t feedback;           // applied
    uint64_t feedback_repeated;  // known by id
    uint64_t feedback_late;      // its incident was over: recorded only
    uint64_t feedback_refused;   // it asks for what cannot be: recorded only
    uint64_t feedback_unknown;   // about an incident that is not known any more
    uint64_t escalations;        // steps up a chain that were told
    uint64_t stand_downs;        // told
    uint64_t withdrawn;          // entries taken out of incidents
    uint64_t timers;             // vehicles with a timer that stands and was not appended
    uint64_t floods;             // that began in this partition
    uint64_t held;               // hits that floods held back
    uint64_t released;           // incidents of which what was held was told
    uint64_t held_moot;  // held hits that nobody needs: closed or withdrawn before their turn
    uint64_t holding;    // vehicles that hold, now
    uint64_t companions; // records of who passed after a hit
    uint64_t malformed;  // events passed over
    uint64_t waiting;    // events that wait for the first controls
};
void hs_correlator_stats(const struct hs_correlator *correlator,
                         struct hs_correlator_stats *ret_stats);

#endif

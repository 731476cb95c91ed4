// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_CORE_H
#define HS_CORRELATE_CORE_H
/*
 * What correlator.c (applying), due.c (timers) and restore.c (restoring, checkpoints) share. Not
 * for others. Threads: the one that uses the correlator, which owns everything here.
 */

#include "correlate/alert.h"
#include "correlate/rules/scope.h"
#include "correlate/timers.h"
#include "correlate/vehicle_table.h"

// An event that waits for the first controls.
struct hs_waiting {
    struct hs_log_record record; // its texts are owned
};

struct hs_correlator {
    struct hs_correlator_config config;
    struct hs_vehicle_table vehicles;
    struct hs_intern_pool pool;
    struct hs_vehicle_heap timers;
    struct hs_floods floods;
    struct hs_release release; // what floods hold
    struct hs_alert_desk desk;
    struct hs_controls *controls; // in force, owned; the empty ones before the first activation
    bool has_controls;            // some were activated
    char wanted_hash[HS_CONTROLS_HASH_BYTES]; // of a restored PartitionState whose controls are not
                                              // known yet
    int64_t now_ms;                           // highest LogAppendTime
    int64_t took_over_at_ms;                  // LogAppendTime of the last 'took over'; 0: none
    uint64_t restored_epoch;                  // of the PartitionState that was restored
    int64_t restored_written_at_ms;           // and when it was written
    uint64_t read_offset;                     // next record to apply
    uint64_t checkpoint_offset;               // what the last checkpoint said is part of the states
    struct hs_vehicle *dirty;                 // chain in order of first change
    struct hs_vehicle **dirty_end;            // where the next is hung
    size_t dirty_count;
    struct hs_waiting *waiting; // in order of the log
    size_t waiting_count;
    size_t waiting_capacity;
    struct hs_correlator_stats stats;
    struct hs_bump bump; // scratch of one event or one packed state
    struct hs_buf key;   // scratch
    struct hs_buf out;   // scratch
    int broken;          // HS_ENOMEM, for good
};

// The vehicle's state changed, or must be written again.
void hs_core_mark_dirty(struct hs_correlator *correlator, struct hs_vehicle *vehicle);
// What rules work with while the vehicle's event is applied.
struct hs_rule_scope hs_core_scope(struct hs_correlator *correlator,
                                   const struct hs_vehicle *vehicle,
                                   const struct hs_log_record *record);
// The key of a vehicle and audience, in the scratch buffer. HS_EFORMAT, HS_ENOMEM.
int hs_core_make_key(struct hs_correlator *correlator, const char *vehicle,
                     const Hitstream__V1__Audience *audience);
// Whether the event is part of the state already.
bool hs_core_is_applied(const struct hs_vehicle *vehicle, const struct hs_log_record *record);
// The event is part of the state from now on. HS_ENOMEM.
int hs_core_note_applied(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                         const struct hs_log_record *record);
// Its turn among what is held, after any change of that. HS_ENOMEM.
int hs_core_note_held(struct hs_correlator *correlator, struct hs_vehicle *vehicle);
// apply.c: events about what stands in a state; of a vehicle that is not known they have no effect.
// HS_EFORMAT, HS_ENOMEM.
int hs_core_apply_timer(struct hs_correlator *correlator, const char *mark,
                        const Hitstream__V1__TimerFired *fired, const struct hs_log_record *record);
int hs_core_apply_companions(struct hs_correlator *correlator, const char *mark,
                             const Hitstream__V1__Companions *companions,
                             const struct hs_log_record *record);
int hs_core_apply_feedback(struct hs_correlator *correlator, const char *mark,
                           const Hitstream__V1__FeedbackGiven *given,
                           const struct hs_log_record *record);
int hs_core_apply_withdrawn(struct hs_correlator *correlator, const char *mark,
                            const Hitstream__V1__EntryWithdrawn *withdrawn,
                            const struct hs_log_record *record);
int hs_core_apply_camera(struct hs_correlator *correlator, const char *mark,
                         const Hitstream__V1__CameraFinding *found,
                         const struct hs_log_record *record);
int hs_core_apply_stored(struct hs_correlator *correlator, const char *mark,
                         const Hitstream__V1__ExclusionStored *stored,
                         const struct hs_log_record *record);
int hs_core_apply_floods(struct hs_correlator *correlator, const char *mark,
                         const Hitstream__V1__ListFloods *floods,
                         const struct hs_log_record *record);
// flood_event.c: what is appended when a flood begins with that hit. HS_ENOMEM.
int hs_core_append_flood(struct hs_correlator *correlator, const Hitstream__V1__Hit *hit,
                         const struct hs_flood *flood);
// Memory ran out in the middle of a change: the object is of no use any more. Returns `rc`.
int hs_core_break(struct hs_correlator *correlator, int rc);
// These decide from now on; takes the reference.
void hs_core_set_controls(struct hs_correlator *correlator, struct hs_controls *controls);

#endif

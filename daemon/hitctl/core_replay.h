// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CORE_REPLAY_H
#define HITCTL_CORE_REPLAY_H
/*
 * The correlator's core over a retained stretch of anpr.hits: what explain and replay share.
 *
 * The core has no state before its stretch: whoever wants it as it was begins hitctl_log_warm_ms()
 * before what is of interest. Threads: one. Ownership: a replay owns its correlator and borrows the
 * book. Bounds: the correlator's own.
 */

#include "correlate/correlator.h"
#include "hitctl/command.h"
#include "hitctl/controls_book.h"
#include "hitstream/v1/event.pb-c.h"
#include "wire/audience.h"

// ---- keys ----

struct hitctl_keys {
    struct hs_id_key id;
    struct hs_token_key token;
};
// The installation's keys: without them ids and reply tokens cannot be made again. HITCTL_OK, or
// the exit code after saying why.
int hitctl_keys_open(const struct hitctl *ctl, struct hitctl_keys *ret_keys);
void hitctl_keys_wipe(struct hitctl_keys *keys);

// ---- the log ----

// One event of the log, as read. Borrowed for the call.
struct hitctl_log_event {
    int32_t partition;
    int64_t offset;
    int64_t append_time_ms;
    struct hs_str key;
    struct hs_str value;
    struct hs_str traceparent; // may be empty
};
// False ends the reading of this partition.
typedef bool hitctl_log_fn(void *ctx, const struct hitctl_log_event *event);
// Reads one partition of anpr.hits from a time on, to its end as of now. An hs_error; HS_ECANCELED
// only when interrupted.
int hitctl_log_read(struct hs_kafka_tail *tail, int32_t partition, int64_t from_ms,
                    hitctl_log_fn *fn, void *ctx);
// So much log before a moment decides what is told at it.
int64_t hitctl_log_warm_ms(const struct hs_controls *controls);

// The audience that an event is about. HS_ENOTFOUND: one of the whole partition.
int hitctl_event_audience(const Hitstream__V1__VehicleEvent *event,
                          struct hs_audience *ret_audience);
// "hit", "timer fired", ...
const char *hitctl_event_name(const Hitstream__V1__VehicleEvent *event);

// ---- the core ----

struct hitctl_replay;

struct hitctl_replay_config {
    struct hitctl_keys keys;
    struct controls_book *book; // borrowed
    struct hs_str rules;        // decide in place of the controls' own; ptr NULL: their own
    // Timers fire when the log's time reaches them; those that the log has are passed over. Else
    // they fire as the log says.
    bool own_timers;
    void (*alert)(void *ctx, const struct hs_alert *alert);
    void *ctx;
};

int hitctl_replay_new(const struct hitctl_replay_config *config, struct hitctl_replay **ret_replay);
void hitctl_replay_free(struct hitctl_replay *replay);
// These controls were in force when the stretch began; before any event. HS_ENOTFOUND: they do not
// stand in the book.
int hitctl_replay_begin(struct hitctl_replay *replay, const char *controls_hash, int64_t at_ms);
// 0, also for an event that is no use to anybody; HS_ENOTFOUND: it names controls that do not stand
// in the book; HS_ENOMEM.
int hitctl_replay_apply(struct hitctl_replay *replay, const struct hitctl_log_event *event,
                        const Hitstream__V1__VehicleEvent *unpacked);
// An event of another vehicle, of which no more is wanted than what it means for floods. HS_ENOMEM.
int hitctl_replay_count(struct hitctl_replay *replay, const struct hitctl_log_event *event);
// With own timers: fires what is due by then.
int hitctl_replay_until(struct hitctl_replay *replay, int64_t at_ms);

#endif

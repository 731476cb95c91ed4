// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_HIT_EVENT_H
#define HITSTREAMD_HIT_EVENT_H
/*
 * A hit as the log holds it: everything that correlation may use, packed as a VehicleEvent.
 *
 * Runs inside the read section of a batch: no allocation, lock, system call or log; results go into
 * the caller's bytes. Threads: one for each output. What it trusts: entries are packed by us; texts
 * of a read are made valid UTF-8.
 */

#include "cameras/findings.h"
#include "controls/rules.h"
#include "hitstream/v1/event.pb-c.h"
#include "match/matcher.h"
#include "wire/ids.h"

// Bytes for packed events, handed out in order.
struct hs_hit_space {
    char *ptr;       // owned by whoever made it
    size_t capacity; // bytes
    size_t used;     // bytes
};

// What a hit's event is made of besides the hit.
struct hs_hit_context {
    const struct hs_id_key *id_key;
    const struct hs_rules *rules;
    const struct hs_camera_findings
        *health;            // what is known to be wrong with cameras; NULL: nothing
    int64_t as_of_ms;       // when the lists were last known to be current
    int64_t appended_at_ms; // LogAppendTime of the read
    struct hs_str site;     // the message's key: the site of an unknown camera
};

// Where the parts of a packed event lie; all in the space.
struct hs_hit_event {
    struct hs_id hit_id;
    struct hs_str vehicle; // the key
    struct hs_str value;
    size_t hit_len; // bytes at the end of the value: the Hit itself
    Hitstream__V1__AudienceKind audience_kind;
    struct hs_str list_id; // the entry's; an open audience is not named by it
    int64_t captured_at_ms;
    bool camera_unknown;
};

// HS_ELIMIT: the space is full, nothing was taken; try again with an empty or larger one.
int hs_hit_event_pack(const struct hs_hit_context *context, const struct hs_hit *hit,
                      const struct hs_read_view *read, struct hs_hit_space *space,
                      struct hs_hit_event *ret_event);

// LIVE, RECENT, STALE or FUTURE (the contract's numbers) by the time the log of reads took it.
int hs_hit_lateness(const struct hs_rules *rules, int64_t captured_at_ms, int64_t appended_at_ms);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_OFFLINE_H
#define HS_TEST_OFFLINE_H
/*
 * The correlator without Kafka: a log in memory goes in, alerts come out; states stand in a map as
 * a compacted topic keeps them, so that a run can be restarted anywhere.
 *
 * Tests take the expected alerts of a real log from it. Threads: one. Ownership: it owns what it
 * keeps. What goes wrong inside ends the program with a message: it is a test's tool.
 */

#include "correlate/correlator.h"

// One alert as it was told.
struct hs_offline_alert {
    struct hs_id id;
    struct hs_id incident;
    char *queue;           // "unrouted" without a route
    struct hs_str payload; // packed Alert, owned
    struct hs_str headers; // "name: value\n" each, owned
    uint64_t offset;       // of the event that caused it
    bool covert;
};

struct hs_offline_event {
    uint64_t offset;
    int64_t append_time_ms;
    struct hs_str value; // owned
};

struct hs_offline {
    struct hs_correlator *correlator;
    struct hs_id_key id_key;
    struct hs_token_key token_key;
    struct hs_controls **controls; // known, owned references
    size_t controls_count;
    struct hs_offline_alert *alerts; // in order of telling
    size_t alert_count;
    size_t alert_capacity;
    struct hs_offline_event *appended; // own events, not yet part of any log
    size_t appended_count;
    size_t appended_capacity;
    struct hs_buf observed;     // packed CameraObservations, one behind the other, each once
    struct hs_id *observed_ids; // in order of telling
    size_t observed_count;
    size_t observed_capacity;
    struct hs_offline_state *states; // the compacted topic
    size_t state_count;
    size_t state_capacity;
    uint64_t epoch;
    uint64_t offset;     // of the event being applied
    size_t vehicles_max; // of the next correlator that is made; 0: as ever
};

// With fixed keys for tests; hs_offline_keys() gives others.
struct hs_offline *hs_offline_new(void);
void hs_offline_free(struct hs_offline *offline);
void hs_offline_keys(struct hs_offline *offline, const struct hs_id_key *id_key,
                     const struct hs_token_key *token_key);
// These controls are known from now on; takes the reference.
void hs_offline_know(struct hs_offline *offline, struct hs_controls *controls);

// Applies one event; returns what the correlator does.
int hs_offline_apply(struct hs_offline *offline, uint64_t offset, int64_t append_time_ms,
                     struct hs_str value, struct hs_str traceparent);
// Writes a checkpoint to the states; with `records` < SIZE_MAX only so many of its records, as if
// killed then.
void hs_offline_checkpoint(struct hs_offline *offline, size_t records);
// The state of a key as it was written last; empty: none.
struct hs_str hs_offline_state(const struct hs_offline *offline, const char *key);
// Throws the correlator away and restores one from the states; returns where to read on.
uint64_t hs_offline_restart(struct hs_offline *offline);
// Whether the correlator, restored just now, would write every state as it stands.
bool hs_offline_states_hold(struct hs_offline *offline);
// Forgets the alerts from `count` on.
void hs_offline_forget(struct hs_offline *offline, size_t count);
// The first alert with this id, or NULL.
const struct hs_offline_alert *hs_offline_find(const struct hs_offline *offline,
                                               const struct hs_id *id);
// Equal in id, queue, payload and headers.
bool hs_offline_same(const struct hs_offline_alert *a, const struct hs_offline_alert *b);

#endif

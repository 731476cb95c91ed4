// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_EXPLAIN_TEXT_H
#define HITCTL_EXPLAIN_TEXT_H
/*
 * What led to an alert, as a person or a program reads it.
 *
 * Threads: one. Ownership: an explanation borrows the alert and the controls. Bounds: the newest
 * EXPLAIN_EVENTS_MAX events are kept, older ones counted.
 */

#include "hitctl/core_replay.h"
#include "hitctl/explain_find.h"

enum { EXPLAIN_EVENTS_MAX = 256, EXPLAIN_TEXT_BYTES = 96 };

// One event of the vehicle since its incident began.
struct explain_event {
    int64_t offset;
    int64_t append_time_ms;
    const char *what; // "hit"
    int64_t captured_at_ms;
    char read_id[EXPLAIN_TEXT_BYTES]; // of a hit, like what follows; cut
    char read_vrm[16];
    char site_id[EXPLAIN_TEXT_BYTES];
    char list_id[EXPLAIN_TEXT_BYTES];
    uint64_t generation, sequence; // of the list
    Hitstream__V1__MatchTier tier;
};

// Zero-initialised is empty and valid.
struct explanation {
    const struct alert_found *found;
    const struct hs_controls *controls;
    int32_t partition; // of anpr.hits
    int64_t first_offset, last_offset, first_at_ms;
    uint64_t read;   // events of the log
    uint64_t events; // of these, the vehicle's since its incident began
    struct explain_event *rows;
    bool came;   // the core comes to the alert
    bool agrees; // byte for byte
    struct hs_buf difference;
};

void explanation_fini(struct explanation *explanation);
// Keeps the event if it is not older than the incident.
void explain_note_event(struct explanation *explanation, const struct hitctl_log_event *event,
                        const Hitstream__V1__VehicleEvent *unpacked, int64_t opened_at_ms);
// The first field that differs, with both values; nothing when none does.
void explain_difference(const Hitstream__V1__Alert *told, const Hitstream__V1__Alert *again,
                        struct hs_buf *out);
void explain_print(struct explanation *explanation, bool json);

#endif

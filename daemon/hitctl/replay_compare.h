// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_REPLAY_COMPARE_H
#define HITCTL_REPLAY_COMPARE_H
/*
 * What two runs of the core tell of the same events: counts by queue and kind, and the alerts that
 * come, go or differ. Alerts are the same when the same cause is told to the same queue by the same
 * rule, whatever their incident.
 *
 * Threads: one. Ownership: it owns what it keeps. Bounds: alerts of one event at a time; rows shown
 * at most `rows_max`, the rest is counted; REPLAY_QUEUES_MAX queues, others are counted together.
 */

#include "correlate/correlator.h"
#include "hitstream/v1/alert.pb-c.h"

enum { REPLAY_QUEUES_MAX = 1025, REPLAY_KINDS = 32, REPLAY_TEXT_BYTES = 96 };

enum replay_side { REPLAY_NOW, REPLAY_OTHER, REPLAY_SIDES };

// One alert, as far as it matters here.
struct replay_told {
    char queue[REPLAY_TEXT_BYTES];
    char vehicle[REPLAY_TEXT_BYTES];
    char site[REPLAY_TEXT_BYTES];
    char rule[REPLAY_TEXT_BYTES];
    struct hs_id cause;
    Hitstream__V1__AlertKind kind;
    Hitstream__V1__Priority priority;
    Hitstream__V1__Handling handling;
    int64_t captured_at_ms;
    bool paired;
};

// '+' comes, '-' goes, '~' differs.
struct replay_row {
    char sign;
    struct replay_told now;   // of '-' and '~'
    struct replay_told other; // of '+' and '~'
};

struct replay_list {
    struct replay_told *rows;
    size_t count, capacity;
};

// Zero-initialised but for rows_max is empty and valid.
struct replay_comparison {
    size_t rows_max;
    struct replay_list at_hand[REPLAY_SIDES]; // of the event being applied
    struct replay_queue {
        char name[REPLAY_TEXT_BYTES];
        uint64_t alerts[REPLAY_SIDES][REPLAY_KINDS];
    } * queues;
    size_t queue_count;
    struct replay_row *rows;
    size_t row_count;
    uint64_t come, go, differ;
    uint64_t alerts[REPLAY_SIDES];
    int status; // HS_ENOMEM once memory ran out
};

// One side tells this of the event at hand.
void replay_note(struct replay_comparison *comparison, enum replay_side side,
                 const Hitstream__V1__Alert *alert);
// The event at hand is over: its alerts are counted and compared, or (warming up) forgotten.
void replay_settle(struct replay_comparison *comparison, bool counts);
void replay_comparison_fini(struct replay_comparison *comparison);

void replay_print_text(const struct replay_comparison *comparison, struct hs_buf *out);
// The members "queues", "come", "go", "differ", "rows" of an object, without braces.
void replay_print_json(const struct replay_comparison *comparison, struct hs_buf *out);

#endif

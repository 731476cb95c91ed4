// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_MEANING_H
#define HS_CORRELATE_RULES_MEANING_H
/*
 * What is new for one queue about an incident, since it was last told.
 *
 * A repeat is the same entry at a site that the queue was told of within the repeat window, by event
 * time; a weaker entry that the queue knows is a repeat of a stronger one there too. Beside a new
 * place it is news that the vehicle turned round on its road, came into another area or force, that
 * another entry was hit, or that priority or safeguarding rose. What happened before that of which
 * the queue was last told brings places and entries, not changes.
 *
 * A desk that stood down or wants silence is told only of another entry and of what rose.
 *
 * Threads: any. Pure.
 */

#include "correlate/desks.h"
#include "hitstream/v1/alert.pb-c.h"

// What happened, seen from one queue.
struct hs_news {
    int64_t repeat_window_ms; // that holds for the queue
    const struct hs_incident *incident;
    const struct hs_told *told;      // what the queue was told; NULL: nothing yet
    const struct hs_view *view;      // what it may know
    const struct hs_interned *place; // where it was
    uint8_t number;                  // of the entry that was hit
    int64_t at_ms;                   // event time
};

struct hs_changes {
    Hitstream__V1__Change rows[8];
    size_t count;
    bool speak;           // the queue is to be told
    int64_t told_here_ms; // when it was last told of this entry here; INT64_MAX: never
};

struct hs_changes hs_meaning_changes(const struct hs_news *news);
// Whether the vehicle turned round between two places of one road.
bool hs_meaning_turned(const Hitstream__V1__Place *from, const Hitstream__V1__Place *to);

#endif

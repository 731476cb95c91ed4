// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_INCIDENT_STATE_H
#define HS_CORRELATE_INCIDENT_STATE_H
/*
 * What is remembered of one incident: its trail, its lists, and what each queue was told.
 *
 * Plain bookkeeping without judgement; rules/ decides. Threads: one at a time. Ownership: an
 * incident owns its arrays and holds references to interned messages. Bounds: trail by the rules'
 * trail_max, the rest below.
 */

#include "correlate/intern.h"
#include "hitstream/v1/state.pb-c.h"
#include "wire/ids.h"

enum {
    HS_INCIDENT_LISTS_MAX = 16, // the oldest falls out
    HS_INCIDENT_TOLD_MAX =
        32, // queues; the one told longest ago is forgotten: it is told too much, not too little
    HS_TOLD_PLACES_MAX = 16, // places a queue; likewise
};

// One place of the trail.
struct hs_trail_point {
    int64_t captured_at_ms;          // first read there
    int64_t last_at_ms;              // last read there before another place
    const struct hs_interned *place; // Place of its first read
    uint32_t reads;                  // hits it stands for
    uint8_t tier;                    // the weakest of them
    uint8_t lateness;                // of its first read
};

// An entry at a place, as a queue was told of it.
struct hs_told_place {
    const struct hs_interned *what; // ToldPlace without its time
    int64_t event_at_ms;            // event time of what was told
};

// What one queue was told.
struct hs_told {
    char *queue;                                     // name, owned
    struct hs_id alert;                              // the last
    int64_t event_at_ms;                             // its event time
    uint32_t alerts;                                 // in this incident
    struct hs_told_place places[HS_TOLD_PLACES_MAX]; // in order of telling
    size_t place_count;
};

struct hs_incident {
    struct hs_id id;
    int64_t opened_at_ms; // event time of its first hit
    int64_t last_at_ms;   // event time of its newest hit
    uint32_t hits;
    struct hs_trail_point *trail; // in order of captured_at_ms
    size_t trail_count;
    size_t trail_capacity;
    uint32_t trail_dropped; // older places that fell out
    struct hs_told *told;   // in order of first telling
    size_t told_count;
    size_t told_capacity;
    Hitstream__V1__Priority priority;                       // as last told
    const struct hs_interned *lists[HS_INCIDENT_LISTS_MAX]; // ListInfo, in order of first hit
    size_t list_count;
};

// NULL: out of memory.
struct hs_incident *hs_incident_new(const struct hs_id *id, int64_t opened_at_ms);
void hs_incident_free(struct hs_incident *incident, struct hs_intern_pool *pool);

// Places one hit in the trail; takes over the reference to `point->place`. *ret_dropped tells
// whether the oldest place fell out. HS_ENOMEM.
int hs_incident_place(struct hs_incident *incident, struct hs_intern_pool *pool,
                      const struct hs_trail_point *point, size_t trail_max, bool *ret_dropped);
// Appends a place as it stood in state; takes over the reference. HS_ENOMEM.
int hs_incident_append_point(struct hs_incident *incident, const struct hs_trail_point *point);
// Notes the list among the incident's; a newer revision takes the older one's place. HS_ENOMEM.
int hs_incident_note_list(struct hs_incident *incident, struct hs_intern_pool *pool,
                          const Hitstream__V1__ListInfo *list);

// What that queue was told, or NULL.
struct hs_told *hs_incident_told(const struct hs_incident *incident, struct hs_str queue);
// The same, made when it is missing. NULL: out of memory.
struct hs_told *hs_incident_told_add(struct hs_incident *incident, struct hs_intern_pool *pool,
                                     struct hs_str queue);
// The telling of this that is nearest to a time; false: never, or forgotten.
bool hs_told_find(const struct hs_told *told, const struct hs_interned *what, int64_t at_ms,
                  int64_t *ret_event_at_ms);
// A telling as it stood in state; takes over the reference.
void hs_told_append(struct hs_told *told, struct hs_intern_pool *pool,
                    const struct hs_interned *what, int64_t event_at_ms);
// Notes that it was told, in place of the last earlier telling of the same; takes over the
// reference.
void hs_told_note(struct hs_told *told, struct hs_intern_pool *pool, const struct hs_interned *what,
                  int64_t event_at_ms);

#endif

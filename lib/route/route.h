// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ROUTE_ROUTE_H
#define HS_ROUTE_ROUTE_H
/*
 * Which queues may be told: dispatch queues and the compiled table of list + handling + area ->
 * queues.
 *
 * No route, no alert: an empty answer means 'dispatch.unrouted' for an open list. A queue is told
 * of an open list's hit when it may receive the list (by name or "*") and the handling, and cares
 * for the place: for its force or its area, or for all places. A hit of an unknown camera goes to
 * default queues of the list's owner that may receive it. A covert list reaches only queues that
 * name it under `covert_lists` and belong to its owner, wherever the read was made. What is stale
 * goes to intelligence queues alone: those that care, and for each live queue that cares the one it
 * names; parsing has checked that this one may receive all that the live one may.
 *
 * The queue 'ops' always stands in the table and is never an answer. Immutable once compiled.
 * Threads: any may read. Ownership: the table owns its queues; answers borrow them. No allocation
 * to decide. Bounds: HS_ROUTE_QUEUES_MAX queues.
 */

#include "base/diag.h"

enum hs_queue_kind {
    HS_QUEUE_LIVE,         // told while it can still be acted upon
    HS_QUEUE_INTELLIGENCE, // told whatever its age
    HS_QUEUE_OPS,          // the administrators' own: system alarms only
};

enum hs_payload_format {
    HS_PAYLOAD_PROTOBUF,
    HS_PAYLOAD_JSON,
};

enum { HS_ROUTE_HANDLING_STOP = 1, HS_ROUTE_HANDLING_MONITOR = 2 }; // bits

enum { HS_ROUTE_QUEUES_MAX = 1024 };

#define HS_ROUTE_OPS_QUEUE "ops"

// One control room's desk. Lists of names are in bytewise order.
struct hs_queue {
    struct hs_str name; // topic is dispatch.<name>
    struct hs_str owner_force;
    enum hs_queue_kind kind;
    enum hs_payload_format format;
    const struct hs_str *lists; // open lists it may receive; one "*" means all
    size_t list_count;
    const struct hs_str *covert_lists; // covert lists it may receive, by name only
    size_t covert_list_count;
    const struct hs_str *forces; // places it cares for: forces' areas; empty: everywhere
    size_t force_count;
    const struct hs_str *areas; // likewise areas
    size_t area_count;
    unsigned handling; // bits of HS_ROUTE_HANDLING_*
    bool is_default;   // its owner's default: hits of an unknown camera go here
    struct hs_str
        intelligence_queue;        // where late alerts of a live queue are diverted; may be empty
    int64_t undelivered_after_ms;  // how long its topic may refuse before alerts go to
                                   // undelivered.<queue>
    int64_t acknowledge_within_ms; // a told alert is to be answered within this; 0: nobody waits
    const struct hs_str
        *escalate_to; // queues that are told in turn when nobody answers: the chain,
                      // in order; each may receive all that this one may
    size_t escalate_count;
    int64_t test_interval_ms; // how often a test alert shows that the desk is reached; 0: never
};

struct hs_routes;

// Parses queues.yaml; every fault to `diags`. HS_EFORMAT when there was an error.
int hs_routes_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                    struct hs_routes **ret_routes);
void hs_routes_free(struct hs_routes *routes);
size_t hs_routes_queue_count(const struct hs_routes *routes);
const struct hs_queue *hs_routes_queue(const struct hs_routes *routes,
                                       size_t index); // in order of name
const struct hs_queue *hs_routes_find(const struct hs_routes *routes, struct hs_str queue);

// What is to be routed. Borrowed texts.
struct hs_route_query {
    struct hs_str list_id;
    struct hs_str list_owner; // force
    bool covert;
    unsigned handling;   // one bit
    struct hs_str force; // of the read's place; empty when the camera is unknown
    struct hs_str area;
    bool camera_unknown; // only the list owner's default queue
    bool stale;          // intelligence queues only
};

// Fills at most `max` queues in order of name, returns how many there are in all.
size_t hs_route_decide(const struct hs_routes *routes, const struct hs_route_query *query,
                       const struct hs_queue **ret_queues, size_t max);

// Faults for forces and areas that no camera stands in, with the nearest known; both lists end with
// NULL.
void hs_routes_check_places(const struct hs_routes *routes, const char *const *known_forces,
                            const char *const *known_areas, struct hs_diags *diags);

// The canonical text of what concerns one audience ("open", "covert:<list>"): equal texts decide
// alike for it.
void hs_routes_canonical(const struct hs_routes *routes, struct hs_str audience,
                         struct hs_buf *out);

#endif

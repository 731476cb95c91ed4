// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ROUTE_ROUTE_H
#define HS_ROUTE_ROUTE_H
/*
 * Which queues may be told: dispatch queues, operations, and the compiled table of list + handling
 * + place + event time -> queues.
 *
 * No route, no alert: an empty answer means 'dispatch.unrouted' for an open list. A queue is told
 * of an open list's hit when it may receive the list (by name or "*") and the handling, and cares
 * for the place: for its force or its area, or for all places. A hit of an unknown camera goes to
 * default queues of the list's owner that may receive it. A covert list reaches only queues that
 * name it under `covert_lists` and belong to its owner, wherever the read was made. What is stale
 * goes to intelligence queues alone: those that care, and for each live queue that cares the one it
 * names; parsing has checked that this one may receive all that the live one may.
 *
 * A safeguarding entry of an open list is told to queues that take its level, too, whatever their
 * lists: those that care for the place, and of an unknown camera those of the list's owner or that
 * care for all places.
 *
 * An operation adds routes while it runs, by the event time of the read: from its beginning up to
 * but not at its end. Its open lists are told to its queues of reads in the areas of the forces
 * that take part (and, where it names roads, sites or areas, of reads there), as far as the queue
 * takes the handling and cares for the place. Its covert lists are told to those of its covert
 * queues that belong to the list's owner. A queue is told once, by however many operations.
 *
 * The queue 'ops' always stands in the table and is never an answer. Immutable once compiled.
 * Threads: any may read. Ownership: the table owns its queues; answers borrow them. No allocation
 * to decide. Bounds: HS_ROUTE_QUEUES_MAX queues, HS_ROUTE_OPERATIONS_MAX operations.
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

enum { HS_ROUTE_QUEUES_MAX = 1024, HS_ROUTE_OPERATIONS_MAX = 256 };
// A queue's 'feedback_per_minute' when its controls do not say.
enum { HS_FEEDBACK_PER_MINUTE = 6000, HS_FEEDBACK_PARTNER_PER_MINUTE = 60 };

#define HS_ROUTE_OPS_QUEUE "ops"

// Bits of struct hs_queue.safeguarding, in order of the contract's Safeguarding from 1 on.
enum {
    HS_ROUTE_VULNERABLE_ADULT = 1,
    HS_ROUTE_MISSING = 2,
    HS_ROUTE_EXPLOITED_CHILD = 4,
    HS_ROUTE_SAFEGUARDING_LEVELS = 3,
};

// Bits of struct hs_queue.disclose: what a reduced alert may say.
enum {
    HS_DISCLOSE_VEHICLE = 1 << 0,
    HS_DISCLOSE_HANDLING = 1 << 1,
    HS_DISCLOSE_PRIORITY = 1 << 2,
    HS_DISCLOSE_WARNING_MARKERS = 1 << 3,
    HS_DISCLOSE_SAFEGUARDING = 1 << 4,
    HS_DISCLOSE_PLACE = 1 << 5,
    HS_DISCLOSE_TIMES = 1 << 6,
    HS_DISCLOSE_TRAIL = 1 << 7,
    HS_DISCLOSE_LIST = 1 << 8,
    HS_DISCLOSE_TIER = 1 << 9,
    HS_DISCLOSE_OPERATIONS = 1 << 10,
    HS_DISCLOSE_GROUP = 1 << 11,
    HS_DISCLOSE_ANSWERED = 1 << 12,
};

// How exactly a reduced alert says where.
enum hs_disclose_place {
    HS_DISCLOSE_AREA,  // force and area
    HS_DISCLOSE_FORCE, // the force alone
};

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
    int64_t test_interval_ms;    // how often a test alert shows that the desk is reached; 0: never
    int64_t feedback_per_minute; // messages that are taken of a partition of feedback.<name>
    unsigned safeguarding; // levels whose hits of any open list it is told, beside its lists; bits
    bool partner;          // outside the police
    bool reduced;          // its alerts say only what follows; always so of a partner's
    unsigned disclose;     // bits of HS_DISCLOSE_*
    enum hs_disclose_place disclose_place;
    bool disclose_quarter_hours; // times are those of the quarter of an hour
    int64_t disclose_least; // reports tell no count between 0 and this one; 0: not said, see report
};

// A time-bounded joint action. Lists of names are in bytewise order.
struct hs_operation {
    struct hs_str id;
    struct hs_str name; // the id when none is given
    struct hs_str authority;
    struct hs_str lead_force;
    const struct hs_str *forces; // that take part, beside the lead
    size_t force_count;
    int64_t from_ms;            // event time, included
    int64_t to_ms;              // excluded; INT64_MAX: open-ended
    const struct hs_str *lists; // open lists
    size_t list_count;
    const struct hs_str *queues; // told of them
    size_t queue_count;
    const struct hs_str *covert_lists;
    size_t covert_list_count;
    const struct hs_str *covert_queues; // told of them, each of its owner's lists
    size_t covert_queue_count;
    const struct hs_str *roads; // where; roads, sites and areas all empty: wherever its forces are
    size_t road_count;
    const struct hs_str *sites;
    size_t site_count;
    const struct hs_str *areas;
    size_t area_count;
    unsigned priority_floor;       // 1 low to 4 immediate, as the contract's Priority; 0: none
    int64_t repeat_window_ms;      // instead of the rule's, for its queues; -1: as the rule says
    int64_t acknowledge_within_ms; // instead of the queue's; 0: as the queue says
};

struct hs_routes;

// A source file; `name` is for messages.
struct hs_routes_file {
    struct hs_str text;
    const char *name;
};

// Names that cameras give to places, in bytewise order; each list ends with NULL.
struct hs_route_places {
    const char *const *forces;
    const char *const *areas;
    const char *const *roads;
    const char *const *sites;
};
// Parses queues.yaml; every fault to `diags`. HS_EFORMAT when there was an error.
int hs_routes_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                    struct hs_routes **ret_routes);
// The same with operations.yaml, and places held to what cameras say; either may be NULL.
int hs_routes_parse_all(const struct hs_routes_file *queues,
                        const struct hs_routes_file *operations,
                        const struct hs_route_places *known, struct hs_diags *diags,
                        struct hs_routes **ret_routes);
void hs_routes_free(struct hs_routes *routes);
size_t hs_routes_queue_count(const struct hs_routes *routes);
const struct hs_queue *hs_routes_queue(const struct hs_routes *routes,
                                       size_t index); // in order of name
const struct hs_queue *hs_routes_find(const struct hs_routes *routes, struct hs_str queue);

// "missing, exploited_child": words of a queue's bits, as queues.yaml has them; of a reduced queue
// also how exact places and times are.
enum hs_queue_bits { HS_QUEUE_SAFEGUARDING, HS_QUEUE_DISCLOSE };
void hs_queue_say_bits(const struct hs_queue *queue, struct hs_buf *out, enum hs_queue_bits which);

size_t hs_routes_operation_count(const struct hs_routes *routes);
const struct hs_operation *hs_routes_operation(const struct hs_routes *routes,
                                               size_t index); // in order of id
const struct hs_operation *hs_routes_find_operation(const struct hs_routes *routes,
                                                    struct hs_str id);
// "low" to "immediate", static; "" of 0.
const char *hs_operation_priority_text(unsigned priority);

// What is to be routed. Borrowed texts.
struct hs_route_query {
    struct hs_str list_id;
    struct hs_str list_owner; // force
    bool covert;
    unsigned handling;   // one bit
    struct hs_str force; // of the read's place; empty when the camera is unknown
    struct hs_str area;
    struct hs_str road;
    struct hs_str site;
    int64_t at_ms;         // event time of the read: operations run by it
    unsigned safeguarding; // the entry's level as one bit; 0: none
    bool camera_unknown;   // only the list owner's default queue
    bool stale;            // intelligence queues only
};

// Fills at most `max` queues in order of name, returns how many there are in all.
size_t hs_route_decide(const struct hs_routes *routes, const struct hs_route_query *query,
                       const struct hs_queue **ret_queues, size_t max);

// Why `queue` (of these routes) is told of it or not, for a person; true when it is told by its own
// permissions and operations, not because another diverts to it.
bool hs_route_explain(const struct hs_routes *routes, const struct hs_route_query *query,
                      const struct hs_queue *queue, struct hs_buf *out);

// Whether this operation (of these routes) runs at the read's time and covers it: its list, the
// force in whose area it was made, and where.
bool hs_route_covers(const struct hs_routes *routes, const struct hs_route_query *query,
                     const struct hs_operation *operation);

// What running operations say to a queue that is told.
struct hs_route_terms {
    const struct hs_operation *operations[HS_ROUTE_OPERATIONS_MAX]; // that tell it, in order of id
    size_t operation_count;
    unsigned priority_floor;       // the highest of theirs; 0: none
    int64_t repeat_window_ms;      // the shortest of theirs; -1: as the rule says
    int64_t acknowledge_within_ms; // likewise; 0: as the queue says
};
// The operations by which `queue` (of these routes) is told of it: none when it is told anyway.
void hs_route_terms(const struct hs_routes *routes, const struct hs_route_query *query,
                    const struct hs_queue *queue, struct hs_route_terms *ret_terms);

// The canonical text of what concerns one audience ("open", "covert:<list>"): equal texts decide
// alike for it.
void hs_routes_canonical(const struct hs_routes *routes, struct hs_str audience,
                         struct hs_buf *out);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_VIEW_H
#define HS_REPORT_VIEW_H
/*
 * The few fields of events and alerts that reports count, without unpacking them: a report walks a
 * million of them.
 *
 * As with protobuf-c the last value of a field wins, unknown fields are passed over and texts end
 * at their first NUL. Threads: any; pure. Ownership: views borrow from the message. Bounds: no
 * allocation; operations beyond HS_REPORT_VIEW_OPERATIONS of one alert are not seen.
 */

#include "hitstream/v1/alert.pb-c.h"
#include "wire/audience.h"
#include "wire/ids.h"
#include "wire/outcome.h"

enum { HS_REPORT_VIEW_OPERATIONS = 16 };

// Where a read was made.
struct hs_place_view {
    struct hs_str site_id;
    struct hs_str road;
    struct hs_str force;
    struct hs_str area;
    bool camera_unknown;
    bool known; // the message says a place
};

// An entry as matched.
struct hs_entry_view {
    struct hs_str entry_id;
    struct hs_str group_id;
    struct hs_str county_line;
    unsigned handling;     // the contract's Handling
    unsigned safeguarding; // the contract's Safeguarding
    uint32_t harm_score;   // 0 to 1000
};

struct hs_hit_view {
    struct hs_id id;
    struct hs_str vehicle; // canonical mark
    struct hs_audience audience;
    struct hs_str list_id;
    struct hs_str list_owner; // force
    struct hs_entry_view entry;
    struct hs_place_view place;
    int64_t captured_at_ms;  // Unix
    uint32_t flow_vehicles;  // other marks read there within the window before the hit
    uint32_t flow_window_ms; // 0: the flow is not known
    bool test;
};

struct hs_feedback_view {
    struct hs_id id;
    struct hs_str vehicle;
    struct hs_audience audience;
    struct hs_id incident;
    struct hs_str queue; // whose desk
    Hitstream__V1__FeedbackKind kind;
    bool has_outcome;
    uint64_t counts[HS_OUTCOME_COUNTS];
    bool replaces_any; // another outcome
    struct hs_id replaces;
};

struct hs_alert_view {
    struct hs_id id;
    struct hs_id incident;
    Hitstream__V1__AlertKind kind;
    Hitstream__V1__StandDownReason stand_down; // 0: takes nothing back
    Hitstream__V1__Lateness lateness;
    struct hs_str vehicle; // empty where a field policy keeps it back
    struct hs_str list_id; // likewise
    struct hs_str list_owner;
    struct hs_entry_view entry; // of a reduced alert empty
    struct hs_place_view place;
    int64_t captured_at_ms; // 0: kept back
    uint32_t harm_score;    // the worst of the incident's entries
    unsigned safeguarding;  // the most serious of its entries
    unsigned handling;
    bool covert;
    bool test;
    size_t operation_count;
    struct hs_str operations[HS_REPORT_VIEW_OPERATIONS]; // ids
};

enum hs_event_view_kind { HS_VIEW_OTHER, HS_VIEW_HIT, HS_VIEW_FEEDBACK };

// One VehicleEvent of the log.
struct hs_event_view {
    enum hs_event_view_kind kind;
    struct hs_hit_view hit;           // of a hit
    struct hs_feedback_view feedback; // of feedback
};

// HS_EFORMAT: the bytes are no such message, or an id has not its length.
int hs_event_view(struct hs_str packed, struct hs_event_view *ret_view);
int hs_alert_view(struct hs_str packed, struct hs_alert_view *ret_view);

#endif

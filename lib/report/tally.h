// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_TALLY_H
#define HS_REPORT_TALLY_H
/*
 * A report under way. Private to lib/report. Threads: one. Ownership: struct hs_report owns it all.
 */

#include "report/report.h"
#include "report/table.h"

// What was said of an incident, and who was told; bits.
enum {
    HS_MARK_STOPPED = 1 << 0,
    HS_MARK_RESOURCED = 1 << 1,
    HS_MARK_NOT_THIS_VEHICLE = 1 << 2,
    HS_MARK_ACKNOWLEDGED = 1 << 3,
    HS_MARK_NO_RESOURCE = 1 << 4,
    HS_MARK_HANDED_OVER = 1 << 5,
    HS_MARK_WITHDRAWN = 1 << 6,
    HS_MARK_TOLD = 1 << 7, // a desk
    HS_MARK_LIVE = 1 << 8, // a live desk
    HS_MARK_ESCALATED = 1 << 9,
};

struct tally_incident {
    bool belongs;
    int64_t first_at_ms;                     // event time of the first alert that belongs
    uint64_t first_alert;                    // its key: of two at one time the lesser is the first
    uint32_t force, road, list, group, line; // numbers of names
    unsigned marks;
    uint32_t harm_score;
    unsigned safeguarding;
};

// One desk and one incident.
struct tally_told {
    uint64_t incident;      // key
    uint32_t queue;         // number of a name
    uint32_t alerts;        // that belong
    uint32_t unjudged;      // that belong when the incident does
    int64_t told_at_ms;     // broker's time of the first; 0: none
    int64_t answered_at_ms; // likewise of its first answer
};

struct tally_outcome {
    struct hs_id id;
    struct hs_id replaces;
    uint64_t incident; // key
    uint32_t queue;    // number of a name
    bool replaces_any;
    bool impossible;
    bool over; // another took its place, or it is refused
    uint64_t counts[HS_OUTCOME_COUNTS];
};

// Of a queue, by number of its name.
struct tally_queue {
    bool known; // the rest was looked up
    bool live;
    uint32_t force; // owner's
};

struct tally_site {
    uint32_t site, road, force; // numbers of names
    uint64_t traffic;           // vehicles an hour, added over the hits that know
    uint64_t traffic_known;     // how many do
    uint64_t hits, vehicles, passes;
};

// A site and an hour.
struct tally_cell {
    uint32_t site; // number of a row
    int64_t hour;  // since 1970
    uint32_t vehicles;
};

// What stands in `rows` while it is counted.
struct tally_row {
    enum hs_report_by by;
    uint32_t name; // number; of HS_BY_HOUR none
    struct hs_report_row row;
};

struct hs_report {
    struct hs_report_config config;
    struct hs_names names;
    struct hs_key_set hits, alerts, feedback; // seen, by id
    struct hs_key_set pairs;                  // vehicles beside what they were counted for
    struct hs_row_table rows;                 // struct tally_row by kind and name
    struct hs_row_table sites;                // struct tally_site
    struct hs_row_table cells;                // struct tally_cell
    struct hs_row_table incidents;            // struct tally_incident by id
    struct hs_row_table told;                 // struct tally_told
    struct hs_row_table outcomes;             // struct tally_outcome by id, in order of the log
    struct hs_row_table queues;               // struct tally_queue by name
    struct hs_row_table times;                // struct hs_report_times by force
    struct hs_report_times all_times;
    struct hs_report_left_out left_out;
    // after hs_report_finish()
    struct hs_report_row *sorted[HS_REPORT_BYS];
    size_t sorted_count[HS_REPORT_BYS];
    struct hs_report_site *site_rows;
    size_t site_count;
    struct hs_report_meeting *meetings;
    size_t meeting_count;
};

// First bytes of an id: they are a keyed hash already. Never 0.
uint64_t hs_tally_id_key(const struct hs_id *id);
// NULL: no room.
struct hs_report_row *hs_tally_row(struct hs_report *report, enum hs_report_by by, uint32_t name,
                                   int64_t hour_ms);
const struct tally_queue *hs_tally_queue(struct hs_report *report, uint32_t queue);
struct hs_report_times *hs_tally_times(struct hs_report *report, uint32_t force);

// Which messages belong (scope.c).
bool hs_scope_sees(const struct hs_report *report, const struct hs_audience *audience);
bool hs_scope_hit(const struct hs_report *report, const struct hs_hit_view *hit);
enum hs_scope { HS_SCOPE_OUT, HS_SCOPE_IN, HS_SCOPE_UNJUDGED };
enum hs_scope hs_scope_alert(const struct hs_report *report, const struct hs_alert_view *alert);

// The parts (tally_*.c). HS_ENOMEM alone is an error.
void hs_tally_hit(struct hs_report *report, const struct hs_hit_view *hit);
void hs_tally_alert(struct hs_report *report, const char *queue, const struct hs_alert_view *alert,
                    int64_t append_time_ms);
void hs_tally_feedback(struct hs_report *report, const struct hs_feedback_view *feedback,
                       int64_t append_time_ms);
void hs_tally_end_outcomes(struct hs_report *report);
void hs_tally_end_incidents(struct hs_report *report);
int hs_tally_end_places(struct hs_report *report);

#endif

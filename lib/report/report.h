// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_REPORT_H
#define HS_REPORT_REPORT_H
/*
 * What came of an operation, or of a quarter in a district: counted from the streams alone.
 *
 *     new; event of anpr.hits and alert of dispatch.<queue>, in any order of topics and partitions,
 *     each partition in its own order; finish; then the accessors.
 *
 * A pure function of the records, the controls and the configuration: it reads no clock, and the
 * same log gives the same rows in the same order. What comes twice (a hit, an alert, a feedback of
 * one id) counts once.
 *
 * An operation's hits are those that its routes cover (hs_route_covers()) within the time asked
 * for; a district's those of entries whose group is of the district, or of reads in the area of
 * that name. An alert belongs by the same rule. An incident belongs when one of its alerts does;
 * what a desk with a field policy was told of it, which does not say enough to judge, belongs with
 * it. Answers and outcomes belong with their incident, whenever they were given. Trial lists and
 * tests are left out.
 *
 * Threads: one. Ownership: the report copies what it keeps; the controls are borrowed; rows and
 * texts it returns live as long as it. Bounds: the limits below, some 300 MB at worst; what finds no
 * room is counted in struct hs_report_left_out and said by whoever prints. After HS_ENOMEM the
 * report is of no use.
 */

#include "controls/controls.h"
#include "report/spread.h"
#include "report/view.h"

enum {
    HS_REPORT_HITS_MAX = 4 << 20,   // that are known by id
    HS_REPORT_PAIRS_MAX = 8 << 20,  // a vehicle in an hour, on a road, at a site ...
    HS_REPORT_ALERTS_MAX = 4 << 20, // that are known by id
    HS_REPORT_INCIDENTS_MAX = 1 << 19,
    HS_REPORT_TOLD_MAX = 1 << 21, // a desk and an incident
    HS_REPORT_OUTCOMES_MAX = 1 << 17,
    HS_REPORT_NAMES_MAX = 1 << 18,
    HS_REPORT_ROWS_MAX = 1 << 16,  // hours, roads, forces, lists, groups, lines
    HS_REPORT_CELLS_MAX = 1 << 20, // a site and an hour
    HS_REPORT_FORCES_MAX = 256,    // with times of their own
};

// Officers were to know within so long.
#define HS_REPORT_KNOW_WITHIN_MS INT64_C(4000)

struct hs_report_config {
    const struct hs_controls *controls;   // groups, operations, who owns which queue
    const struct hs_operation *operation; // of these controls; NULL: a district
    struct hs_str district;
    int64_t from_ms; // event time, included
    int64_t to_ms;   // excluded
    // Whether an audience may be counted; NULL: the open one alone.
    bool (*sees)(void *ctx, const struct hs_audience *audience);
    void *ctx;
};

struct hs_report;

int hs_report_new(const struct hs_report_config *config, struct hs_report **ret_report);
void hs_report_free(struct hs_report *report);

// A record of a topic.
struct hs_report_record {
    int64_t append_time_ms; // LogAppendTime
    struct hs_str value;    // packed VehicleEvent or Alert
};
// HS_EFORMAT: not a usable message, passed over and counted.
int hs_report_event(struct hs_report *report, const struct hs_report_record *record);
// `queue` NULL: of dispatch.unrouted.
int hs_report_alert(struct hs_report *report, const char *queue,
                    const struct hs_report_record *record);
// All was read. HS_ENOMEM.
int hs_report_finish(struct hs_report *report);

// ------------------------------------------------------------------ what came of it

// How an incident stands: the strongest of what desks said of it; from HS_STATE_NO_RESOURCE on
// nobody attended to it, and this is why.
enum hs_report_state {
    HS_STATE_STOPPED,          // the vehicle was stopped
    HS_STATE_RESOURCED,        // a unit was sent
    HS_STATE_NOT_THIS_VEHICLE, // it was another vehicle
    HS_STATE_ACKNOWLEDGED,     // somebody dealt with it
    HS_STATE_NO_RESOURCE,      // a desk had nobody to send
    HS_STATE_HANDED_OVER,      // to a desk that did not answer
    HS_STATE_WITHDRAWN,        // taken back before anybody answered
    HS_STATE_NO_ROUTE,         // no desk may know of it
    HS_STATE_INTELLIGENCE,     // it came late, or only desks were told that nobody waits for
    HS_STATE_ESCALATED,        // went up the chain, and nobody answered
    HS_STATE_NO_ANSWER,        // a live desk was told, and nobody answered
    HS_REPORT_STATES,
};
enum { HS_STATES_ATTENDED = HS_STATE_NO_RESOURCE };
// "no_resource", static.
const char *hs_report_state_name(enum hs_report_state state);

enum { HS_SAFEGUARDING_LEVELS = 4 }; // with none

// What is counted of one road, force, list ... Hits, vehicles and incidents belong to the force in
// whose area the read was made (an incident's first that belongs); alerts, answers and outcomes to
// the force that owns the desk.
struct hs_report_row {
    struct hs_str name; // road, force, list, group, line; empty: not known, or none
    int64_t hour_ms;    // of an hour: when it begins, Unix
    uint64_t hits;
    uint64_t vehicles;                             // different ones
    uint64_t incidents;                            // the first alert that belongs was made here
    uint64_t states[HS_REPORT_STATES];             // of these incidents
    uint64_t safeguarding[HS_SAFEGUARDING_LEVELS]; // of these incidents, by the contract's level
    uint64_t safeguarding_unattended;              // of those with a level
    uint64_t harm;                                 // scores of these incidents, added
    uint64_t harm_unattended;                      // of those that nobody attended to
    uint32_t harm_worst;                           // 0 to 1000
    uint64_t alerts;                               // told to desks
    uint64_t told;                                 // desk and incident
    uint64_t answered;                             // of those
    uint64_t outcomes[HS_OUTCOME_COUNTS];          // without what was replaced
};

uint64_t hs_report_unattended(const struct hs_report_row *row);

enum hs_report_by {
    HS_BY_ALL, // one row
    HS_BY_HOUR,
    HS_BY_ROAD,
    HS_BY_FORCE,
    HS_BY_LIST,
    HS_BY_GROUP, // of those with a group
    HS_BY_LINE,  // of those with a county line
    HS_REPORT_BYS,
};
// In order of time or of name.
const struct hs_report_row *hs_report_rows(const struct hs_report *report, enum hs_report_by by,
                                           size_t *ret_count);
const struct hs_report_row *hs_report_total(const struct hs_report *report);

// A site beside what its traffic would lead one to expect: passes are vehicles by the hour, so that
// one that is read there again and again counts once; all passes are shared out by the traffic that
// was read at each site when hits were made.
struct hs_report_site {
    struct hs_str site_id;
    struct hs_str road;
    struct hs_str force;
    uint64_t hits;
    uint64_t vehicles;
    uint64_t passes;
    uint64_t expected_milli;   // passes, thousandths
    uint32_t traffic_per_hour; // vehicles; 0: not known, then as the mean of the others
};
// Those with most passes beyond what was expected first.
const struct hs_report_site *hs_report_sites(const struct hs_report *report, size_t *ret_count);

// Where and when a unit would have met most listed vehicles: a site and an hour of the day in
// London.
struct hs_report_meeting {
    struct hs_str site_id;
    struct hs_str road;
    struct hs_str force;
    unsigned hour;     // 0 to 23
    uint64_t vehicles; // different ones of each day, added over the days
    uint64_t most;     // of one day
    uint64_t days;     // with any
};
// Most vehicles first.
const struct hs_report_meeting *hs_report_meetings(const struct hs_report *report,
                                                   size_t *ret_count);

// From the read to its alert at a desk (live reads; alerts that a read caused), and from the first
// alert of an incident at a desk to that desk's first answer; by the brokers' times. `force` owns
// the desk; NULL: all.
struct hs_report_times {
    struct hs_spread read_to_alert;
    struct hs_spread alert_to_answer;
};
// NULL: there is none.
const struct hs_report_times *hs_report_times(const struct hs_report *report,
                                              const struct hs_str *force);

struct hs_report_left_out {
    uint64_t malformed;         // records that are no such message
    uint64_t hits_repeated;     // came twice
    uint64_t alerts_repeated;   // likewise
    uint64_t feedback_repeated; // likewise
    uint64_t outcomes_replaced; // by a correction; both stand in the log
    uint64_t
        outcomes_refused; // corrections of another desk's or incident's outcome; impossible counts
    uint64_t beyond_bounds; // found no room: the report is not complete
};
const struct hs_report_left_out *hs_report_left_out(const struct hs_report *report);

#endif

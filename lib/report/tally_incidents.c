// SPDX-License-Identifier: Apache-2.0
//
// What alerts and answers add: incidents, and who was told of them and when.
#include "base/clock.h"
#include "report/tally.h"

typedef Hitstream__V1__AlertKind alert_kind; // long names of the contract, short in this file
typedef Hitstream__V1__FeedbackKind feedback_kind;

static struct tally_told *told_row(struct hs_report *report, uint64_t incident, uint32_t queue)
{
    bool is_new;
    struct tally_told *row = hs_row_table_at(&report->told, hs_key_of(3, incident, queue), &is_new);
    if (row && is_new) {
        row->incident = incident;
        row->queue = queue;
    }
    return row;
}

// The lesser of two times of which 0 is none.
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms == 0 || (b_ms != 0 && b_ms < a_ms) ? b_ms : a_ms;
}

// ------------------------------------------------------------------ alerts

static unsigned marks_of(struct hs_report *report, const struct hs_alert_view *alert,
                         const struct tally_queue *queue)
{
    unsigned marks = 0;
    if (queue) {
        marks |= HS_MARK_TOLD | (queue->live ? HS_MARK_LIVE : 0);
    }
    if (alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED) {
        marks |= HS_MARK_ESCALATED;
    }
    if (alert->stand_down == HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WITHDRAWN ||
        alert->stand_down == HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED) {
        marks |= HS_MARK_WITHDRAWN;
    }
    (void)report;
    return marks;
}

// Where and of what the first alert that belongs was.
static void take_first(struct hs_report *report, const struct hs_alert_view *alert,
                       struct tally_incident *incident)
{
    struct hs_names *names = &report->names;
    uint64_t key = hs_tally_id_key(&alert->id);
    if (incident->belongs &&
        (alert->captured_at_ms > incident->first_at_ms ||
         (alert->captured_at_ms == incident->first_at_ms && key >= incident->first_alert))) {
        return;
    }
    incident->first_at_ms = alert->captured_at_ms;
    incident->first_alert = key;
    incident->force = hs_names_number(names, alert->place.force);
    incident->road = hs_names_number(names, alert->place.road);
    incident->list = hs_names_number(names, alert->list_id);
    incident->group = alert->entry.group_id.len > 0 ? hs_names_number(names, alert->entry.group_id)
                                                    : (uint32_t)HS_NAME_NONE;
    incident->line = alert->entry.county_line.len > 0
                         ? hs_names_number(names, alert->entry.county_line)
                         : (uint32_t)HS_NAME_NONE;
}

static void take_worst(const struct hs_alert_view *alert, struct tally_incident *incident)
{
    uint32_t harm =
        alert->harm_score > alert->entry.harm_score ? alert->harm_score : alert->entry.harm_score;
    unsigned level = alert->safeguarding > alert->entry.safeguarding ? alert->safeguarding
                                                                     : alert->entry.safeguarding;
    incident->harm_score = harm > incident->harm_score ? harm : incident->harm_score;
    level = level < HS_SAFEGUARDING_LEVELS ? level : HS_SAFEGUARDING_LEVELS - 1;
    incident->safeguarding = level > incident->safeguarding ? level : incident->safeguarding;
}

// A read led to it, at once: how long it took says something.
static bool has_a_live_cause(const struct hs_alert_view *alert)
{
    alert_kind kind = alert->kind;
    return alert->lateness == HITSTREAM__V1__LATENESS__LATENESS_LIVE &&
           (kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_OPENED ||
            kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_UPDATED ||
            kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED);
}

static void take_time(struct hs_report *report, const struct hs_alert_view *alert,
                      const struct tally_queue *queue, int64_t append_time_ms)
{
    struct hs_report_times *times = hs_tally_times(report, queue->force);
    int64_t took_ms = append_time_ms - alert->captured_at_ms;
    hs_spread_add(&report->all_times.read_to_alert, took_ms, HS_REPORT_KNOW_WITHIN_MS);
    if (times) {
        hs_spread_add(&times->read_to_alert, took_ms, HS_REPORT_KNOW_WITHIN_MS);
    }
}

static void count_told(struct hs_report *report, uint64_t incident, uint32_t queue,
                       enum hs_scope scope, int64_t append_time_ms)
{
    struct tally_told *told = told_row(report, incident, queue);
    if (told) {
        told->alerts += scope == HS_SCOPE_IN;
        told->unjudged += scope == HS_SCOPE_UNJUDGED;
        told->told_at_ms = earlier(told->told_at_ms, append_time_ms);
    }
}

void hs_tally_alert(struct hs_report *report, const char *queue, const struct hs_alert_view *alert,
                    int64_t append_time_ms)
{
    enum hs_scope scope = hs_scope_alert(report, alert);
    if (scope == HS_SCOPE_OUT) {
        return;
    }
    if (hs_key_set_add(&report->alerts, hs_tally_id_key(&alert->id)) == HS_KEY_KNOWN) {
        report->left_out.alerts_repeated++;
        return;
    }
    uint64_t key = hs_tally_id_key(&alert->incident);
    uint32_t name = queue ? hs_names_number(&report->names, hs_str(queue)) : 0;
    const struct tally_queue *desk = queue ? hs_tally_queue(report, name) : NULL;
    struct tally_incident *incident = hs_row_table_at(&report->incidents, key, NULL);
    if (!incident) {
        return;
    }
    incident->marks |= marks_of(report, alert, desk);
    if (scope == HS_SCOPE_IN) {
        take_first(report, alert, incident);
        take_worst(alert, incident);
        incident->belongs = true;
    }
    if (desk) {
        count_told(report, key, name, scope, append_time_ms);
    }
    if (desk && scope == HS_SCOPE_IN && has_a_live_cause(alert)) {
        take_time(report, alert, desk, append_time_ms);
    }
}

// ------------------------------------------------------------------ answers

static unsigned mark_of_answer(feedback_kind kind)
{
    switch (kind) {
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED:
        return HS_MARK_ACKNOWLEDGED;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_RESOURCED:
        return HS_MARK_RESOURCED;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_STOPPED:
        return HS_MARK_STOPPED;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NO_RESOURCE:
        return HS_MARK_NO_RESOURCE;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE:
        return HS_MARK_NOT_THIS_VEHICLE;
    case HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER:
        return HS_MARK_HANDED_OVER;
    default:
        return 0; // an outcome, a note, silence: no answer to 'who goes?'
    }
}

static void take_outcome(struct hs_report *report, const struct hs_feedback_view *feedback,
                         uint64_t incident, uint32_t queue)
{
    struct tally_outcome *row =
        hs_row_table_at(&report->outcomes, hs_tally_id_key(&feedback->id), NULL);
    if (row) {
        row->id = feedback->id;
        row->replaces = feedback->replaces;
        row->replaces_any = feedback->replaces_any;
        row->incident = incident;
        row->queue = queue;
        row->impossible = hs_outcome_impossible(feedback->counts) != HS_OUTCOME_COUNTS;
        memcpy(row->counts, feedback->counts, sizeof(row->counts));
    }
}

void hs_tally_feedback(struct hs_report *report, const struct hs_feedback_view *feedback,
                       int64_t append_time_ms)
{
    if (!hs_scope_sees(report, &feedback->audience)) {
        return;
    }
    uint64_t incident = hs_tally_id_key(&feedback->incident);
    // what one incident was told about is told of another under the same id by mistake alone
    if (hs_key_set_add(&report->feedback, hs_key_of(4, hs_tally_id_key(&feedback->id), incident)) ==
        HS_KEY_KNOWN) {
        report->left_out.feedback_repeated++;
        return;
    }
    uint32_t queue = hs_names_number(&report->names, feedback->queue);
    unsigned mark = mark_of_answer(feedback->kind);
    if (feedback->has_outcome) {
        take_outcome(report, feedback, incident, queue);
    }
    struct tally_incident *row = mark ? hs_row_table_at(&report->incidents, incident, NULL) : NULL;
    struct tally_told *told = row ? told_row(report, incident, queue) : NULL;
    if (row) {
        row->marks |= mark;
    }
    if (told) {
        told->answered_at_ms = earlier(told->answered_at_ms, append_time_ms);
    }
}

// ------------------------------------------------------------------ the end

static enum hs_report_state state_of(const struct tally_incident *incident)
{
    static const struct {
        unsigned mark;
        enum hs_report_state state;
    } rows[] = {
        {HS_MARK_STOPPED, HS_STATE_STOPPED},
        {HS_MARK_RESOURCED, HS_STATE_RESOURCED},
        {HS_MARK_NOT_THIS_VEHICLE, HS_STATE_NOT_THIS_VEHICLE},
        {HS_MARK_ACKNOWLEDGED, HS_STATE_ACKNOWLEDGED},
        {HS_MARK_NO_RESOURCE, HS_STATE_NO_RESOURCE},
        {HS_MARK_HANDED_OVER, HS_STATE_HANDED_OVER},
        {HS_MARK_WITHDRAWN, HS_STATE_WITHDRAWN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (incident->marks & rows[i].mark) {
            return rows[i].state;
        }
    }
    return !(incident->marks & HS_MARK_TOLD)     ? HS_STATE_NO_ROUTE
           : !(incident->marks & HS_MARK_LIVE)   ? HS_STATE_INTELLIGENCE
           : incident->marks & HS_MARK_ESCALATED ? HS_STATE_ESCALATED
                                                 : HS_STATE_NO_ANSWER;
}

static void count_incident(struct hs_report *report, const struct tally_incident *incident,
                           enum hs_report_by by, uint32_t name, int64_t hour_ms)
{
    struct hs_report_row *row = hs_tally_row(report, by, name, hour_ms);
    enum hs_report_state state = state_of(incident);
    bool unattended = state >= (enum hs_report_state)HS_STATES_ATTENDED;
    if (!row) {
        return;
    }
    row->incidents++;
    row->states[state]++;
    row->safeguarding[incident->safeguarding]++;
    row->safeguarding_unattended += unattended && incident->safeguarding > 0;
    row->harm += incident->harm_score;
    row->harm_unattended += unattended ? incident->harm_score : 0;
    row->harm_worst =
        incident->harm_score > row->harm_worst ? incident->harm_score : row->harm_worst;
}

static void end_incident(struct hs_report *report, const struct tally_incident *incident)
{
    count_incident(report, incident, HS_BY_ALL, HS_NAME_NONE, 0);
    count_incident(report, incident, HS_BY_HOUR, HS_NAME_NONE,
                   incident->first_at_ms - incident->first_at_ms % HS_MS_PER_HOUR);
    count_incident(report, incident, HS_BY_ROAD, incident->road, 0);
    count_incident(report, incident, HS_BY_FORCE, incident->force, 0);
    count_incident(report, incident, HS_BY_LIST, incident->list, 0);
    if (incident->group != HS_NAME_NONE) {
        count_incident(report, incident, HS_BY_GROUP, incident->group, 0);
    }
    if (incident->line != HS_NAME_NONE) {
        count_incident(report, incident, HS_BY_LINE, incident->line, 0);
    }
}

static void count_desk(struct hs_report_row *row, const struct tally_told *told)
{
    if (row) {
        row->alerts += told->alerts + told->unjudged;
        row->told += told->told_at_ms != 0;
        row->answered += told->told_at_ms != 0 && told->answered_at_ms != 0;
    }
}

static void end_told(struct hs_report *report, const struct tally_told *told)
{
    const struct tally_incident *incident = hs_row_table_find(&report->incidents, told->incident);
    if (!incident || !incident->belongs || told->told_at_ms == 0) {
        return;
    }
    const struct tally_queue *queue = hs_tally_queue(report, told->queue);
    count_desk(hs_tally_row(report, HS_BY_ALL, HS_NAME_NONE, 0), told);
    count_desk(hs_tally_row(report, HS_BY_FORCE, queue->force, 0), told);
    if (told->answered_at_ms >= told->told_at_ms) {
        struct hs_report_times *times = hs_tally_times(report, queue->force);
        int64_t took_ms = told->answered_at_ms - told->told_at_ms;
        hs_spread_add(&report->all_times.alert_to_answer, took_ms, INT64_MAX);
        if (times) {
            hs_spread_add(&times->alert_to_answer, took_ms, INT64_MAX);
        }
    }
}

void hs_tally_end_incidents(struct hs_report *report)
{
    const struct tally_incident *incidents = report->incidents.rows;
    const struct tally_told *told = report->told.rows;
    for (size_t i = 0; i < report->incidents.count; i++) {
        if (incidents[i].belongs) {
            end_incident(report, &incidents[i]);
        }
    }
    for (size_t i = 0; i < report->told.count; i++) {
        end_told(report, &told[i]);
    }
}

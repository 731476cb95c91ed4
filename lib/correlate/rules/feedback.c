// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/feedback.h"

#include "base/error.h"
#include "correlate/rules/escalation.h"
#include "correlate/rules/incident.h"
#include "correlate/rules/standdown.h"

typedef Hitstream__V1__Feedback pb_feedback; // long name of the contract, short in this file

// One feedback on its way.
struct answer {
    struct hs_rule_scope *scope;
    struct hs_vehicle *vehicle;
    struct hs_incident *incident;
    const pb_feedback *said;
    struct hs_str queue;   // whose desk
    struct hs_told *told;  // what that desk was told; NULL: forgotten
    struct hs_given given; // what is recorded; its texts are the event's
    int64_t at_ms;         // when it was said, never after the event
    int64_t until_ms;      // as decided; 0: none
};

typedef int decide_fn(struct answer *answer);

static int refuse(struct answer *answer)
{
    answer->given.result = HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_REFUSED;
    return 0;
}

static bool is_by(const struct hs_given *given, struct hs_str queue)
{
    return given->kind != 0 && hs_str_is(queue, given->queue);
}

// Until when it holds; 0: its end is past. `usual_ms` for one that names no end.
static int64_t end_of(const struct answer *answer, int64_t usual_ms, int64_t most_ms)
{
    int64_t now_ms = answer->scope->now_ms;
    int64_t until_ms = answer->said->until_ms;
    if (until_ms <= 0) {
        return now_ms + usual_ms;
    }
    if (until_ms <= now_ms) {
        return 0;
    }
    return until_ms - now_ms > most_ms ? now_ms + most_ms : until_ms;
}

static void forget_acknowledgement(struct answer *answer)
{
    hs_given_fini(&answer->incident->acknowledged);
    hs_vehicle_drop_timer(answer->vehicle, HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ACKNOWLEDGEMENT,
                          &answer->incident->id);
}

static struct hs_taking_back take_back(const struct answer *answer,
                                       Hitstream__V1__StandDownReason reason)
{
    return (struct hs_taking_back){
        .reason = reason,
        .cause = answer->given.feedback,
        .at_ms = answer->at_ms,
        .but_for = answer->given.queue,
    };
}

// ---------------------------------------------------------------- each kind

static int acknowledged(struct answer *answer)
{
    const struct hs_rules *rules = answer->scope->rules;
    struct hs_incident *incident = answer->incident;
    int64_t until_ms = end_of(answer, rules->acknowledged_ms, rules->answer_max_ms);
    if (until_ms == 0) {
        return refuse(answer);
    }
    answer->given.until_ms = until_ms;
    if (answer->told) {
        answer->told->no_resource = false;
    }
    hs_escalation_stop(answer->vehicle, incident);
    bool own = is_by(&incident->acknowledged, answer->queue);
    if (incident->acknowledged.kind != 0 && !own && incident->acknowledged.until_ms >= until_ms) {
        return 0; // another desk's lasts longer
    }
    forget_acknowledgement(answer);
    int rc = hs_given_copy(&answer->given, &incident->acknowledged);
    return rc ? rc
              : hs_vehicle_set_timer(answer->vehicle,
                                     HITSTREAM__V1__TIMER_KIND__TIMER_KIND_ACKNOWLEDGEMENT,
                                     &incident->id, until_ms);
}

static int silenced(struct answer *answer)
{
    const struct hs_rules *rules = answer->scope->rules;
    int64_t until_ms = end_of(answer, rules->silenced_ms, rules->answer_max_ms);
    if (until_ms == 0 || !answer->told) {
        return refuse(answer);
    }
    answer->given.until_ms = until_ms;
    answer->told->silenced_until_ms = until_ms;
    return 0;
}

static int resourced(struct answer *answer)
{
    struct hs_incident *incident = answer->incident;
    hs_escalation_stop(answer->vehicle, incident);
    if (!answer->told) { // forgotten in a full table: the desk has it all the same
        answer->told = hs_incident_told_add(incident, answer->scope->pool, answer->queue);
    }
    if (!answer->told) {
        return HS_ENOMEM;
    }
    answer->told->resourced = true;
    answer->told->no_resource = false;
    answer->told->stood_down = false;
    struct hs_taking_back taking =
        take_back(answer, HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < incident->told_count; i++) {
        if (!incident->told[i].resourced) {
            rc = hs_standdown_tell_one(answer->scope, answer->vehicle, incident,
                                       hs_str(incident->told[i].queue), &taking);
        }
    }
    return rc;
}

static int stopped(struct answer *answer)
{
    struct hs_taking_back taking =
        take_back(answer, HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED);
    int rc = hs_standdown_tell(answer->scope, answer->vehicle, answer->incident, &taking);
    hs_incident_close(answer->scope, answer->vehicle, answer->incident, answer->at_ms);
    return rc;
}

static int no_resource(struct answer *answer)
{
    struct hs_incident *incident = answer->incident;
    if (is_by(&incident->acknowledged, answer->queue)) {
        forget_acknowledgement(answer);
    }
    if (!answer->told) {
        return 0;
    }
    answer->told->resourced = false;
    answer->told->no_resource = true;
    if (hs_escalation_answered(incident, answer->scope->now_ms)) {
        return 0; // another desk deals with it
    }
    return hs_escalation_step(answer->scope, answer->vehicle, incident, answer->queue,
                              &answer->given.feedback, answer->at_ms);
}

// The exclusion of one entry's plate, from now on pending.
static int exclude(struct answer *answer, const struct hs_incident_entry *entry)
{
    const struct hs_rules *rules = answer->scope->rules;
    const struct hs_vehicle *vehicle = answer->vehicle;
    bool none, dropped;
    Hitstream__V1__Hit *hit = hs_tell_last_hit(answer->scope, entry, &none);
    if (none || !hit) {
        return none ? 0 : HS_ENOMEM;
    }
    struct hs_exclusion exclusion = {
        .feedback = answer->given.feedback,
        .list_id = hit->list->list_id,
        .entry_id = hit->entry->entry_id,
        .plate = hit->read_vrm,
        .person = answer->said->person,
        .queue = answer->given.queue,
        .note = answer->said->note,
        .expires_at_ms = end_of(answer, rules->exclusion_ms, rules->exclusion_ms),
    };
    int rc = hs_vehicle_exclude(answer->vehicle, &exclusion, &dropped);
    if (rc != 0) {
        return rc;
    }
    answer->scope->stats->exclusions_dropped += dropped;
    const struct hs_correlate_sink *sink = &answer->scope->desk->sink;
    if (sink->exclusion) {
        struct hs_pending_exclusion view =
            hs_exclusion_view(vehicle, &vehicle->exclusions[vehicle->exclusion_count - 1]);
        sink->exclusion(sink->ctx, &view);
    }
    return 0;
}

// One feedback takes back several entries: each has a cause of its own.
static struct hs_id cause_of(const struct answer *answer, const struct hs_incident_entry *entry)
{
    struct hs_str parts[] = {hs_str_n((const char *)answer->given.feedback.bytes, HS_ID_BYTES),
                             hs_str(hs_list_of(entry)->list_id),
                             hs_str(hs_entry_of(entry)->entry_id)};
    return hs_id_make(&answer->scope->desk->id_key, "not-this-vehicle", parts, 3);
}

static int not_this_vehicle(struct answer *answer)
{
    struct hs_incident *incident = answer->incident;
    uint64_t known = answer->told ? answer->told->known : 0;
    struct hs_taking_back taking =
        take_back(answer, HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE);
    int rc = 0;
    if (known == 0 || (answer->said->until_ms > 0 &&
                       end_of(answer, 0, answer->scope->rules->exclusion_ms) == 0)) {
        return refuse(answer);
    }
    for (size_t i = 0; rc == 0 && i < incident->entry_count; i++) {
        struct hs_incident_entry *entry = &incident->entries[i];
        if (!hs_incident_entry_stands(entry) || !(known & (UINT64_C(1) << entry->number))) {
            continue;
        }
        taking.number = entry->number;
        taking.cause = cause_of(answer, entry);
        rc = exclude(answer, entry);
        rc = rc ? rc : hs_standdown_tell(answer->scope, answer->vehicle, incident, &taking);
        entry->excluded = true;
        hs_standdown_take_out(answer->scope, answer->vehicle, incident, taking.number,
                              answer->at_ms);
    }
    return rc;
}

static int recorded(struct answer *answer)
{
    (void)answer;
    return 0;
}

// A correction of what another desk said, or of what was no outcome, is none. One of which nothing
// is known here any more stands: reports look at the whole log.
static int outcome(struct answer *answer)
{
    const struct hs_incident *incident = answer->incident;
    const Hitstream__V1__Outcome *said = answer->said->outcome;
    for (size_t i = 0; said && said->replaces.len == HS_ID_BYTES && i < incident->given_count;
         i++) {
        const struct hs_given *before = &incident->given[i];
        if (memcmp(before->feedback.bytes, said->replaces.data, HS_ID_BYTES) == 0 &&
            (before->kind != answer->given.kind || !is_by(before, answer->queue))) {
            return refuse(answer);
        }
    }
    return 0;
}

static int hand_over(struct answer *answer, const struct hs_queue *to, const struct hs_view *view)
{
    bool none;
    Hitstream__V1__Hit *hit = hs_tell_last_hit(answer->scope, view->worst, &none);
    if (none) {
        return refuse(answer);
    }
    if (!hit) {
        return HS_ENOMEM;
    }
    struct hs_telling telling = {
        .scope = answer->scope,
        .vehicle = answer->vehicle,
        .incident = answer->incident,
        .hit = hit,
        .number = view->worst->number,
        .place = view->worst->place,
        .cause = answer->given.feedback,
        .rule = HS_RULE_FEEDBACK,
        .at_ms = answer->at_ms,
    };
    struct hs_alert_draft draft = {
        .kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER,
        .handed_over_by = answer->given.queue,
        .note = answer->said->note,
    };
    return hs_tell(&telling, to, &draft);
}

static int handed_over(struct answer *answer)
{
    const struct hs_rule_scope *scope = answer->scope;
    const struct hs_queue *to = hs_routes_find(scope->routes, hs_str(answer->said->to_queue));
    struct hs_view view = {0};
    if (to && to->kind != HS_QUEUE_OPS && !hs_str_eq(to->name, answer->queue)) {
        view = hs_desk_view(scope->rules, answer->vehicle, answer->incident, to, 0);
    }
    if (view.entries == 0) {
        return refuse(answer);
    }
    if (is_by(&answer->incident->acknowledged, answer->queue)) {
        forget_acknowledgement(answer);
    }
    struct hs_taking_back taking =
        take_back(answer, HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_HANDED_OVER);
    taking.but_for = NULL;
    int rc = hs_standdown_tell_one(answer->scope, answer->vehicle, answer->incident, answer->queue,
                                   &taking);
    if (answer->told) {
        answer->told->resourced = false;
    }
    return rc ? rc : hand_over(answer, to, &view);
}

// ---------------------------------------------------------------- the table

enum { OPEN = 1, OVER = 2, CLOSED = 4 }; // states of an incident in which a kind has an effect

static const struct {
    decide_fn *decide;
    unsigned when;
    bool answers; // it ends the row of places at which nobody answered
} kinds[] = {
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED] = {acknowledged, OPEN, true},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_RESOURCED] = {resourced, OPEN, true},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_STOPPED] = {stopped, OPEN | OVER, true},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NO_RESOURCE] = {no_resource, OPEN, false},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOT_THIS_VEHICLE] = {not_this_vehicle,
                                                                      OPEN | OVER | CLOSED, true},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME] = {outcome, OPEN | OVER | CLOSED, false},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE] = {recorded, OPEN | OVER | CLOSED, false},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER] = {handed_over, OPEN, true},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED] = {silenced, OPEN, false},
    [HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE] = {recorded, OPEN | OVER | CLOSED,
                                                                  false},
};

static unsigned state_of(const struct answer *answer)
{
    return answer->incident == answer->vehicle->open ? OPEN
           : answer->incident->closed_at_ms == 0     ? OVER
                                                     : CLOSED;
}

static int decide(struct answer *answer)
{
    size_t kind = (size_t)answer->said->kind;
    if (kind >= sizeof(kinds) / sizeof(kinds[0]) || !kinds[kind].decide) {
        return refuse(answer);
    }
    if (!(kinds[kind].when & state_of(answer))) {
        answer->given.result = HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_LATE;
        return 0;
    }
    int rc = kinds[kind].decide(answer);
    if (kinds[kind].answers &&
        answer->given.result == HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_DONE) {
        answer->incident->unattended = 0;
    }
    return rc;
}

static void count(const struct answer *answer)
{
    struct hs_correlator_stats *stats = answer->scope->stats;
    stats->feedback++;
    stats->feedback_late +=
        answer->given.result == HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_LATE;
    stats->feedback_refused +=
        answer->given.result == HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_REFUSED;
}

int hs_feedback_on(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                   const Hitstream__V1__FeedbackGiven *event, bool *ret_applied)
{
    const pb_feedback *said = event->feedback;
    struct hs_id id;
    memcpy(id.bytes, event->incident_id.data, HS_ID_BYTES);
    struct answer answer = {
        .scope = scope,
        .vehicle = vehicle,
        .incident = hs_incident_find(vehicle, &id),
        .said = said,
        .queue = hs_str(event->queue),
        .at_ms = said->at_ms > 0 && said->at_ms < scope->now_ms ? said->at_ms : scope->now_ms,
        .given = {.kind = said->kind,
                  .result = HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_DONE,
                  .queue = event->queue,
                  .person = said->person,
                  .to_queue = said->to_queue},
    };
    *ret_applied = answer.incident != NULL;
    if (!answer.incident) {
        scope->stats->feedback_unknown++;
        return 0;
    }
    memcpy(answer.given.feedback.bytes, said->feedback_id.data, HS_ID_BYTES);
    answer.given.at_ms = answer.at_ms;
    answer.told = hs_incident_told(answer.incident, answer.queue);
    hs_vehicle_note_feedback(vehicle, &answer.given.feedback);
    int rc = hs_incident_give(answer.incident, &answer.given); // alerts that follow name it
    rc = rc ? rc : decide(&answer);
    if (rc == 0) {
        struct hs_given *kept = &answer.incident->given[answer.incident->given_count - 1];
        kept->result = answer.given.result;
        kept->until_ms = answer.given.until_ms;
        count(&answer);
    }
    return rc;
}

int hs_feedback_expired(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        struct hs_incident *incident)
{
    hs_given_fini(&incident->acknowledged);
    return hs_escalation_again(scope, vehicle, incident);
}

bool hs_feedback_stored(struct hs_vehicle *vehicle, const struct hs_id *feedback)
{
    bool any = false;
    for (size_t i = 0; i < vehicle->exclusion_count; i++) {
        struct hs_exclusion *row = &vehicle->exclusions[i];
        if (!row->stored && hs_id_eq(&row->feedback, feedback)) {
            row->stored = true;
            any = true;
        }
    }
    return any;
}

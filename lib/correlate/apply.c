// SPDX-License-Identifier: Apache-2.0
//
// Events about what stands in a state: timers, feedback, withdrawn entries, stored exclusions.
#include "base/error.h"
#include "correlate/core.h"
#include "correlate/rules/camera.h"
#include "correlate/rules/feedback.h"
#include "correlate/rules/findings.h"
#include "correlate/rules/flooding.h"
#include "correlate/rules/incident.h"
#include "correlate/rules/standdown.h"

// An event on its way to a vehicle that is known.
struct visit {
    struct hs_correlator *correlator;
    struct hs_vehicle *vehicle;
    const struct hs_log_record *record;
    struct hs_rule_scope scope;
    bool was_open;
};

// The vehicle of the event; *ret_found is false when there is none, or it has the event already.
static int enter(struct visit *visit, const char *mark, const Hitstream__V1__Audience *audience,
                 bool *ret_found)
{
    struct hs_correlator *correlator = visit->correlator;
    *ret_found = false;
    int rc = hs_core_make_key(correlator, mark, audience);
    if (rc != 0) {
        return rc;
    }
    visit->vehicle = hs_vehicle_table_find(&correlator->vehicles, hs_buf_str(&correlator->key));
    if (!visit->vehicle || hs_core_is_applied(visit->vehicle, visit->record)) {
        return 0;
    }
    *ret_found = true;
    visit->scope = hs_core_scope(correlator, visit->vehicle, visit->record);
    visit->was_open = visit->vehicle->open;
    correlator->desk.traceparent = visit->record->traceparent;
    return 0;
}

// What the rule did is part of the state, if it did anything.
static int leave(struct visit *visit, int rc, bool applied)
{
    struct hs_correlator *correlator = visit->correlator;
    correlator->desk.traceparent = (struct hs_str){NULL, 0};
    correlator->stats.open_incidents +=
        (uint64_t)(visit->vehicle->open != NULL) - (uint64_t)visit->was_open;
    if (rc == 0 && applied) {
        rc = hs_core_note_applied(correlator, visit->vehicle, visit->record);
    }
    return rc ? hs_core_break(correlator, rc) : 0;
}

int hs_core_apply_companions(struct hs_correlator *correlator, const char *mark,
                             const Hitstream__V1__Companions *companions,
                             const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    bool found = false, changed;
    int rc = companions->hit_id.len == HS_ID_BYTES && companions->after
                 ? enter(&visit, mark, companions->audience, &found)
                 : HS_EFORMAT;
    if (rc != 0 || !found) {
        return rc;
    }
    rc = hs_findings_on_companions(&visit.scope, visit.vehicle, companions, &changed);
    return leave(&visit, rc, changed);
}

int hs_core_apply_timer(struct hs_correlator *correlator, const char *mark,
                        const Hitstream__V1__TimerFired *fired, const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    bool found, applied;
    int rc = fired->incident_id.len == HS_ID_BYTES ? enter(&visit, mark, fired->audience, &found)
                                                   : HS_EFORMAT;
    if (rc != 0 || !found) {
        return rc;
    }
    rc = hs_incident_on_timer(&visit.scope, visit.vehicle, fired, &applied);
    return leave(&visit, rc, applied);
}

int hs_core_apply_feedback(struct hs_correlator *correlator, const char *mark,
                           const Hitstream__V1__FeedbackGiven *given,
                           const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    struct hs_id id;
    bool found, applied;
    bool usable = given->feedback && given->feedback->feedback_id.len == HS_ID_BYTES &&
                  given->incident_id.len == HS_ID_BYTES && *given->queue;
    int rc = usable ? enter(&visit, mark, given->audience, &found) : HS_EFORMAT;
    if (rc != 0) {
        return rc;
    }
    if (!found) {
        correlator->stats.feedback_unknown += visit.vehicle == NULL;
        return 0;
    }
    memcpy(id.bytes, given->feedback->feedback_id.data, HS_ID_BYTES);
    applied = !hs_vehicle_has_feedback(visit.vehicle, &id);
    if (applied) {
        rc = hs_feedback_on(&visit.scope, visit.vehicle, given, &applied);
    } else {
        correlator->stats.feedback_repeated++;
    }
    return leave(&visit, rc, applied);
}

int hs_core_apply_withdrawn(struct hs_correlator *correlator, const char *mark,
                            const Hitstream__V1__EntryWithdrawn *withdrawn,
                            const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    bool found, applied;
    int rc = withdrawn->reason != 0 ? enter(&visit, mark, withdrawn->audience, &found) : HS_EFORMAT;
    if (rc != 0 || !found) {
        return rc;
    }
    rc = hs_standdown_withdrawn(&visit.scope, visit.vehicle, withdrawn, &applied);
    return leave(&visit, rc, applied);
}

int hs_core_apply_camera(struct hs_correlator *correlator, const char *mark,
                         const Hitstream__V1__CameraFinding *found,
                         const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    bool is_found, applied;
    int rc = *found->camera_id && found->fault ? enter(&visit, mark, found->audience, &is_found)
                                               : HS_EFORMAT;
    if (rc != 0 || !is_found) {
        return rc;
    }
    rc = hs_camera_on_finding(&visit.scope, visit.vehicle, found, &applied);
    correlator->stats.camera_findings += applied;
    return leave(&visit, rc, applied);
}

int hs_core_apply_stored(struct hs_correlator *correlator, const char *mark,
                         const Hitstream__V1__ExclusionStored *stored,
                         const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    struct hs_id id;
    bool found;
    int rc = stored->feedback_id.len == HS_ID_BYTES ? enter(&visit, mark, stored->audience, &found)
                                                    : HS_EFORMAT;
    if (rc != 0 || !found) {
        return rc;
    }
    memcpy(id.bytes, stored->feedback_id.data, HS_ID_BYTES);
    return leave(&visit, 0, hs_feedback_stored(visit.vehicle, &id));
}

// Whether the event stands under its list's key.
static bool is_of_list(const char *mark, const Hitstream__V1__ListFloods *floods)
{
    size_t prefix = strlen(HS_FLOOD_VEHICLE);
    return floods->hit && floods->hit->list && strncmp(mark, HS_FLOOD_VEHICLE, prefix) == 0 &&
           strcmp(mark + prefix, floods->hit->list->list_id) == 0;
}

int hs_core_apply_floods(struct hs_correlator *correlator, const char *mark,
                         const Hitstream__V1__ListFloods *floods,
                         const struct hs_log_record *record)
{
    struct visit visit = {.correlator = correlator, .record = record};
    struct hs_vehicle *vehicle;
    bool found;
    int rc = is_of_list(mark, floods) ? hs_core_make_key(correlator, mark, floods->audience)
                                      : HS_EFORMAT;
    rc = rc ? rc
            : hs_vehicle_table_add(&correlator->vehicles, hs_buf_str(&correlator->key), &vehicle);
    if (rc != 0) {
        return rc == HS_ENOMEM ? hs_core_break(correlator, rc) : rc;
    }
    rc = enter(&visit, mark, floods->audience, &found);
    if (rc != 0 || !found) {
        return rc;
    }
    rc = hs_flooding_on(&visit.scope, visit.vehicle, floods);
    return rc == HS_EFORMAT ? rc : leave(&visit, rc, true);
}

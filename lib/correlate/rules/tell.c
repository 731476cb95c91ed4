// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/tell.h"

#include <stdlib.h>

#include "base/error.h"
#include "correlate/hit_route.h"
#include "correlate/rules/camera.h"
#include "correlate/rules/escalation.h"
#include "wire/message.h"

typedef Hitstream__V1__Hit pb_hit; // long name of the contract, short in this file

size_t hs_tell_route(struct hs_rule_scope *scope, const pb_hit *hit,
                     const Hitstream__V1__Place *place,
                     const struct hs_queue *ret_queues[HS_ROUTE_MAX])
{
    struct hs_route_query query = hs_hit_route_query(
        hit, hit->audience->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
    query.force = hs_str(place->force);
    query.area = hs_str(place->area);
    query.road = hs_str(place->road);
    query.site = hs_str(place->site_id);
    query.camera_unknown = place->camera_unknown;
    size_t count = hs_route_decide(scope->routes, &query, ret_queues, HS_ROUTE_MAX);
    if (count > HS_ROUTE_MAX) {
        scope->stats->routes_dropped += count - HS_ROUTE_MAX;
        count = HS_ROUTE_MAX;
    }
    return count;
}

struct hs_terms hs_tell_terms(const struct hs_telling *telling, const struct hs_queue *queue)
{
    struct hs_terms terms = {
        .repeat_window_ms = telling->scope->rules->repeat_window_ms,
        .acknowledge_within_ms = queue ? queue->acknowledge_within_ms : 0,
    };
    if (queue && hs_routes_operation_count(telling->scope->routes) > 0) {
        struct hs_route_query query = hs_hit_route_query(
            telling->hit,
            telling->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
        struct hs_route_terms said;
        hs_route_terms(telling->scope->routes, &query, queue, &said);
        terms.floor = (Hitstream__V1__Priority)said.priority_floor;
        if (said.repeat_window_ms >= 0) {
            terms.repeat_window_ms = said.repeat_window_ms;
        }
        if (said.acknowledge_within_ms > 0) {
            terms.acknowledge_within_ms = said.acknowledge_within_ms;
        }
    }
    return terms;
}

struct hs_view hs_tell_view(const struct hs_telling *telling, const struct hs_queue *queue,
                            const struct hs_terms *terms)
{
    struct hs_view view = hs_desk_view(telling->scope->rules, telling->vehicle, telling->incident,
                                       queue, telling->number);
    view.priority = terms->floor > view.priority ? terms->floor : view.priority;
    return view;
}

void hs_draft_add_evidence(struct hs_alert_draft *draft, const char *name, int64_t value,
                           int64_t threshold, const char *unit)
{
    draft->evidence[draft->evidence_count++] = (struct hs_evidence){name, unit, value, threshold};
}

int hs_tell_apart(const struct hs_telling *telling, const struct hs_queue *queue,
                  struct hs_alert_draft *draft, struct hs_id *ret_alert)
{
    struct hs_terms terms = hs_tell_terms(telling, queue);
    struct hs_view view = hs_tell_view(telling, queue, &terms);
    draft->vehicle = telling->vehicle;
    draft->incident = telling->incident;
    draft->hit = telling->hit;
    draft->queue = queue;
    draft->rule = telling->rule;
    draft->cause = telling->cause;
    draft->event_at_ms = telling->at_ms;
    draft->priority = draft->priority ? draft->priority : view.priority;
    draft->safeguarding = view.safeguarding;
    draft->harm_score = view.harm_score;
    int rc = hs_alert_tell(telling->scope->desk, draft, ret_alert);
    telling->scope->stats->alerts += rc == 0;
    telling->scope->stats->unrouted += rc == 0 && queue == NULL;
    return rc;
}

// Keeps what the hit said, for alerts without a hit of their own.
static int keep_shown(struct hs_alert_desk *desk, struct hs_incident_entry *entry,
                      const pb_hit *hit)
{
    pb_hit shown = HITSTREAM__V1__HIT__INIT;
    shown.read_id = hit->read_id;
    shown.snapshot_as_of_ms = hit->snapshot_as_of_ms;
    shown.tier = hit->tier;
    shown.score_permille = hit->score_permille;
    shown.read_vrm = hit->read_vrm;
    shown.n_differences = hit->n_differences;
    shown.differences = hit->differences;
    shown.ambiguous = hit->ambiguous;
    shown.captured_at_ms = hit->captured_at_ms;
    shown.lateness = hit->lateness;
    shown.n_camera_faults = hit->n_camera_faults;
    shown.camera_faults = hit->camera_faults;
    shown.plate_image_ref = hit->plate_image_ref;
    shown.overview_image_ref = hit->overview_image_ref;
    struct hs_buf *packed = &desk->payload; // the alert was handed over
    hs_buf_clear(packed);
    int rc = hs_message_pack(&shown.base, packed);
    if (rc == 0 && packed->len > HS_SHOWN_MAX) {
        shown.plate_image_ref = shown.overview_image_ref = shown.read_id =
            (char *)(uintptr_t)protobuf_c_empty_string;
        hs_buf_clear(packed);
        rc = hs_message_pack(&shown.base, packed);
    }
    char *kept = rc == 0 ? realloc((char *)(uintptr_t)entry->shown.ptr, packed->len + 1) : NULL;
    if (!kept) {
        return HS_ENOMEM;
    }
    memcpy(kept, packed->ptr, packed->len);
    entry->shown = hs_str_n(kept, packed->len);
    return 0;
}

static int note_entry(const struct hs_telling *telling)
{
    struct hs_incident_entry *entry = hs_incident_entry_at(telling->incident, telling->number);
    const pb_hit *hit = telling->hit;
    if (hit->entry != (const Hitstream__V1__WatchlistEntry *)entry->entry->message) { // a new hit
        hs_place_set(telling->scope->pool, &entry->place, hs_intern_ref(telling->place));
        return keep_shown(telling->scope->desk, entry, hit);
    }
    return 0;
}

// What is told of a camera that is known to be wrong says so, and is not taken back for it.
static void note_alert(const struct hs_telling *telling, struct hs_told *told,
                       const struct hs_id *alert)
{
    bool open = telling->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    bool rests = open && !hs_camera_misleads(telling->hit);
    const struct hs_told_alert row = {
        .id = *alert,
        .number = telling->number,
        .place = rests ? hs_intern_ref(telling->place) : NULL,
    };
    hs_told_note_alert(told, telling->scope->pool, &row);
}

int hs_tell(const struct hs_telling *telling, const struct hs_queue *queue,
            struct hs_alert_draft *draft)
{
    struct hs_intern_pool *pool = telling->scope->pool;
    struct hs_str name = queue ? queue->name : HS_STR(HS_QUEUE_UNROUTED);
    struct hs_id alert;
    int rc = hs_tell_apart(telling, queue, draft, &alert);
    rc = rc ? rc : note_entry(telling);
    struct hs_told *told = rc == 0 ? hs_incident_told_add(telling->incident, pool, name) : NULL;
    if (!told) {
        return HS_ENOMEM;
    }
    struct hs_told_place row = {.place = hs_intern_ref(telling->place),
                                .event_at_ms = telling->at_ms,
                                .number = telling->number};
    hs_told_note(told, pool, &row);
    note_alert(telling, told, &alert);
    if (!told->place || telling->at_ms >= told->event_at_ms) {
        hs_place_set(pool, &told->place, hs_intern_ref(telling->place));
    }
    told->alert = alert;
    told->event_at_ms = telling->at_ms;
    told->alerts++;
    told->known |= UINT64_C(1) << telling->number;
    told->priority = (uint8_t)draft->priority;
    told->safeguarding = (uint8_t)draft->safeguarding;
    told->stood_down = false;
    telling->incident->priority = (uint8_t)draft->priority;
    if (draft->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED ||
        draft->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FLOODING) {
        return 0; // the chain that led here goes on by its own time; no vehicle waits for an answer
    }
    return hs_escalation_wait(telling->scope, telling->vehicle, telling->incident, told, queue,
                              hs_tell_terms(telling, queue).acknowledge_within_ms);
}

pb_hit *hs_tell_last_hit(struct hs_rule_scope *scope, const struct hs_incident_entry *entry,
                         bool *ret_none)
{
    *ret_none = !entry->place;
    if (*ret_none) {
        return NULL;
    }
    pb_hit *hit = (pb_hit *)(void *)hs_message_unpack(&hitstream__v1__hit__descriptor, entry->shown,
                                                      scope->bump);
    if (hit) {
        hit->entry = (Hitstream__V1__WatchlistEntry *)(uintptr_t)hs_entry_of(entry);
        hit->list = (Hitstream__V1__ListInfo *)(uintptr_t)hs_list_of(entry);
        hit->place = (Hitstream__V1__Place *)(uintptr_t)hs_place_of(entry->place);
    }
    return hit;
}

// SPDX-License-Identifier: Apache-2.0
#include "correlate/alert.h"

#include <stdlib.h>

#include "base/error.h"
#include "correlate/alert_operations.h"
#include "correlate/redact.h"
#include "wire/message.h"

typedef Hitstream__V1__Alert pb_alert; // long names of the contract, short in this file
typedef Hitstream__V1__TrailPoint pb_point;
typedef Hitstream__V1__Evidence pb_evidence;

static void forget_hashes(struct hs_alert_desk *desk)
{
    for (size_t i = 0; i < desk->hash_count; i++) {
        free(desk->hashes[i].audience);
    }
    desk->hash_count = 0;
}

void hs_alert_desk_fini(struct hs_alert_desk *desk)
{
    forget_hashes(desk);
    free(desk->hashes);
    hs_headers_fini(&desk->headers);
    hs_buf_fini(&desk->payload);
    hs_buf_fini(&desk->token);
    hs_buf_fini(&desk->headline);
    hs_bump_fini(&desk->bump);
}

void hs_alert_desk_controls(struct hs_alert_desk *desk, const struct hs_controls *controls)
{
    forget_hashes(desk);
    desk->controls = controls;
}

// The audience's hash of the controls in force; computed once for each audience. NULL: out of
// memory.
static const char *audience_hash(struct hs_alert_desk *desk, struct hs_str audience)
{
    for (size_t i = 0; i < desk->hash_count; i++) {
        if (hs_str_is(audience, desk->hashes[i].audience)) {
            return desk->hashes[i].hash;
        }
    }
    if (desk->hash_count == desk->hash_capacity) {
        size_t wanted = desk->hash_capacity ? desk->hash_capacity * 2 : 8;
        struct hs_audience_hash *grown = realloc(desk->hashes, wanted * sizeof(*grown));
        if (!grown) {
            return NULL;
        }
        desk->hashes = grown;
        desk->hash_capacity = wanted;
    }
    struct hs_audience_hash *row = &desk->hashes[desk->hash_count];
    if (hs_controls_audience_hash(desk->controls, audience, row->hash) != 0) {
        return NULL;
    }
    row->audience = hs_str_dup(audience);
    if (!row->audience) {
        return NULL;
    }
    desk->hash_count++;
    return row->hash;
}

static struct hs_str queue_name(const struct hs_alert_draft *draft)
{
    return draft->queue ? draft->queue->name : HS_STR(HS_QUEUE_UNROUTED);
}

static ProtobufCBinaryData id_bytes(const struct hs_id *id)
{
    return (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
}

static bool fill_evidence(pb_alert *alert, const struct hs_alert_draft *draft, struct hs_bump *bump)
{
    alert->n_evidence = draft->evidence_count;
    alert->evidence = hs_bump_alloc(bump, (draft->evidence_count + 1) * sizeof(*alert->evidence));
    for (size_t i = 0; alert->evidence && i < draft->evidence_count; i++) {
        pb_evidence *row = hs_bump_alloc(bump, sizeof(*row));
        if (!row) {
            return false;
        }
        hitstream__v1__evidence__init(row);
        row->name = (char *)(uintptr_t)draft->evidence[i].name;
        row->unit = (char *)(uintptr_t)draft->evidence[i].unit;
        row->value = draft->evidence[i].value;
        row->threshold = draft->evidence[i].threshold;
        alert->evidence[i] = row;
    }
    return alert->evidence;
}

static bool fill_trail(pb_alert *alert, const struct hs_incident *incident, struct hs_bump *bump)
{
    pb_point *rows = hs_bump_alloc(bump, (incident->trail_count + 1) * sizeof(*rows));
    alert->n_trail = incident->trail_count;
    alert->trail = hs_bump_alloc(bump, (incident->trail_count + 1) * sizeof(*alert->trail));
    if (!rows || !alert->trail) {
        return false;
    }
    for (size_t i = 0; i < incident->trail_count; i++) {
        const struct hs_trail_point *point = &incident->trail[i];
        hitstream__v1__trail_point__init(&rows[i]);
        rows[i].captured_at_ms = point->captured_at_ms;
        rows[i].last_at_ms = point->last_at_ms;
        rows[i].place = (Hitstream__V1__Place *)point->place->message;
        rows[i].reads = point->reads;
        rows[i].tier = (Hitstream__V1__MatchTier)point->tier;
        rows[i].lateness = (Hitstream__V1__Lateness)point->lateness;
        rows[i].misplaced = point->misplaced;
        alert->trail[i] = &rows[i];
    }
    return true;
}

// The token of a queue that was told before is as it was: sealing is a fifth of what an alert costs.
static struct hs_str known_token(const struct hs_told *told)
{
    return told && told->token ? hs_str_n(told->token, told->token_len) : (struct hs_str){NULL, 0};
}

static void keep_token(struct hs_told *told, struct hs_str token)
{
    told->token = hs_str_dup(token); // NULL: it is sealed again
    told->token_len = token.len;
}

static bool fill_token(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                       pb_alert *alert)
{
    struct hs_told *told =
        draft->queue ? hs_incident_told(draft->incident, draft->queue->name) : NULL;
    struct hs_str token = known_token(told);
    hs_buf_clear(&desk->token);
    if (draft->queue && token.len == 0) { // nobody answers for 'unrouted'
        struct hs_reply_to reply_to = {
            .vehicle = draft->vehicle->mark,
            .audience = draft->vehicle->audience,
            .incident = draft->incident->id,
            .queue = draft->queue->name,
        };
        hs_token_seal(&desk->token_key, &reply_to, &desk->token);
        token = hs_buf_str(&desk->token);
        if (told && hs_buf_status(&desk->token) == 0) {
            keep_token(told, token);
        }
    }
    alert->reply_token = (ProtobufCBinaryData){token.len, (uint8_t *)(uintptr_t)token.ptr};
    return hs_buf_status(&desk->token) == 0;
}

// What the rule found besides. Texts and messages are shared with the draft.
static void fill_found(pb_alert *alert, const struct hs_alert_draft *draft)
{
    alert->n_changes = draft->change_count;
    alert->changes = (Hitstream__V1__Change *)(uintptr_t)draft->changes;
    alert->stand_down = (Hitstream__V1__StandDown *)(uintptr_t)draft->stand_down;
    alert->border = (Hitstream__V1__Border *)(uintptr_t)draft->border;
    alert->escalation = (Hitstream__V1__Escalation *)(uintptr_t)draft->escalation;
    if (draft->handed_over_by) {
        alert->handed_over_by = (char *)(uintptr_t)draft->handed_over_by;
    }
    if (draft->note) {
        alert->note = (char *)(uintptr_t)draft->note;
    }
    alert->forecast = (Hitstream__V1__Forecast *)(uintptr_t)draft->forecast;
    alert->unattended = draft->incident->unattended;
    alert->harm_score = draft->harm_score;
    alert->safeguarding = draft->safeguarding;
}

// What the hit says, as it says it. Texts are shared with it.
static void fill_hit(pb_alert *alert, const Hitstream__V1__Hit *hit)
{
    alert->n_warning_markers = hit->entry->n_warning_markers;
    alert->warning_markers = hit->entry->warning_markers;
    alert->handling = hit->entry->handling;
    alert->verify_image = hit->tier != HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
    alert->read_vrm = hit->read_vrm;
    alert->tier = hit->tier;
    alert->score_permille = hit->score_permille;
    alert->n_differences = hit->n_differences;
    alert->differences = hit->differences;
    alert->ambiguous = hit->ambiguous;
    alert->entry = hit->entry;
    alert->list = hit->list;
    alert->snapshot_as_of_ms = hit->snapshot_as_of_ms;
    alert->captured_at_ms = hit->captured_at_ms;
    alert->lateness = hit->lateness;
    alert->place = hit->place;
    alert->plate_image_ref = hit->plate_image_ref;
    alert->overview_image_ref = hit->overview_image_ref;
    alert->read_id = hit->read_id;
    alert->n_camera_faults = hit->n_camera_faults;
    alert->camera_faults = hit->camera_faults;
}

static bool fill(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                 const struct hs_id *id, pb_alert *alert)
{
    struct hs_str queue = queue_name(draft);
    alert->alert_id = id_bytes(id);
    alert->incident_id = id_bytes(&draft->incident->id);
    alert->queue = hs_bump_copy(&desk->bump, queue.ptr, queue.len);
    alert->kind = draft->kind;
    alert->rule = (char *)(uintptr_t)draft->rule;
    alert->finding = (Hitstream__V1__Finding *)(uintptr_t)draft->finding; // read only
    alert->cause_id = id_bytes(&draft->cause);
    alert->priority = draft->priority;
    alert->covert = draft->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    alert->hits = draft->incident->hits;
    alert->opened_at_ms = draft->incident->opened_at_ms;
    alert->vehicle = hs_bump_copy(&desk->bump, draft->vehicle->mark.ptr, draft->vehicle->mark.len);
    alert->controls_hash = (char *)(uintptr_t)audience_hash(desk, draft->vehicle->audience);
    hs_buf_clear(&desk->headline);
    hs_alert_headline(draft, &desk->headline);
    alert->headline = (char *)(uintptr_t)hs_buf_text(&desk->headline);
    fill_hit(alert, draft->hit);
    fill_found(alert, draft);
    hs_alert_fill_safeguarding(alert);
    return alert->queue && alert->vehicle && alert->controls_hash &&
           hs_buf_status(&desk->headline) == 0 && fill_evidence(alert, draft, &desk->bump) &&
           fill_trail(alert, draft->incident, &desk->bump) &&
           hs_alert_fill_answered(desk, draft, alert) && hs_alert_fill_flood(desk, draft, alert) &&
           fill_token(desk, draft, alert) &&
           hs_alert_fill_operations(desk->controls, draft, &desk->bump, alert) &&
           hs_alert_fill_group(desk->controls, draft, &desk->bump, alert);
}

// Headers tell a reduced queue no more than its payload.
static bool may_say(const struct hs_queue *queue, unsigned what)
{
    return !queue || !queue->reduced || (queue->disclose & what);
}

static void add_headers(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                        const struct hs_id *id)
{
    char id_text[HS_ID_TEXT_BYTES];
    char cause[HS_ID_TEXT_BYTES];
    char incident[HS_ID_TEXT_BYTES];
    const Hitstream__V1__ListRevision *revision = draft->hit->list->revision;
    bool json = draft->queue && draft->queue->format == HS_PAYLOAD_JSON;
    hs_id_text(id, id_text);
    hs_id_text(&draft->cause, cause);
    hs_id_text(&draft->incident->id, incident);
    struct hs_headers *headers = &desk->headers;
    hs_headers_clear(headers);
    hs_headers_add_event(headers, hs_str(id_text), "hitstream.v1.Alert", HS_STR(HS_ALERT_SOURCE),
                         draft->event_at_ms, json ? "application/json" : "application/protobuf");
    hs_headers_add(headers, "cause", hs_str(cause));
    if (may_say(draft->queue, HS_DISCLOSE_PRIORITY)) {
        hs_headers_add(headers, "priority", hs_str(hs_priority_text(draft->priority)));
    }
    if (may_say(draft->queue, HS_DISCLOSE_HANDLING)) {
        hs_headers_add(headers, "handling", hs_str(hs_handling_text(draft->hit->entry->handling)));
    }
    hs_headers_add(headers, "queue", queue_name(draft));
    hs_headers_add(headers, "incident", hs_str(incident));
    if (may_say(draft->queue, HS_DISCLOSE_LIST)) {
        hs_headers_addf(headers, "list-revision", "%llu.%llu",
                        (unsigned long long)(revision ? revision->generation : 0),
                        (unsigned long long)(revision ? revision->sequence : 0));
    }
    if (desk->traceparent.len > 0) {
        hs_headers_add(headers, "traceparent", desk->traceparent);
    }
}

// Where alerts of a live queue go when they are late; NULL: nowhere.
static const struct hs_queue *late_queue(const struct hs_alert_desk *desk,
                                         const struct hs_queue *queue)
{
    if (!queue || queue->kind != HS_QUEUE_LIVE || queue->intelligence_queue.len == 0) {
        return NULL;
    }
    return hs_routes_find(hs_controls_routes(desk->controls), queue->intelligence_queue);
}

// The places of the trail stand packed already; of a reduced alert they are copies of their own.
static int pack(struct hs_alert_desk *desk, const struct hs_incident *incident,
                const pb_alert *alert)
{
    struct hs_packed_part *parts =
        hs_bump_take(&desk->bump, (incident->trail_count + 1) * sizeof(*parts));
    if (!parts) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < incident->trail_count; i++) {
        const struct hs_interned *place = incident->trail[i].place;
        parts[i] =
            (struct hs_packed_part){place->message, hs_str_n(place->packed, place->packed_len)};
    }
    return hs_message_pack_with(&alert->base, parts, incident->trail_count, &desk->payload);
}

int hs_alert_tell(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                  struct hs_id *ret_id)
{
    pb_alert alert = HITSTREAM__V1__ALERT__INIT;
    struct hs_id id = hs_id_alert(&desk->id_key, &draft->incident->id, &draft->cause,
                                  hs_str(draft->rule), queue_name(draft));
    hs_bump_reset(&desk->bump);
    hs_buf_clear(&desk->payload);
    if (!fill(desk, draft, &id, &alert)) {
        return HS_ENOMEM;
    }
    if (hs_redact_alert(draft->queue, &desk->bump, &alert) != 0 ||
        pack(desk, draft->incident, &alert) != 0) {
        return HS_ENOMEM;
    }
    add_headers(desk, draft, &id);
    if (hs_buf_status(&desk->headers.text) != 0) {
        return HS_ENOMEM;
    }
    struct hs_alert told = {
        .id = id,
        .incident = draft->incident->id,
        .queue = draft->queue,
        .event_at_ms = draft->event_at_ms,
        .covert = draft->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT,
        .late_queue = late_queue(desk, draft->queue),
        .divert_after_ms = hs_controls_rules(desk->controls)->publish_live_ms,
        .payload = hs_buf_str(&desk->payload),
        .headers = &desk->headers,
    };
    desk->sink.alert(desk->sink.ctx, &told);
    *ret_id = id;
    return 0;
}

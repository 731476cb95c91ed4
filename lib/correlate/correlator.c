// SPDX-License-Identifier: Apache-2.0
#include "correlate/correlator.h"

#include <stdlib.h>

#include "base/error.h"
#include "correlate/core.h"
#include "correlate/rules/findings.h"
#include "correlate/rules/incident.h"
#include "correlate/rules/test.h"
#include "wire/message.h"

typedef Hitstream__V1__VehicleEvent pb_event; // long names of the contract, short in this file
typedef Hitstream__V1__Hit pb_hit;

#define LATEST_TIME_MS INT64_C(253402300799999) // the end of the year 9999

int hs_core_break(struct hs_correlator *correlator, int rc)
{
    correlator->broken = rc;
    return rc;
}

void hs_core_set_controls(struct hs_correlator *correlator, struct hs_controls *controls)
{
    hs_alert_desk_controls(&correlator->desk, controls);
    hs_controls_unref(correlator->controls);
    correlator->controls = controls;
}

void hs_core_mark_dirty(struct hs_correlator *correlator, struct hs_vehicle *vehicle)
{
    if (!vehicle->dirty) {
        vehicle->dirty = true;
        vehicle->next_dirty = NULL;
        *correlator->dirty_end = vehicle;
        correlator->dirty_end = &vehicle->next_dirty;
        correlator->dirty_count++;
    }
}

int hs_correlator_new(const struct hs_correlator_config *config,
                      struct hs_correlator **ret_correlator)
{
    struct hs_correlator *correlator = calloc(1, sizeof(*correlator));
    struct hs_controls *none = correlator ? hs_controls_empty() : NULL;
    if (!none) {
        free(correlator);
        return HS_ENOMEM;
    }
    correlator->config = *config;
    if (config->vehicles_max == 0) {
        correlator->config.vehicles_max = HS_VEHICLES_MAX;
    }
    correlator->dirty_end = &correlator->dirty;
    correlator->desk.id_key = config->id_key;
    correlator->desk.token_key = config->token_key;
    correlator->desk.sink = config->sink;
    hs_core_set_controls(correlator, none);
    *ret_correlator = correlator;
    return 0;
}

static void forget_waiting(struct hs_correlator *correlator)
{
    for (size_t i = 0; i < correlator->waiting_count; i++) {
        free((char *)(uintptr_t)correlator->waiting[i].record.value.ptr);
        free((char *)(uintptr_t)correlator->waiting[i].record.traceparent.ptr);
    }
    correlator->waiting_count = 0;
}

void hs_correlator_free(struct hs_correlator *correlator)
{
    if (!correlator) {
        return;
    }
    forget_waiting(correlator);
    free(correlator->waiting);
    hs_vehicle_heap_fini(&correlator->timers);
    hs_floods_fini(&correlator->floods);
    hs_release_fini(&correlator->release);
    hs_vehicle_table_fini(&correlator->vehicles, &correlator->pool);
    hs_intern_fini(&correlator->pool);
    hs_alert_desk_fini(&correlator->desk);
    hs_controls_unref(correlator->controls);
    hs_bump_fini(&correlator->bump);
    hs_buf_fini(&correlator->key);
    hs_buf_fini(&correlator->out);
    free(correlator);
}

struct hs_rule_scope hs_core_scope(struct hs_correlator *correlator,
                                   const struct hs_vehicle *vehicle,
                                   const struct hs_log_record *record)
{
    bool later = !vehicle->touched || record->append_time_ms > vehicle->applied_at_ms;
    return (struct hs_rule_scope){
        .rules = hs_controls_rules(correlator->controls),
        .routes = hs_controls_routes(correlator->controls),
        .cameras = hs_controls_cameras(correlator->controls),
        .pool = &correlator->pool,
        .desk = &correlator->desk,
        .bump = &correlator->bump,
        .stats = &correlator->stats,
        .now_ms = later ? record->append_time_ms : vehicle->applied_at_ms,
        .took_over_ms = correlator->took_over_at_ms,
    };
}

int hs_core_make_key(struct hs_correlator *correlator, const char *vehicle,
                     const Hitstream__V1__Audience *audience)
{
    struct hs_audience who;
    if (!audience || !*vehicle || strchr(vehicle, '|') || hs_audience_of(audience, &who) != 0) {
        return HS_EFORMAT;
    }
    hs_buf_clear(&correlator->key);
    hs_buf_add_text(&correlator->key, vehicle);
    hs_buf_add_char(&correlator->key, '|');
    hs_audience_print(&who, &correlator->key);
    return hs_buf_status(&correlator->key) ? hs_core_break(correlator, HS_ENOMEM) : 0;
}

// The state was out of use for so long that it counts as empty, whether a checkpoint removed it yet
// or not.
static void forget_if_expired(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                              int64_t at_ms)
{
    int64_t idle_ms = at_ms - vehicle->applied_at_ms;
    if (vehicle->touched && !hs_vehicle_is_needed(vehicle) && idle_ms > HS_STATE_KEEP_MS) {
        struct hs_findings *kept =
            idle_ms <= hs_vehicle_keep_ms(vehicle) ? vehicle->findings : NULL;
        vehicle->findings = kept ? NULL : vehicle->findings;
        hs_vehicle_clear(vehicle, &correlator->pool);
        vehicle->findings = kept;
    }
}

// Of an audience with too many states one leaves: as a tombstone, with the next checkpoint.
static void drop_beyond(struct hs_correlator *correlator, const struct hs_vehicle_class *vehicles)
{
    struct hs_vehicle *leaves =
        vehicles ? hs_vehicle_table_leaving(vehicles, correlator->config.vehicles_max) : NULL;
    if (!leaves) {
        return;
    }
    correlator->stats.vehicles_dropped++;
    correlator->stats.open_incidents -= leaves->open != NULL;
    hs_release_remove(&correlator->release, leaves);
    hs_vehicle_clear(leaves, &correlator->pool);
    leaves->touched = false;
    hs_timers_remove(&correlator->timers, leaves);
    hs_vehicle_table_retire(&correlator->vehicles, leaves);
    hs_core_mark_dirty(correlator, leaves);
}

int hs_core_note_applied(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                         const struct hs_log_record *record)
{
    bool later = !vehicle->touched || record->append_time_ms > vehicle->applied_at_ms;
    vehicle->applied_at_ms = later ? record->append_time_ms : vehicle->applied_at_ms;
    vehicle->applied_offset = record->offset;
    vehicle->touched = true;
    hs_core_mark_dirty(correlator, vehicle);
    int rc = hs_vehicle_table_touch(&correlator->vehicles, vehicle);
    drop_beyond(correlator, vehicle->vehicles);
    rc = rc ? rc : hs_timers_update(&correlator->timers, vehicle);
    return rc ? rc : hs_core_note_held(correlator, vehicle);
}

int hs_core_note_held(struct hs_correlator *correlator, struct hs_vehicle *vehicle)
{
    return hs_release_update(&correlator->release, vehicle, vehicle->applied_at_ms,
                             hs_controls_rules(correlator->controls)->flood_release_every_ms);
}

bool hs_core_is_applied(const struct hs_vehicle *vehicle, const struct hs_log_record *record)
{
    return vehicle->touched && record->offset <= vehicle->applied_offset;
}

static bool is_usable(const pb_hit *hit)
{
    return hit->hit_id.len == HS_ID_BYTES && hit->entry && hit->list && hit->place &&
           hit->audience && hit->captured_at_ms > 0 && hit->captured_at_ms <= LATEST_TIME_MS &&
           hit->appended_at_ms <= LATEST_TIME_MS;
}

static int apply_new_hit(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                         const pb_hit *hit, const struct hs_flood *flood,
                         const struct hs_log_record *record)
{
    struct hs_rule_scope scope = hs_core_scope(correlator, vehicle, record);
    scope.flood = flood->floods ? flood : NULL;
    struct hs_id id;
    memcpy(id.bytes, hit->hit_id.data, HS_ID_BYTES);
    bool was_open = vehicle->open;
    bool is_test = vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TEST;
    correlator->desk.traceparent = record->traceparent;
    int rc = hs_vehicle_note_seen(vehicle, &id);
    rc = rc ? rc : (is_test ? hs_test_on_hit : hs_incident_on_hit)(&scope, vehicle, hit);
    rc = rc || is_test ? rc : hs_findings_on_hit(&scope, vehicle, hit);
    rc = rc ? rc : hs_core_note_applied(correlator, vehicle, record);
    correlator->desk.traceparent = (struct hs_str){NULL, 0};
    correlator->stats.open_incidents += (uint64_t)(vehicle->open != NULL) - (uint64_t)was_open;
    correlator->stats.hits += !is_test;
    return rc ? hs_core_break(correlator, rc) : 0;
}

// Part of no vehicle's state, but of the partition's: counted at each replay.
static int count_for_floods(struct hs_correlator *correlator, const char *mark, const pb_hit *hit,
                            struct hs_flood *ret_flood)
{
    int rc = hs_floods_count(&correlator->floods, hs_controls_rules(correlator->controls), mark,
                             hit, ret_flood);
    return rc == 0 && ret_flood->began ? hs_core_append_flood(correlator, hit, ret_flood) : rc;
}

static int apply_hit(struct hs_correlator *correlator, const char *mark, const pb_hit *hit,
                     const struct hs_log_record *record)
{
    struct hs_vehicle *vehicle;
    struct hs_flood flood;
    struct hs_id id;
    int rc = is_usable(hit) ? hs_core_make_key(correlator, mark, hit->audience) : HS_EFORMAT;
    rc = rc ? rc : count_for_floods(correlator, mark, hit, &flood); // whoever has the hit already
    rc = rc ? rc
            : hs_vehicle_table_add(&correlator->vehicles, hs_buf_str(&correlator->key), &vehicle);
    if (rc != 0) {
        return rc == HS_ENOMEM ? hs_core_break(correlator, rc) : rc;
    }
    if (hs_core_is_applied(vehicle, record)) {
        return 0;
    }
    forget_if_expired(correlator, vehicle, record->append_time_ms);
    memcpy(id.bytes, hit->hit_id.data, HS_ID_BYTES);
    if (hs_vehicle_has_seen(vehicle, &id)) {
        correlator->stats.duplicate_hits++;
        return 0;
    }
    return apply_new_hit(correlator, vehicle, hit, &flood, record);
}

// The record's event in the scratch memory, until the next one; NULL: malformed.
static const pb_event *unpack_event(struct hs_correlator *correlator,
                                    const struct hs_log_record *record)
{
    hs_bump_reset(&correlator->bump);
    return (const pb_event *)(const void *)hs_message_unpack(
        &hitstream__v1__vehicle_event__descriptor, record->value, &correlator->bump);
}

// Keeps a copy of the event until there are controls.
static int keep_waiting(struct hs_correlator *correlator, const struct hs_log_record *record)
{
    if (correlator->waiting_count == correlator->waiting_capacity) {
        size_t wanted = correlator->waiting_capacity ? correlator->waiting_capacity * 2 : 64;
        struct hs_waiting *grown = realloc(correlator->waiting, wanted * sizeof(*grown));
        if (!grown) {
            return hs_core_break(correlator, HS_ENOMEM);
        }
        correlator->waiting = grown;
        correlator->waiting_capacity = wanted;
    }
    char *value = hs_str_dup(record->value);
    char *trace = hs_str_dup(record->traceparent);
    if (!value || !trace) {
        free(value);
        free(trace);
        return hs_core_break(correlator, HS_ENOMEM);
    }
    struct hs_log_record copy = *record;
    copy.value.ptr = value;
    copy.traceparent.ptr = trace;
    correlator->waiting[correlator->waiting_count++].record = copy;
    return 0;
}

// What it is, if it is about a vehicle.
static enum hs_applied kind_of(const pb_event *event)
{
    switch (event->event_case) {
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT:
        return HS_APPLIED_HIT;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_TIMER_FIRED:
        return HS_APPLIED_TIMER;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK:
        return HS_APPLIED_FEEDBACK;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_ENTRY_WITHDRAWN:
        return HS_APPLIED_WITHDRAWN;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_CAMERA_FINDING:
        return HS_APPLIED_CAMERA;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_EXCLUSION_STORED:
        return HS_APPLIED_EXCLUSION;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_LIST_FLOODS:
        return HS_APPLIED_FLOODS;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS:
        return HS_APPLIED_COMPANIONS;
    default:
        return HS_APPLIED_OTHER;
    }
}

static int apply_to_vehicle(struct hs_correlator *correlator, const pb_event *event,
                            const struct hs_log_record *record)
{
    switch (kind_of(event)) {
    case HS_APPLIED_HIT:
        return apply_hit(correlator, event->vehicle, event->hit, record);
    case HS_APPLIED_TIMER:
        return hs_core_apply_timer(correlator, event->vehicle, event->timer_fired, record);
    case HS_APPLIED_FEEDBACK:
        return hs_core_apply_feedback(correlator, event->vehicle, event->feedback, record);
    case HS_APPLIED_WITHDRAWN:
        return hs_core_apply_withdrawn(correlator, event->vehicle, event->entry_withdrawn, record);
    case HS_APPLIED_CAMERA:
        return hs_core_apply_camera(correlator, event->vehicle, event->camera_finding, record);
    case HS_APPLIED_EXCLUSION:
        return hs_core_apply_stored(correlator, event->vehicle, event->exclusion_stored, record);
    case HS_APPLIED_FLOODS:
        return hs_core_apply_floods(correlator, event->vehicle, event->list_floods, record);
    case HS_APPLIED_COMPANIONS:
        correlator->stats.companions++;
        return hs_core_apply_companions(correlator, event->vehicle, event->companions, record);
    default:
        return 0;
    }
}

// Applies what waited, in order of the log.
static int apply_waiting(struct hs_correlator *correlator)
{
    int rc = 0;
    for (size_t i = 0; rc != HS_ENOMEM && i < correlator->waiting_count; i++) {
        const struct hs_log_record *record = &correlator->waiting[i].record;
        const pb_event *event = unpack_event(correlator, record);
        rc = event ? apply_to_vehicle(correlator, event, record) : HS_EFORMAT;
        correlator->stats.malformed += rc == HS_EFORMAT;
    }
    forget_waiting(correlator);
    return rc == HS_ENOMEM ? rc : 0;
}

// Not only hits wait: what follows a hit would else meet a vehicle that nobody knows, but after a
// restart one that is known already, whose state is ahead.
static int wait_or_apply(struct hs_correlator *correlator, const pb_event *event,
                         const struct hs_log_record *record)
{
    if (correlator->has_controls) {
        return apply_to_vehicle(correlator, event, record);
    }
    int rc = keep_waiting(correlator, record);
    if (rc == 0 && correlator->waiting_count >= HS_WAITING_MAX) {
        rc = apply_waiting(correlator);
    }
    return rc;
}

static int apply_controls(struct hs_correlator *correlator, const char *hash)
{
    if (strcmp(hash, hs_controls_hash(correlator->controls)) == 0) {
        return 0;
    }
    struct hs_controls *controls =
        correlator->config.controls_lookup(correlator->config.controls_ctx, hash);
    if (!controls) {
        return HS_EAGAIN;
    }
    hs_core_set_controls(correlator, controls);
    correlator->has_controls = true;
    return apply_waiting(correlator);
}

static int dispatch(struct hs_correlator *correlator, const pb_event *event,
                    const struct hs_log_record *record, enum hs_applied *ret_applied)
{
    switch (event->event_case) {
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_TOOK_OVER:
        *ret_applied = HS_APPLIED_TOOK_OVER;
        correlator->took_over_at_ms = record->append_time_ms;
        return 0;
    case HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED:
        *ret_applied = HS_APPLIED_CONTROLS;
        return apply_controls(correlator, event->controls_activated->hash);
    default:
        *ret_applied = kind_of(event);
        return *ret_applied == HS_APPLIED_OTHER ? 0 : wait_or_apply(correlator, event, record);
    }
}

int hs_correlator_apply(struct hs_correlator *correlator, const struct hs_log_record *record,
                        enum hs_applied *ret_applied)
{
    enum hs_applied applied = HS_APPLIED_OTHER;
    if (correlator->broken || record->offset < correlator->read_offset) {
        return correlator->broken;
    }
    const pb_event *event = unpack_event(correlator, record);
    int rc = event ? dispatch(correlator, event, record, &applied) : HS_EFORMAT;
    if (rc == HS_EAGAIN || rc == HS_ENOMEM) {
        return rc;
    }
    correlator->stats.malformed += rc == HS_EFORMAT;
    correlator->read_offset = record->offset + 1;
    correlator->now_ms =
        record->append_time_ms > correlator->now_ms ? record->append_time_ms : correlator->now_ms;
    if (ret_applied) {
        *ret_applied = applied;
    }
    return rc;
}

int hs_correlator_count(struct hs_correlator *correlator, struct hs_str value)
{
    struct hs_flood flood;
    const struct hs_log_record record = {.value = value};
    const pb_event *event = unpack_event(correlator, &record);
    if (!event || event->event_case != HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT ||
        !is_usable(event->hit)) {
        return 0;
    }
    int rc = hs_floods_count(&correlator->floods, hs_controls_rules(correlator->controls),
                             event->vehicle, event->hit, &flood);
    return rc ? hs_core_break(correlator, rc) : 0;
}

uint64_t hs_correlator_next_offset(const struct hs_correlator *correlator)
{
    return correlator->waiting_count > 0 ? correlator->waiting[0].record.offset
                                         : correlator->read_offset;
}

const char *hs_correlator_controls_hash(const struct hs_correlator *correlator)
{
    return *correlator->wanted_hash ? correlator->wanted_hash
                                    : hs_controls_hash(correlator->controls);
}

void hs_correlator_stats(const struct hs_correlator *correlator,
                         struct hs_correlator_stats *ret_stats)
{
    *ret_stats = correlator->stats;
    ret_stats->vehicles = correlator->vehicles.count;
    ret_stats->timers = correlator->timers.count;
    ret_stats->holding = hs_release_count(&correlator->release);
    ret_stats->waiting = correlator->waiting_count;
}

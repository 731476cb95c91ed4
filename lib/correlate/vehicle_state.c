// SPDX-License-Identifier: Apache-2.0
#include "correlate/vehicle_state.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "correlate/rules/findings.h"

int hs_vehicle_new(struct hs_str key, struct hs_vehicle **ret_vehicle)
{
    const char *bar = key.len ? memchr(key.ptr, '|', key.len) : NULL;
    if (!bar || bar == key.ptr || key.len > HS_VEHICLE_KEY_MAX) {
        return HS_EFORMAT;
    }
    struct hs_vehicle *vehicle = calloc(1, sizeof(*vehicle));
    char *copy = vehicle ? hs_str_dup(key) : NULL;
    if (!copy) {
        free(vehicle);
        return HS_ENOMEM;
    }
    size_t mark_len = (size_t)(bar - key.ptr);
    vehicle->key = copy;
    vehicle->key_len = key.len;
    vehicle->key_hash = hs_hash_bytes(key.ptr, key.len, 0);
    vehicle->mark = hs_str_n(copy, mark_len);
    vehicle->audience = hs_str_n(copy + mark_len + 1, key.len - mark_len - 1);
    vehicle->timer_place = SIZE_MAX;
    vehicle->release_place = SIZE_MAX;
    if (hs_audience_parse(vehicle->audience, &vehicle->who) != 0) {
        free(copy);
        free(vehicle);
        return HS_EFORMAT;
    }
    *ret_vehicle = vehicle;
    return 0;
}

void hs_vehicle_clear(struct hs_vehicle *vehicle, struct hs_intern_pool *pool)
{
    hs_incident_free(vehicle->open, pool);
    vehicle->open = NULL;
    for (size_t i = 0; i < vehicle->ended_count; i++) {
        hs_incident_free(vehicle->ended[i], pool);
    }
    vehicle->ended_count = 0;
    vehicle->timer_count = 0;
    vehicle->seen_count = 0;
    vehicle->feedback_count = 0;
    hs_vehicle_forget_exclusions(vehicle);
    hs_findings_free(vehicle->findings);
    vehicle->findings = NULL;
    hs_held_free(vehicle->held);
    vehicle->held = NULL;
}

int64_t hs_vehicle_keep_ms(const struct hs_vehicle *vehicle)
{
    return hs_findings_is_kept(vehicle->findings) ? HS_FINDINGS_KEEP_MS : HS_STATE_KEEP_MS;
}

void hs_vehicle_free(struct hs_vehicle *vehicle, struct hs_intern_pool *pool)
{
    if (!vehicle) {
        return;
    }
    hs_vehicle_clear(vehicle, pool);
    free(vehicle->exclusions);
    free(vehicle->seen);
    free(vehicle->key);
    free(vehicle);
}

bool hs_vehicle_has_seen(const struct hs_vehicle *vehicle, const struct hs_id *hit)
{
    for (size_t i = vehicle->seen_count; i > 0; i--) {
        if (hs_id_eq(&vehicle->seen[i - 1], hit)) {
            return true;
        }
    }
    return false;
}

int hs_vehicle_note_seen(struct hs_vehicle *vehicle, const struct hs_id *hit)
{
    if (vehicle->seen_count == HS_SEEN_HITS_MAX) {
        vehicle->seen_count--;
        memmove(&vehicle->seen[0], &vehicle->seen[1],
                vehicle->seen_count * sizeof(vehicle->seen[0]));
    } else if (vehicle->seen_count == vehicle->seen_capacity) {
        size_t wanted = vehicle->seen_capacity ? vehicle->seen_capacity * 2 : 4;
        struct hs_id *grown = realloc(vehicle->seen, wanted * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        vehicle->seen = grown;
        vehicle->seen_capacity = wanted;
    }
    vehicle->seen[vehicle->seen_count++] = *hit;
    return 0;
}

void hs_vehicle_end(struct hs_vehicle *vehicle, struct hs_intern_pool *pool,
                    struct hs_incident *incident)
{
    hs_vehicle_drop_timers(vehicle, &incident->id);
    if (vehicle->ended_count == HS_ENDED_MAX) {
        hs_incident_free(vehicle->ended[0], pool);
        vehicle->ended_count--;
        memmove(&vehicle->ended[0], &vehicle->ended[1],
                vehicle->ended_count * sizeof(vehicle->ended[0]));
    }
    vehicle->ended[vehicle->ended_count++] = incident;
}

int hs_vehicle_set_timer(struct hs_vehicle *vehicle, Hitstream__V1__TimerKind kind,
                         const struct hs_id *incident, int64_t due_at_ms)
{
    for (size_t i = 0; i < vehicle->timer_count; i++) {
        struct hs_timer *timer = &vehicle->timers[i];
        if (timer->kind == kind && hs_id_eq(&timer->incident, incident)) {
            timer->appended = timer->appended && timer->due_at_ms == due_at_ms;
            timer->due_at_ms = due_at_ms;
            return 0;
        }
    }
    if (vehicle->timer_count == HS_TIMERS_MAX) {
        return HS_ELIMIT;
    }
    vehicle->timers[vehicle->timer_count++] =
        (struct hs_timer){.kind = kind, .incident = *incident, .due_at_ms = due_at_ms};
    return 0;
}

static void remove_timer(struct hs_vehicle *vehicle, size_t index)
{
    vehicle->timer_count--;
    memmove(&vehicle->timers[index], &vehicle->timers[index + 1],
            (vehicle->timer_count - index) * sizeof(vehicle->timers[0]));
}

bool hs_vehicle_take_timer(struct hs_vehicle *vehicle, Hitstream__V1__TimerKind kind,
                           const struct hs_id *incident, int64_t due_at_ms)
{
    for (size_t i = 0; i < vehicle->timer_count; i++) {
        const struct hs_timer *timer = &vehicle->timers[i];
        if (timer->kind == kind && timer->due_at_ms == due_at_ms &&
            hs_id_eq(&timer->incident, incident)) {
            remove_timer(vehicle, i);
            return true;
        }
    }
    return false;
}

void hs_vehicle_drop_timer(struct hs_vehicle *vehicle, Hitstream__V1__TimerKind kind,
                           const struct hs_id *incident)
{
    for (size_t i = 0; i < vehicle->timer_count; i++) {
        if (vehicle->timers[i].kind == kind && hs_id_eq(&vehicle->timers[i].incident, incident)) {
            remove_timer(vehicle, i);
            return;
        }
    }
}

void hs_vehicle_drop_timers(struct hs_vehicle *vehicle, const struct hs_id *incident)
{
    size_t i = 0;
    while (i < vehicle->timer_count) {
        if (hs_id_eq(&vehicle->timers[i].incident, incident)) {
            remove_timer(vehicle, i);
        } else {
            i++;
        }
    }
}

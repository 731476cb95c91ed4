// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "correlate/core.h"
#include "wire/message.h"

enum {
    TOMBSTONES_A_CHECKPOINT = 10000, // so that a checkpoint stays short
};
#define REMOVE_SLACK_MS INT64_C(3600000)
#define REMOVE_AFTER_MS                                                                            \
    (HS_STATE_KEEP_MS + REMOVE_SLACK_MS) // an hour's slack, should the brokers' clocks step back

static int restore_partition(struct hs_correlator *correlator, struct hs_str value)
{
    hs_bump_reset(&correlator->bump);
    const Hitstream__V1__PartitionState *state = (const void *)hs_message_unpack(
        &hitstream__v1__partition_state__descriptor, value, &correlator->bump);
    if (!state || strlen(state->controls_hash) >= HS_CONTROLS_HASH_BYTES) {
        return HS_EFORMAT;
    }
    int rc = 0;
    if (state->epoch >= correlator->restored_epoch) {
        rc = hs_floods_unpack(&correlator->floods, state);
        correlator->restored_epoch = state->epoch;
        correlator->read_offset = state->next_offset;
        correlator->checkpoint_offset = state->next_offset;
        correlator->now_ms = state->now_ms;
        correlator->restored_written_at_ms = state->written_at_ms;
        correlator->took_over_at_ms = state->took_over_at_ms;
        strcpy(correlator->wanted_hash, state->controls_hash);
    }
    return rc == HS_ENOMEM ? hs_core_break(correlator, rc) : rc;
}

// Fills the vehicle from its record, unless what is held is of a newer epoch.
static int restore_value(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                         struct hs_str value)
{
    hs_bump_reset(&correlator->bump);
    const Hitstream__V1__VehicleState *state = (const void *)hs_message_unpack(
        &hitstream__v1__vehicle_state__descriptor, value, &correlator->bump);
    if (!state) {
        return HS_EFORMAT;
    }
    int rc = 0;
    if (vehicle->stored && state->epoch < vehicle->epoch) {
        hs_core_mark_dirty(correlator,
                           vehicle); // an older owner overwrote it: ours is written again
    } else {
        hs_vehicle_clear(vehicle, &correlator->pool);
        rc = hs_vehicle_unpack(vehicle, state, &correlator->pool);
        vehicle->stored = true;
    }
    return rc;
}

static void restore_tombstone(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                              uint64_t epoch)
{
    if (vehicle->stored && epoch < vehicle->epoch) {
        hs_core_mark_dirty(correlator, vehicle);
        return;
    }
    hs_vehicle_clear(vehicle, &correlator->pool);
    vehicle->epoch = epoch;
    vehicle->touched = false;
    vehicle->stored = true;
}

int hs_correlator_restore(struct hs_correlator *correlator, const struct hs_state_record *record)
{
    struct hs_vehicle *vehicle;
    if (correlator->broken) {
        return correlator->broken;
    }
    if (hs_str_is(record->key, HS_PARTITION_STATE_KEY)) {
        return restore_partition(correlator, record->value);
    }
    int rc = hs_vehicle_table_add(&correlator->vehicles, record->key, &vehicle);
    if (rc != 0) {
        return rc == HS_ENOMEM ? hs_core_break(correlator, rc) : rc;
    }
    if (record->value.len == 0) {
        restore_tombstone(correlator, vehicle, record->epoch);
        return 0;
    }
    rc = restore_value(correlator, vehicle, record->value);
    return rc == HS_ENOMEM ? hs_core_break(correlator, rc) : rc;
}

int64_t hs_correlator_written_at_ms(const struct hs_correlator *correlator)
{
    return correlator->restored_written_at_ms;
}

static int by_last_event(const void *left, const void *right)
{
    const struct hs_vehicle *a = *(struct hs_vehicle *const *)left;
    const struct hs_vehicle *b = *(struct hs_vehicle *const *)right;
    if (a->applied_offset != b->applied_offset) {
        return a->applied_offset < b->applied_offset ? -1 : 1;
    }
    return strcmp(a->key, b->key);
}

// Drops those of which only a tombstone is known.
static void drop_tombstones(struct hs_correlator *correlator)
{
    struct hs_vehicle *vehicle = correlator->vehicles.oldest;
    while (vehicle) {
        struct hs_vehicle *newer = vehicle->newer;
        if (!vehicle->touched && !vehicle->dirty) {
            hs_vehicle_table_remove(&correlator->vehicles, vehicle);
            hs_vehicle_free(vehicle, &correlator->pool);
        }
        vehicle = newer;
    }
}

// Puts the vehicles in order of their last event and their timers into the heap.
static int order_vehicles(struct hs_correlator *correlator)
{
    size_t count = correlator->vehicles.count;
    struct hs_vehicle **rows = malloc((count + 1) * sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    size_t used = 0;
    for (struct hs_vehicle *v = correlator->vehicles.oldest; v; v = v->newer) {
        rows[used++] = v;
    }
    qsort(rows, used, sizeof(*rows), by_last_event);
    int rc = 0;
    correlator->stats.open_incidents = 0;
    for (size_t i = 0; rc == 0 && i < used; i++) {
        rc = hs_vehicle_table_touch(&correlator->vehicles, rows[i]);
        correlator->stats.open_incidents += rows[i]->open != NULL;
        rc = rc ? rc : hs_timers_update(&correlator->timers, rows[i]);
        rc = rc ? rc : hs_core_note_held(correlator, rows[i]);
    }
    free(rows);
    return rc;
}

int hs_correlator_restored(struct hs_correlator *correlator)
{
    if (correlator->broken) {
        return correlator->broken;
    }
    if (*correlator->wanted_hash) {
        struct hs_controls *controls = correlator->config.controls_lookup(
            correlator->config.controls_ctx, correlator->wanted_hash);
        if (!controls) {
            return HS_EAGAIN;
        }
        hs_core_set_controls(correlator, controls);
        correlator->has_controls = true;
        *correlator->wanted_hash = '\0';
    }
    drop_tombstones(correlator);
    int rc = order_vehicles(correlator);
    return rc ? hs_core_break(correlator, rc) : 0;
}

int hs_correlator_overwritten(struct hs_correlator *correlator, struct hs_str key)
{
    struct hs_vehicle *vehicle;
    if (hs_str_is(key, HS_PARTITION_STATE_KEY)) {
        return 0; // every checkpoint writes it
    }
    int rc = hs_vehicle_table_add(&correlator->vehicles, key, &vehicle);
    if (rc != 0) {
        return rc == HS_ENOMEM ? hs_core_break(correlator, rc) : rc;
    }
    vehicle->stored = true;
    hs_core_mark_dirty(correlator, vehicle);
    return 0;
}

// Removes states that are out of use: what was applied to them is older than the last checkpoint,
// so that no replay meets their events again.
static void pack_tombstones(struct hs_correlator *correlator, hs_checkpoint_record *record,
                            void *ctx)
{
    struct hs_vehicle *vehicle = correlator->vehicles.oldest;
    for (size_t removed = 0; vehicle && removed < TOMBSTONES_A_CHECKPOINT;) {
        struct hs_vehicle *newer = vehicle->newer;
        if (vehicle->touched && (correlator->now_ms - vehicle->applied_at_ms <= REMOVE_AFTER_MS ||
                                 vehicle->applied_offset >= correlator->checkpoint_offset)) {
            break; // and all newer ones
        }
        bool keep = vehicle->touched && correlator->now_ms - vehicle->applied_at_ms <=
                                            hs_vehicle_keep_ms(vehicle) + REMOVE_SLACK_MS;
        if (!keep && !hs_vehicle_is_needed(vehicle) && !vehicle->dirty) {
            if (vehicle->stored) {
                record(ctx, hs_str_n(vehicle->key, vehicle->key_len), (struct hs_str){NULL, 0});
            }
            hs_timers_remove(&correlator->timers, vehicle);
            hs_release_remove(&correlator->release, vehicle);
            hs_vehicle_table_remove(&correlator->vehicles, vehicle);
            hs_vehicle_free(vehicle, &correlator->pool);
            removed++;
        }
        vehicle = newer;
    }
}

static int pack_vehicle(struct hs_correlator *correlator, struct hs_vehicle *vehicle,
                        uint64_t epoch, hs_checkpoint_record *record, void *ctx)
{
    struct hs_str key = hs_str_n(vehicle->key, vehicle->key_len);
    if (!vehicle->touched) { // another wrote a state where there is none
        record(ctx, key, (struct hs_str){NULL, 0});
        vehicle->stored = false;
        return 0;
    }
    hs_bump_reset(&correlator->bump);
    hs_buf_clear(&correlator->out);
    int rc =
        hs_vehicle_pack(vehicle, &correlator->pool, epoch, &correlator->bump, &correlator->out);
    if (rc == 0) {
        record(ctx, key, hs_buf_str(&correlator->out));
        vehicle->stored = true;
        vehicle->epoch = epoch;
    }
    return rc;
}

static int pack_partition(struct hs_correlator *correlator, uint64_t epoch, int64_t written_at_ms,
                          hs_checkpoint_record *record, void *ctx)
{
    Hitstream__V1__PartitionState state = HITSTREAM__V1__PARTITION_STATE__INIT;
    state.epoch = epoch;
    state.next_offset = hs_correlator_next_offset(correlator);
    state.now_ms = correlator->now_ms;
    state.controls_hash = (char *)(uintptr_t)hs_controls_hash(correlator->controls);
    state.written_at_ms = written_at_ms;
    state.took_over_at_ms = correlator->took_over_at_ms;
    hs_bump_reset(&correlator->bump);
    hs_buf_clear(&correlator->out);
    if (!hs_floods_pack(&correlator->floods, &correlator->bump, &state) ||
        hs_message_pack(&state.base, &correlator->out) != 0) {
        return HS_ENOMEM;
    }
    record(ctx, HS_STR(HS_PARTITION_STATE_KEY), hs_buf_str(&correlator->out));
    correlator->checkpoint_offset = state.next_offset;
    return 0;
}

size_t hs_correlator_dirty(const struct hs_correlator *correlator)
{
    return correlator->dirty_count;
}

int hs_correlator_checkpoint(struct hs_correlator *correlator, uint64_t epoch,
                             int64_t written_at_ms, hs_checkpoint_record *record, void *ctx)
{
    int rc = correlator->broken;
    struct hs_vehicle *vehicle = correlator->dirty;
    while (rc == 0 && vehicle) {
        struct hs_vehicle *next = vehicle->next_dirty;
        vehicle->dirty = false;
        rc = pack_vehicle(correlator, vehicle, epoch, record, ctx);
        vehicle = next;
    }
    if (rc != 0) {
        return hs_core_break(correlator, rc);
    }
    correlator->dirty = NULL;
    correlator->dirty_end = &correlator->dirty;
    correlator->dirty_count = 0;
    pack_tombstones(correlator, record, ctx);
    rc = pack_partition(correlator, epoch, written_at_ms, record, ctx);
    return rc ? hs_core_break(correlator, rc) : 0;
}

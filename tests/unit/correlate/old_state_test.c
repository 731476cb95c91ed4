// SPDX-License-Identifier: Apache-2.0
// A new version of the daemon reads the state that an old one wrote: tests/data/golden holds it as
// it was first written, and every later version restores all of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/file.h"
#include "correlate/correlator.h"
#include "hitstream/v1/state.pb-c.h"
#include "wire/varint.h"

#define KEY "AB12CDE|open"

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    (void)ctx, (void)hash;
    return NULL;
}

static void on_record(void *ctx, struct hs_str key, struct hs_str value)
{
    if (hs_str_is(key, KEY)) {
        hs_buf_add_str(ctx, value);
    }
}

static void on_any_record(void *ctx, struct hs_str key, struct hs_str value)
{
    if (!hs_str_is(key, HS_PARTITION_STATE_KEY)) {
        hs_buf_add_str(ctx, value);
    }
}

static Hitstream__V1__VehicleState *unpack(const struct hs_buf *packed)
{
    Hitstream__V1__VehicleState *state =
        hitstream__v1__vehicle_state__unpack(NULL, packed->len, (const uint8_t *)packed->ptr);
    assert_non_null(state);
    return state;
}

static void assert_same_message(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    uint8_t left[8192], right[8192];
    assert_true(protobuf_c_message_get_packed_size(a) <= sizeof(left));
    assert_true(protobuf_c_message_get_packed_size(b) <= sizeof(right));
    size_t len = protobuf_c_message_pack(a, left);
    assert_int_equal(len, protobuf_c_message_pack(b, right));
    assert_memory_equal(left, right, len);
}

// What an incident was, whatever the layout: places and lists are numbered in newer states.
static void assert_same_incident(const Hitstream__V1__Incident *a, const Hitstream__V1__Incident *b)
{
    assert_memory_equal(a->incident_id.data, b->incident_id.data, HS_ID_BYTES);
    assert_int_equal(a->opened_at_ms, b->opened_at_ms);
    assert_int_equal(a->last_at_ms, b->last_at_ms);
    assert_int_equal(a->hits, b->hits);
    assert_int_equal(a->priority, b->priority);
    assert_int_equal(a->n_trail, b->n_trail);
    for (size_t i = 0; i < a->n_trail; i++) {
        assert_int_equal(a->trail[i]->captured_at_ms, b->trail[i]->captured_at_ms);
    }
    assert_int_equal(a->n_told, b->n_told);
    for (size_t i = 0; i < a->n_told; i++) {
        assert_string_equal(a->told[i]->queue, b->told[i]->queue);
        assert_int_equal(a->told[i]->alerts, b->told[i]->alerts);
    }
}

static void all_of_an_old_state_is_restored(void **state)
{
    (void)state;
    struct hs_correlator_config config = {.controls_lookup = lookup};
    struct hs_correlator *correlator;
    struct hs_buf old = {0}, again = {0};
    assert_int_equal(
        hs_file_read(HS_SOURCE_DIR "/tests/data/golden/VehicleState.bin", 1 << 20, &old), 0);
    assert_int_equal(hs_correlator_new(&config, &correlator), 0);
    const struct hs_state_record record = {HS_STR(KEY), hs_buf_str(&old), 1};
    assert_int_equal(hs_correlator_restore(correlator, &record), 0);
    assert_int_equal(hs_correlator_restored(correlator), 0);
    assert_int_equal(hs_correlator_overwritten(correlator, HS_STR(KEY)), 0);
    assert_int_equal(hs_correlator_checkpoint(correlator, 2, 1, on_record, &again), 0);
    Hitstream__V1__VehicleState *before = unpack(&old), *after = unpack(&again);
    assert_int_equal(after->applied_offset, before->applied_offset);
    assert_int_equal(after->seen_hits.len, before->n_seen * HS_ID_BYTES); // ids stand alone now
    for (size_t i = 0; i < before->n_seen; i++) {
        assert_memory_equal(after->seen_hits.data + i * HS_ID_BYTES, before->seen[i]->hit_id.data,
                            HS_ID_BYTES);
    }
    assert_int_equal(after->n_timers, before->n_timers);
    for (size_t i = 0; i < after->n_timers; i++) {
        assert_same_message(&after->timers[i]->base, &before->timers[i]->base);
    }
    assert_int_equal(after->n_ended, before->n_ended);
    assert_same_incident(after->incident, before->incident);
    for (size_t i = 0; i < after->n_ended; i++) {
        assert_same_incident(after->ended[i], before->ended[i]);
    }
    hitstream__v1__vehicle_state__free_unpacked(before, NULL);
    hitstream__v1__vehicle_state__free_unpacked(after, NULL);
    hs_correlator_free(correlator);
    hs_buf_fini(&old);
    hs_buf_fini(&again);
}

// The alerts of an incident that stand to be taken back were messages, and are rows.
static void assert_same_recent(const Hitstream__V1__Incident *before,
                               const Hitstream__V1__Incident *after)
{
    for (size_t i = 0; i < before->n_told; i++) {
        const Hitstream__V1__Told *old = before->told[i], *now = after->told[i];
        assert_int_equal(now->n_recent, 0);
        assert_true(old->n_recent > 0);
        assert_int_equal(now->recent_rows.len, old->n_recent * (1 + HS_ID_BYTES));
        for (size_t row = 0; row < old->n_recent; row++) {
            const uint8_t *at = now->recent_rows.data + row * (1 + HS_ID_BYTES);
            assert_int_equal(at[0], old->recent[row]->number);
            assert_memory_equal(at + 1, old->recent[row]->alert_id.data, HS_ID_BYTES);
        }
    }
}

static int64_t time_of_stop(const Hitstream__V1__ConvoyState *state, uint64_t number)
{
    int64_t at_ms = 0;
    assert_true(number < state->n_stops);
    for (uint64_t i = 0; i <= number; i++) {
        const Hitstream__V1__ConvoyStop *stop = state->stops[i];
        at_ms = stop->at_ms ? stop->at_ms : at_ms + stop->after_ms;
    }
    return at_ms;
}

// Companions that were met once were messages, and are rows.
static void assert_same_company(const Hitstream__V1__ConvoyState *before,
                                const Hitstream__V1__ConvoyState *after)
{
    const uint8_t *at = after->passers_by.data, *end = at + after->passers_by.len;
    uint64_t mark = 0, apart = 0, stop = 0, gap = 0;
    size_t others = 0;
    for (size_t i = 0; i < before->n_companions; i++) {
        const Hitstream__V1__ConvoyCompanion *row = before->companions[i];
        if (__builtin_popcount(row->seen) > 1) {
            assert_same_message(&row->base, &after->companions[others++]->base);
            continue;
        }
        assert_true(hs_varint_take(&at, end, &apart) && hs_varint_take(&at, end, &stop) &&
                    hs_varint_take(&at, end, &gap));
        mark += apart;
        assert_int_equal(mark, row->mark);
        assert_int_equal(1U << stop, row->seen);
        assert_int_equal(hs_unzigzag(gap), row->gaps_ms[0]);
        assert_int_equal(time_of_stop(after, stop), row->last_at_ms);
    }
    assert_int_equal(others, after->n_companions);
    assert_ptr_equal(at, end);
}

// A state as it was written when companions, alerts and timers were messages with all of their
// ids: half as large again.
static void a_state_of_messages_becomes_one_of_rows(void **state)
{
    (void)state;
    struct hs_correlator_config config = {.controls_lookup = lookup};
    struct hs_correlator *correlator;
    struct hs_buf old = {0}, again = {0};
    assert_int_equal(
        hs_file_read(HS_SOURCE_DIR "/tests/data/states/rows-as-messages.bin", 1 << 20, &old), 0);
    Hitstream__V1__VehicleState *before = unpack(&old);
    hs_buf_add_texts(&again, before->vehicle, "|open", NULL);
    assert_int_equal(hs_correlator_new(&config, &correlator), 0);
    const struct hs_state_record record = {hs_buf_str(&again), hs_buf_str(&old), 1};
    assert_int_equal(hs_correlator_restore(correlator, &record), 0);
    assert_int_equal(hs_correlator_restored(correlator), 0);
    assert_int_equal(hs_correlator_overwritten(correlator, hs_buf_str(&again)), 0);
    hs_buf_clear(&again);
    assert_int_equal(hs_correlator_checkpoint(correlator, 2, 1, on_any_record, &again), 0);
    Hitstream__V1__VehicleState *after = unpack(&again);
    assert_true(again.len * 10 < old.len * 9);
    assert_same_incident(after->incident, before->incident);
    assert_same_recent(before->incident, after->incident);
    assert_int_equal(after->n_ended, before->n_ended);
    for (size_t i = 0; i < after->n_ended; i++) {
        assert_same_incident(after->ended[i], before->ended[i]);
        assert_same_recent(before->ended[i], after->ended[i]);
    }
    assert_same_company(before->convoy, after->convoy);
    assert_int_equal(after->n_timers, before->n_timers);
    for (size_t i = 0; i < after->n_timers; i++) { // all of the open incident
        assert_int_equal(after->timers[i]->due_at_ms, before->timers[i]->due_at_ms);
        assert_int_equal(after->timers[i]->incident_id.len, 0);
        assert_memory_equal(before->timers[i]->incident_id.data, after->incident->incident_id.data,
                            HS_ID_BYTES);
    }
    hitstream__v1__vehicle_state__free_unpacked(before, NULL);
    hitstream__v1__vehicle_state__free_unpacked(after, NULL);
    hs_correlator_free(correlator);
    hs_buf_fini(&old);
    hs_buf_fini(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_of_messages_becomes_one_of_rows),
        cmocka_unit_test(all_of_an_old_state_is_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

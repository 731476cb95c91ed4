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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_an_old_state_is_restored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

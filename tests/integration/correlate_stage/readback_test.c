// SPDX-License-Identifier: Apache-2.0
// Since when queues are read back, and which ids are kept: without a broker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstream/v1/state.pb-c.h"
#include "hitstreamd/correlate_queues.h"
#include "hitstreamd/correlate_readback.h"

static struct hs_settings settings = {.kafka_message_timeout_ms = 2000};

static void ignore_alert(void *ctx, const struct hs_alert *alert)
{
    (void)ctx;
    (void)alert;
}

static void ignore_append(void *ctx, struct hs_str key, struct hs_str event)
{
    (void)ctx;
    (void)key;
    (void)event;
}

static struct hs_controls *no_controls(void *ctx, const char *hash)
{
    (void)ctx;
    (void)hash;
    return NULL;
}

// A partition whose restored state bears this time; 0: none was restored.
static struct hs_part make_part(int64_t written_at_ms, bool caught_up)
{
    struct hs_part part = {.caught_up = caught_up};
    struct hs_correlator_config config = {
        .controls_lookup = no_controls,
        .sink = {.alert = ignore_alert, .append = ignore_append},
    };
    Hitstream__V1__PartitionState state = HITSTREAM__V1__PARTITION_STATE__INIT;
    uint8_t packed[64];
    assert_int_equal(hs_correlator_new(&config, &part.correlator), 0);
    state.written_at_ms = written_at_ms;
    state.next_offset = 5;
    size_t len = hitstream__v1__partition_state__pack(&state, packed);
    struct hs_state_record record = {.key = HS_STR(HS_PARTITION_STATE_KEY),
                                     .value = hs_str_n(packed, len)};
    if (written_at_ms > 0) {
        assert_int_equal(hs_correlator_restore(part.correlator, &record), 0);
    }
    return part;
}

static void replaying_partitions_decide_since_when(void **state)
{
    (void)state;
    struct hs_part parts[] = {make_part(900000, false), make_part(500000, false),
                              make_part(100000, true)};
    struct hs_part *rows[] = {&parts[0], &parts[1], &parts[2]};
    struct hs_correlate_stage stage = {
        .config = {.settings = &settings}, .parts = rows, .part_count = 3};
    // the second is still replaying while the first is taken over; the third needs nothing any more
    assert_int_equal(hs_read_back_since_ms(&stage), 500000 - 2000 - 10000);
    parts[1].caught_up = true;
    assert_int_equal(hs_read_back_since_ms(&stage), 900000 - 2000 - 10000);
    struct hs_part none = make_part(0, false);
    rows[2] = &none; // nothing was restored: everything is read
    assert_int_equal(hs_read_back_since_ms(&stage), 0);
    hs_correlator_free(none.correlator);
    for (size_t i = 0; i < 3; i++) {
        hs_correlator_free(parts[i].correlator);
    }
}

static void reading_again_keeps_what_others_need(void **state)
{
    (void)state;
    struct hs_correlate_stage stage = {.config = {.settings = &settings}};
    struct hs_channel channel = {.read_since_takeover = true};
    struct hs_id id = {.bytes = {1, 2, 3}};
    stage.channels = &channel;
    stage.unrouted_read = true;
    assert_int_equal(hs_id_set_add(&stage.stood, &id), 0);
    hs_queues_read_again(&stage);
    assert_false(channel.read_since_takeover);
    assert_false(stage.unrouted_read);
    assert_true(hs_id_set_has(&stage.stood, &id));
    hs_queues_forget_read(&stage);
    assert_false(hs_id_set_has(&stage.stood, &id));
}

static void a_set_holds_what_was_put(void **state)
{
    (void)state;
    struct hs_id_set set = {0};
    for (uint32_t i = 1; i <= 5000; i++) {
        struct hs_id id = {{0}};
        memcpy(id.bytes, &i, sizeof(i));
        assert_int_equal(hs_id_set_add(&set, &id), 0);
        assert_int_equal(hs_id_set_add(&set, &id), 0);
    }
    assert_int_equal(set.count, 5000);
    for (uint32_t i = 0; i <= 6000; i++) {
        struct hs_id id = {{0}};
        memcpy(id.bytes, &i, sizeof(i));
        assert_int_equal(hs_id_set_has(&set, &id), i >= 1 && i <= 5000);
    }
    hs_id_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaying_partitions_decide_since_when),
        cmocka_unit_test(reading_again_keeps_what_others_need),
        cmocka_unit_test(a_set_holds_what_was_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

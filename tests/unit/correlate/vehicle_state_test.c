// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/file.h"
#include "correlate/priority.h"
#include "correlate/vehicle_table.h"

static struct hs_intern_pool pool;

static struct hs_id id_of(uint32_t n)
{
    struct hs_id id = {{0}};
    memcpy(id.bytes, &n, sizeof(n));
    return id;
}

static struct hs_vehicle *make(const char *key)
{
    struct hs_vehicle *vehicle;
    assert_int_equal(hs_vehicle_new(hs_str(key), &vehicle), 0);
    return vehicle;
}

static void keys_name_vehicle_and_audience(void **state)
{
    (void)state;
    struct hs_vehicle *vehicle = make("AB12CDE|covert:op|x");
    assert_true(hs_str_is(vehicle->mark, "AB12CDE"));
    assert_true(hs_str_is(vehicle->audience, "covert:op|x"));
    hs_vehicle_free(vehicle, &pool);
    struct hs_vehicle *none = NULL;
    assert_int_equal(hs_vehicle_new(HS_STR("AB12CDE"), &none), HS_EFORMAT);
    assert_int_equal(hs_vehicle_new(HS_STR("|open"), &none), HS_EFORMAT);
    assert_int_equal(hs_vehicle_new(HS_STR("AB12CDE|closed"), &none), HS_EFORMAT);
    assert_int_equal(hs_vehicle_new(HS_STR(""), &none), HS_EFORMAT);
    assert_null(none);
}

static void the_last_64_hits_are_known(void **state)
{
    (void)state;
    struct hs_vehicle *vehicle = make("A1|open");
    for (uint32_t i = 1; i <= HS_SEEN_HITS_MAX + 1; i++) {
        struct hs_id id = id_of(i);
        assert_false(hs_vehicle_has_seen(vehicle, &id));
        assert_int_equal(hs_vehicle_note_seen(vehicle, &id), 0);
    }
    struct hs_id first = id_of(1), second = id_of(2);
    assert_false(hs_vehicle_has_seen(vehicle, &first));
    assert_true(hs_vehicle_has_seen(vehicle, &second));
    hs_vehicle_free(vehicle, &pool);
}

static void a_timer_is_one_a_kind_and_incident(void **state)
{
    (void)state;
    struct hs_vehicle *vehicle = make("A1|open");
    struct hs_id a = id_of(1), b = id_of(2);
    assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &a, 100), 0);
    vehicle->timers[0].appended = true;
    assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &a, 100), 0);
    assert_true(vehicle->timers[0].appended); // nothing changed
    assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &a, 200), 0);
    assert_false(vehicle->timers[0].appended); // moved: it is to be appended again
    assert_int_equal(vehicle->timer_count, 1);
    assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &b, 300), 0);
    assert_false(hs_vehicle_take_timer(vehicle, 1, &a, 100)); // as it stood before
    assert_true(hs_vehicle_take_timer(vehicle, 1, &a, 200));
    assert_false(hs_vehicle_take_timer(vehicle, 1, &a, 200)); // once
    hs_vehicle_drop_timers(vehicle, &b);
    assert_int_equal(vehicle->timer_count, 0);
    for (uint32_t i = 0; i < HS_TIMERS_MAX; i++) {
        struct hs_id id = id_of(100 + i);
        assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &id, i), 0);
    }
    assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &a, 1), HS_ELIMIT);
    hs_vehicle_free(vehicle, &pool);
}

static void ended_incidents_are_bounded_and_lose_their_timers(void **state)
{
    (void)state;
    struct hs_vehicle *vehicle = make("A1|open");
    for (uint32_t i = 0; i <= HS_ENDED_MAX; i++) {
        struct hs_id id = id_of(i);
        assert_int_equal(hs_vehicle_set_timer(vehicle, 1, &id, 5), 0);
        hs_vehicle_end(vehicle, &pool, hs_incident_new(&id, i));
        assert_int_equal(vehicle->timer_count, 0);
    }
    assert_int_equal(vehicle->ended_count, HS_ENDED_MAX);
    assert_int_equal(vehicle->ended[0]->opened_at_ms, 1);
    hs_vehicle_free(vehicle, &pool);
}

static void a_damaged_state_leaves_the_vehicle_empty(void **state)
{
    (void)state;
    struct hs_vehicle *vehicle = make("A1|open");
    Hitstream__V1__VehicleState message = HITSTREAM__V1__VEHICLE_STATE__INIT;
    Hitstream__V1__SeenHit good = HITSTREAM__V1__SEEN_HIT__INIT,
                           bad = HITSTREAM__V1__SEEN_HIT__INIT;
    Hitstream__V1__SeenHit *seen[] = {&good, &bad};
    uint8_t sixteen[16] = {1};
    good.hit_id = (ProtobufCBinaryData){16, sixteen};
    bad.hit_id = (ProtobufCBinaryData){3, sixteen};
    message.n_seen = 2;
    message.seen = seen;
    assert_int_equal(hs_vehicle_unpack(vehicle, &message, &pool), HS_EFORMAT);
    assert_int_equal(vehicle->seen_count, 0);
    assert_false(vehicle->touched);
    hs_vehicle_free(vehicle, &pool);
}

static void the_table_finds_orders_and_removes(void **state)
{
    (void)state;
    struct hs_vehicle_table table = {0};
    struct hs_vehicle *vehicles[1000];
    char key[32] = "A000|open";
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "A%03d|open", i);
        assert_int_equal(hs_vehicle_table_add(&table, hs_str(key), &vehicles[i]), 0);
    }
    hs_vehicle_table_touch(&table, vehicles[0]);
    assert_ptr_equal(table.newest, vehicles[0]);
    assert_ptr_equal(table.oldest, vehicles[1]);
    assert_ptr_equal(hs_vehicle_table_find(&table, HS_STR("A500|open")), vehicles[500]);
    hs_vehicle_table_remove(&table, vehicles[500]);
    hs_vehicle_free(vehicles[500], &pool);
    assert_null(hs_vehicle_table_find(&table, HS_STR("A500|open")));
    assert_int_equal(table.count, 999);
    hs_vehicle_table_fini(&table, &pool);
}

// A state as it was written before places and entries had numbers.
static void an_old_state_is_read_and_written_anew(void **state)
{
    (void)state;
    struct hs_buf old = {0}, packed = {0}, again = {0};
    struct hs_bump bump = {0};
    assert_int_equal(
        hs_file_read(HS_SOURCE_DIR "/tests/data/golden/VehicleState.bin", 1 << 20, &old), 0);
    for (int round = 0; round < 2; round++) {
        const struct hs_buf *from = round == 0 ? &old : &packed;
        struct hs_buf *to = round == 0 ? &packed : &again;
        struct hs_vehicle *vehicle = make("AB12CDE|open");
        Hitstream__V1__VehicleState *message =
            hitstream__v1__vehicle_state__unpack(NULL, from->len, (const uint8_t *)from->ptr);
        assert_non_null(message);
        assert_int_equal(hs_vehicle_unpack(vehicle, message, &pool), 0);
        hitstream__v1__vehicle_state__free_unpacked(message, NULL);
        assert_int_equal(vehicle->seen_count, 2);
        assert_non_null(vehicle->open);
        assert_int_equal(vehicle->open->trail_count, 2);
        assert_true(vehicle->open->entry_count > 0 && vehicle->open->told_count > 0);
        assert_int_equal(hs_vehicle_pack(vehicle, &pool, 7, &bump, to), 0);
        hs_vehicle_free(vehicle, &pool);
        hs_bump_reset(&bump);
    }
    assert_int_equal(packed.len, again.len);
    assert_memory_equal(packed.ptr, again.ptr, packed.len);
    assert_int_equal(pool.count, 0);
    hs_buf_fini(&old);
    hs_buf_fini(&packed);
    hs_buf_fini(&again);
    hs_bump_fini(&bump);
}

static void priority_has_floors(void **state)
{
    (void)state;
    struct hs_rules rules;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    hs_rules_defaults(&rules);
    assert_int_equal(hs_entry_priority(&rules, &entry), HITSTREAM__V1__PRIORITY__PRIORITY_LOW);
    entry.safeguarding = HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_VULNERABLE_ADULT;
    assert_int_equal(hs_entry_priority(&rules, &entry), HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
    entry.harm_score = rules.harm_high - 1; // no more than medium
    assert_int_equal(hs_entry_priority(&rules, &entry), HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
    entry.harm_score = rules.harm_high;
    assert_int_equal(hs_entry_priority(&rules, &entry), HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    entry.harm_score = 1000; // by default immediate is a person's word
    assert_int_equal(hs_entry_priority(&rules, &entry), HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    rules.harm_immediate = 950;
    assert_int_equal(hs_entry_priority(&rules, &entry),
                     HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE);
    entry.harm_score = 0;
    entry.priority = HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE;
    assert_int_equal(hs_entry_priority(&rules, &entry),
                     HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE);
}

static void places_unattended_raise_priority_up_to_high(void **state)
{
    (void)state;
    struct hs_rules rules;
    hs_rules_defaults(&rules); // a step each three places
    assert_int_equal(hs_priority_raised(&rules, HITSTREAM__V1__PRIORITY__PRIORITY_LOW, 2),
                     HITSTREAM__V1__PRIORITY__PRIORITY_LOW);
    assert_int_equal(hs_priority_raised(&rules, HITSTREAM__V1__PRIORITY__PRIORITY_LOW, 3),
                     HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM);
    assert_int_equal(hs_priority_raised(&rules, HITSTREAM__V1__PRIORITY__PRIORITY_LOW, UINT32_MAX),
                     HITSTREAM__V1__PRIORITY__PRIORITY_HIGH);
    assert_int_equal(hs_priority_raised(&rules, HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE, 9),
                     HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE);
    rules.unattended_step = 0;
    assert_int_equal(hs_priority_raised(&rules, HITSTREAM__V1__PRIORITY__PRIORITY_LOW, 99),
                     HITSTREAM__V1__PRIORITY__PRIORITY_LOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_name_vehicle_and_audience),
        cmocka_unit_test(the_last_64_hits_are_known),
        cmocka_unit_test(a_timer_is_one_a_kind_and_incident),
        cmocka_unit_test(ended_incidents_are_bounded_and_lose_their_timers),
        cmocka_unit_test(a_damaged_state_leaves_the_vehicle_empty),
        cmocka_unit_test(the_table_finds_orders_and_removes),
        cmocka_unit_test(an_old_state_is_read_and_written_anew),
        cmocka_unit_test(priority_has_floors),
        cmocka_unit_test(places_unattended_raise_priority_up_to_high),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

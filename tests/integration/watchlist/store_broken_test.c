// SPDX-License-Identifier: Apache-2.0
// Whatever is broken in a real Redis is noticed and named; instances and controls.
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "store_house.h"

static void keys_of_another_type_are_told(void **state)
{
    (void)state;
    struct seen seen;
    struct hs_position position;
    struct hs_store_list list = new_list("lines");
    load(&list, 10, 'a');
    meddle("SET hs:list:lines:g1 text");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("key 'hs:list:lines:g1'");
    says("WRONGTYPE");
    assert_int_equal(
        hs_store_put(store, &actor, &list, entry_id(1), packed(1, 'a'), hs_str(""), &position),
        HS_EPROTO);
    says("key 'hs:list:lines:g1': is a 'string', should be a 'hash'");
    meddle("SET hs:list:lines text");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("key 'hs:list:lines': ");
    meddle("SET hs:lists text");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("key 'hs:lists'");
    meddle("DEL hs:lists");
    meddle("SET hs:changes text");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("key 'hs:changes'");
}

static void garbage_values_are_told(void **state)
{
    (void)state;
    struct seen seen;
    struct hs_position position;
    new_list("lines");
    meddle("HSET hs:list:lines size many");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("key 'hs:list:lines': field 'size': value 'many' cannot be read");
    meddle("HDEL hs:list:lines size");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("key 'hs:list:lines': field 'size' is missing");
    meddle("HSET hs:list:lines size 0 status asleep");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
    says("field 'status': value 'asleep'");
    meddle("SADD hs:lists ghost");
    meddle("HSET hs:list:lines status live");
    assert_int_equal(read_all(store, &seen, &position), HS_ENOTFOUND);
    says("there is no list 'ghost'");
}

static void a_list_that_does_not_hold_is_told(void **state)
{
    (void)state;
    struct seen seen;
    struct hs_position position;
    struct hs_store_list list = new_list("lines");
    load(&list, 1000, 'a');
    assert_int_equal(meddle("HDEL hs:list:lines:g1 AB00007"), 1);
    assert_int_equal(read_all(store, &seen, &position), HS_ECHECKSUM);
    says("list 'lines' does not hold: 999 entries");
    struct hs_str entry = packed(7, 'x');
    meddle("HSET hs:list:lines:g1 AB00007 %s", entry.ptr);
    assert_int_equal(read_all(store, &seen, &position), HS_ECHECKSUM);
    entry = packed(7, 'a');
    meddle("HSET hs:list:lines:g1 AB00007 %s", entry.ptr);
    assert_int_equal(read_all(store, &seen, &position), 0);
    // One too many is tried again, for a hash that is resized gives entries twice, and then told.
    meddle("HSET hs:list:lines:g1 AB99999 %s", entry.ptr);
    assert_int_equal(read_all(store, &seen, &position), HS_ECHECKSUM);
    assert_true(seen.begins > 1 || seen.entries == 1001);
}

static void a_load_that_lost_entries_does_not_go_live(void **state)
{
    (void)state;
    struct hs_position position;
    struct hs_store_list list = new_list("lines");
    struct hs_store_loading *loading = begin_load(&list, 10, 'a');
    assert_int_equal(hs_store_loading_add(loading, entry_id(3), packed(3, 'b')),
                     0); // the same id again
    assert_int_equal(
        hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR(""), NULL, &position),
        HS_ECHECKSUM);
    says("holds 10 of 11 fields written");
    hs_store_loading_abort(loading);
}

static void a_redis_that_hangs_is_left_in_time(void **state)
{
    (void)state;
    struct hs_position position;
    hs_process_signal(&redis.process, SIGSTOP);
    int64_t from_ms = hs_clock_boottime_ms();
    int rc = hs_store_head(store, &position);
    int64_t took_ms = hs_clock_boottime_ms() - from_ms;
    hs_process_signal(&redis.process, SIGCONT);
    assert_int_equal(rc, HS_ETIMEDOUT);
    says("does not answer within its time");
    assert_true(took_ms >= TIMEOUT_MS && took_ms < 3 * TIMEOUT_MS);
}

static void a_redis_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct hs_redis_config config = {
        .host = "127.0.0.1", .port = 1, .connect_timeout_ms = 500, .command_timeout_ms = 500};
    struct hs_store *none = NULL;
    struct hs_buf why = {0};
    assert_int_equal(hs_store_open(&config, &none, &why), HS_EUNREACHABLE);
    assert_null(none);
    assert_string_equal(hs_buf_text(&why), "redis at '127.0.0.1:1': Connection refused");
    hs_buf_fini(&why);
}

// ---- instances and controls ----

static void instances_stay_until_deregistered(void **state)
{
    (void)state;
    struct hs_instance *rows;
    size_t count;
    struct hs_instance instance = {.instance_id = HS_STR("one"),
                                   .change_id = HS_STR("5-1"),
                                   .state = HS_STR("live"),
                                   .entries = 7,
                                   .last_seen_ms = 42};
    assert_int_equal(hs_store_register(store, &instance), 0);
    instance.instance_id = HS_STR("two");
    assert_int_equal(hs_store_register(store, &instance), 0);
    assert_int_equal(hs_store_deregister(store, HS_STR("two")), 0);
    assert_int_equal(hs_store_instances(store, &bump, &rows, &count), 0);
    assert_int_equal(count, 1);
    assert_true(hs_str_is(rows[0].instance_id, "one"));
    assert_true(hs_str_is(rows[0].change_id, "5-1"));
    assert_int_equal(rows[0].entries, 7);
    assert_int_equal(rows[0].last_seen_ms, 42);
    meddle("HSET hs:instance:one entries few");
    assert_int_equal(hs_store_instances(store, &bump, &rows, &count), HS_EPROTO);
    says("key 'hs:instance:one': field 'entries' cannot be read");
}

struct activations {
    size_t count;
    char newest[HS_CHANGE_HASH_BYTES];
};

static void count_activation(void *ctx, const struct hs_controls_activation *row)
{
    struct activations *all = ctx;
    if (all->count++ == 0) {
        snprintf(all->newest, sizeof(all->newest), "%s", row->hash);
    }
}

static void controls_are_activated_against_their_head(void **state)
{
    (void)state;
    enum { TIMES = HS_STORE_CONTROLS_KEPT + 3 };
    char hash[HS_CHANGE_HASH_BYTES], head[HS_CHANGE_HASH_BYTES] = "";
    struct hs_buf source = {0};
    for (int i = 0; i < TIMES; i++) {
        snprintf(hash, sizeof(hash), "%064d", i);
        assert_int_equal(
            hs_store_controls_activate(store, head, hash, HS_STR("source"), "activate", &actor), 0);
        memcpy(head, hash, sizeof(head));
    }
    assert_int_equal(hs_store_controls_activate(store, "", hash, HS_STR("x"), "activate", &actor),
                     HS_ECONFLICT);
    assert_int_equal(hs_store_controls_head(store, hash, &source), 0);
    assert_string_equal(hash, head);
    assert_true(hs_str_is(hs_buf_str(&source), "source"));
    snprintf(hash, sizeof(hash), "%064d", 0);
    assert_int_equal(hs_store_controls_get(store, hash, &source), HS_ENOTFOUND);
    snprintf(hash, sizeof(hash), "%064d", 3);
    assert_int_equal(hs_store_controls_get(store, hash, &source), 0);
    struct activations all = {0};
    assert_int_equal(hs_store_controls_history(store, 10, count_activation, &all), 0);
    assert_int_equal(all.count, 10);
    assert_string_equal(all.newest, head);
    hs_buf_fini(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_of_another_type_are_told),      TEST(garbage_values_are_told),
        TEST(a_list_that_does_not_hold_is_told),  TEST(a_load_that_lost_entries_does_not_go_live),
        TEST(a_redis_that_hangs_is_left_in_time), TEST(a_redis_that_is_not_there_is_told),
        TEST(instances_stay_until_deregistered),  TEST(controls_are_activated_against_their_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "scenario/story.h"

static int begin(void **state)
{
    *state = story_new();
    return 0;
}

static int end(void **state)
{
    story_free(*state);
    return 0;
}

static void suppression_survives_a_restart(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    restart(s, true);
    passes(s, "12:03:00", "AB12CDE", "missing", "avon/1");
    restart(s, false);
    passes(s, "12:04:00", "AB12CDE", "missing", "avon/1");
    told(s, "avon-live opened AB12CDE avon/1");
    told(s, "avon-review opened AB12CDE avon/1");
    silence(s);
    passes(s, "12:06:00", "AB12CDE", "missing", "avon/2");
    told(s, "avon-live updated AB12CDE avon/2");
    assert_int_equal(last_alert(s)->hits, 4);
}

static void timers_stand_in_state_and_fire_once(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    restart(s, true);
    assert_int_equal(story_stats(s).timers, 1);
    clock_strikes(s, "12:31:00");
    restart(s, false); // the event stands in the log: replayed, not fired again
    assert_int_equal(story_stats(s).open_incidents, 0);
    assert_int_equal(story_stats(s).timers, 0);
    clock_strikes(s, "12:32:00");
    assert_int_equal(story_stats(s).open_incidents, 0);
}

static void duplicates_are_known_after_a_restart(void **state)
{
    struct story *s = *state;
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    restart(s, true);
    passes(s, "12:00:00", "AB12CDE", "missing", "avon/1");
    assert_int_equal(story_stats(s).duplicate_hits, 1);
}

static void controls_in_force_survive_a_restart(void **state)
{
    struct story *s = *state;
    controls_change(
        s, "queues:\n  all:\n    owner: avon\n    kind: intelligence\n    lists: ['*']\n", NULL);
    restart(s, true);
    passes(s, "12:00:00", "AB12CDE", "lowkey", "avon/1");
    told(s, "all opened AB12CDE avon/1");
    silence(s);
}

// ---------------------------------------------------------------- without a story

static int64_t at(const char *text)
{
    return story_time_ms(text);
}

static void apply_hit(struct hs_offline *offline, uint64_t offset, const struct story_hit *hit,
                      int want)
{
    struct hs_buf packed = {0};
    story_pack_hit(hit, &packed);
    assert_int_equal(hs_offline_apply(offline, offset, at(hit->at), hs_buf_str(&packed),
                                      (struct hs_str){NULL, 0}),
                     want);
    hs_buf_fini(&packed);
}

static int apply_controls(struct hs_offline *offline, uint64_t offset, const char *hash)
{
    struct hs_buf packed = {0};
    story_pack_controls(hash, &packed);
    int rc = hs_offline_apply(offline, offset, at("00:00:00"), hs_buf_str(&packed),
                              (struct hs_str){NULL, 0});
    hs_buf_fini(&packed);
    return rc;
}

static const struct story_hit one_hit = {
    .at = "12:00:00", .vehicle = "AB12CDE", .list = "missing", .site = "avon/1"};

// "At most 4 KB a packed state" in the ordinary case: a vehicle that went out and came
// back, an hour each way, and four desks that know it.
static void a_busy_state_is_small(void **state)
{
    struct story *s = *state;
    for (unsigned i = 0; i < 48; i++) { // two journeys over a dozen sites, each seen twice
        char at[16], site[16];
        unsigned minute = i * 3 + i / 24 * 60;
        snprintf(at, sizeof(at), "%02u:%02u:00", 8 + minute / 60, minute % 60);
        snprintf(site, sizeof(site), "%s/site-%02u", i % 12 < 6 ? "avon" : "wilts", i % 12);
        passes(s, at, "AB12CDE", "drugs", site);
    }
    size_t len = story_state_bytes(s, "AB12CDE|open");
    printf("a busy state has %zu bytes\n", len);
    assert_true(len > 2000 && len <= 4096);
}

// The oldest of one audience leaves, one without an open incident first; another audience's stay.
static void a_full_table_drops_the_oldest_of_its_audience(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    struct hs_correlator_stats stats;
    static const struct story_hit hits[] = {
        {.at = "12:00:00", .vehicle = "AA11AAA", .list = "covert-a", .site = "avon/1"},
        {.at = "12:00:01", .vehicle = "AA11AAA", .list = "missing", .site = "avon/1"},
        {.at = "12:00:02", .vehicle = "BB22BBB", .list = "missing", .site = "avon/1"},
        {.at = "12:00:03", .vehicle = "CC33CCC", .list = "missing", .site = "avon/1"},
    };
    offline->vehicles_max = 2;
    hs_offline_restart(offline);
    hs_offline_know(offline, controls);
    assert_int_equal(apply_controls(offline, 0, hs_controls_hash(controls)), 0);
    for (size_t i = 0; i < 3; i++) {
        apply_hit(offline, 1 + i, &hits[i], 0);
    }
    hs_offline_checkpoint(offline, SIZE_MAX);
    apply_hit(offline, 4, &hits[3], 0);
    hs_correlator_stats(offline->correlator, &stats);
    assert_int_equal(stats.vehicles_dropped, 1);
    assert_int_equal(stats.open_incidents, 3);
    hs_offline_checkpoint(offline, SIZE_MAX);
    hs_offline_restart(offline);
    assert_true(hs_offline_states_hold(offline));
    static const size_t again[] = {0, 2, 3, 1};
    for (size_t i = 0; i < 4; i++) { // what left is not known again, the rest is
        apply_hit(offline, 5 + i, &hits[again[i]], 0);
    }
    hs_correlator_stats(offline->correlator, &stats);
    assert_int_equal(stats.duplicate_hits, 3);
    assert_int_equal(stats.vehicles_dropped, 1);
    hs_offline_free(offline);
}

static void hits_wait_for_the_first_controls(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    hs_offline_know(offline, controls);
    apply_hit(offline, 5, &one_hit, 0);
    assert_int_equal(offline->alert_count, 0);
    assert_int_equal(hs_correlator_next_offset(offline->correlator),
                     5); // it is read again after a crash
    hs_offline_checkpoint(offline, SIZE_MAX);
    assert_int_equal(hs_offline_restart(offline), 5);
    apply_hit(offline, 5, &one_hit, 0);
    assert_int_equal(apply_controls(offline, 6, hs_controls_hash(controls)), 0);
    assert_int_equal(offline->alert_count, 2);
    assert_string_equal(offline->alerts[0].queue, "avon-live");
    assert_int_equal(hs_correlator_next_offset(offline->correlator), 7);
    hs_offline_free(offline);
}

static void unknown_controls_change_nothing_until_they_are_known(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    assert_int_equal(apply_controls(offline, 3, hs_controls_hash(controls)), HS_EAGAIN);
    assert_int_equal(hs_correlator_next_offset(offline->correlator), 0);
    hs_offline_know(offline, controls);
    assert_int_equal(apply_controls(offline, 3, hs_controls_hash(controls)), 0);
    assert_int_equal(hs_correlator_next_offset(offline->correlator), 4);
    hs_offline_free(offline);
}

static void a_malformed_event_is_passed_over(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    assert_int_equal(
        hs_offline_apply(offline, 0, 1, HS_STR("\xff\xff\xff garbage"), (struct hs_str){NULL, 0}),
        HS_EFORMAT);
    assert_int_equal(hs_correlator_next_offset(offline->correlator), 1);
    hs_offline_free(offline);
}

struct caught {
    struct hs_buf key;
    struct hs_buf value;
    size_t count;
};

static void catch_first(void *ctx, struct hs_str key, struct hs_str value)
{
    struct caught *caught = ctx;
    if (caught->count++ == 0) {
        hs_buf_add_str(&caught->key, key);
        hs_buf_add_str(&caught->value, value);
    }
}

// The vehicle's packed state after so many hits, written by the owner of an epoch.
static struct caught state_after(size_t hits, uint64_t epoch)
{
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    static const char *const times[] = {"12:00:00", "12:10:00", "12:20:00"};
    struct caught caught = {.count = 0};
    hs_offline_know(offline, controls);
    apply_controls(offline, 0, hs_controls_hash(controls));
    for (size_t i = 0; i < hits; i++) {
        struct story_hit hit = one_hit;
        hit.at = times[i];
        apply_hit(offline, i + 1, &hit, 0);
    }
    assert_int_equal(hs_correlator_checkpoint(offline->correlator, epoch, 1, catch_first, &caught),
                     0);
    hs_offline_free(offline);
    return caught;
}

static void count_records(void *ctx, struct hs_str key, struct hs_str value)
{
    (void)value;
    *(size_t *)ctx += !hs_str_is(key, HS_PARTITION_STATE_KEY);
}

static void a_newer_epoch_wins_whatever_came_last(void **state)
{
    (void)state;
    struct caught newer = state_after(2, 90), older = state_after(3, 40);
    struct hs_offline *offline = hs_offline_new();
    struct hs_state_record records[] = {
        {.key = hs_buf_str(&newer.key), .value = hs_buf_str(&newer.value), .epoch = 90},
        {.key = hs_buf_str(&older.key), .value = hs_buf_str(&older.value), .epoch = 40},
        {.key = hs_buf_str(&older.key), .value = {NULL, 0}, .epoch = 40}, // its tombstone neither
    };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hs_correlator_restore(offline->correlator, &records[i]), 0);
    }
    assert_int_equal(hs_correlator_restored(offline->correlator), 0);
    assert_int_equal(hs_correlator_dirty(offline->correlator),
                     1); // overwritten: to be written again
    struct caught again = {.count = 0};
    assert_int_equal(hs_correlator_checkpoint(offline->correlator, 90, 1, catch_first, &again), 0);
    assert_true(hs_str_eq(hs_buf_str(&again.value), hs_buf_str(&newer.value)));
    hs_offline_free(offline);
    hs_buf_fini(&newer.key);
    hs_buf_fini(&newer.value);
    hs_buf_fini(&older.key);
    hs_buf_fini(&older.value);
    hs_buf_fini(&again.key);
    hs_buf_fini(&again.value);
}

static void a_tombstone_of_a_newer_epoch_wins(void **state)
{
    (void)state;
    struct caught older = state_after(1, 40);
    struct hs_offline *offline = hs_offline_new();
    struct hs_state_record records[] = {
        {.key = hs_buf_str(&older.key), .value = hs_buf_str(&older.value), .epoch = 40},
        {.key = hs_buf_str(&older.key), .value = {NULL, 0}, .epoch = 90},
    };
    hs_correlator_restore(offline->correlator, &records[0]);
    hs_correlator_restore(offline->correlator, &records[1]);
    assert_int_equal(hs_correlator_restored(offline->correlator), 0);
    struct hs_correlator_stats stats;
    hs_correlator_stats(offline->correlator, &stats);
    assert_int_equal(stats.vehicles, 0);
    hs_offline_free(offline);
    hs_buf_fini(&older.key);
    hs_buf_fini(&older.value);
}

static void what_another_overwrote_is_written_again(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    size_t records = 0;
    hs_offline_know(offline, controls);
    apply_controls(offline, 0, hs_controls_hash(controls));
    apply_hit(offline, 1, &one_hit, 0);
    hs_correlator_checkpoint(offline->correlator, 1, 1, count_records, &records);
    assert_int_equal(records, 1);
    hs_correlator_checkpoint(offline->correlator, 1, 1, count_records, &records);
    assert_int_equal(records, 1); // nothing changed
    hs_correlator_overwritten(offline->correlator, HS_STR("AB12CDE|open"));
    hs_correlator_overwritten(offline->correlator,
                              HS_STR("ZZ99ZZZ|open")); // none of ours: a tombstone
    hs_correlator_checkpoint(offline->correlator, 1, 1, count_records, &records);
    assert_int_equal(records, 3);
    hs_offline_free(offline);
}

// States out of use are removed, but not while a replay could still meet their events.
static void states_out_of_use_are_tombstoned_behind_a_checkpoint(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    size_t records = 0;
    hs_offline_know(offline, controls);
    apply_controls(offline, 0, hs_controls_hash(controls));
    apply_hit(offline, 1, &one_hit, 0);
    hs_correlator_due(offline->correlator, at("12:31:00"), 10);
    assert_int_equal(offline->appended_count, 1);
    hs_offline_apply(offline, 2, at("12:31:00"), offline->appended[0].value,
                     (struct hs_str){NULL, 0});
    struct story_hit much_later = {
        .at = "3+12:00:00", .vehicle = "XY34ZZZ", .list = "missing", .site = "avon/1"};
    apply_hit(offline, 3, &much_later, 0);
    hs_correlator_checkpoint(offline->correlator, 1, 1, count_records, &records);
    assert_int_equal(records, 2); // both states: nothing was checkpointed before
    hs_correlator_checkpoint(offline->correlator, 1, 1, count_records, &records);
    assert_int_equal(records, 3); // the tombstone
    struct hs_correlator_stats stats;
    hs_correlator_stats(offline->correlator, &stats);
    assert_int_equal(stats.vehicles, 1);
    hs_offline_free(offline);
}

static void apply_many(struct hs_offline *offline, const struct hs_controls *controls)
{
    assert_int_equal(apply_controls(offline, 0, hs_controls_hash(controls)), 0);
    for (unsigned i = 0; i < 100; i++) { // more than the ids that are known
        char time[16];
        snprintf(time, sizeof(time), "%02u:%02u:00", 8 + i / 10, i % 10 * 6);
        struct story_hit hit = one_hit;
        hit.at = time;
        apply_hit(offline, i + 1, &hit, 0);
    }
}

// Killed after the vehicles' states were written and before the partition's: what a state has, it has.
static void what_is_part_of_a_state_is_not_applied_again(void **state)
{
    (void)state;
    struct hs_offline *offline = hs_offline_new();
    struct hs_controls *controls = story_controls(NULL, NULL);
    hs_offline_know(offline, controls);
    apply_many(offline, controls);
    size_t told = offline->alert_count;
    assert_int_equal(told, 200);
    hs_offline_checkpoint(offline, 1);
    assert_int_equal(hs_offline_restart(offline), 0);
    apply_many(offline, controls);
    assert_int_equal(offline->alert_count, told);
    hs_offline_free(offline);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)
        STORY(suppression_survives_a_restart),
        STORY(timers_stand_in_state_and_fire_once),
        STORY(duplicates_are_known_after_a_restart),
        STORY(controls_in_force_survive_a_restart),
        cmocka_unit_test_setup_teardown(a_busy_state_is_small, begin, end),
        cmocka_unit_test(a_full_table_drops_the_oldest_of_its_audience),
        cmocka_unit_test(hits_wait_for_the_first_controls),
        cmocka_unit_test(unknown_controls_change_nothing_until_they_are_known),
        cmocka_unit_test(a_malformed_event_is_passed_over),
        cmocka_unit_test(a_newer_epoch_wins_whatever_came_last),
        cmocka_unit_test(a_tombstone_of_a_newer_epoch_wins),
        cmocka_unit_test(what_another_overwrote_is_written_again),
        cmocka_unit_test(states_out_of_use_are_tombstoned_behind_a_checkpoint),
        cmocka_unit_test(what_is_part_of_a_state_is_not_applied_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

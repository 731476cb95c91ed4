// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "correlate/incident_state.h"

static struct hs_intern_pool pool;
static const struct hs_id incident_id = {.bytes = {1}};

static const struct hs_interned *place(const char *site)
{
    Hitstream__V1__Place message = HITSTREAM__V1__PLACE__INIT;
    message.site_id = (char *)(uintptr_t)site;
    const struct hs_interned *object = hs_intern_get(&pool, &message.base);
    assert_non_null(object);
    return object;
}

static bool put(struct hs_incident *incident, const char *site, int64_t at_ms, uint8_t tier)
{
    struct hs_trail_point point = {.captured_at_ms = at_ms,
                                   .last_at_ms = at_ms,
                                   .place = place(site),
                                   .reads = 1,
                                   .tier = tier};
    bool dropped;
    assert_int_equal(hs_incident_place(incident, &pool, &point, 3, &dropped), 0);
    return dropped;
}

static void assert_trail(const struct hs_incident *incident, const char *want)
{
    char found[256] = "";
    for (size_t i = 0; i < incident->trail_count; i++) {
        const struct hs_trail_point *p = &incident->trail[i];
        size_t len = strlen(found);
        snprintf(found + len, sizeof(found) - len, "%s%s %d-%d x%u", i ? ", " : "",
                 ((const Hitstream__V1__Place *)p->place->message)->site_id, (int)p->captured_at_ms,
                 (int)p->last_at_ms, p->reads);
    }
    assert_string_equal(found, want);
}

static void finish(struct hs_incident *incident)
{
    hs_incident_free(incident, &pool);
    assert_int_equal(pool.count, 0); // every reference was given back
    hs_intern_fini(&pool);
}

static void repeats_at_one_place_are_one_point(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    put(incident, "a", 10, 1);
    put(incident, "a", 30, 3);
    put(incident, "a", 20, 1);
    assert_trail(incident, "a 10-30 x3");
    assert_int_equal(incident->trail[0].tier, 3); // the weakest
    finish(incident);
}

static void late_reads_stand_in_order_of_event_time(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    put(incident, "a", 10, 1);
    put(incident, "c", 30, 1);
    put(incident, "b", 20, 1);
    assert_trail(incident, "a 10-10 x1, b 20-20 x1, c 30-30 x1");
    put(incident, "c", 25, 1); // just before its neighbour of the same site: one place
    assert_trail(incident, "a 10-10 x1, b 20-20 x1, c 25-30 x2");
    finish(incident);
}

static void the_oldest_place_falls_out(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    assert_false(put(incident, "a", 10, 1));
    assert_false(put(incident, "b", 20, 1));
    assert_false(put(incident, "c", 30, 1));
    assert_true(put(incident, "d", 40, 1));
    assert_trail(incident, "b 20-20 x1, c 30-30 x1, d 40-40 x1");
    assert_true(put(incident, "e", 5, 1)); // older than all that is kept: it is counted, not kept
    assert_trail(incident, "b 20-20 x1, c 30-30 x1, d 40-40 x1");
    assert_int_equal(incident->trail_dropped, 2);
    finish(incident);
}

static void a_list_keeps_its_newest_revision(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    char id[16] = "list-00", title[] = "one";
    list.list_id = id;
    list.title = title;
    assert_int_equal(hs_incident_note_list(incident, &pool, &list), 0);
    title[0] = 'O';
    assert_int_equal(hs_incident_note_list(incident, &pool, &list), 0);
    assert_int_equal(incident->list_count, 1);
    assert_string_equal(((const Hitstream__V1__ListInfo *)incident->lists[0]->message)->title,
                        "One");
    for (int i = 1; i <= HS_INCIDENT_LISTS_MAX; i++) {
        snprintf(id, sizeof(id), "list-%02d", i % 100);
        assert_int_equal(hs_incident_note_list(incident, &pool, &list), 0);
    }
    assert_int_equal(incident->list_count, HS_INCIDENT_LISTS_MAX);
    assert_string_equal(((const Hitstream__V1__ListInfo *)incident->lists[0]->message)->list_id,
                        "list-01");
    finish(incident);
}

static const struct hs_interned *what(const char *site)
{
    Hitstream__V1__ToldPlace message = HITSTREAM__V1__TOLD_PLACE__INIT;
    message.site_id = (char *)(uintptr_t)site;
    return hs_intern_get(&pool, &message.base);
}

static void the_nearest_telling_counts_and_late_ones_stand_beside(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    struct hs_told *told = hs_incident_told_add(incident, &pool, HS_STR("q"));
    const struct hs_interned *a = what("a");
    int64_t at_ms;
    assert_false(hs_told_find(told, a, 0, &at_ms));
    hs_told_note(told, &pool, hs_intern_ref(a), 1000);
    hs_told_note(told, &pool, hs_intern_ref(a), 100); // a late read
    assert_int_equal(told->place_count, 2);
    assert_true(hs_told_find(told, a, 200, &at_ms));
    assert_int_equal(at_ms, 100);
    assert_true(hs_told_find(told, a, 900, &at_ms));
    assert_int_equal(at_ms, 1000);
    hs_told_note(told, &pool, hs_intern_ref(a), 2000); // takes the place of the last before it
    assert_int_equal(told->place_count, 2);
    assert_true(hs_told_find(told, a, 1000, &at_ms));
    assert_int_equal(at_ms, 100);
    hs_intern_put(&pool, a);
    finish(incident);
}

static void a_full_table_forgets_the_oldest_telling(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    struct hs_told *told = hs_incident_told_add(incident, &pool, HS_STR("q"));
    char site[16] = "s-00";
    int64_t at_ms;
    for (int i = 0; i <= HS_TOLD_PLACES_MAX; i++) {
        snprintf(site, sizeof(site), "s-%02d", i % 100);
        hs_told_note(told, &pool, what(site), i);
    }
    assert_int_equal(told->place_count, HS_TOLD_PLACES_MAX);
    const struct hs_interned *first = what("s-00");
    assert_false(
        hs_told_find(told, first, 0, &at_ms)); // it would be told again: too much, not too little
    hs_intern_put(&pool, first);
    finish(incident);
}

static void the_queue_told_longest_ago_is_forgotten(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    char name[16] = "q-00";
    for (int i = 0; i <= HS_INCIDENT_TOLD_MAX; i++) {
        snprintf(name, sizeof(name), "q-%02d", i % 100);
        hs_incident_told_add(incident, &pool, hs_str(name))->event_at_ms = 1000 - i;
    }
    assert_int_equal(incident->told_count, HS_INCIDENT_TOLD_MAX);
    assert_null(hs_incident_told(incident, HS_STR("q-31"))); // the lowest time when q-32 came
    assert_non_null(hs_incident_told(incident, HS_STR("q-00")));
    assert_non_null(hs_incident_told(incident, HS_STR("q-32")));
    finish(incident);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_at_one_place_are_one_point),
        cmocka_unit_test(late_reads_stand_in_order_of_event_time),
        cmocka_unit_test(the_oldest_place_falls_out),
        cmocka_unit_test(a_list_keeps_its_newest_revision),
        cmocka_unit_test(the_nearest_telling_counts_and_late_ones_stand_beside),
        cmocka_unit_test(a_full_table_forgets_the_oldest_telling),
        cmocka_unit_test(the_queue_told_longest_ago_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

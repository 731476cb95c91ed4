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

static struct hs_incident_entry *note(struct hs_incident *incident, const char *entry_id,
                                      uint64_t sequence)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__ListRevision revision = HITSTREAM__V1__LIST_REVISION__INIT;
    char title[32];
    snprintf(title, sizeof(title), "revision %u", (unsigned)sequence);
    entry.entry_id = (char *)(uintptr_t)entry_id;
    entry.reason = title;
    revision.sequence = sequence;
    list.list_id = (char *)(uintptr_t) "l";
    list.revision = &revision;
    struct hs_incident_entry *row = hs_incident_note_entry(incident, &pool, &entry, &list);
    assert_non_null(row);
    return row;
}

static void an_entry_keeps_its_newest_revision_and_its_number(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    char id[16] = "e-00";
    uint8_t first = note(incident, id, 1)->number;
    assert_string_equal(hs_entry_of(note(incident, id, 1))->reason, "revision 1");
    assert_string_equal(hs_entry_of(note(incident, id, 2))->reason, "revision 2");
    assert_int_equal(incident->entry_count, 1);
    assert_int_equal(hs_incident_entry(incident, "l", id)->number, first);
    assert_null(hs_incident_entry(incident, "other", id));
    struct hs_told *told = hs_incident_told_add(incident, &pool, HS_STR("q"));
    struct hs_told_place row = {.place = place("a"), .event_at_ms = 5, .number = first};
    hs_told_note(told, &pool, &row);
    const struct hs_told_alert alert = {.id = incident_id, .number = first, .place = place("a")};
    hs_told_note_alert(told, &pool, &alert);
    told->known = UINT64_C(1) << first;
    for (int i = 1; i <= HS_INCIDENT_ENTRIES_MAX; i++) {
        snprintf(id, sizeof(id), "e-%02d", i % 100);
        note(incident, id, 1);
    }
    assert_int_equal(incident->entry_count, HS_INCIDENT_ENTRIES_MAX);
    assert_null(hs_incident_entry(incident, "l", "e-00")); // the first fell out, its number is free
    assert_int_equal(hs_incident_entry(incident, "l", id)->number, first);
    assert_int_equal(told->place_count + told->recent_count + told->known, 0);
    finish(incident);
}

static void tell(struct hs_told *told, const char *site, uint8_t number, int64_t at_ms)
{
    struct hs_told_place row = {.place = place(site), .event_at_ms = at_ms, .number = number};
    hs_told_note(told, &pool, &row);
}

static void the_nearest_telling_counts_and_late_ones_stand_beside(void **state)
{
    (void)state;
    struct hs_incident *incident = hs_incident_new(&incident_id, 10);
    struct hs_told *told = hs_incident_told_add(incident, &pool, HS_STR("q"));
    const struct hs_interned *a = place("a");
    int64_t at_ms;
    assert_false(hs_told_find(told, a, 1, 0, &at_ms));
    tell(told, "a", 1, 1000);
    tell(told, "a", 1, 100); // a late read
    assert_int_equal(told->place_count, 2);
    assert_true(hs_told_find(told, a, 1, 200, &at_ms));
    assert_int_equal(at_ms, 100);
    assert_true(hs_told_find(told, a, 1, 900, &at_ms));
    assert_int_equal(at_ms, 1000);
    assert_false(hs_told_find(told, a, 2, 900, &at_ms)); // another entry
    assert_true(hs_told_site(told, a));
    tell(told, "a", 1, 2000); // takes the place of the last before it
    assert_int_equal(told->place_count, 2);
    assert_true(hs_told_find(told, a, 1, 1000, &at_ms));
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
        tell(told, site, 1, i);
    }
    assert_int_equal(told->place_count, HS_TOLD_PLACES_MAX);
    const struct hs_interned *first =
        place("s-00"); // it would be told again: too much, not too little
    assert_false(hs_told_find(told, first, 1, 0, &at_ms));
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
        cmocka_unit_test(an_entry_keeps_its_newest_revision_and_its_number),
        cmocka_unit_test(the_nearest_telling_counts_and_late_ones_stand_beside),
        cmocka_unit_test(a_full_table_forgets_the_oldest_telling),
        cmocka_unit_test(the_queue_told_longest_ago_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

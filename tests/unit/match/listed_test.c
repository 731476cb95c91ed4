// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "match/listed.h"
#include "unit/match/fixture.h"

// A list and the one mark on it.
struct row {
    const char *list;
    const char *vrm;
    bool covert;
    enum hs_list_status status;
    fixture_edit_entry *edit;
};

static struct hs_snapshot *snapshot_of(const struct row *rows, size_t count)
{
    struct hs_snapshot_builder *builder;
    struct hs_snapshot *snapshot;
    assert_int_equal(hs_snapshot_builder_new(&builder), 0);
    for (size_t i = 0; i < count; i++) {
        struct hs_list_spec spec = fixture_list(rows[i].list);
        spec.covert = rows[i].covert;
        spec.status = rows[i].status ? rows[i].status : HS_LIST_LIVE;
        assert_int_equal(hs_snapshot_builder_list(builder, &spec), 0);
        assert_int_equal(
            hs_snapshot_builder_entry(builder, fixture_entry("e", rows[i].vrm, rows[i].edit)), 0);
    }
    assert_int_equal(hs_snapshot_builder_build(builder, FIXTURE_NOW_MS, HS_STR("1-0"), &snapshot),
                     0);
    return snapshot;
}

static struct hs_listed listed;

// Companions of a hit now, ended by NULL, each ten seconds before it.
static void ask(const struct row *rows, size_t count, const char *const *marks)
{
    static struct hs_company company;
    static const struct hs_match_context context;
    struct hs_snapshot *snapshot = snapshot_of(rows, count);
    struct hs_listing *listing;
    const struct hs_listed_beside beside = {HS_STR("c1"), FIXTURE_NOW_MS, false};
    memset(&company, 0, sizeof(company));
    for (; marks[company.count]; company.count++) {
        struct hs_companion *companion = &company.listed[company.count];
        assert_int_equal(hs_vrm_normalise(hs_str(marks[company.count]), &companion->vrm, NULL), 0);
        companion->gap_ms = 10000;
    }
    assert_int_equal(hs_listing_new(&listing), 0);
    memset(&listed, 0xff, sizeof(listed));
    hs_listing_find(listing, snapshot, &context, &beside, &company, &listed);
    hs_listing_free(listing);
    hs_snapshot_free(snapshot);
}

#define ASK(rows, ...)                                                                             \
    ask(rows, sizeof(rows) / sizeof(rows[0]), (const char *const[]){__VA_ARGS__, NULL})

static void act(Hitstream__V1__WatchlistEntry *entry)
{
    entry->handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    entry->safeguarding = (Hitstream__V1__Safeguarding)2;
}

static void a_companion_bears_the_open_lists_it_stands_on(void **state)
{
    (void)state;
    static const struct row rows[] = {{.list = "stolen", .vrm = "BB22BBB", .edit = act},
                                      {.list = "drugs", .vrm = "BB22BBB"}};
    ASK(rows, "AA11AAA", "BB22BBB");
    assert_int_equal(listed.counts[0], 0);
    assert_int_equal(listed.counts[1], 2);
    assert_string_equal(listed.on[1][0].list_id, "drugs"); // in order of name
    assert_string_equal(listed.on[1][1].list_id, "stolen");
    assert_string_equal(listed.on[1][1].owner_force, "north");
    assert_int_equal(listed.on[1][1].handling, HITSTREAM__V1__HANDLING__HANDLING_STOP);
    assert_int_equal(listed.on[1][1].safeguarding, 2);
}

static void covert_lists_and_trials_change_no_byte(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {.list = "a-covert", .vrm = "BB22BBB", .covert = true},
        {.list = "stolen", .vrm = "BB22BBB"},
        {.list = "b-covert", .vrm = "CC33CCC", .covert = true},
        {.list = "c-trial", .vrm = "CC33CCC", .status = HS_LIST_TRIAL},
        {.list = "d-off", .vrm = "CC33CCC", .status = HS_LIST_SUSPENDED},
        {.list = "drugs", .vrm = "BB22BBB"},
    };
    static const struct row open[] = {{.list = "stolen", .vrm = "BB22BBB"},
                                      {.list = "drugs", .vrm = "BB22BBB"}};
    ASK(open, "BB22BBB", "CC33CCC");
    struct hs_listed without = listed;
    ASK(rows, "BB22BBB", "CC33CCC");
    assert_memory_equal(&listed, &without, sizeof(listed));
    assert_int_equal(listed.counts[0], 2);
    assert_int_equal(listed.counts[1], 0);
}

static void weed(Hitstream__V1__WatchlistEntry *entry)
{
    entry->weed_date = 20200101;
}

static void only_exact_marks_that_are_meant_now_count(void **state)
{
    (void)state;
    static const struct row rows[] = {{.list = "stolen", .vrm = "BO22BBB"},
                                      {.list = "drugs", .vrm = "CC33CCC", .edit = weed},
                                      {.list = "masks", .vrm = "DD44???"}};
    ASK(rows, "B022BBB", "CC33CCC", "DD44DDD");
    assert_int_equal(listed.counts[0], 0); // may be another vehicle
    assert_int_equal(listed.counts[1], 0); // its weed date is past
    assert_int_equal(listed.counts[2], 0); // a pattern names nobody
}

static void the_first_lists_by_name_stay(void **state)
{
    (void)state;
    static char names[HS_LISTED_MAX + 3][8];
    static struct row rows[HS_LISTED_MAX + 3];
    for (size_t i = 0; i < HS_LISTED_MAX + 3; i++) { // in no order
        snprintf(names[i], sizeof(names[i]), "l%02zu", i * 7 % (HS_LISTED_MAX + 3));
        rows[i] = (struct row){.list = names[i], .vrm = "BB22BBB"};
    }
    ASK(rows, "BB22BBB");
    assert_int_equal(listed.counts[0], HS_LISTED_MAX);
    for (size_t i = 0; i < HS_LISTED_MAX; i++) {
        char name[8];
        snprintf(name, sizeof(name), "l%02zu", i);
        assert_string_equal(listed.on[0][i].list_id, name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_companion_bears_the_open_lists_it_stands_on),
        cmocka_unit_test(covert_lists_and_trials_change_no_byte),
        cmocka_unit_test(only_exact_marks_that_are_meant_now_count),
        cmocka_unit_test(the_first_lists_by_name_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
//
// Counting sightings: what is counted, what begins and ends a flood, and that a state goes on where
// it was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "correlate/floods.h"

enum { WINDOW_MS = 60000 };
#define NOON_MS INT64_C(1768305600000)

static const struct hs_rules limits = {
    .flood_window_ms = WINDOW_MS, .flood_entry_sightings = 10, .flood_list_sightings = 100};

// One sighting.
struct sighting {
    Hitstream__V1__AudienceKind kind; // 0: open
    const char *list;
    const char *entry;
    unsigned vehicle;
    unsigned site;
    int64_t at_ms; // after noon
};

static struct hs_flood count(struct hs_floods *floods, const struct sighting *sighting)
{
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct hs_flood flood;
    char vehicle[16], site[16], entry_id[32], list_id[32];
    snprintf(vehicle, sizeof(vehicle), "V%u", sighting->vehicle);
    snprintf(site, sizeof(site), "s%u", sighting->site);
    snprintf(entry_id, sizeof(entry_id), "%s", sighting->entry ? sighting->entry : vehicle);
    snprintf(list_id, sizeof(list_id), "%s", sighting->list ? sighting->list : "stolen");
    entry.entry_id = entry_id;
    list.list_id = list_id;
    place.site_id = site;
    audience.kind =
        sighting->kind ? sighting->kind : HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    hit.entry = &entry;
    hit.list = &list;
    hit.place = &place;
    hit.audience = &audience;
    hit.captured_at_ms = NOON_MS + sighting->at_ms;
    assert_int_equal(hs_floods_count(floods, &limits, vehicle, &hit, &flood), 0);
    return flood;
}

// Packs and reads back.
static void reopen(struct hs_floods *floods)
{
    struct hs_bump bump = {0};
    uint8_t packed[65536];
    Hitstream__V1__PartitionState state = HITSTREAM__V1__PARTITION_STATE__INIT;
    assert_true(hs_floods_pack(floods, &bump, &state));
    assert_true(protobuf_c_message_get_packed_size(&state.base) < sizeof(packed));
    size_t len = protobuf_c_message_pack(&state.base, packed);
    hs_bump_fini(&bump);
    Hitstream__V1__PartitionState *again =
        hitstream__v1__partition_state__unpack(NULL, len, packed);
    assert_non_null(again);
    assert_int_equal(hs_floods_unpack(floods, again), 0);
    hitstream__v1__partition_state__free_unpacked(again, NULL);
}

static void a_vehicle_counts_once_a_site_and_window(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    for (unsigned i = 0; i < 1000; i++) {
        assert_false(count(&floods, &(struct sighting){.vehicle = 1, .site = i % 10}).floods);
    }
    assert_true(count(&floods, &(struct sighting){.vehicle = 1, .site = 10}).began);
    struct hs_flood again = count(&floods, &(struct sighting){.vehicle = 1, .site = 10});
    assert_true(again.floods && again.of_entry);
    assert_false(again.began);
    assert_int_equal(again.sightings, 11);
    hs_floods_fini(&floods);
}

static void late_hits_are_judged_but_not_counted(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    count(&floods, &(struct sighting){.vehicle = 1, .at_ms = WINDOW_MS});
    for (unsigned i = 0; i < 1000; i++) {
        assert_false(count(&floods, &(struct sighting){.vehicle = i, .entry = "e"}).floods);
    }
    hs_floods_fini(&floods);
}

static void trial_hits_count_for_nothing(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    for (unsigned i = 0; i < 1000; i++) {
        const struct sighting trial = {.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL,
                                       .vehicle = i};
        assert_false(count(&floods, &trial).floods);
    }
    assert_null(floods.guards);
    hs_floods_fini(&floods);
}

// Among hundreds of entries seen once or twice, the one that floods is found.
static void the_entry_that_floods_is_found_among_many(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    bool found = false;
    for (unsigned i = 0; i < 99 && !found; i++) {
        char rare[16];
        snprintf(rare, sizeof(rare), "rare%u", i);
        assert_false(count(&floods, &(struct sighting){.entry = rare, .vehicle = i}).floods);
        found = count(&floods, &(struct sighting){.entry = "wild", .vehicle = i}).of_entry;
    }
    assert_true(found);
    hs_floods_fini(&floods);
}

static void a_window_within_the_limit_ends_it(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    for (unsigned i = 0; i < 11; i++) {
        count(&floods, &(struct sighting){.entry = "e", .vehicle = i});
    }
    const struct sighting next = {.entry = "e", .vehicle = 50, .at_ms = WINDOW_MS};
    const struct sighting after = {.entry = "e", .vehicle = 51, .at_ms = INT64_C(2) * WINDOW_MS};
    assert_true(count(&floods, &next).floods); // the minute before was beyond
    reopen(&floods);
    assert_false(count(&floods, &after).floods);
    hs_floods_fini(&floods);
}

static void a_state_goes_on_where_it_was(void **state)
{
    (void)state;
    struct hs_floods straight = {0}, reopened = {0};
    for (unsigned i = 0; i < 700; i++) { // beyond the number at which cells are kept as bits
        const struct sighting sighting = {
            .list = i % 3 ? "stolen" : "drugs",
            .kind = i % 7 ? 0 : HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT,
            .vehicle = i % 650,
            .at_ms = i * 50};
        struct hs_flood a = count(&straight, &sighting);
        struct hs_flood b = count(&reopened, &sighting);
        assert_memory_equal(&a, &b, sizeof(a));
        if (i % 13 == 0) {
            reopen(&reopened);
        }
    }
    hs_floods_fini(&straight);
    hs_floods_fini(&reopened);
}

static void open_lists_are_bounded_and_covert_ones_move_none(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    char list[16];
    for (unsigned i = 0; i < 11; i++) {
        count(&floods, &(struct sighting){.entry = "e", .vehicle = i});
    }
    for (unsigned i = 0; i < HS_FLOOD_LISTS_MAX + 50; i++) {
        snprintf(list, sizeof(list), "covert%u", i);
        count(&floods,
              &(struct sighting){.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT,
                                 .list = list});
    }
    assert_true(count(&floods, &(struct sighting){.entry = "e", .vehicle = 20}).floods);
    for (unsigned i = 0; i < HS_FLOOD_LISTS_MAX; i++) {
        snprintf(list, sizeof(list), "open%u", i);
        count(&floods, &(struct sighting){.list = list});
    }
    assert_false(count(&floods, &(struct sighting){.entry = "e", .vehicle = 20}).floods);
    hs_floods_fini(&floods);
}

static void a_state_that_is_none_is_refused(void **state)
{
    (void)state;
    struct hs_floods floods = {0};
    uint8_t cells[3] = {0, 0xff, 0xff};
    Hitstream__V1__PartitionState partition = HITSTREAM__V1__PARTITION_STATE__INIT;
    Hitstream__V1__FloodGuard guard = HITSTREAM__V1__FLOOD_GUARD__INIT;
    Hitstream__V1__FloodGuard *rows[] = {&guard};
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    char list[] = "stolen";
    partition.n_floods = 1;
    partition.floods = rows;
    assert_true(hs_floods_unpack(&floods, &partition) < 0); // no audience
    guard.audience = &audience;
    guard.list_id = list;
    guard.seen = (ProtobufCBinaryData){3, cells};
    assert_true(hs_floods_unpack(&floods, &partition) < 0); // half a number
    guard.seen = (ProtobufCBinaryData){2, cells + 1};
    assert_true(hs_floods_unpack(&floods, &partition) < 0); // a cell beyond all
    hs_floods_fini(&floods);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_vehicle_counts_once_a_site_and_window),
        cmocka_unit_test(late_hits_are_judged_but_not_counted),
        cmocka_unit_test(trial_hits_count_for_nothing),
        cmocka_unit_test(the_entry_that_floods_is_found_among_many),
        cmocka_unit_test(a_window_within_the_limit_ends_it),
        cmocka_unit_test(a_state_goes_on_where_it_was),
        cmocka_unit_test(open_lists_are_bounded_and_covert_ones_move_none),
        cmocka_unit_test(a_state_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

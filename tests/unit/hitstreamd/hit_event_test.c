// SPDX-License-Identifier: Apache-2.0
// A hit's event says everything that correlation may use, in the contract's form.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstreamd/hit_event.h"

static const struct hs_id_key key = {{1, 2, 3}};
static struct hs_rules rules;

// A read as a camera sends it, and its view.
struct sample {
    uint8_t raw[512];
    struct hs_candidate_view scratch[HS_READ_CANDIDATES_MAX];
    struct hs_read_view view;
};

static void sample_read(struct sample *sample, const char *read_id)
{
    uint8_t batch[600];
    size_t count;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__Position position = HITSTREAM__V1__POSITION__INIT;
    Hitstream__V1__PlateRead *reads[] = {&read};
    Hitstream__V1__PlateReadBatch message = HITSTREAM__V1__PLATE_READ_BATCH__INIT;
    char vrm[] = "AB12 C0E", camera[] = "cam-7", id[64], make[] = "FORD", bad[] = "gr\xffy",
         country[] = "GB", ref[] = "img/1";
    snprintf(id, sizeof(id), "%s", read_id);
    position.latitude_deg = 51.4;
    position.longitude_deg = -2.4;
    read.vrm = vrm;
    read.camera_id = camera;
    read.captured_at_ms = 1700000000000;
    read.received_at_ms = 1700000000500;
    read.read_id = id;
    read.lane = 2;
    read.position = &position;
    read.make = make;
    read.colour = bad;
    read.country = country;
    read.overview_image_ref = ref;
    message.n_reads = 1;
    message.reads = reads;
    size_t len = hitstream__v1__plate_read_batch__pack(&message, batch);
    memcpy(sample->raw, batch, len);
    assert_int_equal(
        hs_read_views(hs_str_n(sample->raw, len), &sample->view, 1, sample->scratch, &count), 0);
    assert_int_equal(count, 1);
}

static size_t sample_entry(uint8_t packed[256], char *vrm)
{
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char list[] = "stolen", id[] = "e1";
    entry.list_id = list;
    entry.entry_id = id;
    entry.vrm = vrm;
    entry.weed_date = 20301231;
    return hitstream__v1__watchlist_entry__pack(&entry, packed);
}

static struct hs_list_spec list = {.list_id = {"stolen", 6},
                                   .title = {"Stolen cars", 11},
                                   .owner_force = {"north", 5},
                                   .status = HS_LIST_LIVE,
                                   .generation = 12,
                                   .sequence = 3};
static const struct hs_camera camera = {.camera_id = {"cam-7", 5},
                                        .site_id = {"A4-west", 7},
                                        .road = {"A4", 2},
                                        .direction = {"W", 1},
                                        .force = {"north", 5},
                                        .area = {"bath", 4},
                                        .position = {51.38, -2.36},
                                        .has_position = true};

// Packs and unpacks again.
static Hitstream__V1__VehicleEvent *event_of(const struct hs_hit *hit, struct sample *sample,
                                             size_t capacity, struct hs_hit_event *ret_event)
{
    static char bytes[8192];
    struct hs_hit_space space = {.ptr = bytes, .capacity = capacity};
    const struct hs_hit_context context = {.id_key = &key,
                                           .rules = &rules,
                                           .as_of_ms = 1699999999000,
                                           .appended_at_ms = 1700000001000,
                                           .site = HS_STR("site-by-key")};
    if (hs_hit_event_pack(&context, hit, &sample->view, &space, ret_event) < 0) {
        assert_int_equal(space.used, 0);
        return NULL;
    }
    return hitstream__v1__vehicle_event__unpack(NULL, ret_event->value.len,
                                                (const uint8_t *)ret_event->value.ptr);
}

static struct hs_hit sample_hit(const uint8_t *entry, size_t entry_len, const char *entry_vrm)
{
    struct hs_hit hit = {.list = &list,
                         .entry = hs_str_n(entry, entry_len),
                         .entry_id = HS_STR("e1"),
                         .entry_vrm = hs_str(entry_vrm),
                         .camera = &camera,
                         .tier = HS_TIER_GLYPH,
                         .score_permille = 990,
                         .differing = 1 << 5};
    strcpy(hit.matched_vrm, "AB12C0E");
    return hit;
}

static void it_carries_all_that_correlation_may_use(void **state)
{
    (void)state;
    struct sample sample;
    struct hs_hit_event packed;
    uint8_t entry[256];
    char vrm[] = "AB12COE";
    sample_read(&sample, "r-1");
    struct hs_hit hit = sample_hit(entry, sample_entry(entry, vrm), vrm);
    Hitstream__V1__VehicleEvent *event = event_of(&hit, &sample, 8192, &packed);
    assert_non_null(event);
    assert_true(hs_str_is(packed.vehicle, "AB12COE"));
    assert_string_equal(event->vehicle, "AB12COE");
    Hitstream__V1__Hit *h = event->hit;
    assert_int_equal(event->event_case, HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT);
    assert_string_equal(h->read_id, "r-1");
    struct hs_id id = hs_id_hit(&key, HS_STR("r-1"), HS_STR("stolen"), HS_STR("e1"));
    assert_memory_equal(h->hit_id.data, id.bytes, HS_ID_BYTES);
    assert_string_equal(h->entry->vrm, "AB12COE");
    assert_int_equal(h->entry->weed_date, 20301231);
    assert_string_equal(h->list->title, "Stolen cars");
    assert_int_equal(h->list->revision->generation, 12);
    assert_int_equal(h->audience->kind, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN);
    assert_int_equal(h->tier, HITSTREAM__V1__MATCH_TIER__MATCH_TIER_GLYPH);
    assert_string_equal(h->read_vrm, "AB12 C0E");
    assert_string_equal(h->matched_vrm, "AB12C0E");
    assert_int_equal(h->n_differences, 1);
    assert_int_equal(h->differences[0]->position, 5);
    assert_string_equal(h->differences[0]->read, "0");
    assert_string_equal(h->differences[0]->listed, "O");
    assert_int_equal(h->snapshot_as_of_ms, 1699999999000);
    assert_int_equal(h->appended_at_ms, 1700000001000);
    assert_int_equal(h->lateness, HITSTREAM__V1__LATENESS__LATENESS_LIVE);
    assert_string_equal(h->place->site_id, "A4-west");
    assert_string_equal(h->place->area, "bath");
    assert_true(h->place->position->latitude_deg == 51.38); // fixed: the register's
    assert_int_equal(h->lane, 2);
    assert_string_equal(h->seen_make, "FORD");
    assert_string_equal(h->seen_colour, "gr?y"); // not UTF-8 as it came
    assert_string_equal(h->overview_image_ref, "img/1");
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
}

static void an_unknown_camera_leaves_the_site_and_the_reads_place(void **state)
{
    (void)state;
    struct sample sample;
    struct hs_hit_event packed;
    uint8_t entry[256];
    char vrm[] = "AB12C0E";
    sample_read(&sample, "");
    struct hs_hit hit = sample_hit(entry, sample_entry(entry, vrm), vrm);
    hit.camera = NULL;
    hit.differing = 0;
    Hitstream__V1__VehicleEvent *event = event_of(&hit, &sample, 8192, &packed);
    assert_true(packed.camera_unknown);
    assert_true(event->hit->place->camera_unknown);
    assert_string_equal(event->hit->place->site_id, "site-by-key");
    assert_string_equal(event->hit->place->camera_id, "cam-7");
    assert_true(event->hit->place->position->latitude_deg == 51.4);
    char derived[HS_ID_TEXT_BYTES];
    struct hs_id id = hs_id_read(&key, HS_STR("cam-7"), 1700000000000, HS_STR("AB12 C0E"));
    hs_id_text(&id, derived);
    assert_string_equal(event->hit->read_id, derived);
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
}

static void audiences_and_patterns(void **state)
{
    (void)state;
    struct sample sample;
    struct hs_hit_event packed;
    uint8_t entry[256];
    char vrm[] = "AB12???";
    sample_read(&sample, "r");
    struct hs_hit hit = sample_hit(entry, sample_entry(entry, vrm), vrm);
    struct hs_list_spec covert = list;
    covert.covert = true;
    hit.list = &covert;
    Hitstream__V1__VehicleEvent *event = event_of(&hit, &sample, 8192, &packed);
    assert_int_equal(event->hit->audience->kind,
                     HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
    assert_string_equal(event->hit->audience->list_id, "stolen");
    assert_string_equal(event->vehicle, "AB12C0E"); // of a pattern: the read's
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    covert.status = HS_LIST_TRIAL;
    event = event_of(&hit, &sample, 8192, &packed);
    assert_int_equal(event->hit->audience->kind, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL);
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
}

static void no_room_takes_nothing(void **state)
{
    (void)state;
    struct sample sample;
    struct hs_hit_event packed;
    uint8_t entry[256];
    char vrm[] = "AB12C0E";
    sample_read(&sample, "r");
    struct hs_hit hit = sample_hit(entry, sample_entry(entry, vrm), vrm);
    for (size_t capacity = 0; capacity < 300; capacity++) {
        assert_null(event_of(&hit, &sample, capacity, &packed));
    }
}

static void lateness_goes_by_the_log(void **state)
{
    (void)state;
    const struct hs_rules r = {.live_ms = 100, .recent_ms = 1000, .future_tolerance_ms = 50};
    assert_int_equal(hs_hit_lateness(&r, 1000, 1100), HITSTREAM__V1__LATENESS__LATENESS_LIVE);
    assert_int_equal(hs_hit_lateness(&r, 1000, 1101), HITSTREAM__V1__LATENESS__LATENESS_RECENT);
    assert_int_equal(hs_hit_lateness(&r, 1000, 2001), HITSTREAM__V1__LATENESS__LATENESS_STALE);
    assert_int_equal(hs_hit_lateness(&r, 1050, 1000), HITSTREAM__V1__LATENESS__LATENESS_LIVE);
    assert_int_equal(hs_hit_lateness(&r, 1051, 1000), HITSTREAM__V1__LATENESS__LATENESS_FUTURE);
}

static int setup(void **state)
{
    (void)state;
    hs_rules_defaults(&rules);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_carries_all_that_correlation_may_use),
        cmocka_unit_test(an_unknown_camera_leaves_the_site_and_the_reads_place),
        cmocka_unit_test(audiences_and_patterns),
        cmocka_unit_test(no_room_takes_nothing),
        cmocka_unit_test(lateness_goes_by_the_log),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstreamd/company_event.h"
#include "hitstreamd/read_back.h"

static struct hs_company company_of(const char *vrm)
{
    struct hs_company company = {.count = 1, .not_listed = 3, .window_ms = 20000};
    assert_int_equal(hs_vrm_normalise(hs_str(vrm), &company.listed[0].vrm, NULL), 0);
    company.listed[0].gap_ms = 1500;
    company.listed[0].lane = 2;
    return company;
}

static Hitstream__V1__VehicleEvent *unpack(const struct hs_buf *buf)
{
    Hitstream__V1__VehicleEvent *event =
        hitstream__v1__vehicle_event__unpack(NULL, buf->len, (const uint8_t *)buf->ptr);
    assert_non_null(event);
    return event;
}

// A packed event of a hit with nothing but its id of 200 bytes, long enough for a length of two.
static struct hs_hit_event packed_hit(struct hs_buf *space)
{
    static uint8_t id[200] = {7};
    static char vehicle[] = "AB12CDE";
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    hit.hit_id = (ProtobufCBinaryData){sizeof(id), id};
    event.vehicle = vehicle;
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &hit;
    space->len = hitstream__v1__vehicle_event__pack(&event, (uint8_t *)hs_buf_reserve(space, 512));
    return (struct hs_hit_event){.vehicle = hs_str(vehicle),
                                 .value = hs_buf_str(space),
                                 .hit_len = hitstream__v1__hit__get_packed_size(&hit)};
}

static void a_hit_bears_what_is_known_of_before_it(void **state)
{
    (void)state;
    struct hs_buf space = {0}, out = {0};
    struct hs_hit_event hit = packed_hit(&space);
    struct hs_flow flow = {.vehicles = 40, .window_ms = 180000};
    struct hs_company before = company_of("RA61LYX");
    hs_company_stamp(&hit, &flow, &before, NULL, &out);
    Hitstream__V1__VehicleEvent *event = unpack(&out);
    assert_string_equal(event->vehicle, "AB12CDE");
    assert_int_equal(event->hit->hit_id.len, 200);
    assert_int_equal(event->hit->flow->vehicles, 40);
    assert_int_equal(event->hit->flow->window_ms, 180000);
    assert_int_equal(event->hit->before->n_companions, 1);
    assert_int_equal(event->hit->before->not_listed, 3);
    assert_string_equal(event->hit->before->companions[0]->vrm, "RA61LYX");
    assert_int_equal(event->hit->before->companions[0]->gap_ms, 1500);
    assert_int_equal(event->hit->before->companions[0]->lane, 2);
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);

    flow.window_ms = before.window_ms = 0; // nothing is known: the hit as it was
    hs_company_stamp(&hit, &flow, &before, NULL, &out);
    assert_true(hs_str_eq(hs_buf_str(&out), hit.value));
    hs_buf_fini(&space);
    hs_buf_fini(&out);
}

static void a_companion_bears_the_lists_it_stands_on(void **state)
{
    (void)state;
    static struct hs_listed listed = {
        .on[0] = {{.list_id = "drugs", .owner_force = "wilts", .handling = 2, .safeguarding = 1},
                  {.list_id = "stolen", .owner_force = "avon", .handling = 1}},
        .counts = {2},
    };
    struct hs_buf space = {0}, out = {0};
    struct hs_hit_event hit = packed_hit(&space);
    struct hs_flow flow = {0};
    struct hs_company before = company_of("RA61LYX");
    hs_company_stamp(&hit, &flow, &before, &listed, &out);
    Hitstream__V1__VehicleEvent *event = unpack(&out);
    const Hitstream__V1__Companion *companion = event->hit->before->companions[0];
    assert_int_equal(companion->n_listed_on, 2);
    assert_string_equal(companion->listed_on[0]->list_id, "drugs");
    assert_string_equal(companion->listed_on[0]->owner_force, "wilts");
    assert_int_equal(companion->listed_on[0]->handling, 2);
    assert_int_equal(companion->listed_on[0]->safeguarding, 1);
    assert_string_equal(companion->listed_on[1]->list_id, "stolen");
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    hs_buf_fini(&space);
    hs_buf_fini(&out);
}

static void who_came_after_is_a_record_of_its_own(void **state)
{
    (void)state;
    struct hs_buf out = {0};
    const struct hs_company_of of = {
        .vehicle = "AB12CDE",
        .hit_id = {{1, 2, 3}},
        .audience_kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT,
        .list_id = "lantern",
        .captured_at_ms = 1700000000000,
    };
    struct hs_company after = company_of("RA61LYX");
    hs_company_after_pack(&of, &after, NULL, &out);
    Hitstream__V1__VehicleEvent *event = unpack(&out);
    assert_int_equal(event->event_case, HITSTREAM__V1__VEHICLE_EVENT__EVENT_COMPANIONS);
    assert_string_equal(event->vehicle, "AB12CDE");
    assert_memory_equal(event->companions->hit_id.data, of.hit_id.bytes, HS_ID_BYTES);
    assert_int_equal(event->companions->audience->kind, of.audience_kind);
    assert_string_equal(event->companions->audience->list_id, "lantern");
    assert_int_equal(event->companions->captured_at_ms, 1700000000000);
    assert_string_equal(event->companions->after->companions[0]->vrm, "RA61LYX");
    assert_int_equal(event->companions->after->window_ms, 20000);
    hitstream__v1__vehicle_event__free_unpacked(event, NULL);
    hs_buf_fini(&out);
}

enum { SPAN_MS = 185000, START = 1000000 };

static void reading_back_covers_the_span_and_no_more_than_needed(void **state)
{
    (void)state;
    struct hs_read_back back = {0};
    for (int64_t i = 0; i < 1000000; i++) { // a message each 10 ms
        hs_read_back_note(&back, START + i, 5000000 + i * 10, SPAN_MS);
    }
    for (int64_t behind = 0; behind < 3000; behind += 100) { // windows hold the commit back
        int64_t offset = START + 1000000 - behind;
        int64_t from = hs_read_back_from(&back, offset, SPAN_MS);
        assert_true(from <= offset - SPAN_MS / 10 + 600);
        assert_true(from >= offset - SPAN_MS / 10 - 2 * 600);
        if (behind >= 600) { // the newest mark is not later
            assert_true(from <= offset - SPAN_MS / 10 + 600);
        }
    }
    assert_int_equal(hs_read_back_from(&(struct hs_read_back){0}, 77, SPAN_MS), 77);
    struct hs_read_back young = {0};
    hs_read_back_note(&young, 50, 1000, SPAN_MS);
    assert_int_equal(hs_read_back_from(&young, 77, SPAN_MS), 50); // all that there is
    assert_int_equal(hs_read_back_from(&young, 40, SPAN_MS), 40);
    assert_int_equal(hs_read_back_from(&young, 50 + 2 * HS_READ_BACK_MESSAGES_MAX, SPAN_MS),
                     50 + HS_READ_BACK_MESSAGES_MAX);
}

static void the_metadata_of_a_commit_is_read_again(void **state)
{
    (void)state;
    char text[HS_READ_BACK_TEXT_BYTES];
    int64_t from = -1;
    hs_read_back_print(INT64_MAX, text);
    assert_string_equal(text, "rb=9223372036854775807");
    assert_int_equal(hs_read_back_parse(hs_str(text), &from), 0);
    assert_true(from == INT64_MAX);
    static const char *const bad[] = {"",      "rb=",  "rb=-1",
                                      "rb=1x", "RB=1", "rb=9223372036854775808"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hs_read_back_parse(hs_str(bad[i]), &from), HS_EFORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_bears_what_is_known_of_before_it),
        cmocka_unit_test(a_companion_bears_the_lists_it_stands_on),
        cmocka_unit_test(who_came_after_is_a_record_of_its_own),
        cmocka_unit_test(reading_back_covers_the_span_and_no_more_than_needed),
        cmocka_unit_test(the_metadata_of_a_commit_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

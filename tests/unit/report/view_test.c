// SPDX-License-Identifier: Apache-2.0
// The views say what protobuf-c says, of whole messages, of broken ones and of bytes at random.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/error.h"
#include "report/view.h"

typedef Hitstream__V1__VehicleEvent pb_event; // long names of the contract, short in this file
typedef Hitstream__V1__Alert pb_alert;

enum { PACKED_MAX = 4096, CUTS = 4000 };

static uint8_t id_bytes[4][HS_ID_BYTES] = {"0123456789abcde", "fedcba987654321", "aaaaaaaaaaaaaaa",
                                           "bbbbbbbbbbbbbbb"};

static ProtobufCBinaryData id_of(size_t number)
{
    return (ProtobufCBinaryData){HS_ID_BYTES, id_bytes[number]};
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static struct hs_str pack(const ProtobufCMessage *message)
{
    static uint8_t packed[PACKED_MAX];
    assert_true(protobuf_c_message_get_packed_size(message) <= sizeof(packed));
    return hs_str_n(packed, protobuf_c_message_pack(message, packed));
}

static void assert_text(struct hs_str said, const char *expected)
{
    assert_int_equal(said.len, strlen(expected));
    assert_memory_equal(said.ptr ? said.ptr : "", expected, said.len);
}

// ------------------------------------------------------------------ what is made

static struct hs_str pack_hit(void)
{
    pb_event event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__Hit hit = HITSTREAM__V1__HIT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__Flow flow = HITSTREAM__V1__FLOW__INIT;
    entry.entry_id = text("e1");
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    entry.information = text("free text");
    entry.harm_score = 777;
    entry.safeguarding = HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_MISSING;
    entry.group_id = text("jay");
    entry.county_line = text("JAY");
    list.list_id = text("drugs");
    list.owner_force = text("avon");
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    audience.list_id = text("drugs");
    place.site_id = text("M4-J18");
    place.road = text("M4");
    place.force = text("wilts");
    place.area = text("calne");
    place.camera_unknown = 1;
    flow.vehicles = 12;
    flow.window_ms = 60000;
    hit.hit_id = id_of(0);
    hit.entry = &entry;
    hit.list = &list;
    hit.audience = &audience;
    hit.captured_at_ms = 1768284000123;
    hit.place = &place;
    hit.flow = &flow;
    event.vehicle = text("AB12CDE");
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT;
    event.hit = &hit;
    return pack(&event.base);
}

static struct hs_str pack_outcome(void)
{
    pb_event event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__FeedbackGiven given = HITSTREAM__V1__FEEDBACK_GIVEN__INIT;
    Hitstream__V1__Feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    Hitstream__V1__Outcome outcome = HITSTREAM__V1__OUTCOME__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    const uint64_t counts[HS_OUTCOME_COUNTS] = {1, 2, 3, 4, 500000000, 6, 7, 8, 9};
    hs_outcome_set(counts, &outcome);
    outcome.replaces = id_of(3);
    feedback.feedback_id = id_of(1);
    feedback.kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME;
    feedback.outcome = &outcome;
    audience.kind = HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
    given.feedback = &feedback;
    given.audience = &audience;
    given.incident_id = id_of(2);
    given.queue = text("avon-live");
    event.vehicle = text("AB12CDE");
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK;
    event.feedback = &given;
    return pack(&event.base);
}

static struct hs_str pack_alert(void)
{
    pb_alert alert = HITSTREAM__V1__ALERT__INIT;
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
    Hitstream__V1__Place place = HITSTREAM__V1__PLACE__INIT;
    Hitstream__V1__StandDown stand_down = HITSTREAM__V1__STAND_DOWN__INIT;
    Hitstream__V1__AlertOperation first = HITSTREAM__V1__ALERT_OPERATION__INIT,
                                  second = HITSTREAM__V1__ALERT_OPERATION__INIT;
    Hitstream__V1__AlertOperation *operations[] = {&first, &second};
    entry.entry_id = text("e1");
    entry.group_id = text("jay");
    list.list_id = text("drugs");
    list.owner_force = text("avon");
    place.force = text("wilts");
    stand_down.reason = HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED;
    first.operation_id = text("hydra");
    first.name = text("Op Hydra");
    second.operation_id = text("scorpion");
    alert.alert_id = id_of(0);
    alert.incident_id = id_of(2);
    alert.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_STAND_DOWN;
    alert.covert = 1;
    alert.vehicle = text("AB12CDE");
    alert.entry = &entry;
    alert.list = &list;
    alert.captured_at_ms = 1768284000123;
    alert.lateness = HITSTREAM__V1__LATENESS__LATENESS_RECENT;
    alert.place = &place;
    alert.harm_score = 300;
    alert.safeguarding = HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_EXPLOITED_CHILD;
    alert.stand_down = &stand_down;
    alert.operations = operations;
    alert.n_operations = 2;
    return pack(&alert.base);
}

// ------------------------------------------------------------------ what is seen

static void a_hit_is_seen(void **state)
{
    (void)state;
    struct hs_event_view view;
    assert_int_equal(hs_event_view(pack_hit(), &view), 0);
    assert_int_equal(view.kind, HS_VIEW_HIT);
    const struct hs_hit_view *hit = &view.hit;
    assert_memory_equal(hit->id.bytes, id_bytes[0], HS_ID_BYTES);
    assert_text(hit->vehicle, "AB12CDE");
    assert_text(hit->entry.entry_id, "e1");
    assert_text(hit->entry.group_id, "jay");
    assert_text(hit->entry.county_line, "JAY");
    assert_int_equal(hit->entry.harm_score, 777);
    assert_int_equal(hit->entry.safeguarding, 2);
    assert_text(hit->list_id, "drugs");
    assert_text(hit->list_owner, "avon");
    assert_int_equal(hit->audience.kind, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
    assert_text(hit->audience.list_id, "drugs");
    assert_text(hit->place.site_id, "M4-J18");
    assert_text(hit->place.road, "M4");
    assert_text(hit->place.force, "wilts");
    assert_text(hit->place.area, "calne");
    assert_true(hit->place.camera_unknown);
    assert_int_equal(hit->captured_at_ms, 1768284000123);
    assert_int_equal(hit->flow_vehicles, 12);
    assert_int_equal(hit->flow_window_ms, 60000);
    assert_false(hit->test);
}

static void an_outcome_is_seen(void **state)
{
    (void)state;
    struct hs_event_view view;
    assert_int_equal(hs_event_view(pack_outcome(), &view), 0);
    assert_int_equal(view.kind, HS_VIEW_FEEDBACK);
    const struct hs_feedback_view *feedback = &view.feedback;
    assert_memory_equal(feedback->id.bytes, id_bytes[1], HS_ID_BYTES);
    assert_memory_equal(feedback->incident.bytes, id_bytes[2], HS_ID_BYTES);
    assert_text(feedback->queue, "avon-live");
    assert_true(feedback->has_outcome);
    assert_int_equal(feedback->counts[HS_OUTCOME_ARRESTS], 1);
    assert_int_equal(feedback->counts[HS_OUTCOME_CASH_PENCE], 500000000);
    assert_int_equal(feedback->counts[HS_OUTCOME_LINES_DISMANTLED], 9);
    assert_true(feedback->replaces_any);
    assert_memory_equal(feedback->replaces.bytes, id_bytes[3], HS_ID_BYTES);
}

static void an_alert_is_seen(void **state)
{
    (void)state;
    struct hs_alert_view view;
    assert_int_equal(hs_alert_view(pack_alert(), &view), 0);
    assert_memory_equal(view.id.bytes, id_bytes[0], HS_ID_BYTES);
    assert_memory_equal(view.incident.bytes, id_bytes[2], HS_ID_BYTES);
    assert_int_equal(view.stand_down, HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED);
    assert_int_equal(view.lateness, HITSTREAM__V1__LATENESS__LATENESS_RECENT);
    assert_text(view.vehicle, "AB12CDE");
    assert_text(view.entry.group_id, "jay");
    assert_text(view.place.force, "wilts");
    assert_int_equal(view.harm_score, 300);
    assert_int_equal(view.safeguarding, 3);
    assert_true(view.covert);
    assert_int_equal(view.operation_count, 2);
    assert_text(view.operations[0], "hydra");
    assert_text(view.operations[1], "scorpion");
}

// ------------------------------------------------------------------ what is refused

static bool is_id(ProtobufCBinaryData id)
{
    return id.len == HS_ID_BYTES;
}

static bool is_id_or_none(ProtobufCBinaryData id)
{
    return id.len == 0 || is_id(id);
}

static bool has_ids(const pb_event *event)
{
    if (event->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_HIT) {
        return is_id(event->hit->hit_id);
    }
    if (event->event_case != HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK) {
        return true;
    }
    const Hitstream__V1__Feedback *said = event->feedback->feedback;
    return is_id(event->feedback->incident_id) && said && is_id(said->feedback_id) &&
           (!said->outcome || is_id_or_none(said->outcome->replaces));
}

// Cut anywhere, or with any byte another: then the view may be stricter, as protobuf-c takes a bool
// of any wire type. Exactly as long as it is, so that a sanitizer sees a step beyond the end.
static struct hs_str spoil(struct hs_str whole, uint64_t random, bool cut)
{
    size_t len = cut ? (size_t)(random >> 33) % whole.len : whole.len;
    uint8_t *bytes = malloc(len + 1);
    assert_non_null(bytes);
    memcpy(bytes, whole.ptr, len);
    if (!cut) {
        bytes[(random >> 33) % len] = (uint8_t)(random >> 20);
    }
    return hs_str_n(bytes, len);
}

static void what_protobuf_unpacks_with_its_ids_is_seen(void **state)
{
    (void)state;
    static struct hs_str (*const packs[])(void) = {pack_hit, pack_outcome, pack_alert};
    struct hs_event_view event;
    struct hs_alert_view alert;
    uint64_t x = 1;
    size_t seen = 0;
    for (size_t i = 0; i < CUTS; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bool cut = i & 4;
        struct hs_str packed = spoil(packs[i % 3](), x, cut);
        const uint8_t *bytes = (const uint8_t *)packed.ptr;
        if (i % 3 == 2) {
            pb_alert *message = hitstream__v1__alert__unpack(NULL, packed.len, bytes);
            int rc = hs_alert_view(packed, &alert);
            if (cut && message && is_id(message->alert_id) && is_id_or_none(message->incident_id)) {
                assert_int_equal(rc, 0);
                seen++;
            }
            hitstream__v1__alert__free_unpacked(message, NULL);
        } else {
            pb_event *message = hitstream__v1__vehicle_event__unpack(NULL, packed.len, bytes);
            int rc = hs_event_view(packed, &event);
            if (cut && message && has_ids(message)) {
                assert_int_equal(rc, 0);
                seen++;
            }
            hitstream__v1__vehicle_event__free_unpacked(message, NULL);
        }
        free((void *)(uintptr_t)packed.ptr);
    }
    assert_true(seen > 20); // a cut between two fields
}

static void ids_of_another_length_are_refused(void **state)
{
    (void)state;
    pb_alert alert = HITSTREAM__V1__ALERT__INIT;
    struct hs_alert_view view;
    alert.alert_id = (ProtobufCBinaryData){HS_ID_BYTES - 1, id_bytes[0]};
    assert_int_equal(hs_alert_view(pack(&alert.base), &view), HS_EFORMAT);
    alert.alert_id = (ProtobufCBinaryData){0, NULL};
    assert_int_equal(hs_alert_view(pack(&alert.base), &view), HS_EFORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hit_is_seen),
        cmocka_unit_test(an_outcome_is_seen),
        cmocka_unit_test(an_alert_is_seen),
        cmocka_unit_test(what_protobuf_unpacks_with_its_ids_is_seen),
        cmocka_unit_test(ids_of_another_length_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

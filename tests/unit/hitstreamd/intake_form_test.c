// SPDX-License-Identifier: Apache-2.0
// What desks send, judged one fault at a time.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "hitstreamd/intake_form.h"
#include "wire/json.h"

#define NOW_MS INT64_C(1790000000000)

typedef Hitstream__V1__Feedback pb_feedback;
typedef void edit_fn(pb_feedback *feedback);

static const char queues[] =
    "queues:\n"
    "  north:\n    owner: n\n    kind: live\n    lists: ['*']\n    default: true\n"
    "  south:\n    owner: n\n    kind: live\n    lists: ['*']\n";
static struct hs_token_key key = {{1, 2, 3}};
static struct hs_routes *routes;
static char person[] = "PC 1", long_text[5000], note[] = "a note", south[] = "south", ops[] = "ops",
            north[] = "north", none[] = "nowhere", empty[] = "", latin[] = "Ren\xe9";
static uint8_t id[16] = {7}, short_id[4];
static char kay[] = "kay", capital[] = "Kay", hub[] = "hub", line[] = "KAY", vehicle[] = "ab12 cde",
            no_mark[] = "caf\xc3\xa9", two_lines[] = "a\nb", wide[130];
static Hitstream__V1__Outcome outcome = HITSTREAM__V1__OUTCOME__INIT;
static Hitstream__V1__Nomination nomination = HITSTREAM__V1__NOMINATION__INIT;

static int setup(void **state)
{
    struct hs_diags diags = {0};
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    memset(wide, 'x', sizeof(wide) - 1);
    int rc = hs_routes_parse(hs_str(queues), "queues.yaml", &diags, &routes);
    hs_diags_fini(&diags);
    return rc;
}

static int teardown(void **state)
{
    (void)state;
    hs_routes_free(routes);
    return 0;
}

static void seal(const char *audience, const char *queue, struct hs_buf *token)
{
    const struct hs_reply_to reply_to = {.vehicle = HS_STR("AB12CDE"),
                                         .audience = hs_str(audience),
                                         .incident = {{9}},
                                         .queue = hs_str(queue)};
    hs_token_seal(&key, &reply_to, token);
}

// What becomes of an acknowledgement by 'north', edited; with JSON too when it is good.
static enum hs_intake_fault judge(edit_fn *edit, const char *audience,
                                  struct hs_intake_event *ret_event, bool json)
{
    pb_feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    struct hs_buf token = {0}, text = {0}, why = {0};
    uint8_t packed[16384];
    const struct hs_intake_terms terms = {
        .token_key = &key, .routes = routes, .queue = HS_STR("north"), .now_ms = NOW_MS};
    seal(audience, "north", &token);
    feedback.feedback_id = (ProtobufCBinaryData){.len = 16, .data = id};
    feedback.reply_token = (ProtobufCBinaryData){.len = token.len, .data = (uint8_t *)token.ptr};
    feedback.kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_ACKNOWLEDGED;
    feedback.person = person;
    feedback.at_ms = NOW_MS;
    if (edit) {
        edit(&feedback);
    }
    if (json) {
        hs_json_print(&feedback.base, &text);
    } else {
        hs_buf_add(&text, packed, hitstream__v1__feedback__pack(&feedback, packed));
    }
    enum hs_intake_fault fault =
        hs_intake_judge(&terms, HS_STR(""), hs_buf_str(&text), ret_event, &why);
    hs_buf_fini(&token);
    hs_buf_fini(&text);
    hs_buf_fini(&why);
    return fault;
}

static void good_feedback_becomes_an_event(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        struct hs_intake_event event;
        assert_int_equal(judge(NULL, "covert:op", &event, json), HS_INTAKE_OK);
        assert_true(hs_str_is(hs_buf_str(&event.vehicle), "AB12CDE"));
        assert_int_equal(event.audience, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
        Hitstream__V1__VehicleEvent *message = hitstream__v1__vehicle_event__unpack(
            NULL, event.value.len, (const uint8_t *)event.value.ptr);
        assert_non_null(message);
        assert_int_equal(message->event_case, HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK);
        assert_string_equal(message->vehicle, "AB12CDE");
        assert_string_equal(message->feedback->queue, "north");
        assert_string_equal(message->feedback->audience->list_id, "op");
        assert_int_equal(message->feedback->incident_id.data[0], 9);
        assert_int_equal(message->feedback->feedback->reply_token.len, 0); // no one's business
        assert_string_equal(message->feedback->feedback->person, "PC 1");
        hitstream__v1__vehicle_event__free_unpacked(message, NULL);
        hs_intake_event_fini(&event);
    }
}

#define EDIT(name, ...)                                                                            \
    static void name(pb_feedback *f)                                                               \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }
EDIT(no_id, (f->feedback_id = (ProtobufCBinaryData){.len = 4, .data = short_id}))
EDIT(no_person, f->person = empty)
EDIT(long_person, f->person = long_text)
EDIT(bad_person, f->person = latin)
EDIT(long_note, f->note = long_text)
EDIT(no_kind, f->kind = 0)
EDIT(odd_kind, f->kind = 99)
EDIT(no_time, f->at_ms = 0)
EDIT(ahead, f->at_ms = NOW_MS + HS_FEEDBACK_AHEAD_MS + 1)
EDIT(behind, f->at_ms = NOW_MS - HS_FEEDBACK_BEHIND_MS - 1)
EDIT(until_before, f->until_ms = NOW_MS)
EDIT(until_far, f->until_ms = NOW_MS + HS_FEEDBACK_UNTIL_MS + 1)
EDIT(no_token, f->reply_token.len = 0)
EDIT(cut_token, f->reply_token.len--)
EDIT(stray_outcome, f->outcome = &outcome)
EDIT(no_outcome, f->kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME)
EDIT(stray_desk, f->to_queue = south)
EDIT(no_desk, f->kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER)
EDIT(own_desk, no_desk(f); f->to_queue = north)
EDIT(ops_desk, no_desk(f); f->to_queue = ops)
EDIT(unknown_desk, no_desk(f); f->to_queue = none)
EDIT(other_desk, no_desk(f); f->to_queue = south)
EDIT(until_later, f->until_ms = NOW_MS + 1; f->note = note)
EDIT(an_outcome, no_outcome(f); outcome = (Hitstream__V1__Outcome)HITSTREAM__V1__OUTCOME__INIT;
     outcome.arrests = 100; f->outcome = &outcome)
EDIT(many_arrests, an_outcome(f); outcome.arrests = 101)
EDIT(much_cash, an_outcome(f); outcome.cash_pence = 1000000001)
EDIT(replaces_itself, an_outcome(f);
     outcome.replaces = (ProtobufCBinaryData){.len = 16, .data = id})
EDIT(replaces_half, an_outcome(f);
     outcome.replaces = (ProtobufCBinaryData){.len = 4, .data = short_id})

EDIT(a_nomination, f->kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOMINATION;
     nomination = (Hitstream__V1__Nomination)HITSTREAM__V1__NOMINATION__INIT;
     nomination.group_id = kay; f->nomination = &nomination; f->reply_token.len = 0)
EDIT(all_of_it, a_nomination(f); nomination.hub = hub; nomination.county_line = line;
     nomination.vehicle = vehicle; f->note = two_lines)
EDIT(with_a_token, a_nomination(f); f->reply_token.len = 8)
EDIT(of_nothing, a_nomination(f); f->nomination = NULL)
EDIT(of_no_id, a_nomination(f); nomination.group_id = empty)
EDIT(of_a_bad_id, a_nomination(f); nomination.group_id = capital)
EDIT(of_a_wide_name, a_nomination(f); nomination.name = wide)
EDIT(of_two_lines, a_nomination(f); nomination.district = two_lines)
EDIT(of_latin, a_nomination(f); nomination.name = latin)
EDIT(hub_of_no_line, a_nomination(f); nomination.hub = hub)
EDIT(no_vehicle, a_nomination(f); nomination.vehicle = no_mark)
EDIT(stray_nomination, a_nomination(f); f->kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE)
EDIT(of_the_alert, f->kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE;
     f->note = note)
EDIT(of_a_group, of_the_alert(f); f->reply_token.len = 0; f->about_group = kay)
EDIT(of_both, of_the_alert(f); f->about_group = kay)
EDIT(of_neither, of_a_group(f); f->about_group = empty)
EDIT(of_no_group, of_a_group(f); f->about_group = capital)
EDIT(saying_nothing, of_a_group(f); f->note = empty)
EDIT(stray_group, f->about_group = kay)

static void each_fault_has_its_reason(void **state)
{
    (void)state;
    const struct {
        edit_fn *edit;
        enum hs_intake_fault fault;
    } rows[] = {
        {no_id, HS_INTAKE_NO_ID},
        {no_person, HS_INTAKE_NO_PERSON},
        {long_person, HS_INTAKE_TEXT},
        {bad_person, HS_INTAKE_TEXT},
        {long_note, HS_INTAKE_TEXT},
        {no_kind, HS_INTAKE_KIND},
        {odd_kind, HS_INTAKE_KIND},
        {no_time, HS_INTAKE_AT},
        {ahead, HS_INTAKE_AT},
        {behind, HS_INTAKE_AT},
        {until_before, HS_INTAKE_UNTIL},
        {until_far, HS_INTAKE_UNTIL},
        {no_token, HS_INTAKE_TOKEN},
        {cut_token, HS_INTAKE_TOKEN},
        {stray_outcome, HS_INTAKE_OUTCOME},
        {no_outcome, HS_INTAKE_OUTCOME},
        {many_arrests, HS_INTAKE_OUTCOME},
        {much_cash, HS_INTAKE_OUTCOME},
        {replaces_itself, HS_INTAKE_OUTCOME},
        {replaces_half, HS_INTAKE_OUTCOME},
        {stray_desk, HS_INTAKE_DESK},
        {no_desk, HS_INTAKE_DESK},
        {own_desk, HS_INTAKE_DESK},
        {ops_desk, HS_INTAKE_DESK},
        {unknown_desk, HS_INTAKE_DESK},
        {other_desk, HS_INTAKE_OK},
        {until_later, HS_INTAKE_OK},
        {an_outcome, HS_INTAKE_OK},
        {a_nomination, HS_INTAKE_OK},
        {all_of_it, HS_INTAKE_OK},
        {with_a_token, HS_INTAKE_NOMINATION},
        {of_nothing, HS_INTAKE_NOMINATION},
        {of_no_id, HS_INTAKE_NOMINATION},
        {of_a_bad_id, HS_INTAKE_NOMINATION},
        {of_a_wide_name, HS_INTAKE_NOMINATION},
        {of_two_lines, HS_INTAKE_NOMINATION},
        {of_latin, HS_INTAKE_NOMINATION},
        {hub_of_no_line, HS_INTAKE_NOMINATION},
        {no_vehicle, HS_INTAKE_NOMINATION},
        {stray_nomination, HS_INTAKE_NOMINATION},
        {of_the_alert, HS_INTAKE_OK},
        {of_a_group, HS_INTAKE_OK},
        {of_both, HS_INTAKE_INTELLIGENCE},
        {of_neither, HS_INTAKE_INTELLIGENCE},
        {of_no_group, HS_INTAKE_INTELLIGENCE},
        {saying_nothing, HS_INTAKE_INTELLIGENCE},
        {stray_group, HS_INTAKE_INTELLIGENCE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hs_intake_event event;
        enum hs_intake_fault fault = judge(rows[i].edit, "open", &event, false);
        if (fault != rows[i].fault) {
            fail_msg("row %zu: '%s', not '%s'", i, hs_intake_fault_name(fault),
                     hs_intake_fault_name(rows[i].fault));
        }
        hs_intake_event_fini(&event);
    }
}

// For the store as it was said; what is said of an alert goes the way of all feedback.
static void what_is_said_of_a_group_is_kept_whole(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        struct hs_intake_event event;
        assert_int_equal(judge(all_of_it, "open", &event, json), HS_INTAKE_OK);
        assert_true(event.of_group);
        assert_int_equal(event.vehicle.len, 0);
        pb_feedback *said = hitstream__v1__feedback__unpack(NULL, event.value.len,
                                                            (const uint8_t *)event.value.ptr);
        assert_non_null(said);
        assert_string_equal(said->nomination->group_id, "kay");
        assert_string_equal(said->nomination->county_line, "KAY");
        assert_string_equal(said->person, "PC 1");
        hitstream__v1__feedback__free_unpacked(said, NULL);
        hs_intake_event_fini(&event);
        assert_int_equal(judge(of_the_alert, "open", &event, json), HS_INTAKE_OK);
        assert_false(event.of_group);
        assert_true(hs_str_is(hs_buf_str(&event.vehicle), "AB12CDE"));
        hs_intake_event_fini(&event);
    }
}

static void what_is_no_message_is_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        struct hs_str value;
        enum hs_intake_fault fault;
    } rows[] = {
        {"", {"", 0}, HS_INTAKE_MALFORMED},
        {"", {"\xff\xff", 2}, HS_INTAKE_MALFORMED},
        {"", {"\0\0\0", 3}, HS_INTAKE_MALFORMED},
        {"", {"{\"kind\": \"no\"}", 14}, HS_INTAKE_MALFORMED},
        {"application/json", {"[]", 2}, HS_INTAKE_MALFORMED},
        {"", {long_text, HS_FEEDBACK_BYTES_MAX + 1}, HS_INTAKE_TOO_LARGE}, // not looked at
    };
    const struct hs_intake_terms terms = {
        .token_key = &key, .routes = routes, .queue = HS_STR("north"), .now_ms = NOW_MS};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hs_intake_event event;
        struct hs_buf why = {0};
        assert_int_equal(hs_intake_judge(&terms, hs_str(rows[i].type), rows[i].value, &event, &why),
                         rows[i].fault);
        hs_intake_event_fini(&event);
        hs_buf_fini(&why);
    }
}

static void a_token_is_of_one_queue(void **state)
{
    (void)state;
    pb_feedback feedback = HITSTREAM__V1__FEEDBACK__INIT;
    struct hs_intake_event event;
    struct hs_buf token = {0}, why = {0};
    uint8_t packed[1024];
    const struct hs_intake_terms terms = {
        .token_key = &key, .routes = routes, .queue = HS_STR("south"), .now_ms = NOW_MS};
    seal("open", "north", &token);
    feedback.feedback_id = (ProtobufCBinaryData){.len = 16, .data = id};
    feedback.reply_token = (ProtobufCBinaryData){.len = token.len, .data = (uint8_t *)token.ptr};
    feedback.kind = HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE;
    feedback.person = person;
    feedback.at_ms = NOW_MS;
    size_t len = hitstream__v1__feedback__pack(&feedback, packed);
    assert_int_equal(hs_intake_judge(&terms, HS_STR(""), hs_str_n(packed, len), &event, &why),
                     HS_INTAKE_OTHER_QUEUE);
    hs_intake_event_fini(&event);
    hs_buf_fini(&token);
    hs_buf_fini(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_feedback_becomes_an_event),
        cmocka_unit_test(each_fault_has_its_reason),
        cmocka_unit_test(what_is_said_of_a_group_is_kept_whole),
        cmocka_unit_test(what_is_no_message_is_malformed),
        cmocka_unit_test(a_token_is_of_one_queue),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

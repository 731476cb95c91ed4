// SPDX-License-Identifier: Apache-2.0
// What a person is told about JSON that cannot be used; that it means what Google's does is
// tests/golden's matter.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "wire/json.h"

static void assert_refused(const char *text, const ProtobufCMessageDescriptor *type,
                           const char *why)
{
    struct hs_buf found = {0};
    ProtobufCMessage *message = NULL;
    assert_int_equal(hs_json_parse(hs_str(text), type, &message, &found), HS_EFORMAT);
    assert_null(message);
    assert_string_equal(hs_buf_text(&found), why);
    hs_buf_fini(&found);
    assert_int_equal(hs_json_parse(hs_str(text), type, &message, NULL), HS_EFORMAT);
}

static void a_fault_is_named_with_its_place(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *batch = &hitstream__v1__plate_read_batch__descriptor;
    const ProtobufCMessageDescriptor *read = &hitstream__v1__plate_read__descriptor;
    assert_refused("{\"reads\":[{},{\"lane\":-1}]}", batch,
                   "reads[1].lane: found -1, allowed is a whole number from 0 to 4294967295");
    assert_refused("{\"candidates\":[{\"vrm\":7}]}", read,
                   "candidates[0].vrm: found 7, allowed is a string");
    assert_refused("{\"position\":{\"latitudeDeg\":[]}}", read,
                   "position.latitudeDeg: found an array, allowed is a number, \"NaN\", "
                   "\"Infinity\" or \"-Infinity\"");
    assert_refused("{\"capturedAt\":1}", read,
                   "capturedAt: PlateRead has no such field; did you mean 'capturedAtMs'?");
    assert_refused("{\"position\":{\"x\":1}}", read,
                   "position.x: Position has no such field, allowed are latitudeDeg, longitudeDeg");
    assert_refused("{\"direction\":\"UP\"}", read,
                   "direction: found \"UP\", allowed is one of DIRECTION_UNSPECIFIED, "
                   "DIRECTION_APPROACHING, DIRECTION_RECEDING");
    assert_refused("{\"charConfidencePct\":\"*\"}", read,
                   "charConfidencePct: found \"*\", allowed is a string of base64");
    assert_refused("{\"captured_at_ms\":1,\"capturedAtMs\":1}", read,
                   "capturedAtMs: found 1, allowed is the field once only");
    assert_refused("{\"tookOver\":{},\"hit\":{}}", &hitstream__v1__vehicle_event__descriptor,
                   "hit: found an object, allowed is one of these fields, another is set already");
    assert_refused("{\"vrm\":\n\"A\"", read, "line 2, column 3: '}' expected near end of file");
}

static Hitstream__V1__PlateRead *parse_read(const char *text)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        hs_json_parse(hs_str(text), &hitstream__v1__plate_read__descriptor, &message, NULL), HS_OK);
    return (Hitstream__V1__PlateRead *)(void *)message;
}

static void values_arrive(void **state)
{
    (void)state;
    Hitstream__V1__PlateRead *read =
        parse_read("{\"vrm\":\"AB12CDE\",\"cameraId\":\"\",\"capturedAtMs\":\"1780000000123\","
                   "\"charConfidencePct\":\"Y2Q\",\"position\":{\"latitudeDeg\":51.38},"
                   "\"candidates\":[{\"vrm\":\"\",\"confidencePct\":7}],\"lane\":null}");
    assert_string_equal(read->vrm, "AB12CDE");
    assert_string_equal(read->camera_id, "");
    assert_int_equal(read->captured_at_ms, 1780000000123);
    assert_int_equal(read->char_confidence_pct.len, 2);
    assert_memory_equal(read->char_confidence_pct.data, "cd", 2);
    assert_true(read->position->latitude_deg == 51.38);
    assert_int_equal(read->n_candidates, 1);
    assert_string_equal(read->candidates[0]->vrm, "");
    assert_int_equal(read->candidates[0]->confidence_pct, 7);
    assert_int_equal(read->lane, 0);
    hitstream__v1__plate_read__free_unpacked(read, NULL);
}

static void text_that_is_no_utf8_is_printed_as_json_all_the_same(void **state)
{
    (void)state;
    char vrm[] = "A\xff\xc3(\"\n\xc2\x9b";
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    struct hs_buf out = {0};
    read.vrm = vrm;
    hs_json_print(&read.base, &out);
    assert_string_equal(hs_buf_text(&out),
                        "{\"vrm\":\"A\xef\xbf\xbd\xef\xbf\xbd(\\\"\\u000a\\u009b\"}");
    hs_buf_fini(&out);
}

static void nothing_set_prints_as_an_empty_object(void **state)
{
    (void)state;
    Hitstream__V1__PlateRead read = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__TookOver took_over = HITSTREAM__V1__TOOK_OVER__INIT;
    struct hs_buf out = {0};
    hs_json_print(&read.base, &out);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_TOOK_OVER;
    event.took_over = &took_over;
    hs_json_print(&event.base, &out);
    assert_string_equal(hs_buf_text(&out), "{}{\"tookOver\":{}}");
    hs_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_named_with_its_place),
        cmocka_unit_test(values_arrive),
        cmocka_unit_test(text_that_is_no_utf8_is_printed_as_json_all_the_same),
        cmocka_unit_test(nothing_set_prints_as_an_empty_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

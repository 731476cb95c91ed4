// SPDX-License-Identifier: Apache-2.0
// The small parts around a message: audiences as text, Confluent's framing, headers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "wire/audience.h"
#include "wire/framing.h"
#include "wire/header.h"

static void audiences_have_four_forms(void **state)
{
    (void)state;
    static const char *const good[] = {"open", "covert:op-larch", "test:north-live", "trial:a:b"};
    struct hs_audience audience;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct hs_buf text = {0};
        assert_int_equal(hs_audience_parse(hs_str(good[i]), &audience), HS_OK);
        hs_audience_print(&audience, &text);
        assert_string_equal(hs_buf_text(&text), good[i]);
        hs_buf_fini(&text);
    }
    assert_int_equal(audience.kind, HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL);
    assert_true(hs_str_is(audience.list_id, "a:b"));
    static const char *const bad[] = {"",        "Open",   "open:", "covert",
                                      "covert:", "trial:", "test:", "public"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(hs_audience_parse(hs_str(bad[i]), &audience), HS_EFORMAT);
    }
}

static void an_audience_message_must_be_whole(void **state)
{
    (void)state;
    char none[] = "";
    char list[] = "op-larch";
    const struct {
        Hitstream__V1__AudienceKind kind;
        char *list_id;
        int status;
    } rows[] = {
        {HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN, none, HS_OK},
        {HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN, list, HS_EFORMAT},
        {HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT, list, HS_OK},
        {HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT, none, HS_EFORMAT},
        {HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_TRIAL, list, HS_OK},
        {HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_UNSPECIFIED, list, HS_EFORMAT},
        {(Hitstream__V1__AudienceKind)9, list, HS_EFORMAT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        Hitstream__V1__Audience message = HITSTREAM__V1__AUDIENCE__INIT;
        struct hs_audience audience;
        message.kind = rows[i].kind;
        message.list_id = rows[i].list_id;
        assert_int_equal(hs_audience_of(&message, &audience), rows[i].status);
    }
    assert_int_equal(hs_audience_of(NULL, &(struct hs_audience){0}), HS_EFORMAT);
}

static void assert_strips(struct hs_str message, struct hs_str payload)
{
    struct hs_str found = HS_STR("untouched");
    assert_int_equal(hs_framing_strip(message, &found), HS_OK);
    assert_true(hs_str_eq(found, payload));
}

static void framing_is_recognised(void **state)
{
    (void)state;
    assert_strips(HS_STR(""), HS_STR(""));
    assert_strips(HS_STR("\x0a\x01x"), HS_STR("\x0a\x01x"));
    assert_strips(HS_STR("\0\0\0\0\x07\0\x0a\x01x"), HS_STR("\x0a\x01x"));   // [0] in short
    assert_strips(HS_STR("\0\0\0\0\x07\x02\x06payload"), HS_STR("payload")); // [3]
    assert_strips(HS_STR("\0\0\0\0\x07\x04\x06\x80\x01"), HS_STR(""));       // [3, 64]
    assert_strips(HS_STR("\0\xff\xff\xff\xff\0\0x"), HS_STR("\0x"));
}

static void broken_framing_is_refused(void **state)
{
    (void)state;
    static const struct hs_str bad[] = {
        {"\0", 1},
        {"\0\0\0\0\x07", 5},                          // no indexes
        {"\0\0\0\0\x07\x02", 6},                      // an index is missing
        {"\0\0\0\0\x07\x80", 6},                      // a varint without end
        {"\0\0\0\0\x07\x01x", 7},                     // a negative count
        {"\0\0\0\0\x07\x22xxxxxxxxxxxxxxxxx", 23},    // too many indexes
        {"\0\0\0\0\x07\xff\xff\xff\xff\xff\x01", 11}, // a count beyond 32 bits
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct hs_str found = HS_STR("untouched");
        assert_int_equal(hs_framing_strip(bad[i], &found), HS_EFORMAT);
        assert_true(hs_str_is(found, "untouched"));
    }
}

static void headers_keep_their_values(void **state)
{
    (void)state;
    struct hs_headers headers = {0};
    hs_headers_add_event(&headers, HS_STR("00ff"), "hitstream.v1.Hit", HS_STR("anpr.reads/3@12"),
                         1780000000123, "application/protobuf");
    hs_headers_addf(&headers, "priority", "%s", "HIGH");
    hs_headers_add(&headers, "traceparent", HS_STR(""));
    static const char *const expected[][2] = {
        {"ce_id", "00ff"},
        {"ce_type", "hitstream.v1.Hit"},
        {"ce_source", "anpr.reads/3@12"},
        {"ce_time", "2026-05-28T20:26:40.123Z"},
        {"ce_specversion", "1.0"},
        {"content-type", "application/protobuf"},
        {"priority", "HIGH"},
        {"traceparent", ""},
    };
    assert_int_equal(headers.count, 8);
    for (size_t i = 0; i < headers.count; i++) {
        struct hs_header header = hs_headers_get(&headers, i);
        assert_string_equal(header.name, expected[i][0]);
        assert_true(hs_str_is(header.value, expected[i][1]));
    }
    hs_headers_clear(&headers);
    assert_int_equal(headers.count, 0);
    hs_headers_fini(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(audiences_have_four_forms),
        cmocka_unit_test(an_audience_message_must_be_whole),
        cmocka_unit_test(framing_is_recognised),
        cmocka_unit_test(broken_framing_is_refused),
        cmocka_unit_test(headers_keep_their_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

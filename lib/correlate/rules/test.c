// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/test.h"

#include "base/error.h"
#include "correlate/core.h"
#include "correlate/redact.h"
#include "wire/message.h"

typedef Hitstream__V1__Alert pb_alert; // long names of the contract, short in this file
typedef Hitstream__V1__Hit pb_hit;

// What is to be told, as it is made.
struct test_alert {
    const struct hs_queue *queue;
    const pb_hit *hit;
    struct hs_id id;
    struct hs_id incident; // of nothing but this test: what a reply token names
    struct hs_id cause;    // the hit
};

static ProtobufCBinaryData bytes_of(const struct hs_id *id)
{
    return (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
}

static void make_ids(const struct hs_alert_desk *desk, const struct hs_vehicle *vehicle,
                     struct test_alert *test)
{
    memcpy(test->cause.bytes, test->hit->hit_id.data, HS_ID_BYTES);
    test->incident = hs_id_incident(&desk->id_key, vehicle->audience, vehicle->mark, &test->cause);
    test->id = hs_id_alert(&desk->id_key, &test->incident, &test->cause, HS_STR(HS_RULE_TEST),
                           test->queue->name);
}

static void seal(struct hs_alert_desk *desk, const struct hs_vehicle *vehicle,
                 const struct test_alert *test)
{
    const struct hs_reply_to reply_to = {.vehicle = vehicle->mark,
                                         .audience = vehicle->audience,
                                         .incident = test->incident,
                                         .queue = test->queue->name};
    hs_buf_clear(&desk->token);
    hs_token_seal(&desk->token_key, &reply_to, &desk->token);
}

static int pack(struct hs_alert_desk *desk, const struct hs_vehicle *vehicle,
                const struct test_alert *test)
{
    pb_alert alert = HITSTREAM__V1__ALERT__INIT;
    char hash[HS_CONTROLS_HASH_BYTES], rule[] = HS_RULE_TEST;
    hs_bump_reset(&desk->bump);
    hs_buf_clear(&desk->payload);
    hs_buf_clear(&desk->headline);
    hs_buf_printf(&desk->headline, "TEST of queue '%.*s': no vehicle, nothing to do",
                  HS_STR_ARG(test->queue->name));
    int rc = hs_controls_audience_hash(desk->controls, vehicle->audience, hash);
    alert.alert_id = bytes_of(&test->id);
    alert.incident_id = bytes_of(&test->incident);
    alert.cause_id = bytes_of(&test->cause);
    alert.queue = test->hit->test_queue;
    alert.kind = HITSTREAM__V1__ALERT_KIND__ALERT_KIND_TEST;
    alert.rule = rule;
    alert.test = true;
    alert.headline = (char *)(uintptr_t)hs_buf_text(&desk->headline);
    alert.vehicle = hs_bump_copy(&desk->bump, vehicle->mark.ptr, vehicle->mark.len);
    alert.captured_at_ms = alert.opened_at_ms = test->hit->captured_at_ms;
    alert.lateness = test->hit->lateness;
    alert.place = test->hit->place;
    alert.read_id = test->hit->read_id;
    alert.controls_hash = hash;
    alert.reply_token = (ProtobufCBinaryData){desk->token.len, (uint8_t *)desk->token.ptr};
    if (rc != 0 || !alert.vehicle || hs_buf_status(&desk->headline) ||
        hs_buf_status(&desk->token) || hs_redact_alert(test->queue, &desk->bump, &alert) != 0) {
        return HS_ENOMEM;
    }
    return hs_message_pack(&alert.base, &desk->payload);
}

static void add_headers(struct hs_alert_desk *desk, const struct test_alert *test)
{
    char id[HS_ID_TEXT_BYTES], cause[HS_ID_TEXT_BYTES], incident[HS_ID_TEXT_BYTES];
    struct hs_headers *headers = &desk->headers;
    bool json = test->queue->format == HS_PAYLOAD_JSON;
    hs_id_text(&test->id, id);
    hs_id_text(&test->cause, cause);
    hs_id_text(&test->incident, incident);
    hs_headers_clear(headers);
    hs_headers_add_event(headers, hs_str(id), "hitstream.v1.Alert", HS_STR(HS_ALERT_SOURCE),
                         test->hit->captured_at_ms,
                         json ? "application/json" : "application/protobuf");
    hs_headers_add(headers, "cause", hs_str(cause));
    hs_headers_add(headers, "priority", HS_STR("low"));
    hs_headers_add(headers, "handling", HS_STR("none"));
    hs_headers_add(headers, "queue", test->queue->name);
    hs_headers_add(headers, "incident", hs_str(incident));
    hs_headers_add(headers, "test", HS_STR("true"));
    if (desk->traceparent.len > 0) {
        hs_headers_add(headers, "traceparent", desk->traceparent);
    }
}

int hs_test_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit)
{
    struct hs_alert_desk *desk = scope->desk;
    struct test_alert test = {.queue = hs_routes_find(scope->routes, hs_str(hit->test_queue)),
                              .hit = hit};
    if (!test.queue || !hs_str_is(vehicle->who.list_id, hit->test_queue)) {
        return 0;
    }
    make_ids(desk, vehicle, &test);
    seal(desk, vehicle, &test);
    if (pack(desk, vehicle, &test) != 0) {
        return HS_ENOMEM;
    }
    add_headers(desk, &test);
    if (hs_buf_status(&desk->headers.text) != 0) {
        return HS_ENOMEM;
    }
    const struct hs_alert told = {
        .id = test.id,
        .incident = test.incident,
        .queue = test.queue,
        .event_at_ms = hit->captured_at_ms,
        .test = true,
        .payload = hs_buf_str(&desk->payload),
        .headers = &desk->headers,
    };
    desk->sink.alert(desk->sink.ctx, &told);
    return 0;
}

int64_t hs_test_last_ms(const struct hs_correlator *correlator, const char *vehicle,
                        const char *queue)
{
    struct hs_buf key = {0};
    hs_buf_printf(&key, "%s|test:%s", vehicle, queue);
    const struct hs_vehicle *found = hs_vehicle_table_find(&correlator->vehicles, hs_buf_str(&key));
    hs_buf_fini(&key);
    return found && found->touched ? found->applied_at_ms : 0;
}

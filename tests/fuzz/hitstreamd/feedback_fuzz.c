// SPDX-License-Identifier: Apache-2.0
/*
 * Any bytes as feedback, as they come and, where they decode, with a token that this installation
 * sealed: what is taken is an event of that token's incident with a person to answer for it, and
 * what is refused has a reason.
 */
#include "fuzz/fuzz.h"
#include "hitstreamd/intake_form.h"
#include "wire/json.h"

#define NOW_MS INT64_C(1790000000000)

typedef Hitstream__V1__Feedback pb_feedback;

static const struct hs_token_key key = {{1, 2, 3}};
static const struct hs_reply_to reply_to = {.vehicle = HS_STR("AB12CDE"),
                                            .audience = HS_STR("open"),
                                            .incident = {{9}},
                                            .queue = HS_STR("north")};

static struct hs_routes *routes_new(void)
{
    struct hs_diags diags = {0};
    struct hs_routes *routes;
    fuzz_must(
        hs_routes_parse(HS_STR("queues:\n"
                               "  north: {owner: n, kind: live, lists: ['*'], default: true}\n"
                               "  south: {owner: n, kind: live, lists: ['*']}\n"),
                        "queues.yaml", &diags, &routes) == 0);
    hs_diags_fini(&diags);
    return routes;
}

static void check_event(const struct hs_intake_event *event)
{
    struct hs_str value = hs_buf_str(&event->value);
    Hitstream__V1__VehicleEvent *message =
        hitstream__v1__vehicle_event__unpack(NULL, value.len, (const uint8_t *)value.ptr);
    fuzz_must(message && message->event_case == HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK);
    fuzz_must(hs_str_is(reply_to.vehicle, message->vehicle));
    fuzz_must(message->feedback->feedback->reply_token.len == 0);
    fuzz_must(*message->feedback->feedback->person);
    fuzz_must(memcmp(message->feedback->incident_id.data, reply_to.incident.bytes, HS_ID_BYTES) ==
              0);
    hitstream__v1__vehicle_event__free_unpacked(message, NULL);
}

static enum hs_intake_fault judge(const struct hs_routes *routes, struct hs_str value)
{
    const struct hs_intake_terms terms = {
        .token_key = &key, .routes = routes, .queue = reply_to.queue, .now_ms = NOW_MS};
    struct hs_intake_event event;
    struct hs_buf why = {0};
    enum hs_intake_fault fault = hs_intake_judge(&terms, HS_STR(""), value, &event, &why);
    fuzz_must(fault < HS_INTAKE_FAULTS && hs_intake_fault_name(fault));
    fuzz_must(fault == HS_INTAKE_OK || *hs_intake_fault_text(fault));
    if (fault == HS_INTAKE_OK && event.of_group) {
        fuzz_must(event.value.len > 0);
    } else if (fault == HS_INTAKE_OK) {
        check_event(&event);
    }
    hs_intake_event_fini(&event);
    hs_buf_fini(&why);
    return fault;
}

// The same in protobuf and in JSON, but for texts that JSON cannot hold.
static void judge_sealed(const struct hs_routes *routes, pb_feedback *feedback)
{
    struct hs_buf token = {0}, json = {0};
    ProtobufCBinaryData own = feedback->reply_token;
    hs_token_seal(&key, &reply_to, &token);
    feedback->reply_token = (ProtobufCBinaryData){token.len, (uint8_t *)token.ptr};
    size_t len = hitstream__v1__feedback__get_packed_size(feedback);
    uint8_t *packed = malloc(len);
    fuzz_must(packed != NULL);
    hitstream__v1__feedback__pack(feedback, packed);
    enum hs_intake_fault fault = judge(routes, hs_str_n(packed, len));
    hs_json_print(&feedback->base, &json);
    if (fault == HS_INTAKE_OK && json.len <= HS_FEEDBACK_BYTES_MAX) {
        fuzz_must(judge(routes, hs_buf_str(&json)) == HS_INTAKE_OK);
    }
    feedback->reply_token = own;
    free(packed);
    hs_buf_fini(&token);
    hs_buf_fini(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hs_routes *routes;
    if (!routes) {
        routes = routes_new();
    }
    judge(routes, hs_str_n(data, size));
    pb_feedback *feedback = hitstream__v1__feedback__unpack(NULL, size, data);
    if (feedback) {
        judge_sealed(routes, feedback);
        hitstream__v1__feedback__free_unpacked(feedback, NULL);
    }
    return 0;
}

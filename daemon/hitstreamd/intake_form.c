// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/intake_form.h"

#include "base/error.h"
#include "watchlist/said.h"
#include "wire/audience.h"
#include "wire/framing.h"
#include "wire/json.h"
#include "wire/outcome.h"

typedef Hitstream__V1__Feedback pb_feedback; // long names of the contract, short in this file
typedef Hitstream__V1__Outcome pb_outcome;

// By enum hs_intake_fault.
static const struct {
    const char *name;
    const char *text;
} faults[HS_INTAKE_FAULTS] = {
    [HS_INTAKE_OK] = {"none", ""},
    [HS_INTAKE_TOO_LARGE] = {"too-large", "the message is larger than 64 KiB"},
    [HS_INTAKE_MALFORMED] =
        {"malformed", "the message cannot be decoded as hitstream.v1.Feedback, protobuf or JSON"},
    [HS_INTAKE_NO_ID] = {"no-feedback-id", "feedback_id is not 16 bytes"},
    [HS_INTAKE_NO_PERSON] = {"no-person", "person is empty: who says it?"},
    [HS_INTAKE_TEXT] = {"text",
                        "person (128 bytes) or note (4000 bytes) is too long, or no valid UTF-8"},
    [HS_INTAKE_KIND] = {"kind", "kind is missing or not known"},
    [HS_INTAKE_AT] = {"time",
                      "at_ms is missing, more than 5 minutes ahead or more than 400 days ago"},
    [HS_INTAKE_UNTIL] = {"until", "until_ms is not after at_ms, or more than 400 days after it"},
    [HS_INTAKE_OUTCOME] =
        {"outcome", "kind OUTCOME has no outcome, another kind has one, a count is more than one "
                    "incident can come to, or 'replaces' is no other feedback's id"},
    [HS_INTAKE_TOKEN] = {"no-token",
                         "reply_token is missing, or was not sealed by this installation"},
    [HS_INTAKE_OTHER_QUEUE] = {"other-queue",
                               "reply_token is of an alert that another queue was told"},
    [HS_INTAKE_DESK] = {"desk",
                        "to_queue is missing or no queue of the controls (kind HANDED_OVER), "
                        "is the desk itself, or stands where nothing is handed over"},
    [HS_INTAKE_NOMINATION] = {"nomination",
                              "kind NOMINATION has no nomination or a reply_token, another kind "
                              "has a nomination, its group_id is no group's id, a text is longer "
                              "than 128 bytes or has control characters, a hub has no "
                              "county_line, or the vehicle is no mark"},
    [HS_INTAKE_INTELLIGENCE] = {"intelligence",
                                "kind INTELLIGENCE has no note, or not one of reply_token and "
                                "about_group, another kind has about_group, or about_group is no "
                                "group's id"},
    [HS_INTAKE_ROOM] = {"no-room", "too much that was said of groups waits for Redis"},
    [HS_INTAKE_RATE] = {"rate",
                        "more messages in a minute than 'feedback_per_minute' of its queue"},
};

const char *hs_intake_fault_name(enum hs_intake_fault fault)
{
    return faults[fault].name;
}

const char *hs_intake_fault_text(enum hs_intake_fault fault)
{
    return faults[fault].text;
}

void hs_intake_event_fini(struct hs_intake_event *event)
{
    hs_buf_fini(&event->vehicle);
    hs_buf_fini(&event->value);
}

// ---- decoding ----

static bool is_json(struct hs_str content_type, struct hs_str value)
{
    static const char json[] = "application/json";
    const size_t len = sizeof(json) - 1;
    return (value.len > 0 && value.ptr[0] == '{') || // a group: protobuf-c would refuse it
           (content_type.len >= len &&
            hs_str_eq_nocase(hs_str_n(content_type.ptr, len), HS_STR(json)));
}

static pb_feedback *decode(struct hs_str content_type, struct hs_str value, struct hs_buf *why)
{
    ProtobufCMessage *message = NULL;
    struct hs_str packed;
    if (is_json(content_type, value)) {
        hs_json_parse(value, &hitstream__v1__feedback__descriptor, &message, why);
        return (pb_feedback *)(void *)message;
    }
    if (value.len == 0 || hs_framing_strip(value, &packed) != HS_OK) {
        return NULL;
    }
    return hitstream__v1__feedback__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
}

// ---- form ----

static bool text_fits(const char *text, size_t max_bytes)
{
    struct hs_str s = hs_str(text);
    return s.len <= max_bytes && hs_str_is_utf8(s);
}

// More than one desk's answer to one incident can come to is a slip of the keyboard.
static bool counts_fit(const pb_outcome *outcome)
{
    uint64_t counts[HS_OUTCOME_COUNTS];
    hs_outcome_get(outcome, counts);
    return hs_outcome_impossible(counts) == HS_OUTCOME_COUNTS;
}

// What it corrects is another's id, or nothing.
static bool replaces_fits(const pb_feedback *feedback)
{
    const ProtobufCBinaryData replaces = feedback->outcome->replaces;
    return replaces.len == 0 ||
           (replaces.len == HS_ID_BYTES &&
            memcmp(replaces.data, feedback->feedback_id.data, HS_ID_BYTES) != 0);
}

static enum hs_intake_fault check_outcome(const pb_feedback *feedback)
{
    bool wanted = feedback->kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME;
    if (wanted != (feedback->outcome != NULL) ||
        (feedback->outcome && (!counts_fit(feedback->outcome) || !replaces_fits(feedback)))) {
        return HS_INTAKE_OUTCOME;
    }
    return HS_INTAKE_OK;
}

static enum hs_intake_fault check_times(const pb_feedback *feedback, int64_t now_ms)
{
    int64_t at_ms = feedback->at_ms, until_ms = feedback->until_ms;
    if (at_ms <= 0 || at_ms > now_ms + HS_FEEDBACK_AHEAD_MS ||
        at_ms < now_ms - HS_FEEDBACK_BEHIND_MS) {
        return HS_INTAKE_AT;
    }
    if (until_ms != 0 && (until_ms <= at_ms || until_ms > at_ms + HS_FEEDBACK_UNTIL_MS)) {
        return HS_INTAKE_UNTIL;
    }
    return HS_INTAKE_OK;
}

static bool kind_known(Hitstream__V1__FeedbackKind kind)
{
    return kind != HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_UNSPECIFIED &&
           protobuf_c_enum_descriptor_get_value(&hitstream__v1__feedback_kind__descriptor, kind);
}

static enum hs_intake_fault check_desk(const struct hs_intake_terms *terms,
                                       const pb_feedback *feedback)
{
    struct hs_str to = hs_str(feedback->to_queue);
    bool wanted = feedback->kind == HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_HANDED_OVER;
    if (wanted != (to.len > 0)) {
        return HS_INTAKE_DESK;
    }
    if (wanted && (hs_str_eq(to, terms->queue) || hs_str_is(to, HS_ROUTE_OPS_QUEUE) ||
                   !hs_routes_find(terms->routes, to))) {
        return HS_INTAKE_DESK;
    }
    return HS_INTAKE_OK;
}

static enum hs_intake_fault check_form(const struct hs_intake_terms *terms,
                                       const pb_feedback *feedback)
{
    if (feedback->feedback_id.len != HS_ID_BYTES) {
        return HS_INTAKE_NO_ID;
    }
    if (hs_str_trim(hs_str(feedback->person)).len == 0) {
        return HS_INTAKE_NO_PERSON;
    }
    if (!text_fits(feedback->person, HS_FEEDBACK_PERSON_BYTES) ||
        !text_fits(feedback->note, HS_FEEDBACK_NOTE_BYTES)) {
        return HS_INTAKE_TEXT;
    }
    if (!kind_known(feedback->kind)) {
        return HS_INTAKE_KIND;
    }
    enum hs_intake_fault fault = check_times(feedback, terms->now_ms);
    fault = fault ? fault : check_outcome(feedback);
    fault = fault ? fault : hs_intake_check_group(feedback);
    return fault ? fault : check_desk(terms, feedback);
}

// ---- the event ----

// Packs the event; the token is no part of it.
static void pack(pb_feedback *feedback, const struct hs_reply_to *reply_to,
                 const struct hs_audience *who, struct hs_intake_event *event)
{
    Hitstream__V1__VehicleEvent message = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    Hitstream__V1__FeedbackGiven given = HITSTREAM__V1__FEEDBACK_GIVEN__INIT;
    Hitstream__V1__Audience audience = HITSTREAM__V1__AUDIENCE__INIT;
    struct hs_buf list_id = {0}, queue = {0};
    ProtobufCBinaryData token = feedback->reply_token;
    hs_buf_add_str(&event->vehicle, reply_to->vehicle);
    hs_buf_add_str(&list_id, who->list_id);
    hs_buf_add_str(&queue, reply_to->queue);
    feedback->reply_token = (ProtobufCBinaryData){0};
    audience.kind = who->kind;
    audience.list_id = (char *)(uintptr_t)hs_buf_text(&list_id);
    given.feedback = feedback;
    given.audience = &audience;
    given.incident_id = (ProtobufCBinaryData){
        .len = HS_ID_BYTES, .data = (uint8_t *)(uintptr_t)reply_to->incident.bytes};
    given.queue = (char *)(uintptr_t)hs_buf_text(&queue);
    message.vehicle = (char *)(uintptr_t)hs_buf_text(&event->vehicle);
    message.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_FEEDBACK;
    message.feedback = &given;
    size_t len = hitstream__v1__vehicle_event__get_packed_size(&message);
    char *room = hs_buf_reserve(&event->value, len);
    if (room) {
        event->value.len += hitstream__v1__vehicle_event__pack(&message, (uint8_t *)room);
    }
    if (hs_buf_status(&list_id) || hs_buf_status(&queue)) {
        event->value.status = HS_ENOMEM;
    }
    feedback->reply_token = token;
    hs_buf_fini(&list_id);
    hs_buf_fini(&queue);
}

static void fill(const pb_feedback *feedback, struct hs_intake_event *event)
{
    memcpy(event->feedback_id.bytes, feedback->feedback_id.data, HS_ID_BYTES);
    event->kind = feedback->kind;
    event->at_ms = feedback->at_ms;
}

static enum hs_intake_fault make_saying(const pb_feedback *feedback, struct hs_intake_event *event)
{
    char *room = hs_buf_reserve(&event->value, hitstream__v1__feedback__get_packed_size(feedback));
    if (room) {
        event->value.len += hitstream__v1__feedback__pack(feedback, (uint8_t *)room);
    }
    event->of_group = true;
    fill(feedback, event);
    return HS_INTAKE_OK;
}

static enum hs_intake_fault make_event(const struct hs_intake_terms *terms, pb_feedback *feedback,
                                       struct hs_intake_event *event)
{
    struct hs_buf storage = {0};
    struct hs_reply_to reply_to;
    struct hs_audience who;
    struct hs_str token = hs_str_n(feedback->reply_token.data, feedback->reply_token.len);
    enum hs_intake_fault fault = HS_INTAKE_OK;
    if (token.len == 0 || hs_token_open(terms->token_key, token, &storage, &reply_to) != 0 ||
        hs_audience_parse(reply_to.audience, &who) != 0 || reply_to.vehicle.len == 0) {
        fault = HS_INTAKE_TOKEN;
    } else if (!hs_str_eq(reply_to.queue, terms->queue)) {
        fault = HS_INTAKE_OTHER_QUEUE;
    } else {
        fill(feedback, event);
        event->audience = who.kind;
        pack(feedback, &reply_to, &who, event);
    }
    hs_buf_fini(&storage);
    return fault;
}

enum hs_intake_fault hs_intake_judge(const struct hs_intake_terms *terms,
                                     struct hs_str content_type, struct hs_str value,
                                     struct hs_intake_event *ret_event, struct hs_buf *why)
{
    *ret_event = (struct hs_intake_event){0};
    hs_buf_clear(why);
    if (value.len > HS_FEEDBACK_BYTES_MAX) {
        return HS_INTAKE_TOO_LARGE;
    }
    pb_feedback *feedback = decode(content_type, value, why);
    if (!feedback) {
        return HS_INTAKE_MALFORMED;
    }
    enum hs_intake_fault fault = check_form(terms, feedback);
    if (fault == HS_INTAKE_OK) {
        fault = hs_said_is_of_group(feedback) ? make_saying(feedback, ret_event)
                                              : make_event(terms, feedback, ret_event);
    }
    hitstream__v1__feedback__free_unpacked(feedback, NULL);
    return fault;
}

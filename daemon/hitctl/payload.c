// SPDX-License-Identifier: Apache-2.0
#include "hitctl/payload.h"

#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/camera.pb-c.h"
#include "hitstream/v1/controls.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/feedback.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/state.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "wire/framing.h"
#include "wire/json.h"

// The messages that stand alone somewhere: in a topic, a Redis value, a token.
static const ProtobufCMessageDescriptor *const types[] = {
    &hitstream__v1__plate_read_batch__descriptor,   &hitstream__v1__plate_read__descriptor,
    &hitstream__v1__vehicle_event__descriptor,      &hitstream__v1__vehicle_state__descriptor,
    &hitstream__v1__partition_state__descriptor,    &hitstream__v1__alert__descriptor,
    &hitstream__v1__watchlist_entry__descriptor,    &hitstream__v1__controls_source__descriptor,
    &hitstream__v1__controls_manifest__descriptor,  &hitstream__v1__controls_part__descriptor,
    &hitstream__v1__audit_anchor__descriptor,       &hitstream__v1__reply_to__descriptor,
    &hitstream__v1__feedback__descriptor,           &hitstream__v1__camera_health__descriptor,
    &hitstream__v1__camera_observation__descriptor, &hitstream__v1__gather_manifest__descriptor,
};

enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

const ProtobufCMessageDescriptor *hitctl_payload_type(const char *name)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(name, types[i]->short_name) == 0 || strcmp(name, types[i]->name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

void hitctl_payload_type_names(struct hs_buf *out)
{
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        hs_buf_printf(out, "%s%s", i > 0 ? ", " : "", types[i]->short_name);
    }
}

static bool starts_with(struct hs_str text, struct hs_str prefix)
{
    return text.len >= prefix.len && memcmp(text.ptr, prefix.ptr, prefix.len) == 0;
}

const ProtobufCMessageDescriptor *hitctl_payload_type_of(struct hs_str topic, struct hs_str key)
{
    if (hs_str_is(topic, "anpr.reads") || hs_str_is(topic, "anpr.reads.rejected")) {
        return &hitstream__v1__plate_read_batch__descriptor;
    }
    if (hs_str_is(topic, "anpr.hits")) {
        return &hitstream__v1__vehicle_event__descriptor;
    }
    if (hs_str_is(topic, "anpr.vehicles")) {
        return hs_str_is(key, "partition") ? &hitstream__v1__partition_state__descriptor
                                           : &hitstream__v1__vehicle_state__descriptor;
    }
    if (hs_str_is(topic, "anpr.controls")) {
        if (hs_str_is(key, "anchor")) {
            return &hitstream__v1__audit_anchor__descriptor;
        }
        return key.len > 0 && memchr(key.ptr, '/', key.len)
                   ? &hitstream__v1__controls_part__descriptor
                   : &hitstream__v1__controls_manifest__descriptor;
    }
    if (hs_str_is(topic, "anpr.observations")) {
        return &hitstream__v1__camera_observation__descriptor;
    }
    if (hs_str_is(topic, "anpr.cameras")) {
        return hs_str_is(key, "/memory")          ? &hitstream__v1__gather_manifest__descriptor
               : key.len > 0 && key.ptr[0] == '/' ? NULL
                                                  : &hitstream__v1__camera_health__descriptor;
    }
    if (starts_with(topic, HS_STR("dispatch.")) || starts_with(topic, HS_STR("undelivered."))) {
        return &hitstream__v1__alert__descriptor;
    }
    if (starts_with(topic, HS_STR("feedback."))) {
        return &hitstream__v1__feedback__descriptor;
    }
    return NULL;
}

int hitctl_payload_unpack(const ProtobufCMessageDescriptor *type, struct hs_str payload,
                          ProtobufCMessage **ret_message, struct hs_buf *ret_why)
{
    // '{' cannot begin a protobuf message that protobuf-c accepts: it would be a group.
    if (payload.len > 0 && payload.ptr[0] == '{') {
        return hs_json_parse(payload, type, ret_message, ret_why);
    }
    struct hs_str packed;
    if (hs_framing_strip(payload, &packed) != HS_OK) {
        hs_buf_add_text(ret_why, "it begins as Confluent's framing does, but is none");
        return HS_EFORMAT;
    }
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, NULL, packed.len, (const uint8_t *)packed.ptr);
    if (!message) {
        hs_buf_printf(ret_why, "%zu bytes that are no %s", packed.len, type->short_name);
        return HS_EFORMAT;
    }
    *ret_message = message;
    return HS_OK;
}

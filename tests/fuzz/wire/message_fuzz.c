// SPDX-License-Identifier: Apache-2.0
// Encoded messages: what decodes prints as JSON that parses and prints the same again; an alert
// also as text. The first byte chooses the type.
#include <stdlib.h>

#include "base/error.h"
#include "hitctl/alert_text.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/state.pb-c.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
    &hitstream__v1__plate_read_batch__descriptor,
    &hitstream__v1__vehicle_event__descriptor,
    &hitstream__v1__alert__descriptor,
    &hitstream__v1__vehicle_state__descriptor,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const ProtobufCMessageDescriptor *type = types[data[0] % 4];
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, size - 1, data + 1);
    ProtobufCMessage *again;
    struct hs_buf one = {0}, two = {0};
    if (!message) {
        return 0;
    }
    if (type == &hitstream__v1__alert__descriptor) {
        hitctl_alert_text((const Hitstream__V1__Alert *)(const void *)message, &one);
        hs_buf_clear(&one);
    }
    hs_json_print(message, &one);
    if (hs_json_parse(hs_buf_str(&one), type, &again, NULL) != HS_OK) {
        abort();
    }
    hs_json_print(again, &two);
    if (!hs_str_eq(hs_buf_str(&one), hs_buf_str(&two))) {
        abort();
    }
    protobuf_c_message_free_unpacked(message, NULL);
    protobuf_c_message_free_unpacked(again, NULL);
    hs_buf_fini(&one);
    hs_buf_fini(&two);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
// JSON text into a message: what is taken must print as JSON that means the same. The first byte
// chooses the type.
#include <stdlib.h>

#include "base/error.h"
#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
    &hitstream__v1__plate_read__descriptor,
    &hitstream__v1__watchlist_entry__descriptor,
    &hitstream__v1__vehicle_event__descriptor,
    &hitstream__v1__alert__descriptor,
};

static void pack(const ProtobufCMessage *message, struct hs_buf *out)
{
    char *at = hs_buf_reserve(out, protobuf_c_message_get_packed_size(message) + 1);
    if (!at) {
        abort();
    }
    out->len += protobuf_c_message_pack(message, (uint8_t *)at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const ProtobufCMessageDescriptor *type = types[data[0] % 4];
    ProtobufCMessage *first, *second;
    struct hs_buf why = {0}, printed = {0}, one = {0}, two = {0};
    if (hs_json_parse(hs_str_n(data + 1, size - 1), type, &first, &why) != HS_OK) {
        if (why.len == 0) {
            abort(); // refused without a reason
        }
        hs_buf_fini(&why);
        return 0;
    }
    hs_json_print(first, &printed);
    if (hs_json_parse(hs_buf_str(&printed), type, &second, NULL) != HS_OK) {
        abort();
    }
    pack(first, &one);
    pack(second, &two);
    if (!hs_str_eq(hs_buf_str(&one), hs_buf_str(&two))) {
        abort();
    }
    protobuf_c_message_free_unpacked(first, NULL);
    protobuf_c_message_free_unpacked(second, NULL);
    hs_buf_fini(&why);
    hs_buf_fini(&printed);
    hs_buf_fini(&one);
    hs_buf_fini(&two);
    return 0;
}

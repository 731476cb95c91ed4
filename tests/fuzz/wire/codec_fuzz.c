// SPDX-License-Identifier: Apache-2.0
// Our packing and unpacking beside protobuf-c's: both refuse, or both give the same message, and
// what they pack of it is the same bytes. The first byte chooses the type.
#include <stdlib.h>

#include "hitstream/v1/alert.pb-c.h"
#include "hitstream/v1/event.pb-c.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstream/v1/state.pb-c.h"
#include "wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const ProtobufCMessageDescriptor *const types[] = {
    &hitstream__v1__plate_read_batch__descriptor,
    &hitstream__v1__vehicle_event__descriptor,
    &hitstream__v1__alert__descriptor,
    &hitstream__v1__vehicle_state__descriptor,
};

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void packed_by_both(const ProtobufCMessage *message, struct hs_str expected)
{
    struct hs_buf out = {0};
    hs_buf_add_text(&out, "before"); // what stands there stays
    demand(hs_message_pack(message, &out) == 0);
    demand(hs_str_eq(hs_str_n(out.ptr + 6, out.len - 6), expected));
    hs_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const ProtobufCMessageDescriptor *type = types[data[0] % 4];
    struct hs_bump bump = {0};
    ProtobufCMessage *theirs = protobuf_c_message_unpack(type, NULL, size - 1, data + 1);
    ProtobufCMessage *ours = hs_message_unpack(type, hs_str_n(data + 1, size - 1), &bump);
    demand(!theirs == !ours);
    if (theirs) {
        size_t len = protobuf_c_message_get_packed_size(theirs);
        uint8_t *bytes = malloc(len + 1);
        demand(bytes && protobuf_c_message_pack(theirs, bytes) == len);
        packed_by_both(theirs, hs_str_n(bytes, len));
        demand(protobuf_c_message_get_packed_size(ours) == len);
        packed_by_both(ours, hs_str_n(bytes, len));
        free(bytes);
        protobuf_c_message_free_unpacked(theirs, NULL);
    }
    hs_bump_fini(&bump);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_MESSAGE_H
#define HS_WIRE_MESSAGE_H
/*
 * Packing and unpacking whole messages where that is hot: what protobuf-c does, to the byte, at a
 * fraction of its cost.
 *
 * Packing writes a message once, from its end to its beginning, so that no length has to be known
 * before it is written; protobuf-c measures every message once a level that it stands in. Unpacking
 * goes through a message once, into memory of a bump, without an allocation a text. What it does
 * not take to mean the same for certain (a field that is not known, a message given twice and so
 * merged, anything malformed) it leaves to protobuf-c, as a whole. A fuzz target holds the two
 * together.
 *
 * Threads: any; pure. Ownership: as said at each. Bounds: depth by the message types, which do not
 * contain themselves; memory by what is packed or unpacked. Trusts: descriptors, and messages to be
 * packed; not what is unpacked. For proto3 messages.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/str.h"

// Appends what protobuf_c_message_pack() would write. HS_ENOMEM (nothing is appended).
int hs_message_pack(const ProtobufCMessage *message, struct hs_buf *out);

// A message that stands packed already, wherever it occurs in another.
struct hs_packed_part {
    const ProtobufCMessage *message;
    struct hs_str bytes; // what packing it would give
};
// The same; what is among the parts is copied.
int hs_message_pack_with(const ProtobufCMessage *message, const struct hs_packed_part *parts,
                         size_t part_count, struct hs_buf *out);

// What protobuf_c_message_unpack() would return, in the bump's memory and not to be freed; borrows
// nothing from `bytes`. NULL: malformed, or out of memory.
ProtobufCMessage *hs_message_unpack(const ProtobufCMessageDescriptor *type, struct hs_str bytes,
                                    struct hs_bump *bump);

#endif

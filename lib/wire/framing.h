// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_FRAMING_H
#define HS_WIRE_FRAMING_H
/*
 * Confluent's framing before a protobuf payload: byte 0, schema id (4 bytes), message indexes (a
 * zigzag varint count and that many zigzag varints; the single byte 0 stands for the list [0]).
 *
 * No protobuf message begins with byte 0 (there is no field 0), so that both forms are told apart
 * by it. Threads: any. Ownership: the payload borrows from the message.
 */

#include "base/str.h"

// The payload of a message with or without framing. HS_EFORMAT: it begins as a framing does, but is
// none.
int hs_framing_strip(struct hs_str message, struct hs_str *ret_payload);

#endif

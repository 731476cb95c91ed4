// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_PAYLOAD_H
#define HITCTL_PAYLOAD_H
/*
 * What a Kafka message of ours holds: its type by topic and key, and the message itself, protobuf
 * (with or without Confluent's framing) or proto3 JSON.
 *
 * Threads: one. Ownership: messages are the caller's, freed with
 * protobuf_c_message_free_unpacked().
 */

#include <protobuf-c/protobuf-c.h>

#include "base/str.h"

// A type of the contract by name, "Alert" or "hitstream.v1.Alert"; NULL when there is none.
const ProtobufCMessageDescriptor *hitctl_payload_type(const char *name);
// All names for a message to a person: "PlateReadBatch, VehicleEvent, ...".
void hitctl_payload_type_names(struct hs_buf *out);
// The type of a topic's messages; `key` decides where a topic holds several, and may be empty.
// NULL: not known.
const ProtobufCMessageDescriptor *hitctl_payload_type_of(struct hs_str topic, struct hs_str key);
// HS_EFORMAT with the reason in *ret_why.
int hitctl_payload_unpack(const ProtobufCMessageDescriptor *type, struct hs_str payload,
                          ProtobufCMessage **ret_message, struct hs_buf *ret_why);

#endif

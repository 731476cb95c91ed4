// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_JSON_H
#define HS_WIRE_JSON_H
/*
 * proto3 JSON for any message of the contract, driven by protobuf-c's descriptors; agrees with
 * Google's json_format (lowerCamelCase names, 64-bit numbers as strings, enums by name, bytes in
 * base64).
 *
 * Threads: any.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/str.h"

// Appends the message as one line of JSON; fields at their default are left out.
void hs_json_print(const ProtobufCMessage *message, struct hs_buf *out);
// Reads one JSON object; unknown fields are errors. On error *ret_why (may be NULL) gets a text
// that names the place, what was found and what is allowed. The message is freed with
// protobuf_c_message_free_unpacked().
int hs_json_parse(struct hs_str text, const ProtobufCMessageDescriptor *type,
                  ProtobufCMessage **ret_message, struct hs_buf *ret_why);
// The same from a value that jansson has parsed already; it is borrowed for the call.
struct json_t;
int hs_json_build(const struct json_t *value, const ProtobufCMessageDescriptor *type,
                  ProtobufCMessage **ret_message, struct hs_buf *ret_why);
// The field of that lowerCamelCase name, or of that name in the .proto file; NULL when there is
// none.
const ProtobufCFieldDescriptor *hs_json_find_field(const ProtobufCMessageDescriptor *type,
                                                   const char *name);

#endif

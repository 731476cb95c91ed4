// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_JSON_SCALAR_H
#define HS_WIRE_JSON_SCALAR_H
/*
 * Single values of proto3 JSON into a message's memory, and what a person is told of a wrong one.
 * For lib/wire only. Threads: any.
 */

#include <jansson.h>

#include "wire/json_field.h"

enum { HS_JSON_PATH_BYTES = 256 };

// Where the parser stands, for messages.
struct hs_json_place {
    struct hs_buf *why;            // may be NULL
    char path[HS_JSON_PATH_BYTES]; // "reads[3].position"
};

// "vrm: found 7, allowed is a string". Returns HS_EFORMAT.
int hs_json_refuse(struct hs_json_place *place, const json_t *found, const char *allowed);
// Any type but a message. `member` holds the field's initial value: zeros in an array or a oneof.
// Strings and bytes are malloc'd, as protobuf-c frees them. HS_EFORMAT, HS_ENOMEM.
int hs_json_set_scalar(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
                       const json_t *value, void *member);

#endif

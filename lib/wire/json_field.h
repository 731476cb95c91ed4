// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_JSON_FIELD_H
#define HS_WIRE_JSON_FIELD_H
/*
 * What the printer and the parser of proto3 JSON share: names and sizes of a descriptor's fields.
 * For lib/wire only. Threads: any.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/str.h"

enum { HS_JSON_NAME_BYTES = 64 };

// The field's lowerCamelCase name as protoc makes it: each underscore is dropped and the letter
// behind it raised.
static inline void hs_json_field_name(const ProtobufCFieldDescriptor *field,
                                      char ret_name[HS_JSON_NAME_BYTES])
{
    size_t len = 0;
    bool raise = false;
    for (const char *c = field->name; *c && len < HS_JSON_NAME_BYTES - 1; c++) {
        if (*c == '_') {
            raise = true;
            continue;
        }
        ret_name[len++] = raise && *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        raise = false;
    }
    ret_name[len] = '\0';
}

// Bytes that one value of the field takes in memory.
static inline size_t hs_json_value_bytes(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

#endif

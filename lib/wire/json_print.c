// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "wire/json.h"
#include "wire/json_field.h"

static const char replacement_character[] = "\xef\xbf\xbd"; // U+FFFD

// A JSON string; what is not UTF-8 becomes U+FFFD, byte by byte. Control characters (C1 too) are
// escaped, so that the text can be shown in a terminal.
static void print_string(const char *text, struct hs_buf *out)
{
    size_t left = strlen(text);
    hs_buf_add_char(out, '"');
    while (left > 0) {
        size_t len = 1;
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            hs_buf_add_char(out, '\\');
            hs_buf_add_char(out, *text);
        } else if (c < 0x20 || c == 0x7f) {
            hs_buf_printf(out, "\\u%04x", c);
        } else if (c < 0x80) {
            hs_buf_add_char(out, *text);
        } else if ((len = hs_str_utf8_len(hs_str_n(text, left))) == 0) {
            hs_buf_add_text(out, replacement_character);
            len = 1;
        } else if (c == 0xc2 && (unsigned char)text[1] < 0xa0) {
            hs_buf_printf(out, "\\u%04x", (unsigned char)text[1]);
        } else {
            hs_buf_add(out, text, len);
        }
        text += len;
        left -= len;
    }
    hs_buf_add_char(out, '"');
}

static void print_bytes(const ProtobufCBinaryData *bytes, struct hs_buf *out)
{
    hs_buf_add_char(out, '"');
    size_t room = sodium_base64_ENCODED_LEN(bytes->len, sodium_base64_VARIANT_ORIGINAL);
    char *at = bytes->len > 0 ? hs_buf_reserve(out, room) : NULL;
    if (at) {
        sodium_bin2base64(at, room, bytes->data, bytes->len, sodium_base64_VARIANT_ORIGINAL);
        out->len += room - 1; // without its NUL
    }
    hs_buf_add_char(out, '"');
}

// The shortest decimal that reads back as the same number.
static void print_real(double value, bool single, struct hs_buf *out)
{
    if (isnan(value)) {
        hs_buf_add_text(out, "\"NaN\"");
        return;
    }
    if (isinf(value)) {
        hs_buf_add_text(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }
    char text[40];
    for (int digits = single ? 6 : 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (single ? (float)back == (float)value : back == value) {
            break;
        }
    }
    hs_buf_add_text(out, text);
}

static void print_enum(const ProtobufCEnumDescriptor *type, int value, struct hs_buf *out)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    if (row) {
        hs_buf_printf(out, "\"%s\"", row->name);
    } else {
        hs_buf_printf(out, "%d", value);
    }
}

static void print_value(const ProtobufCFieldDescriptor *field, const void *value,
                        struct hs_buf *out)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        hs_buf_printf(out, "%" PRId32, *(const int32_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        hs_buf_printf(out, "%" PRIu32, *(const uint32_t *)value);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        hs_buf_printf(out, "\"%" PRId64 "\"", *(const int64_t *)value);
        return;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        hs_buf_printf(out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        return;
    case PROTOBUF_C_TYPE_FLOAT:
        print_real((double)*(const float *)value, true, out);
        return;
    case PROTOBUF_C_TYPE_DOUBLE:
        print_real(*(const double *)value, false, out);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        hs_buf_add_text(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        return;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(field->descriptor, *(const int *)value, out);
        return;
    case PROTOBUF_C_TYPE_STRING:
        print_string(*(const char *const *)value, out);
        return;
    case PROTOBUF_C_TYPE_BYTES:
        print_bytes(value, out);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        hs_json_print(*(const ProtobufCMessage *const *)value, out);
        return;
    }
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *value)
{
    static const char zeros[8];
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return !*(const char *const *)value || (*(const char *const *)value)[0] == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)value)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return !*(const ProtobufCMessage *const *)value;
    default:
        return memcmp(value, zeros, hs_json_value_bytes(field)) == 0;
    }
}

// Whether the field is part of the JSON: a set member of a oneof is, even at its default.
static bool is_present(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)(const void *)(base + field->quantifier_offset) > 0;
    }
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        return *(const uint32_t *)(const void *)(base + field->quantifier_offset) == field->id;
    }
    return !is_default(field, base + field->offset);
}

static void print_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        struct hs_buf *out)
{
    const char *member = (const char *)message + field->offset;
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        print_value(field, member, out);
        return;
    }
    size_t count =
        *(const size_t *)(const void *)((const char *)message + field->quantifier_offset);
    const char *values = *(const char *const *)(const void *)member;
    size_t value_bytes = hs_json_value_bytes(field);
    hs_buf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            hs_buf_add_char(out, ',');
        }
        print_value(field, values + i * value_bytes, out);
    }
    hs_buf_add_char(out, ']');
}

void hs_json_print(const ProtobufCMessage *message, struct hs_buf *out)
{
    char separator = '{';
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        if (!is_present(message, field)) {
            continue;
        }
        char name[HS_JSON_NAME_BYTES];
        hs_json_field_name(field, name);
        hs_buf_printf(out, "%c\"%s\":", separator, name);
        print_field(message, field, out);
        separator = ',';
    }
    hs_buf_add_text(out, separator == '{' ? "{}" : "}");
}

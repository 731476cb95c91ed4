// SPDX-License-Identifier: Apache-2.0
#include "wire/json_scalar.h"

#include <math.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/error.h"

enum { SHOWN_MAX = 60 }; // bytes of a wrong value in a message

static const char *json_kind(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    default:
        return "null";
    }
}

int hs_json_refuse(struct hs_json_place *place, const json_t *found, const char *allowed)
{
    if (!place->why) {
        return HS_EFORMAT;
    }
    hs_buf_printf(place->why, "%s: found ", place->path[0] ? place->path : "message");
    char *text = json_is_object(found) || json_is_array(found)
                     ? NULL
                     : json_dumps(found, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    if (text) {
        hs_buf_printf(place->why, "%.*s%s", SHOWN_MAX, text, strlen(text) > SHOWN_MAX ? "..." : "");
    } else {
        hs_buf_add_text(place->why, json_kind(found));
    }
    hs_buf_printf(place->why, ", allowed is %s", allowed);
    free(text);
    return HS_EFORMAT;
}

// A whole number as number or as text; HS_EFORMAT for what is none, HS_ELIMIT outside min to max.
static int take_integer(const json_t *value, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t number;
    if (json_is_integer(value)) {
        number = json_integer_value(value);
    } else if (json_is_real(value)) {
        double real = json_real_value(value);
        if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0) ||
            real != (double)(int64_t)real) {
            return HS_EFORMAT;
        }
        number = (int64_t)real;
    } else if (json_is_string(value)) {
        int status = hs_str_to_i64(hs_str(json_string_value(value)), &number);
        if (status != HS_OK) {
            return status;
        }
    } else {
        return HS_EFORMAT;
    }
    if (number < min || number > max) {
        return HS_ELIMIT;
    }
    *ret_value = number;
    return HS_OK;
}

static int take_unsigned_64(const json_t *value, uint64_t *ret_value)
{
    if (json_is_string(value)) {
        return hs_str_to_u64(hs_str(json_string_value(value)), ret_value);
    }
    int64_t number;
    int status = take_integer(value, 0, INT64_MAX, &number);
    if (status == HS_OK) {
        *ret_value = (uint64_t)number;
    }
    return status;
}

static int set_integer(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
                       const json_t *value, void *member)
{
    int64_t number;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        if (take_integer(value, INT32_MIN, INT32_MAX, &number) != HS_OK) {
            return hs_json_refuse(place, value, "a whole number from -2147483648 to 2147483647");
        }
        *(int32_t *)member = (int32_t)number;
        return HS_OK;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (take_integer(value, 0, UINT32_MAX, &number) != HS_OK) {
            return hs_json_refuse(place, value, "a whole number from 0 to 4294967295");
        }
        *(uint32_t *)member = (uint32_t)number;
        return HS_OK;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (take_unsigned_64(value, member) != HS_OK) {
            return hs_json_refuse(place, value, "a whole number from 0 to 18446744073709551615");
        }
        return HS_OK;
    default:
        if (take_integer(value, INT64_MIN, INT64_MAX, member) != HS_OK) {
            return hs_json_refuse(place, value, "a whole number of 64 bits");
        }
        return HS_OK;
    }
}

static int take_real(const json_t *value, double *ret_value)
{
    if (json_is_number(value)) {
        *ret_value = json_number_value(value);
        return HS_OK;
    }
    if (!json_is_string(value)) {
        return HS_EFORMAT;
    }
    const char *text = json_string_value(value);
    if (strcmp(text, "NaN") == 0) {
        *ret_value = (double)NAN;
    } else if (strcmp(text, "Infinity") == 0) {
        *ret_value = (double)INFINITY;
    } else if (strcmp(text, "-Infinity") == 0) {
        *ret_value = -(double)INFINITY;
    } else {
        return hs_str_to_double(hs_str(text), ret_value);
    }
    return HS_OK;
}

static int set_enum(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
                    const json_t *value, int *member)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    int64_t number;
    if (json_is_string(value)) {
        const ProtobufCEnumValue *row =
            protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(value));
        if (row) {
            *member = row->value;
            return HS_OK;
        }
    }
    if (take_integer(value, INT32_MIN, INT32_MAX, &number) == HS_OK) {
        *member = (int)number;
        return HS_OK;
    }
    struct hs_buf allowed = {0};
    hs_buf_add_text(&allowed, "one of");
    for (unsigned i = 0; i < type->n_values; i++) {
        hs_buf_printf(&allowed, "%s %s", i > 0 ? "," : "", type->values[i].name);
    }
    hs_json_refuse(place, value, hs_buf_text(&allowed));
    hs_buf_fini(&allowed);
    return HS_EFORMAT;
}

// Base64 of either alphabet, with or without padding.
static int set_bytes(struct hs_json_place *place, const json_t *value, ProtobufCBinaryData *member)
{
    static const char allowed[] = "a string of base64";
    if (!json_is_string(value)) {
        return hs_json_refuse(place, value, allowed);
    }
    size_t len = json_string_length(value);
    const char *text = json_string_value(value);
    while (len > 0 && text[len - 1] == '=') {
        len--;
    }
    if (len == 0) {
        return HS_OK;
    }
    bool url = memchr(text, '-', len) || memchr(text, '_', len);
    size_t room = len / 4 * 3 + 3;
    uint8_t *bytes = malloc(room);
    if (!bytes) {
        return HS_ENOMEM;
    }
    size_t bytes_len;
    if (sodium_base642bin(bytes, room, text, len, NULL, &bytes_len, NULL,
                          url ? sodium_base64_VARIANT_URLSAFE_NO_PADDING
                              : sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0) {
        free(bytes);
        return hs_json_refuse(place, value, allowed);
    }
    member->data = bytes;
    member->len = bytes_len;
    return HS_OK;
}

static int set_string(struct hs_json_place *place, const json_t *value, char **member)
{
    if (!json_is_string(value)) {
        return hs_json_refuse(place, value, "a string");
    }
    if (json_string_length(value) == 0 && *member) {
        return HS_OK; // stands at its default, which protobuf-c does not free
    }
    char *copy = strdup(json_string_value(value));
    if (!copy) {
        return HS_ENOMEM;
    }
    *member = copy;
    return HS_OK;
}

int hs_json_set_scalar(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
                       const json_t *value, void *member)
{
    double real;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        if (take_real(value, &real) != HS_OK) {
            return hs_json_refuse(place, value, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
        }
        if (field->type == PROTOBUF_C_TYPE_FLOAT) {
            *(float *)member = (float)real;
        } else {
            *(double *)member = real;
        }
        return HS_OK;
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(value)) {
            return hs_json_refuse(place, value, "true or false");
        }
        *(protobuf_c_boolean *)member = json_is_true(value);
        return HS_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return set_enum(place, field, value, member);
    case PROTOBUF_C_TYPE_STRING:
        return set_string(place, value, member);
    case PROTOBUF_C_TYPE_BYTES:
        return set_bytes(place, value, member);
    default:
        return set_integer(place, field, value, member);
    }
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The text is parsed by jansson; a message is then built field by field with malloc, as
 * protobuf-c's unpack does it, so that protobuf-c frees what stands when a fault is found half-way.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <jansson.h>
#include <sodium.h>

#include "base/error.h"
#include "wire/json.h"
#include "wire/json_field.h"

enum {
    FIELDS_MAX = 128, // of one message
    SHOWN_MAX = 60,   // bytes of a wrong value in a message
    PATH_MAX_BYTES = 256,
};

// Where the parser stands, for messages.
struct place {
    struct hs_buf *why;        // may be NULL
    char path[PATH_MAX_BYTES]; // "reads[3].position"
};

static int build_message(struct place *place, const json_t *object,
                         const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message);

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

// "vrm: found 'x': a string is allowed". Returns HS_EFORMAT.
static int refuse(struct place *place, const json_t *found, const char *allowed)
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

static int set_integer(struct place *place, const ProtobufCFieldDescriptor *field,
                       const json_t *value, void *member)
{
    int64_t number;
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        if (take_integer(value, INT32_MIN, INT32_MAX, &number) != HS_OK) {
            return refuse(place, value, "a whole number from -2147483648 to 2147483647");
        }
        *(int32_t *)member = (int32_t)number;
        return HS_OK;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        if (take_integer(value, 0, UINT32_MAX, &number) != HS_OK) {
            return refuse(place, value, "a whole number from 0 to 4294967295");
        }
        *(uint32_t *)member = (uint32_t)number;
        return HS_OK;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        if (take_unsigned_64(value, member) != HS_OK) {
            return refuse(place, value, "a whole number from 0 to 18446744073709551615");
        }
        return HS_OK;
    default:
        if (take_integer(value, INT64_MIN, INT64_MAX, member) != HS_OK) {
            return refuse(place, value, "a whole number of 64 bits");
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

static int set_enum(struct place *place, const ProtobufCFieldDescriptor *field, const json_t *value,
                    int *member)
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
    refuse(place, value, hs_buf_text(&allowed));
    hs_buf_fini(&allowed);
    return HS_EFORMAT;
}

// Base64 of either alphabet, with or without padding.
static int set_bytes(struct place *place, const json_t *value, ProtobufCBinaryData *member)
{
    static const char allowed[] = "a string of base64";
    if (!json_is_string(value)) {
        return refuse(place, value, allowed);
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
        return refuse(place, value, allowed);
    }
    member->data = bytes;
    member->len = bytes_len;
    return HS_OK;
}

static int set_string(struct place *place, const json_t *value, char **member)
{
    if (!json_is_string(value)) {
        return refuse(place, value, "a string");
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

// `member` holds the field's initial value: zeros in an array or a oneof.
static int set_value(struct place *place, const ProtobufCFieldDescriptor *field,
                     const json_t *value, void *member)
{
    double real;
    switch (field->type) {
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
        if (take_real(value, &real) != HS_OK) {
            return refuse(place, value, "a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
        }
        if (field->type == PROTOBUF_C_TYPE_FLOAT) {
            *(float *)member = (float)real;
        } else {
            *(double *)member = real;
        }
        return HS_OK;
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(value)) {
            return refuse(place, value, "true or false");
        }
        *(protobuf_c_boolean *)member = json_is_true(value);
        return HS_OK;
    case PROTOBUF_C_TYPE_ENUM:
        return set_enum(place, field, value, member);
    case PROTOBUF_C_TYPE_STRING:
        return set_string(place, value, member);
    case PROTOBUF_C_TYPE_BYTES:
        return set_bytes(place, value, member);
    case PROTOBUF_C_TYPE_MESSAGE:
        return build_message(place, value, field->descriptor, member);
    default:
        return set_integer(place, field, value, member);
    }
}

// The count grows with each value that stands, so that a half-built array can be freed.
static int set_repeated(struct place *place, const ProtobufCFieldDescriptor *field,
                        const json_t *array, ProtobufCMessage *message)
{
    if (!json_is_array(array)) {
        return refuse(place, array, "an array");
    }
    size_t *count = (size_t *)(void *)((char *)message + field->quantifier_offset);
    char **values = (char **)(void *)((char *)message + field->offset);
    size_t value_bytes = hs_json_value_bytes(field);
    size_t total = json_array_size(array);
    if (total == 0) {
        return HS_OK;
    }
    *values = calloc(total, value_bytes);
    if (!*values) {
        return HS_ENOMEM;
    }
    size_t path_len = strlen(place->path);
    for (size_t i = 0; i < total; i++) {
        snprintf(place->path + path_len, sizeof(place->path) - path_len, "[%zu]", i);
        char *value = *values + i * value_bytes;
        int status = set_value(place, field, json_array_get(array, i), value);
        if (status != HS_OK) {
            return status;
        }
        ++*count;
    }
    place->path[path_len] = '\0';
    return HS_OK;
}

static int set_field(struct place *place, const ProtobufCFieldDescriptor *field,
                     const json_t *value, ProtobufCMessage *message)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return set_repeated(place, field, value, message);
    }
    char *member = (char *)message + field->offset;
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)) {
        return set_value(place, field, value, member);
    }
    uint32_t *chosen = (uint32_t *)(void *)((char *)message + field->quantifier_offset);
    if (*chosen != 0) {
        return refuse(place, value, "one of these fields, another is set already");
    }
    int status = set_value(place, field, value, member);
    if (status == HS_OK) {
        *chosen = field->id;
    }
    return status;
}

// By its lowerCamelCase name or its name in the .proto file.
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
                                                  const char *name)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        char json_name[HS_JSON_NAME_BYTES];
        hs_json_field_name(&type->fields[i], json_name);
        if (strcmp(name, json_name) == 0 || strcmp(name, type->fields[i].name) == 0) {
            return &type->fields[i];
        }
    }
    return NULL;
}

static int refuse_unknown(struct place *place, const ProtobufCMessageDescriptor *type,
                          const char *name)
{
    if (!place->why) {
        return HS_EFORMAT;
    }
    char texts[FIELDS_MAX][HS_JSON_NAME_BYTES];
    const char *names[FIELDS_MAX + 1];
    unsigned count = 0;
    for (; count < type->n_fields && count < FIELDS_MAX; count++) {
        hs_json_field_name(&type->fields[count], texts[count]);
        names[count] = texts[count];
    }
    names[count] = NULL;
    const char *nearest = hs_str_nearest(hs_str(name), names);
    hs_buf_printf(place->why, "%s%s: %s has no such field", place->path, name, type->short_name);
    if (nearest) {
        hs_buf_printf(place->why, "; did you mean '%s'?", nearest);
    } else {
        hs_buf_add_text(place->why, ", allowed are");
        for (unsigned i = 0; i < count; i++) {
            hs_buf_printf(place->why, "%s %s", i > 0 ? "," : "", names[i]);
        }
    }
    return HS_EFORMAT;
}

static int fill_message(struct place *place, const json_t *object, ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    bool seen[FIELDS_MAX] = {false};
    size_t path_len = strlen(place->path);
    if (path_len > 0 && path_len < sizeof(place->path) - 1) {
        place->path[path_len] = '.';
        place->path[path_len + 1] = '\0';
    }
    size_t prefix_len = strlen(place->path);
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        const char *name = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        const ProtobufCFieldDescriptor *field = find_field(type, name);
        if (!field) {
            return refuse_unknown(place, type, name);
        }
        size_t index = (size_t)(field - type->fields);
        snprintf(place->path + prefix_len, sizeof(place->path) - prefix_len, "%s", name);
        if (index >= FIELDS_MAX || seen[index]) {
            return refuse(place, value, "the field once only");
        }
        seen[index] = true;
        int status = json_is_null(value) ? HS_OK : set_field(place, field, value, message);
        if (status != HS_OK) {
            return status;
        }
        place->path[prefix_len] = '\0';
    }
    place->path[path_len] = '\0';
    return HS_OK;
}

static int build_message(struct place *place, const json_t *object,
                         const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message)
{
    if (!json_is_object(object)) {
        return refuse(place, object, "an object");
    }
    ProtobufCMessage *message = malloc(type->sizeof_message);
    if (!message) {
        return HS_ENOMEM;
    }
    protobuf_c_message_init(type, message);
    int status = fill_message(place, object, message);
    if (status != HS_OK) {
        protobuf_c_message_free_unpacked(message, NULL);
        return status;
    }
    *ret_message = message;
    return HS_OK;
}

int hs_json_build(const struct json_t *value, const ProtobufCMessageDescriptor *type,
                  ProtobufCMessage **ret_message, struct hs_buf *ret_why)
{
    struct place place = {.why = ret_why, .path = ""};
    return build_message(&place, value, type, ret_message);
}

int hs_json_parse(struct hs_str text, const ProtobufCMessageDescriptor *type,
                  ProtobufCMessage **ret_message, struct hs_buf *ret_why)
{
    json_error_t fault;
    json_t *value = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &fault);
    if (!value) {
        if (ret_why) {
            hs_buf_printf(ret_why, "line %d, column %d: %s", fault.line, fault.column, fault.text);
        }
        return HS_EFORMAT;
    }
    int status = hs_json_build(value, type, ret_message, ret_why);
    json_decref(value);
    return status;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The text is parsed by jansson; a message is then built field by field with malloc, as
 * protobuf-c's unpack does it, so that protobuf-c frees what stands when a fault is found half-way.
 */
#include <stdlib.h>

#include "base/error.h"
#include "wire/json.h"
#include "wire/json_scalar.h"

enum { FIELDS_MAX = 128 }; // of one message

static int build_message(struct hs_json_place *place, const json_t *object,
                         const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message);

static int set_value(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
                     const json_t *value, void *member)
{
    return field->type == PROTOBUF_C_TYPE_MESSAGE
               ? build_message(place, value, field->descriptor, member)
               : hs_json_set_scalar(place, field, value, member);
}

// The count grows with each value that stands, so that a half-built array can be freed.
static int set_repeated(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
                        const json_t *array, ProtobufCMessage *message)
{
    if (!json_is_array(array)) {
        return hs_json_refuse(place, array, "an array");
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

static int set_field(struct hs_json_place *place, const ProtobufCFieldDescriptor *field,
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
        return hs_json_refuse(place, value, "one of these fields, another is set already");
    }
    int status = set_value(place, field, value, member);
    if (status == HS_OK) {
        *chosen = field->id;
    }
    return status;
}

const ProtobufCFieldDescriptor *hs_json_find_field(const ProtobufCMessageDescriptor *type,
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

static int refuse_unknown(struct hs_json_place *place, const ProtobufCMessageDescriptor *type,
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

static int fill_message(struct hs_json_place *place, const json_t *object,
                        ProtobufCMessage *message)
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
        const ProtobufCFieldDescriptor *field = hs_json_find_field(type, name);
        if (!field) {
            return refuse_unknown(place, type, name);
        }
        size_t index = (size_t)(field - type->fields);
        snprintf(place->path + prefix_len, sizeof(place->path) - prefix_len, "%s", name);
        if (index >= FIELDS_MAX || seen[index]) {
            return hs_json_refuse(place, value, "the field once only");
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

static int build_message(struct hs_json_place *place, const json_t *object,
                         const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret_message)
{
    if (!json_is_object(object)) {
        return hs_json_refuse(place, object, "an object");
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
    struct hs_json_place place = {.why = ret_why, .path = ""};
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

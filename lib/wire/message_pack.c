// SPDX-License-Identifier: Apache-2.0
#include <assert.h>

#include "base/error.h"
#include "wire/message.h"
#include "wire/scan.h"

enum {
    VARINT_BYTES_MAX = 10,
    FIELD_BYTES_MAX = 5 + VARINT_BYTES_MAX, // tag and number, or tag and length
    FIRST_ROOM_BYTES = 1024,
};

// Writes from `end` down to `at`; `begin` is where the room begins.
struct writer {
    struct hs_buf *out; // whose spare room it is
    uint8_t *begin;
    uint8_t *at; // first byte written; NULL: out of memory
    uint8_t *end;
    const struct hs_packed_part *parts; // what stands packed already
    size_t part_count;
};

// Twice the room at least, what was written at its end.
static bool grow(struct writer *writer, size_t more_bytes)
{
    size_t written = writer->at ? (size_t)(writer->end - writer->at) : 0;
    size_t room = 2 * (written + more_bytes) + FIRST_ROOM_BYTES;
    size_t at = writer->at ? (size_t)(writer->at - writer->begin) : 0;
    size_t spare = writer->out->capacity - writer->out->len;
    room = spare > room ? spare : room;
    uint8_t *begin = (uint8_t *)hs_buf_reserve(writer->out, room);
    if (!begin) {
        writer->at = NULL;
        return false;
    }
    memmove(begin + room - written, begin + at, written);
    writer->begin = begin;
    writer->end = begin + room;
    writer->at = writer->end - written;
    return true;
}

static inline bool has_room(struct writer *writer, size_t bytes)
{
    return __builtin_expect((size_t)(writer->at - writer->begin) >= bytes, 1) ||
           grow(writer, bytes);
}

static inline void put_bytes(struct writer *writer, const void *bytes, size_t len)
{
    writer->at -= len;
    memcpy(writer->at, bytes, len);
}

static inline void put_varint(struct writer *writer, uint64_t value)
{
    if (value < 0x80) {
        *--writer->at = (uint8_t)value;
        return;
    }
    unsigned len = (unsigned)(63 - __builtin_clzll(value)) / 7 + 1;
    uint8_t *to = writer->at -= len;
    for (; value >= 0x80; value >>= 7) {
        *to++ = (uint8_t)(value | 0x80);
    }
    *to = (uint8_t)value;
}

static inline void put_tag(struct writer *writer, uint32_t number, unsigned wire_type)
{
    put_varint(writer, (uint64_t)number << 3 | wire_type);
}

// Text or bytes behind their length and tag.
static bool put_block(struct writer *writer, uint32_t number, const void *bytes, size_t len)
{
    if (!has_room(writer, len + FIELD_BYTES_MAX)) {
        return false;
    }
    if (len > 0) {
        put_bytes(writer, bytes, len);
    }
    put_varint(writer, len);
    put_tag(writer, number, HS_WIRE_BYTES);
    return true;
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline uint64_t word_at(const void *member)
{
    uint64_t word;
    memcpy(&word, member, sizeof(word));
    return word;
}

static inline uint32_t half_at(const void *member)
{
    uint32_t half;
    memcpy(&half, member, sizeof(half));
    return half;
}

// A number without its tag; the wire type it has. There is room.
static unsigned put_number(struct writer *writer, ProtobufCType type, const void *member)
{
    uint64_t word;
    uint32_t half;
    switch (type) {
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
        put_varint(writer, (uint64_t)(int64_t)(int32_t)half_at(member));
        return HS_WIRE_VARINT;
    case PROTOBUF_C_TYPE_UINT32:
        put_varint(writer, half_at(member));
        return HS_WIRE_VARINT;
    case PROTOBUF_C_TYPE_SINT32:
        put_varint(writer, (uint32_t)zigzag((int32_t)half_at(member)));
        return HS_WIRE_VARINT;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        put_varint(writer, word_at(member));
        return HS_WIRE_VARINT;
    case PROTOBUF_C_TYPE_SINT64:
        put_varint(writer, zigzag((int64_t)word_at(member)));
        return HS_WIRE_VARINT;
    case PROTOBUF_C_TYPE_BOOL:
        put_varint(writer, half_at(member) != 0);
        return HS_WIRE_VARINT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        word = word_at(member);
        put_bytes(writer, &word, sizeof(word));
        return HS_WIRE_64BIT;
    default: // fixed 32 bits
        half = half_at(member);
        put_bytes(writer, &half, sizeof(half));
        return HS_WIRE_32BIT;
    }
}

static bool put_message(struct writer *writer, const ProtobufCMessage *message);

// Bytes that stand for themselves.
static bool put_raw(struct writer *writer, struct hs_str bytes)
{
    if (!has_room(writer, bytes.len)) {
        return false;
    }
    if (bytes.len > 0) {
        put_bytes(writer, bytes.ptr, bytes.len);
    }
    return true;
}

// A message within another, without its length.
static bool put_within(struct writer *writer, const ProtobufCMessage *message)
{
    for (size_t i = 0; i < writer->part_count; i++) {
        if (writer->parts[i].message == message) {
            return put_raw(writer, writer->parts[i].bytes);
        }
    }
    return put_message(writer, message);
}

// Of a text, bytes or message; a missing one is empty.
static bool put_long(struct writer *writer, const ProtobufCFieldDescriptor *field,
                     const void *member)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(const char *const *)member;
        return put_block(writer, field->id, text, text ? strlen(text) : 0);
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        const ProtobufCBinaryData *bytes = member;
        return put_block(writer, field->id, bytes->data, bytes->len);
    }
    const ProtobufCMessage *message = *(const ProtobufCMessage *const *)member;
    size_t before = (size_t)(writer->end - writer->at);
    if ((message && !put_within(writer, message)) || !has_room(writer, FIELD_BYTES_MAX)) {
        return false;
    }
    put_varint(writer, (size_t)(writer->end - writer->at) - before);
    put_tag(writer, field->id, HS_WIRE_BYTES);
    return true;
}

static bool is_long(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
           type == PROTOBUF_C_TYPE_MESSAGE;
}

static bool put_one(struct writer *writer, const ProtobufCFieldDescriptor *field,
                    const void *member)
{
    if (is_long(field->type)) {
        return put_long(writer, field, member);
    }
    if (!has_room(writer, FIELD_BYTES_MAX)) {
        return false;
    }
    unsigned wire_type = put_number(writer, field->type, member);
    put_tag(writer, field->id, wire_type);
    return true;
}

static size_t element_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(uint32_t);
    }
}

static bool put_repeated(struct writer *writer, const ProtobufCFieldDescriptor *field,
                         const ProtobufCMessage *message)
{
    size_t count = *(const size_t *)((const char *)message + field->quantifier_offset);
    const char *rows = *(const char *const *)((const char *)message + field->offset);
    size_t row_bytes = element_bytes(field->type);
    if (!(field->flags & PROTOBUF_C_FIELD_FLAG_PACKED)) {
        for (size_t i = count; i > 0; i--) {
            if (!put_one(writer, field, rows + (i - 1) * row_bytes)) {
                return false;
            }
        }
        return true;
    }
    if (count > SIZE_MAX / VARINT_BYTES_MAX - 2 ||
        !has_room(writer, count * VARINT_BYTES_MAX + FIELD_BYTES_MAX)) {
        return false;
    }
    const uint8_t *end = writer->at;
    for (size_t i = count; i > 0; i--) {
        put_number(writer, field->type, rows + (i - 1) * row_bytes);
    }
    if (count > 0) {
        put_varint(writer, (size_t)(end - writer->at));
        put_tag(writer, field->id, HS_WIRE_BYTES);
    }
    return true;
}

// Whether a field of a message says nothing, so that it is left out.
static inline bool is_empty(const ProtobufCFieldDescriptor *field, const void *member)
{
    double real;
    float small;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return !*(const char *const *)member || **(const char *const *)member == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_DOUBLE: // a zero below zero says nothing either
        memcpy(&real, member, sizeof(real));
        return real == 0;
    case PROTOBUF_C_TYPE_FLOAT:
        memcpy(&small, member, sizeof(small));
        return small == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return word_at(member) == 0;
    default:
        return half_at(member) == 0;
    }
}

// Whether this member of a oneof is the one that is set.
static bool is_chosen(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const void *member = (const char *)message + field->offset;
    if (half_at((const char *)message + field->quantifier_offset) != field->id) {
        return false;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE || field->type == PROTOBUF_C_TYPE_STRING) {
        const void *held = *(const void *const *)member;
        return held && held != field->default_value;
    }
    return true;
}

static bool put_unknown(struct writer *writer, const ProtobufCMessageUnknownField *field)
{
    if (!has_room(writer, field->len + FIELD_BYTES_MAX)) {
        return false;
    }
    put_bytes(writer, field->data, field->len);
    put_tag(writer, field->tag, field->wire_type);
    return true;
}

static bool put_message(struct writer *writer, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    bool good = true;
    for (unsigned i = message->n_unknown_fields; good && i > 0; i--) {
        good = put_unknown(writer, &message->unknown_fields[i - 1]);
    }
    for (unsigned i = type->n_fields; good && i > 0; i--) {
        const ProtobufCFieldDescriptor *field = &type->fields[i - 1];
        const void *member = (const char *)message + field->offset;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            good = put_repeated(writer, field, message);
            continue;
        }
        assert(field->label == PROTOBUF_C_LABEL_NONE); // proto3
        bool left_out = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF ? !is_chosen(message, field)
                                                                   : is_empty(field, member);
        good = left_out || put_one(writer, field, member);
    }
    return good;
}

int hs_message_pack_with(const ProtobufCMessage *message, const struct hs_packed_part *parts,
                         size_t part_count, struct hs_buf *out)
{
    struct writer writer = {.out = out, .parts = parts, .part_count = part_count};
    if (!grow(&writer, 0) || !put_message(&writer, message)) {
        return HS_ENOMEM;
    }
    size_t len = (size_t)(writer.end - writer.at);
    memmove(writer.begin, writer.at, len);
    out->len += len;
    return HS_OK;
}

int hs_message_pack(const ProtobufCMessage *message, struct hs_buf *out)
{
    return hs_message_pack_with(message, NULL, 0, out);
}

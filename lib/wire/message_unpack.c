// SPDX-License-Identifier: Apache-2.0
#include "wire/message.h"
#include "wire/scan.h"

typedef ProtobufCFieldDescriptor pb_field; // long names of the library, short in this file
typedef ProtobufCMessageDescriptor pb_type;

static void *bump_alloc(void *bump, size_t len_bytes)
{
    return hs_bump_alloc(bump, len_bytes);
}

static void bump_free(void *bump, void *ptr)
{
    (void)bump;
    (void)ptr;
}

enum { TAG_BYTES_MAX = 5, LENGTH_BYTES_MAX = 5, VARINT_BYTES_MAX = 10 };

// One field as it stands in the copy of the message, whose bytes become its texts.
struct item {
    const pb_field *field;
    unsigned wire_type; // enum hs_wire_type
    uint64_t value;     // of a varint
    uint8_t *data;      // behind the tag, or the length
    size_t len;         // bytes of data
    uint8_t *next;      // what follows
};

static inline const pb_field *find_field(const pb_type *type, uint32_t number)
{
    const ProtobufCIntRange *range = type->field_ranges;
    for (unsigned i = 0; i < type->n_field_ranges; i++, range++) {
        uint32_t place = number - (uint32_t)range->start_value;
        if (place < range[1].orig_index - range[0].orig_index) {
            return &type->fields[range->orig_index + place];
        }
    }
    return NULL;
}

// A varint of at most `max` bytes; what follows it, or NULL.
static inline uint8_t *take_varint(uint8_t *at, const uint8_t *end, unsigned max,
                                   uint64_t *ret_value)
{
    if (end - at >= 2) { // what most are
        if (!(at[0] & 0x80)) {
            *ret_value = at[0];
            return at + 1;
        }
        if (!(at[1] & 0x80)) {
            *ret_value = (at[0] & 0x7fU) | (uint32_t)at[1] << 7;
            return at + 2;
        }
    }
    unsigned len = end - at >= 8 && max >= 8 ? hs_scan_short_varint(at, ret_value) : 0;
    if (len == 0) {
        len = hs_scan_varint_len(at, end, max);
        *ret_value = hs_scan_varint(at, len);
    }
    return len ? at + len : NULL;
}

// The field at `at`; false: not known, or malformed.
static inline bool take_item(const pb_type *type, uint8_t *at, const uint8_t *end,
                             struct item *item)
{
    uint64_t tag, len;
    at = take_varint(at, end, TAG_BYTES_MAX, &tag);
    if (!at || tag > UINT32_MAX) {
        return false;
    }
    item->wire_type = tag & 7;
    item->field = find_field(type, (uint32_t)tag >> 3);
    if (!item->field) {
        return false;
    }
    switch (item->wire_type) {
    case HS_WIRE_VARINT:
        item->data = at;
        item->next = take_varint(at, end, VARINT_BYTES_MAX, &item->value);
        return item->next != NULL;
    case HS_WIRE_64BIT:
        len = 8;
        break;
    case HS_WIRE_32BIT:
        len = 4;
        break;
    case HS_WIRE_BYTES:
        at = take_varint(at, end, LENGTH_BYTES_MAX, &len);
        break;
    default:
        return false;
    }
    if (!at || len > (size_t)(end - at)) {
        return false;
    }
    item->data = at;
    item->len = (size_t)len;
    item->next = at + len;
    return true;
}

static inline bool is_varint(ProtobufCType type)
{
    const unsigned varints = 1U << PROTOBUF_C_TYPE_ENUM | 1U << PROTOBUF_C_TYPE_INT32 |
                             1U << PROTOBUF_C_TYPE_UINT32 | 1U << PROTOBUF_C_TYPE_SINT32 |
                             1U << PROTOBUF_C_TYPE_INT64 | 1U << PROTOBUF_C_TYPE_UINT64 |
                             1U << PROTOBUF_C_TYPE_SINT64 | 1U << PROTOBUF_C_TYPE_BOOL;
    return varints >> type & 1;
}

// Stores a varint; returns the bytes of the member.
static inline size_t set_varint(ProtobufCType type, uint64_t value, void *member)
{
    uint32_t half = (uint32_t)value;
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        memcpy(member, &value, sizeof(value));
        return sizeof(value);
    case PROTOBUF_C_TYPE_SINT64:
        value = (value >> 1) ^ (~(value & 1) + 1);
        memcpy(member, &value, sizeof(value));
        return sizeof(value);
    case PROTOBUF_C_TYPE_SINT32:
        half = (half >> 1) ^ (~(half & 1) + 1);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        half = value != 0;
        break;
    default:
        break;
    }
    memcpy(member, &half, sizeof(half));
    return sizeof(half);
}

static bool set_fixed(const struct item *item, void *member)
{
    switch (item->field->type) {
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        if (item->wire_type == HS_WIRE_64BIT) {
            memcpy(member, item->data, sizeof(uint64_t));
            return true;
        }
        return false;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        if (item->wire_type == HS_WIRE_32BIT) {
            memcpy(member, item->data, sizeof(uint32_t));
            return true;
        }
        return false;
    default:
        return false;
    }
}

// A text moves over the last byte of its length, which makes room for its NUL.
static char *terminate(const struct item *item)
{
    char *text = (char *)item->data - 1;
    memmove(text, item->data, item->len);
    text[item->len] = '\0';
    return text;
}

static bool read_message(struct hs_bump *bump, uint8_t *at, const uint8_t *end,
                         ProtobufCMessage *message);

// A value that is no message.
static inline bool set_value(const struct item *item, void *member)
{
    ProtobufCType type = item->field->type;
    if (item->wire_type == HS_WIRE_VARINT) {
        if (!is_varint(type) || (type == PROTOBUF_C_TYPE_BOOL &&
                                 item->next - item->data == VARINT_BYTES_MAX)) { // a bit is cut off
            return false;
        }
        set_varint(type, item->value, member);
        return true;
    }
    if (item->wire_type != HS_WIRE_BYTES) {
        return set_fixed(item, member);
    }
    if (type == PROTOBUF_C_TYPE_STRING) {
        *(char **)member = terminate(item);
        return true;
    }
    if (type == PROTOBUF_C_TYPE_BYTES) {
        *(ProtobufCBinaryData *)member =
            (ProtobufCBinaryData){item->len, item->len ? item->data : NULL};
        return true;
    }
    return false;
}

static inline bool set_one(struct hs_bump *bump, const struct item *item, ProtobufCMessage *message)
{
    void *member = (char *)message + item->field->offset;
    if (item->field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *chosen = (void *)((char *)message + item->field->quantifier_offset);
        if (*chosen != 0) { // two of one oneof
            return false;
        }
        *chosen = item->field->id;
    }
    if (item->field->type != PROTOBUF_C_TYPE_MESSAGE) {
        return set_value(item, member);
    }
    const pb_type *type = item->field->descriptor;
    ProtobufCMessage *held = item->wire_type == HS_WIRE_BYTES && !*(void **)member
                                 ? hs_bump_take(bump, type->sizeof_message)
                                 : NULL;
    if (!held) {
        return false;
    }
    type->message_init(held);
    *(ProtobufCMessage **)member = held;
    return read_message(bump, item->data, item->data + item->len, held);
}

// How many fields with this tag follow one another, of those behind lengths.
static size_t count_run(const pb_type *type, const struct item *first, const uint8_t *end)
{
    const uint32_t tag = first->field->id << 3 | HS_WIRE_BYTES;
    struct item item = *first;
    size_t count = 0;
    do {
        count++;
        while (tag < 0x80 && end - item.next >= 2 && item.next[0] == tag &&
               !(item.next[1] & 0x80) && item.next[1] <= end - item.next - 2) { // what most are
            item.next += 2 + item.next[1];
            count++;
        }
    } while (item.next < end && take_item(type, item.next, end, &item) &&
             item.field == first->field && item.wire_type == first->wire_type);
    return count;
}

// A run of texts, bytes or messages; what follows it, or NULL.
static uint8_t *read_run(struct hs_bump *bump, struct item *item, const uint8_t *end,
                         ProtobufCMessage *message)
{
    const pb_field *field = item->field;
    const pb_type *held = field->descriptor;
    bool is_message = field->type == PROTOBUF_C_TYPE_MESSAGE;
    bool is_bytes = field->type == PROTOBUF_C_TYPE_BYTES;
    size_t row_bytes = is_bytes ? sizeof(ProtobufCBinaryData) : sizeof(void *);
    size_t count = count_run(message->descriptor, item, end);
    char *rows = hs_bump_take(bump, count * row_bytes);
    char *messages = is_message && rows ? hs_bump_take(bump, count * held->sizeof_message) : NULL;
    if (!rows || (is_message && !messages)) {
        return NULL;
    }
    *(void **)((char *)message + field->offset) = rows;
    *(size_t *)((char *)message + field->quantifier_offset) = count;
    for (size_t i = 0; i < count; i++, rows += row_bytes) {
        if (i > 0) {
            take_item(message->descriptor, item->next, end, item);
        }
        if (!is_message) {
            set_value(item, rows);
            continue;
        }
        ProtobufCMessage *row = (void *)(messages + i * held->sizeof_message);
        held->message_init(row);
        *(ProtobufCMessage **)rows = row;
        if (!read_message(bump, item->data, item->data + item->len, row)) {
            return NULL;
        }
    }
    return item->next;
}

// Numbers in one field; false: malformed, or not of varints.
static bool read_packed(struct hs_bump *bump, const struct item *item, ProtobufCMessage *message)
{
    size_t count = 0;
    uint64_t value;
    if (!is_varint(item->field->type)) {
        return false;
    }
    for (size_t i = 0; i < item->len; i++) {
        count += !(item->data[i] & 0x80);
    }
    char *row = hs_bump_take(bump, count * sizeof(uint64_t) + 1);
    if (!row) {
        return false;
    }
    if (count > 0) { // an empty array is none
        *(void **)((char *)message + item->field->offset) = row;
    }
    *(size_t *)((char *)message + item->field->quantifier_offset) = count;
    const uint8_t *end = item->data + item->len;
    for (uint8_t *at = item->data; at < end;) {
        at = take_varint(at, end, VARINT_BYTES_MAX, &value);
        if (!at) {
            return false;
        }
        row += set_varint(item->field->type, value, row);
    }
    return true;
}

// What follows the repeated field; NULL: protobuf-c shall say what this is.
static uint8_t *read_repeated(struct hs_bump *bump, struct item *item, const uint8_t *end,
                              ProtobufCMessage *message)
{
    ProtobufCType type = item->field->type;
    if (item->wire_type != HS_WIRE_BYTES ||
        *(void **)((char *)message + item->field->offset)) { // it goes on after another
        return NULL;
    }
    if (type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES ||
        type == PROTOBUF_C_TYPE_MESSAGE) {
        return read_run(bump, item, end, message);
    }
    return read_packed(bump, item, message) ? item->next : NULL;
}

// False: protobuf-c shall say what this is.
static bool read_message(struct hs_bump *bump, uint8_t *at, const uint8_t *end,
                         ProtobufCMessage *message)
{
    struct item item;
    while (at && at < end) {
        if (!take_item(message->descriptor, at, end, &item)) {
            return false;
        }
        if (item.field->label == PROTOBUF_C_LABEL_REPEATED) {
            at = read_repeated(bump, &item, end, message);
        } else {
            at = set_one(bump, &item, message) ? item.next : NULL;
        }
    }
    return at != NULL;
}

ProtobufCMessage *hs_message_unpack(const ProtobufCMessageDescriptor *type, struct hs_str bytes,
                                    struct hs_bump *bump)
{
    uint8_t *copy = hs_bump_take(bump, bytes.len + 1);
    ProtobufCMessage *message = copy ? hs_bump_take(bump, type->sizeof_message) : NULL;
    if (!message) {
        return NULL;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    type->message_init(message);
    if (read_message(bump, copy, copy + bytes.len, message)) {
        return message;
    }
    ProtobufCAllocator allocator = {bump_alloc, bump_free, bump};
    return protobuf_c_message_unpack(type, &allocator, bytes.len, (const uint8_t *)bytes.ptr);
}

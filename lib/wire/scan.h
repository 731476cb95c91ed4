// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_SCAN_H
#define HS_WIRE_SCAN_H
/*
 * A walk over the fields of a packed message, for readers that need few of them and may not
 * allocate.
 *
 * It has protobuf-c's limits: a tag of five bytes, a length of five bytes and 31 bits, a varint of
 * ten bytes, no groups, no field number 0 in one byte. Threads: any; pure. Ownership: fields borrow
 * from the message.
 */

#include "base/str.h"

enum hs_wire_type {
    HS_WIRE_VARINT = 0,
    HS_WIRE_64BIT = 1,
    HS_WIRE_BYTES = 2,
    HS_WIRE_32BIT = 5,
    HS_WIRE_ANY = 8,     // the field is not known
    HS_WIRE_VARINTS = 9, // repeated number: one varint, or bytes full of them
};

// One field as it stands in the message.
struct hs_field {
    uint32_t number;
    uint32_t len;        // bytes of data
    const uint8_t *data; // of a text or message: behind its length
    unsigned wire_type;  // enum hs_wire_type
    uint64_t value;      // of a varint
};

// What a message type's known fields carry, by number: enum hs_wire_type.
struct hs_field_types {
    const uint8_t *types;
    uint32_t count;
};

// Length in bytes of the varint at `at`, 0 when it does not end within `max` bytes or before `end`.
static inline unsigned hs_scan_varint_len(const uint8_t *at, const uint8_t *end, unsigned max)
{
    for (unsigned i = 0; i < max && at + i < end; i++) {
        if (!(at[i] & 0x80)) {
            return i + 1;
        }
    }
    return 0;
}

static inline uint64_t hs_scan_varint(const uint8_t *at, unsigned len)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < len; i++) {
        value |= (uint64_t)(at[i] & 0x7f) << (7 * i);
    }
    return value;
}

// The value of a varint field.
static inline uint64_t hs_field_number(const struct hs_field *field)
{
    return field->value;
}

// A varint of up to eight bytes, with eight bytes before `end`: its length, or 0 when it is longer. Seven bits a byte
// are drawn together in three steps.
static inline unsigned hs_scan_short_varint(const uint8_t *at, uint64_t *ret_value)
{
    const uint64_t stops = UINT64_C(0x8080808080808080);
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    uint64_t last = ~word & stops;
    if (last == 0) {
        return 0;
    }
    word &= (last ^ (last - 1)) & ~stops; // up to the last byte, without the stop bits
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    *ret_value = (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
    return (unsigned)__builtin_ctzll(last) / 8 + 1;
}

// A text as C sees it: to its first NUL.
static inline struct hs_str hs_field_text(const struct hs_field *field)
{
    const uint8_t *nul = field->len ? memchr(field->data, 0, field->len) : NULL;
    return hs_str_n(field->data, nul ? (size_t)(nul - field->data) : field->len);
}

// Reads a field's tag; what follows it, or NULL.
static inline const uint8_t *hs_scan_tag(const uint8_t *at, const uint8_t *end,
                                         struct hs_field *ret_field)
{
    enum { TAG_BYTES_MAX = 5 };
    ret_field->wire_type = at[0] & 7;
    ret_field->number = (at[0] & 0x7fU) >> 3;
    if (!(at[0] & 0x80)) {
        return at[0] & 0xf8 ? at + 1 : NULL;
    }
    unsigned len = hs_scan_varint_len(at, end, TAG_BYTES_MAX);
    for (unsigned i = 1; i < len; i++) {
        ret_field->number |= (at[i] & 0x7fU) << (7 * i - 3);
    }
    return len ? at + len : NULL;
}

// Whether a field of this number may come in this wire type.
static inline bool hs_scan_type_fits(const struct hs_field_types *types,
                                     const struct hs_field *field)
{
    unsigned expected = field->number < types->count ? types->types[field->number] : HS_WIRE_ANY;
    if (expected == HS_WIRE_VARINTS) {
        return field->wire_type == HS_WIRE_VARINT || field->wire_type == HS_WIRE_BYTES;
    }
    return expected == HS_WIRE_ANY || expected == field->wire_type;
}

// Any field: what hs_scan_field() comes to when tag or length take more than a byte each.
static __attribute__((noinline, unused)) const uint8_t *
hs_scan_any_field(const uint8_t *at, const uint8_t *end, const struct hs_field_types *types,
                  struct hs_field *ret_field)
{
    enum { LENGTH_BYTES_MAX = 5, VARINT_BYTES_MAX = 10 };
    at = hs_scan_tag(at, end, ret_field);
    if (!at || !hs_scan_type_fits(types, ret_field)) {
        return NULL;
    }
    uint64_t len;
    unsigned prefix;
    switch (ret_field->wire_type) {
    case HS_WIRE_VARINT:
        len = hs_scan_varint_len(at, end, VARINT_BYTES_MAX);
        if (len == 0) {
            return NULL;
        }
        ret_field->value = hs_scan_varint(at, (unsigned)len);
        break;
    case HS_WIRE_64BIT:
        len = 8;
        break;
    case HS_WIRE_32BIT:
        len = 4;
        break;
    case HS_WIRE_BYTES:
        prefix = hs_scan_varint_len(at, end, LENGTH_BYTES_MAX);
        len = hs_scan_varint(at, prefix);
        if (prefix == 0 || len > INT32_MAX) {
            return NULL;
        }
        at += prefix;
        break;
    default:
        return NULL;
    }
    if (len > (size_t)(end - at)) {
        return NULL;
    }
    ret_field->data = at;
    ret_field->len = (uint32_t)len;
    return at + len;
}

// Reads the next field; returns what follows it, or NULL when it is malformed. `at` is before `end`.
static inline __attribute__((always_inline)) const uint8_t *
hs_scan_field(const uint8_t *at, const uint8_t *end, const struct hs_field_types *types,
              struct hs_field *ret_field)
{
    if (end - at < 9 || (at[0] & 0x80)) {
        return hs_scan_any_field(at, end, types, ret_field);
    }
    ret_field->number = at[0] >> 3;
    ret_field->wire_type = at[0] & 7;
    if (ret_field->number == 0 || !hs_scan_type_fits(types, ret_field)) {
        return NULL;
    }
    if (ret_field->wire_type == HS_WIRE_BYTES && !(at[1] & 0x80)) {
        ret_field->len = at[1];
        ret_field->data = at + 2;
        return at[1] <= end - at - 2 ? at + 2 + at[1] : NULL;
    }
    if (ret_field->wire_type == HS_WIRE_VARINT) {
        ret_field->len = hs_scan_short_varint(at + 1, &ret_field->value);
        ret_field->data = at + 1;
        if (ret_field->len) {
            return at + 1 + ret_field->len;
        }
    }
    return hs_scan_any_field(at, end, types, ret_field);
}

#endif

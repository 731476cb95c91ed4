// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/read_detail.h"

#include <math.h>

// Field numbers of PlateRead and Position.
enum {
    READ_ID = 6,
    RECEIVED_AT = 7,
    LANE = 9,
    POSITION = 10,
    MAKE = 11,
    MODEL = 12,
    COLOUR = 13,
    PLATE_IMAGE = 14,
    OVERVIEW_IMAGE = 15,
    COUNTRY = 16,
    LATITUDE = 1,
    LONGITUDE = 2,
};
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

// One field of a message.
struct field {
    uint64_t number;
    unsigned wire;
    uint64_t value;      // VARINT, or the bits of FIXED64
    struct hs_str bytes; // BYTES
};

static bool take_varint(struct hs_str *rest, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && rest->len > 0; shift += 7) {
        uint8_t byte = (uint8_t)*rest->ptr++;
        rest->len--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct hs_str *rest, uint64_t len_bytes, struct hs_str *ret_bytes)
{
    if (len_bytes > rest->len) {
        return false;
    }
    *ret_bytes = hs_str_n(rest->ptr, (size_t)len_bytes);
    rest->ptr += len_bytes;
    rest->len -= (size_t)len_bytes;
    return true;
}

static bool take_field(struct hs_str *rest, struct field *field)
{
    uint64_t tag, len_bytes;
    struct hs_str bytes;
    if (rest->len == 0 || !take_varint(rest, &tag)) {
        return false;
    }
    field->number = tag >> 3;
    field->wire = (unsigned)(tag & 7);
    switch (field->wire) {
    case WIRE_VARINT:
        return take_varint(rest, &field->value);
    case WIRE_FIXED64:
        if (!take_bytes(rest, 8, &bytes)) {
            return false;
        }
        memcpy(&field->value, bytes.ptr, 8);
        return true;
    case WIRE_BYTES:
        return take_varint(rest, &len_bytes) && take_bytes(rest, len_bytes, &field->bytes);
    case WIRE_FIXED32:
        return take_bytes(rest, 4, &bytes);
    default:
        return false;
    }
}

static void take_position(struct hs_str bytes, struct hs_read_detail *detail)
{
    struct field field = {0};
    detail->has_position = true;
    while (take_field(&bytes, &field)) {
        if (field.wire == WIRE_FIXED64 && field.number == LATITUDE) {
            memcpy(&detail->latitude_deg, &field.value, 8);
        } else if (field.wire == WIRE_FIXED64 && field.number == LONGITUDE) {
            memcpy(&detail->longitude_deg, &field.value, 8);
        }
    }
    detail->has_position = isfinite(detail->latitude_deg) && isfinite(detail->longitude_deg);
}

static void take_text(struct hs_read_detail *detail, const struct field *field)
{
    switch (field->number) {
    case READ_ID:
        detail->read_id = field->bytes;
        break;
    case POSITION:
        take_position(field->bytes, detail);
        break;
    case MAKE:
        detail->make = field->bytes;
        break;
    case MODEL:
        detail->model = field->bytes;
        break;
    case COLOUR:
        detail->colour = field->bytes;
        break;
    case PLATE_IMAGE:
        detail->plate_image_ref = field->bytes;
        break;
    case OVERVIEW_IMAGE:
        detail->overview_image_ref = field->bytes;
        break;
    case COUNTRY:
        detail->country = field->bytes;
        break;
    default:
        break;
    }
}

void hs_read_detail(struct hs_str raw, struct hs_read_detail *ret_detail)
{
    struct field field = {0};
    *ret_detail = (struct hs_read_detail){0};
    while (take_field(&raw, &field)) {
        if (field.wire == WIRE_BYTES) {
            take_text(ret_detail, &field);
        } else if (field.wire == WIRE_VARINT && field.number == RECEIVED_AT) {
            ret_detail->received_at_ms = (int64_t)field.value;
        } else if (field.wire == WIRE_VARINT && field.number == LANE) {
            ret_detail->lane = (uint32_t)field.value;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "wire/framing.h"

#include "base/error.h"

enum {
    SCHEMA_ID_BYTES = 4,
    INDEXES_MAX = 16, // nesting depth of a message type in its file
    VARINT_BYTES_MAX = 5,
};

// A zigzag varint that is not negative and fits 31 bits.
static int take_varint(struct hs_str *rest, uint32_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < rest->len && i < VARINT_BYTES_MAX; i++) {
        uint8_t byte = (uint8_t)rest->ptr[i];
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            if ((value & 1) || value > UINT32_MAX) {
                return HS_EFORMAT;
            }
            *rest = hs_str_n(rest->ptr + i + 1, rest->len - i - 1);
            *ret_value = (uint32_t)(value >> 1);
            return HS_OK;
        }
    }
    return HS_EFORMAT;
}

int hs_framing_strip(struct hs_str message, struct hs_str *ret_payload)
{
    if (message.len == 0 || message.ptr[0] != '\0') {
        *ret_payload = message;
        return HS_OK;
    }
    if (message.len < 1 + SCHEMA_ID_BYTES + 1) {
        return HS_EFORMAT;
    }
    struct hs_str rest =
        hs_str_n(message.ptr + 1 + SCHEMA_ID_BYTES, message.len - 1 - SCHEMA_ID_BYTES);
    uint32_t count, index;
    if (take_varint(&rest, &count) != HS_OK || count > INDEXES_MAX) {
        return HS_EFORMAT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (take_varint(&rest, &index) != HS_OK) {
            return HS_EFORMAT;
        }
    }
    *ret_payload = rest;
    return HS_OK;
}

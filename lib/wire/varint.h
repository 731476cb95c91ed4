// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_VARINT_H
#define HS_WIRE_VARINT_H
/*
 * Numbers as protobuf writes them, for rows that stand packed in one bytes field of a state.
 *
 * Threads: any; pure. Trusts nothing that is taken. A row's room is HS_VARINT_BYTES_MAX a number.
 */

#include <stdbool.h>
#include <stdint.h>

enum { HS_VARINT_BYTES_MAX = 10 };

// Writes the number; returns what follows it.
static inline uint8_t *hs_varint_put(uint8_t *to, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        *to++ = (uint8_t)(value | 0x80);
    }
    *to++ = (uint8_t)value;
    return to;
}

// Takes the number at *at; false: the bytes end within it, or it is none.
static inline bool hs_varint_take(const uint8_t **at, const uint8_t *end, uint64_t *ret_value)
{
    *ret_value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        *ret_value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

// Numbers near 0 on both sides as small ones.
static inline uint64_t hs_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t hs_unzigzag(uint64_t value)
{
    return (int64_t)((value >> 1) ^ (~(value & 1) + 1));
}

#endif

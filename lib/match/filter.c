// SPDX-License-Identifier: Apache-2.0
#include "match/index.h"

// `near` has 8 to 16 bits a key, as a power of two comes: 1 in 22 to 1 in 70 of the keys pass it that are not there; of
// those 1 in 20 the cells too.
enum { WORD_BITS = 64, NEAR_BITS_PER_KEY_MAX = 16, CELL_BITS_PER_KEY = 8 };

struct hs_filter_size hs_filter_size_for(size_t keys)
{
    uint64_t near_words = (uint64_t)keys * NEAR_BITS_PER_KEY_MAX / WORD_BITS;
    uint64_t cells = (uint64_t)keys * CELL_BITS_PER_KEY / WORD_BITS + 1;
    struct hs_filter_size size = {HS_NEAR_LOG2_MIN, (uint32_t)cells};
    while (size.near_log2 < HS_NEAR_LOG2_MAX && UINT64_C(2) << size.near_log2 <= near_words) {
        size.near_log2++;
    }
    return size;
}

struct hs_filter hs_filter_at(const uint64_t *words, struct hs_filter_size size)
{
    return (struct hs_filter){
        .near = words,
        .cells = words + ((size_t)1 << size.near_log2),
        .cell_count = size.cell_count,
        .near_shift = 64 - size.near_log2,
    };
}

// Shifts a 1 in each byte by the three bits that stand in it: by 4, 2 and 1 where the bit is set.
uint64_t hs_filter_bits(uint64_t hash)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t product = (hash >> 32) * HS_FILTER_FACTOR, bits = ones;
    for (unsigned step = 4; step; step /= 2) {
        uint64_t whole_bytes = (product / step & ones) * 0xff;
        bits = (bits & ~whole_bytes) | (bits << step & whole_bytes);
    }
    return bits;
}

void hs_filter_add(uint64_t *words, struct hs_filter_size size, uint64_t hash)
{
    words[hs_filter_near_word(64 - size.near_log2, hash)] |= hs_filter_near_bits(hash);
    words += (size_t)1 << size.near_log2;
    words[hs_filter_cell(size.cell_count, hash)] |= hs_filter_bits(hash);
}

bool hs_filter_has_cell(const struct hs_filter *filter, uint64_t hash)
{
    return (hs_filter_bits(hash) & ~filter->cells[hs_filter_cell(filter->cell_count, hash)]) == 0;
}

bool hs_filter_has(const struct hs_filter *filter, uint64_t hash)
{
    uint64_t near = filter->near[hs_filter_near_word(filter->near_shift, hash)];
    return (hs_filter_near_bits(hash) & ~near) == 0 && hs_filter_has_cell(filter, hash);
}

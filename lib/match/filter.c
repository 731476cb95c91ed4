// SPDX-License-Identifier: Apache-2.0
#include "match/index.h"

// At 16 bits a key about one key in 500 passes that is not there; each that does costs two loads from memory.
enum { BITS_PER_KEY = 16, BLOCK_BITS = 256 };

const uint32_t hs_filter_salts[HS_FILTER_BLOCK_WORDS] = {
    0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
    0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U,
};

uint32_t hs_filter_blocks_for(size_t keys)
{
    size_t blocks = keys * BITS_PER_KEY / BLOCK_BITS + 1;
    return (uint32_t)(blocks < HS_FILTER_BLOCKS_MAX ? blocks : HS_FILTER_BLOCKS_MAX);
}

void hs_filter_add(uint32_t *words, uint32_t blocks, uint64_t hash)
{
    uint64_t spot = hs_filter_spot(blocks, hash);
    uint32_t *block = words + (spot >> 32) / sizeof(*words), lanes = (uint32_t)spot;
    for (unsigned i = 0; i < HS_FILTER_BLOCK_WORDS; i++) {
        block[i] |= UINT32_C(1) << (lanes * hs_filter_salts[i] >> 27);
    }
}

bool hs_filter_has(const struct hs_filter *filter, uint64_t hash)
{
    uint64_t spot = hs_filter_spot(filter->blocks, hash);
    const uint32_t *block = hs_filter_block(filter, spot);
    uint32_t missing = 0, lanes = (uint32_t)spot;
    for (unsigned i = 0; i < HS_FILTER_BLOCK_WORDS; i++) {
        missing |= ~block[i] & UINT32_C(1) << (lanes * hs_filter_salts[i] >> 27);
    }
    return missing == 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "base/civil.h"
#include "match/kernel.h"
#include "vrm/grammar.h"

// Everything is odd to this kernel: the caller's scalar code is the definition.
static void fold(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_issued *issued, struct hs_keys *keys, size_t at,
                 struct hs_folded *ret_folded)
{
    uint64_t all = hs_stripe_bits(count);
    (void)reads;
    (void)filter;
    (void)issued;
    (void)keys;
    (void)at;
    *ret_folded = (struct hs_folded){.odd = all, .odd_candidates = all, .doubtful = all};
}

static size_t keep_some(const struct hs_filter *filter, struct hs_keys *keys, size_t from,
                        size_t to, size_t listed)
{
    for (size_t i = from; i < to; i++) {
        if (hs_filter_has(filter, keys->hashes[i])) {
            keys->listed[listed++] = (uint16_t)i;
        }
    }
    return listed;
}

static size_t keep(const struct hs_filter *filter, struct hs_keys *keys, size_t own,
                   size_t candidates)
{
    size_t listed = keep_some(filter, keys, 0, own, 0);
    return keep_some(filter, keys, HS_CHUNK_READS, HS_CHUNK_READS + candidates, listed);
}

static uint64_t masked_hash(const struct hs_read_view *read, uint64_t hides)
{
    struct hs_vrm vrm = {0};
    for (unsigned i = 0; i < read->vrm_len; i++) {
        char c = hides >> 8 * i & 1 ? '?' : read->vrm[i];
        vrm.text[i] = hs_vrm_char_of(hs_vrm_class_value_of(c));
    }
    return hs_index_hash(hs_vrm_pack(&vrm));
}

static void mask(const struct hs_mask_group *groups, size_t group_count,
                 const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_keys *keys)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t g = 0; g < group_count; g++) {
            for (size_t m = 0; m < HS_MASKS_A_GROUP; m++) {
                hs_keys_set(keys, at++, masked_hash(&reads[i], groups[g].hides[m]), filter);
            }
        }
    }
}

const struct hs_kernel hs_kernel_scalar = {"scalar", fold, keep, mask};

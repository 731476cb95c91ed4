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

static uint64_t values_of(const struct hs_read_view *read)
{
    uint64_t values = 0;
    for (unsigned i = 0; i < read->vrm_len; i++) {
        values |= (uint64_t)hs_vrm_class_value_of(read->vrm[i]) << 8 * i;
    }
    return values;
}

static uint64_t key_of(uint64_t masked)
{
    struct hs_vrm vrm = {0};
    for (; vrm.len < HS_LANE_CHARS && masked >> 8 * vrm.len & 0xff; vrm.len++) {
        vrm.text[vrm.len] = hs_vrm_char_of(masked >> 8 * vrm.len & 0xff);
    }
    return hs_index_hash(hs_vrm_pack(&vrm));
}

static size_t mask(const struct hs_mask_lines *lines, const struct hs_filter *filter,
                   const struct hs_read_view *reads, size_t count, struct hs_keys *keys)
{
    const uint64_t any = UINT64_C(0x0101010101010101) * HS_VRM_VALUE_ANY;
    const struct hs_mask_groups *of = &lines->of_len[reads[0].vrm_len];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t values = values_of(&reads[i]);
        for (uint32_t g = 0; g < of->group_count; g++) {
            const struct hs_mask_group *group = &of->groups[g];
            size_t line = hs_mask_line(&of->rows[g / HS_GROUPS_A_ROW], g % HS_GROUPS_A_ROW, values);
            for (size_t m = 0; m < HS_MASKS_A_GROUP; m++) {
                uint64_t masked = (values & ~group->hides[m]) | (any & group->hides[m]);
                uint64_t key = key_of(masked), word = lines->words[line * HS_MASKS_A_GROUP + m];
                if ((hs_mask_bits(hs_mask_hash(masked)) & ~word) == 0 &&
                    hs_filter_has_cell(filter, key)) {
                    keys->hashes[found] = key;
                    keys->reads[found++] = (uint16_t)i;
                }
            }
        }
    }
    return found;
}

const struct hs_kernel hs_kernel_scalar = {"scalar", fold, keep, mask};

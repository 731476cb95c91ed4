// SPDX-License-Identifier: Apache-2.0
#include "match/kernel.h"

// Everything is odd to this kernel: the caller's scalar code is the definition.
static void fold(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_keys *keys, uint64_t *ret_odd, uint64_t *ret_odd_candidates)
{
    (void)reads;
    (void)filter;
    keys->candidate_count = 0;
    *ret_odd = *ret_odd_candidates =
        count < HS_CHUNK_READS ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

static size_t keep(const struct hs_filter *filter, struct hs_keys *keys, size_t from, size_t to,
                   size_t listed)
{
    for (size_t i = from; i < to; i++) {
        if (hs_filter_has(filter, keys->hashes[i])) {
            keys->listed[listed++] = (uint16_t)i;
        }
    }
    return listed;
}

static size_t sieve(const struct hs_mask_group *groups, size_t group_count,
                    const struct hs_read_view *read, uint64_t hash, const struct hs_filter *filter,
                    struct hs_keys *keys)
{
    uint64_t changes[HS_MASKED_LEN_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < HS_MASKED_LEN_MAX; i++) {
        unsigned value = i < read->vrm_len ? hs_vrm_class_value_of(read->vrm[i]) : 0;
        changes[i] = hs_index_hash_change(i, value, HS_VRM_VALUE_ANY);
    }
    for (size_t g = 0; g < group_count; g++) {
        for (size_t m = 0; m < HS_MASKS_A_GROUP; m++) {
            uint64_t hidden = hash;
            for (size_t i = 0; i < HS_MASKED_LEN_MAX; i++) {
                hidden += groups[g].hides[i][m] & changes[i];
            }
            keys->hashes[count] = hidden;
            count += hs_filter_has(filter, hidden);
        }
    }
    return count;
}

static uint64_t doubtful(const struct hs_read_view *reads, size_t count, struct hs_issued *issued)
{
    (void)issued;
    (void)reads;
    (void)count;
    return UINT64_MAX;
}

const struct hs_kernel hs_kernel_scalar = {"scalar", fold, keep, sieve, doubtful};

const struct hs_kernel *hs_kernel_best(void)
{
#ifdef HS_MATCH_AVX2
    return __builtin_cpu_supports("avx2") ? &hs_kernel_avx2 : &hs_kernel_scalar;
#else
    return &hs_kernel_scalar;
#endif
}

// SPDX-License-Identifier: Apache-2.0
#include "match/kernel.h"

// Everything is odd to this kernel: the caller's scalar code is the definition.
static size_t fold(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                   struct hs_probe *probes, uint64_t *ret_odd, uint64_t *ret_odd_candidates)
{
    (void)reads;
    (void)filter;
    (void)probes;
    *ret_odd = *ret_odd_candidates = count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
    return 0;
}

static size_t keep(const struct hs_filter *filter, struct hs_probe *probes, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (hs_filter_has(filter, probes[i].hash)) {
            probes[kept++] = probes[i];
        }
    }
    return kept;
}

static uint64_t doubtful(const struct hs_read_view *reads, size_t count)
{
    (void)reads;
    (void)count;
    return UINT64_MAX;
}

const struct hs_kernel hs_kernel_scalar = {"scalar", fold, keep, doubtful};

const struct hs_kernel *hs_kernel_best(void)
{
#ifdef HS_MATCH_AVX2
    return __builtin_cpu_supports("avx2") ? &hs_kernel_avx2 : &hs_kernel_scalar;
#else
    return &hs_kernel_scalar;
#endif
}

// SPDX-License-Identifier: Apache-2.0
#include "match/kernel.h"

#include "base/civil.h"
#include "vrm/grammar.h"

const uint64_t hs_limb_weights[HS_LANE_CHARS] = {
    UINT64_C(54872),       UINT64_C(1444),       UINT64_C(38),       UINT64_C(1),
    UINT64_C(54872) << 32, UINT64_C(1444) << 32, UINT64_C(38) << 32, UINT64_C(1) << 32,
};

#ifdef HS_MATCH_VECTORS
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("bmi2");
}

void hs_kernels(const struct hs_kernel *ret_kernels[HS_KERNELS_MAX + 1])
{
    size_t count = 0;
    ret_kernels[count++] = &hs_kernel_scalar;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        ret_kernels[count++] = &hs_kernel_avx2;
    }
    if (has_avx512()) {
        ret_kernels[count++] = &hs_kernel_avx512;
    }
    ret_kernels[count] = NULL;
}
#else
void hs_kernels(const struct hs_kernel *ret_kernels[HS_KERNELS_MAX + 1])
{
    ret_kernels[0] = &hs_kernel_scalar;
    ret_kernels[1] = NULL;
}
#endif

const struct hs_kernel *hs_kernel_best(void)
{
    const struct hs_kernel *kernels[HS_KERNELS_MAX + 1];
    size_t i = 0;
    hs_kernels(kernels);
    while (kernels[i + 1]) {
        i++;
    }
    return kernels[i];
}

enum { MS_PER_HOUR = 3600000 };

void hs_issue_to_oldest(const struct hs_read_view *reads, size_t count, struct hs_issued *issued)
{
    int64_t oldest = reads[0].captured_at_ms;
    for (size_t i = 1; i < count; i++) {
        oldest = reads[i].captured_at_ms < oldest ? reads[i].captured_at_ms : oldest;
    }
    int64_t hour = oldest > 0 ? oldest / MS_PER_HOUR + 1 : 1; // within one there is one date
    if (hour == issued->hour) {
        return;
    }
    uint32_t date = oldest > 0 ? hs_civil_date(oldest) : 1; // 1: before any was issued
    *issued = (struct hs_issued){.hour = hour};
    for (unsigned code = 0; code < 100; code++) {
        issued->codes[code / 64] |= (uint64_t)hs_vrm_age_issued(code, date) << code % 64;
    }
}

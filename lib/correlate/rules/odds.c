// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/odds.h"

// The mantissa is squared ten times: each time it passes 2 is a binary digit of its logarithm.
int32_t hs_odds_log2(uint64_t x)
{
    if (x <= 1) {
        return 0;
    }
    int whole = 63 - __builtin_clzll(x);
    uint64_t mantissa = whole > 31 ? x >> (whole - 31) : x << (31 - whole); // 1.31 fixed point
    int32_t bits = whole;
    for (int i = 0; i < 10; i++) {
        mantissa = mantissa * mantissa >> 31;
        bits *= 2;
        if (mantissa >> 32) {
            mantissa >>= 1;
            bits++;
        }
    }
    return bits;
}

int32_t hs_odds_ratio(uint64_t numerator, uint64_t denominator)
{
    return hs_odds_log2(numerator) - hs_odds_log2(denominator);
}

uint64_t hs_odds_exp2(int32_t bits, uint64_t scale)
{
    // 2^(1/2), 2^(1/4), ... 2^(1/1024) in 2.30 fixed point
    static const uint64_t roots[10] = {1518500250, 1276901417, 1170923762, 1121280436, 1097253708,
                                       1085434106, 1079572136, 1076653033, 1075196443, 1074468888};
    uint64_t value = UINT64_C(1) << 30;
    int32_t whole = bits >> 10; // towards minus infinity
    uint32_t part = (uint32_t)bits & 1023;
    for (int i = 0; i < 10; i++) {
        if (part & (512u >> i)) {
            value = value * roots[i] >> 30;
        }
    }
    unsigned __int128 product = (unsigned __int128)value * scale;
    int shift = 30 - whole;
    if (shift >= 128) {
        return 0;
    }
    if (shift < 0) {
        product = -shift < 64 && product >> (127 + shift) == 0 ? product << -shift
                                                               : (unsigned __int128)UINT64_MAX;
    } else {
        product >>= shift;
    }
    return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

int32_t hs_odds_normal(int64_t distance_ms, int64_t deviation_ms)
{
    // 1e6 * 1 s / (deviation * sqrt(2 pi)), then exp(-z^2 / 2) as 2^(-z^2 * log2(e) / 2)
    int64_t z = distance_ms * 1000 / deviation_ms; // thousandths
    z = z > 30000 || z < -30000 ? 30000 : z;
    int32_t peak = hs_odds_ratio(UINT64_C(398942280401), (uint64_t)deviation_ms * 1000);
    return peak - (int32_t)(z * z * 739 / 1000000); // 1024 * log2(e) / 2
}

uint64_t hs_odds_root(uint64_t x)
{
    uint64_t root = 0;
    if (x == 0) {
        return 0;
    }
    for (uint64_t bit = UINT64_C(1) << (63 - __builtin_clzll(x)) / 2; bit; bit >>= 1) {
        if ((root + bit) * (root + bit) <= x) {
            root += bit;
        }
    }
    return root;
}

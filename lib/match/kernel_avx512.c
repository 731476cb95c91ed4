// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel for machines with AVX-512 as far as permutations and tests of bytes (VBMI, BITALG); compiled for them,
 * called only on them.
 */
#include <immintrin.h>

#include "match/kernel.h"
#include "match/kernel_tables.h"

enum { LANES = 8 };
typedef uint64_t vec __attribute__((vector_size(64)));

static inline vec vec_mul32(vec a, vec b)
{
    return (vec)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

static inline unsigned vec_nonzero(vec v)
{
    return _mm512_test_epi64_mask((__m512i)v, (__m512i)v);
}

// A byte beyond ASCII is looked up without its highest bit, which then makes it odd.
static inline vec vec_look_up(vec text, const uint8_t table[128])
{
    __m512i found = _mm512_permutex2var_epi8(_mm512_load_si512(table), (__m512i)text,
                                             _mm512_load_si512(table + 64));
    return (vec)found | (text & UINT64_C(0x8080808080808080));
}

static inline vec vec_pack(vec values)
{
    enum { BASE = 38 };
    const __m512i pair = _mm512_set1_epi16(BASE | 1 << 8);
    const __m512i four = _mm512_set1_epi32(BASE * BASE | 1 << 16);
    return (vec)_mm512_madd_epi16(_mm512_maddubs_epi16((__m512i)values, pair), four);
}

static inline vec vec_pick_bits(vec product)
{
    const __m512i bits = _mm512_set1_epi64(INT64_C(-0x7fbfdfeff7fbfdff)); // 1 << i in byte i
    return (vec)_mm512_permutexvar_epi8((__m512i)product, bits);
}

static inline void vec_store_halves(uint32_t *at, vec v)
{
    _mm256_storeu_si256((__m256i *)(void *)at, _mm512_cvtepi64_epi32((__m512i)v));
}

// The first and second words of four views of 48 bytes, which are three registers: first words below, second ones above.
static inline __m512i turn_four(const char *at)
{
    const __m512i of_three = _mm512_setr_epi64(0, 6, 12, 0, 1, 7, 13, 0); // in the first two
    const __m512i of_last = _mm512_setr_epi64(0, 0, 0, 2, 0, 0, 0, 3);
    __m512i three =
        _mm512_permutex2var_epi64(_mm512_loadu_si512(at), of_three, _mm512_loadu_si512(at + 64));
    return _mm512_mask_permutexvar_epi64(three, 0x88, of_last, _mm512_loadu_si512(at + 128));
}

static inline void load_reads(const struct hs_read_view *reads, vec *ret_low, vec *ret_high)
{
    _Static_assert(sizeof(*reads) == 48, "four views are three registers");
    __m512i a = turn_four((const char *)reads), b = turn_four((const char *)(reads + 4));
    *ret_low = (vec)_mm512_shuffle_i64x2(a, b, 0x44);
    *ret_high = (vec)_mm512_shuffle_i64x2(a, b, 0xee);
}

// Candidates are 16 bytes: their words take turns.
static inline void load_candidates(const struct hs_candidate_view *candidates, vec *ret_low,
                                   vec *ret_high)
{
    const __m512i even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
    const __m512i uneven = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
    __m512i a = _mm512_load_si512(candidates), b = _mm512_load_si512(candidates + 4);
    *ret_low = (vec)_mm512_permutex2var_epi64(a, even, b);
    *ret_high = (vec)_mm512_permutex2var_epi64(a, uneven, b);
}

static inline void stage_candidates(const struct hs_read_view *read,
                                    struct hs_candidate_view *ret_staged)
{
    __mmask8 words = (__mmask8)((1U << 2 * read->candidate_count) - 1);
    _mm512_storeu_si512(ret_staged, _mm512_maskz_loadu_epi64(words, read->candidates));
}

static inline size_t put_numbers(uint16_t *at, size_t first, uint64_t of)
{
    const __m512i upto_31 =
        _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13,
                         12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i lower = _mm512_add_epi16(upto_31, _mm512_set1_epi16((short)first));
    __m512i upper = _mm512_add_epi16(lower, _mm512_set1_epi16(32));
    size_t below = (size_t)__builtin_popcountll(of & UINT32_MAX);
    _mm512_storeu_si512(at, _mm512_maskz_compress_epi16((__mmask32)of, lower));
    _mm512_storeu_si512(at + below, _mm512_maskz_compress_epi16((__mmask32)(of >> 32), upper));
    return below + (size_t)__builtin_popcountll(of >> 32);
}

static inline vec vec_choose(vec by, vec a, vec b)
{
    return (vec)_mm512_ternarylogic_epi64((__m512i)by, (__m512i)a, (__m512i)b, 0xca);
}

// One instruction tests a bit for each byte of the hash; of these, four in a row count.
static inline uint64_t vec_has_mask_bits(vec words, vec hashes)
{
    uint64_t set = _mm512_bitshuffle_epi64_mask((__m512i)words, (__m512i)hashes);
    __asm__(""
            : "+r"(set)); // in a register from here on: moving it there again for each use is dear
    set &= set >> 1;
    set &= set >> 2;
    return set >> HS_MASK_BITS_AT / 8 & EVERY_BYTE(1);
}

#include "match/kernel_vector.h"

const struct hs_kernel hs_kernel_avx512 = {"avx512", fold, keep, mask};

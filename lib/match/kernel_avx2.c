// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel for machines with AVX2; compiled for them, called only on them.
 */
#include <immintrin.h>

#include "match/kernel.h"
#include "match/kernel_tables.h"

enum { LANES = 4 };
typedef uint64_t vec __attribute__((vector_size(32)));

static inline vec vec_mul32(vec a, vec b)
{
    return (vec)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

static inline unsigned vec_nonzero(vec v)
{
    __m256i zero = _mm256_cmpeq_epi64((__m256i)v, _mm256_setzero_si256());
    return ~(unsigned)_mm256_movemask_pd((__m256d)zero) & 15;
}

// Bytes whose high nibble is `row`'s, from a table's 16 bytes; 0 for others. Adding 0x70 with saturation sets the highest
// bit, for which a shuffle gives 0, exactly when the xor left more than the low nibble.
static inline __m256i look_up_row(__m256i text, char row, const uint8_t *table)
{
    __m256i index =
        _mm256_adds_epu8(_mm256_xor_si256(text, _mm256_set1_epi8(row)), _mm256_set1_epi8(0x70));
    __m128i bytes = _mm_load_si128((const __m128i *)(const void *)(table + row));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), index);
}

// Only rows of digits and upper-case letters have anything; what else is no padding is odd.
static inline vec vec_look_up(vec given, const uint8_t table[128])
{
    __m256i text = (__m256i)given, zero = _mm256_setzero_si256();
    __m256i lower = _mm256_cmpgt_epi8(text, _mm256_set1_epi8(0x60));
    text = _mm256_xor_si256(text, _mm256_and_si256(lower, _mm256_set1_epi8(0x20)));
    __m256i found = _mm256_or_si256(
        look_up_row(text, 0x30, table),
        _mm256_or_si256(look_up_row(text, 0x40, table), look_up_row(text, 0x50, table)));
    __m256i nothing =
        _mm256_andnot_si256(_mm256_cmpeq_epi8(text, zero), _mm256_cmpeq_epi8(found, zero));
    return (vec)_mm256_or_si256(found, _mm256_and_si256(nothing, _mm256_set1_epi8((char)ODD)));
}

static inline vec vec_pack(vec values)
{
    enum { BASE = 38 };
    const __m256i pair = _mm256_set1_epi16(BASE | 1 << 8);
    const __m256i four = _mm256_set1_epi32(BASE * BASE | 1 << 16);
    return (vec)_mm256_madd_epi16(_mm256_maddubs_epi16((__m256i)values, pair), four);
}

static inline vec vec_pick_bits(vec product)
{
    const __m256i bits = _mm256_set1_epi64x(INT64_C(-0x7fbfdfeff7fbfdff)); // 1 << i in byte i
    const __m256i lowest_three = _mm256_set1_epi8(7);
    return (vec)_mm256_shuffle_epi8(bits, _mm256_and_si256((__m256i)product, lowest_three));
}

static inline void vec_store_halves(uint32_t *at, vec v)
{
    const __m256i lower = _mm256_setr_epi32(0, 2, 4, 6, 0, 0, 0, 0);
    _mm_storeu_si128((__m128i *)(void *)at,
                     _mm256_castsi256_si128(_mm256_permutevar8x32_epi32((__m256i)v, lower)));
}

// The first 16 bytes of two records, side by side.
static inline __m256i load_two(const void *first, const void *second)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(first)),
                                   _mm_loadu_si128(second), 1);
}

static inline void load_reads(const struct hs_read_view *reads, vec *ret_low, vec *ret_high)
{
    __m256i even = load_two(&reads[0], &reads[2]), uneven = load_two(&reads[1], &reads[3]);
    *ret_low = (vec)_mm256_unpacklo_epi64(even, uneven);
    *ret_high = (vec)_mm256_unpackhi_epi64(even, uneven);
}

static inline void load_candidates(const struct hs_candidate_view *candidates, vec *ret_low,
                                   vec *ret_high)
{
    __m256i even = load_two(&candidates[0], &candidates[2]);
    __m256i uneven = load_two(&candidates[1], &candidates[3]);
    *ret_low = (vec)_mm256_unpacklo_epi64(even, uneven);
    *ret_high = (vec)_mm256_unpackhi_epi64(even, uneven);
}

static inline void stage_candidates(const struct hs_read_view *read,
                                    struct hs_candidate_view *ret_staged)
{
    for (unsigned k = 0; k < read->candidate_count; k++) {
        ret_staged[k] = read->candidates[k];
    }
}

static inline size_t put_numbers(uint16_t *at, size_t first, uint64_t of)
{
    size_t count = 0;
    for (; of; of &= of - 1) {
        at[count++] = (uint16_t)(first + (unsigned)__builtin_ctzll(of));
    }
    return count;
}

static inline vec vec_choose(vec by, vec a, vec b)
{
    return (by & a) | (b & ~by);
}

static inline uint64_t vec_has_mask_bits(vec words, vec hashes)
{
    hashes >>= HS_MASK_BITS_AT;
    vec set = words >> (hashes & 63) & words >> (hashes >> 8 & 63) & words >> (hashes >> 16 & 63) &
              words >> (hashes >> 24 & 63);
    return _pdep_u64((unsigned)_mm256_movemask_pd((__m256d)(set << 63)), EVERY_BYTE(1));
}

#include "match/kernel_vector.h"

const struct hs_kernel hs_kernel_avx2 = {"avx2", fold, keep, mask};

// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel for machines with AVX2; compiled for them, called only on them.
 *
 * Two readings stand side by side in one 256-bit register, each with the text in the first 12 of
 * its 16 bytes:
 *
 *    text     A B 1 2 C D E . . . . . | lens         a view's first 16 bytes; a candidate has 14
 * bytes of text values   the skeleton's values 1-36, 0 for what is no letter or digit (three
 * shuffles by low nibble) pairs    38 * first + second     (maddubs)       six of 16 bits limbs
 * 1444 * first + second   (madd)          three of 32 bits: vrm.h's
 *
 * What has a byte that is neither letter, digit nor padding is left to scalar code, as is any read
 * with a fault.
 */
#include <immintrin.h>

#include "match/kernel.h"

enum { BASE = 38 };

struct two_limbs {
    struct hs_limbs of[2];
};

static inline __m256i load_two(const void *first, const void *second)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(first)),
                                   _mm_loadu_si128(second), 1);
}

static inline __m256i both(__m128i half)
{
    return _mm256_broadcastsi128_si256(half);
}

// The values of bytes whose high nibble is that of `row`; 0 for others. Adding 0x70 with saturation
// sets the highest bit, for which a shuffle gives 0, exactly when the xor left more than the low
// nibble.
static inline __m256i row_values(__m256i text, char row, __m128i values)
{
    __m256i index =
        _mm256_adds_epu8(_mm256_xor_si256(text, _mm256_set1_epi8(row)), _mm256_set1_epi8(0x70));
    return _mm256_shuffle_epi8(both(values), index);
}

// Skeleton values of all bytes, lower case as upper.
static inline __m256i skeleton_values(__m256i text)
{
    const __m128i digits = _mm_setr_epi8(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0);
    // A B(8) C D(0) E F G(6) H I(1) J K L M N O(0)
    const __m128i a_to_o = _mm_setr_epi8(0, 11, 9, 13, 1, 15, 16, 7, 18, 2, 20, 21, 22, 23, 24, 1);
    // P Q(0) R S(5) T U V W X Y Z(2)
    const __m128i p_to_z = _mm_setr_epi8(26, 1, 28, 6, 30, 31, 32, 33, 34, 35, 3, 0, 0, 0, 0, 0);
    __m256i lower = _mm256_cmpgt_epi8(text, _mm256_set1_epi8(0x60));
    text = _mm256_xor_si256(text, _mm256_and_si256(lower, _mm256_set1_epi8(0x20)));
    return _mm256_or_si256(
        row_values(text, 0x30, digits),
        _mm256_or_si256(row_values(text, 0x40, a_to_o), row_values(text, 0x50, p_to_z)));
}

static inline __m256i pack_values(__m256i values)
{
    const __m256i pair = _mm256_set1_epi16(BASE | 1 << 8);
    const __m256i four = _mm256_set1_epi32(BASE * BASE | 1 << 16);
    return _mm256_madd_epi16(_mm256_maddubs_epi16(values, pair), four);
}

static inline struct two_limbs limbs_of(__m256i packed)
{
    struct two_limbs limbs;
    _mm256_storeu_si256((__m256i *)(void *)&limbs, packed);
    return limbs;
}

// The limbs of two records, and 16 bits for each that say whether it is odd: a byte of its text is
// neither value nor padding, a byte that must be zero is not, or one that must not be zero is.
static inline uint32_t fold_two(__m256i record, __m128i must_be_zero, __m128i must_not_be_zero,
                                __m256i *ret_packed)
{
    const __m128i text_bytes =
        _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0);
    __m256i values = _mm256_and_si256(skeleton_values(record), both(text_bytes));
    __m256i zero_bytes = _mm256_cmpeq_epi8(record, _mm256_setzero_si256());
    __m256i zero_values = _mm256_cmpeq_epi8(values, _mm256_setzero_si256());
    // in the text both are zero or neither; behind it zero_values is all ones
    __m256i checked = both(_mm_or_si128(text_bytes, must_be_zero));
    __m256i odd = _mm256_and_si256(_mm256_xor_si256(zero_bytes, zero_values), checked);
    odd = _mm256_or_si256(odd, _mm256_and_si256(zero_bytes, both(must_not_be_zero)));
    *ret_packed = pack_values(values);
    return (uint32_t)_mm256_movemask_epi8(odd);
}

static inline uint32_t fold_views(const struct hs_read_view *a, const struct hs_read_view *b,
                                  struct two_limbs *ret_limbs)
{
    const __m128i nothing = _mm_setzero_si128();
    // the text's first byte, and the length of the camera's id
    const __m128i needed = _mm_setr_epi8(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0);
    __m256i packed;
    uint32_t odd = fold_two(load_two(a, b), nothing, needed, &packed);
    *ret_limbs = limbs_of(packed);
    return odd;
}

static inline uint32_t fold_candidates(const struct hs_candidate_view *two,
                                       struct two_limbs *ret_limbs)
{
    // the text's last two bytes, that have no place in a mark
    const __m128i unused = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 0, 0);
    const __m128i needed = _mm_setr_epi8(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    __m256i packed;
    uint32_t odd = fold_two(load_two(two, two + 1), unused, needed, &packed);
    *ret_limbs = limbs_of(packed);
    return odd;
}

static inline void put_probe(struct hs_probe *probe, struct hs_limbs limbs, size_t where,
                             const struct hs_filter *filter)
{
    uint64_t hash = hs_index_hash_limbs(limbs);
    _mm_prefetch((const char *)hs_filter_block(filter, hash), _MM_HINT_T0);
    probe->hash = hash;
    probe->where = (uint32_t)where;
}

// Candidates of one read, two at a time; false when one is odd. `*count` rises by as many as there
// are.
static inline bool fold_read_candidates(const struct hs_read_view *read, size_t i,
                                        const struct hs_filter *filter, struct hs_probe *probes,
                                        size_t *count)
{
    size_t at = *count;
    for (unsigned k = 0; k < read->candidate_count; k += 2) {
        struct two_limbs limbs;
        bool second = k + 1 < read->candidate_count;
        uint32_t odd = fold_candidates(&read->candidates[k], &limbs);
        if (odd & (second ? 0xffffffffU : 0xffffU)) {
            return false;
        }
        put_probe(&probes[at], limbs.of[0], i << HS_WHERE_BITS | (k + 1), filter);
        put_probe(&probes[at + 1], limbs.of[1], i << HS_WHERE_BITS | (k + 2), filter);
        at += 1U + second;
    }
    *count = at;
    return true;
}

static size_t fold(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                   struct hs_probe *probes, uint64_t *ret_odd, uint64_t *ret_odd_candidates)
{
    uint8_t with_candidates[HS_CHUNK_READS + 1];
    size_t with = 0, at = 0;
    uint64_t odd = 0, odd_candidates = 0;
    for (size_t i = 0; i < count; i += 2) {
        const struct hs_read_view *a = &reads[i];
        const struct hs_read_view *b = &reads[i + 1 < count ? i + 1 : i];
        struct two_limbs limbs;
        uint32_t odd_bytes = fold_views(a, b, &limbs);
        odd |= (uint64_t)((odd_bytes & 0xffff) != 0 || a->captured_at_ms <= 0) << i;
        odd |= (uint64_t)(odd_bytes >> 16 != 0 || b->captured_at_ms <= 0) << (i + 1) % 64;
        put_probe(&probes[i], limbs.of[0], i << HS_WHERE_BITS, filter);
        put_probe(&probes[i + 1], limbs.of[1], (i + 1) << HS_WHERE_BITS, filter);
        with_candidates[with] = (uint8_t)i;
        with += a->candidate_count != 0;
        with_candidates[with] = (uint8_t)(i + 1);
        with += b->candidate_count != 0;
    }
    at = count;
    for (size_t i = 0; i < with; i++) {
        size_t read = with_candidates[i];
        if (read < count && !fold_read_candidates(&reads[read], read, filter, probes, &at)) {
            odd_candidates |= UINT64_C(1) << read;
        }
    }
    *ret_odd = count < 64 ? odd & ((UINT64_C(1) << count) - 1) : odd;
    *ret_odd_candidates = odd_candidates;
    return at;
}

static size_t keep(const struct hs_filter *filter, struct hs_probe *probes, size_t count)
{
    const __m256i salts = _mm256_loadu_si256((const __m256i *)(const void *)hs_filter_salts);
    const __m256i one = _mm256_set1_epi32(1);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = probes[i].hash;
        __m256i lanes = _mm256_set1_epi32((int)hs_filter_lanes(hash));
        __m256i shifts = _mm256_srli_epi32(_mm256_mullo_epi32(lanes, salts), 27);
        __m256i block =
            _mm256_load_si256((const __m256i *)(const void *)hs_filter_block(filter, hash));
        if (__builtin_expect(_mm256_testc_si256(block, _mm256_sllv_epi32(one, shifts)), 0)) {
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

const struct hs_kernel hs_kernel_avx2 = {"avx2", fold, keep, doubtful};

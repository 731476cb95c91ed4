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

#include "base/civil.h"
#include "match/kernel.h"
#include "vrm/grammar.h"

enum { BASE = 38 };

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

// Which bytes of a record are looked at: those that must be a value or zero padding (or just zero,
// where `values` has none), and those that must not be zero.
struct checks {
    __m256i text;
    __m256i needed;
};

static inline struct checks view_checks(void)
{
    const __m128i text = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0);
    // the text's first byte, and the length of the camera's id
    const __m128i needed = _mm_setr_epi8(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0);
    return (struct checks){both(text), both(needed)};
}

static inline struct checks candidate_checks(void)
{
    // the last two bytes of a candidate's text have no place in a mark: zero, or odd
    const __m128i text =
        _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0);
    const __m128i needed = _mm_setr_epi8(-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    return (struct checks){both(text), both(needed)};
}

// The limbs of two records; bytes of *ret_odd are set that make one odd.
static inline __m256i fold_two(__m256i record, const struct checks *checks, __m256i *ret_odd)
{
    const __m128i mark_bytes =
        _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0);
    const __m256i zero = _mm256_setzero_si256();
    __m256i values = _mm256_and_si256(skeleton_values(record), both(mark_bytes));
    __m256i zero_bytes = _mm256_cmpeq_epi8(record, zero);
    __m256i differ = _mm256_xor_si256(zero_bytes, _mm256_cmpeq_epi8(values, zero));
    *ret_odd = _mm256_or_si256(_mm256_and_si256(differ, checks->text),
                               _mm256_and_si256(zero_bytes, checks->needed));
    return pack_values(values);
}

static inline __m256i filter_size_of(const struct hs_filter *filter)
{
    return _mm256_set1_epi64x((long long)filter->blocks * HS_FILTER_BLOCK_BYTES);
}

// What is constant while a chunk is folded.
struct folding {
    struct checks checks;
    __m256i filter_size; // bytes, in each
    const char *filter_bytes;
    struct hs_keys *keys;
};

static inline struct folding folding_for(const struct hs_filter *filter, struct hs_keys *keys,
                                         struct checks checks)
{
    return (struct folding){checks, filter_size_of(filter), (const char *)filter->words, keys};
}

// hs_index_hash_limbs() of four marks: limbs of the first and third in `even`, of the others in
// `uneven`.
static inline __m256i hash_four(__m256i even, __m256i uneven)
{
    const __m256i factor_low = _mm256_set1_epi64x(HS_INDEX_FACTOR_LOW);
    const __m256i factor_high = _mm256_set1_epi64x(HS_INDEX_FACTOR_HIGH);
    __m256i low = _mm256_unpacklo_epi64(even, uneven);
    __m256i high = _mm256_unpackhi_epi64(even, uneven);
    low = _mm256_xor_si256(low, _mm256_slli_epi64(high, HS_INDEX_HASH_SHIFT));
    __m256i sum = _mm256_add_epi64(_mm256_mul_epu32(low, factor_low),
                                   _mm256_mul_epu32(_mm256_srli_epi64(low, 32), factor_high));
    return _mm256_slli_epi64(sum, HS_INDEX_HASH_SHIFT);
}

// hs_filter_spot() of four hashes.
static inline __m256i spot_four(__m256i hashes, __m256i filter_size)
{
    const __m256i factor = _mm256_set1_epi64x(HS_FILTER_FACTOR);
    const __m256i whole_blocks =
        _mm256_set1_epi64x((long long)(~(HS_FILTER_BLOCK_BYTES - UINT64_C(1)) << 32 | UINT32_MAX));
    __m256i halves = _mm256_xor_si256(hashes, _mm256_srli_epi64(hashes, 32));
    __m256i mixed = _mm256_xor_si256(_mm256_mul_epu32(halves, factor), hashes);
    __m256i block = _mm256_mul_epu32(_mm256_srli_epi64(mixed, 32), filter_size);
    return _mm256_and_si256(_mm256_blend_epi32(mixed, block, 0xaa), whole_blocks);
}

static inline const char *block_of(const char *filter_bytes, const struct hs_keys *keys, size_t i)
{
    return filter_bytes + (keys->spots[i] >> 32);
}

// Four keys from number `at` on; their blocks are on the way.
static inline void put_four(struct hs_keys *keys, size_t at, __m256i hashes, __m256i filter_size,
                            const char *filter_bytes)
{
    _mm256_storeu_si256((__m256i *)(void *)&keys->hashes[at], hashes);
    _mm256_storeu_si256((__m256i *)(void *)&keys->spots[at], spot_four(hashes, filter_size));
    for (unsigned i = 0; i < 4; i++) {
        _mm_prefetch(block_of(filter_bytes, keys, at + i), _MM_HINT_T0);
    }
}

// The keys of four records, from number `at` on; 16 bits for each that are not 0 when it is odd. The first and third
// stand in `even`, the others in `uneven`.
static inline uint64_t fold_four(const struct folding *folding, __m256i even, __m256i uneven,
                                 size_t at)
{
    struct hs_keys *keys = folding->keys;
    __m256i odd_even, odd_uneven;
    even = fold_two(even, &folding->checks, &odd_even);
    uneven = fold_two(uneven, &folding->checks, &odd_uneven);
    __m256i hashes = hash_four(even, uneven);
    put_four(keys, at, hashes, folding->filter_size, folding->filter_bytes);
    if (__builtin_expect(_mm256_testz_si256(_mm256_or_si256(odd_even, odd_uneven),
                                            _mm256_or_si256(odd_even, odd_uneven)),
                         1)) {
        return 0;
    }
    uint32_t bits_even = (uint32_t)_mm256_movemask_epi8(odd_even);
    uint32_t bits_uneven = (uint32_t)_mm256_movemask_epi8(odd_uneven);
    return (bits_even & 0xffff) | (uint64_t)(bits_uneven & 0xffff) << 16 |
           (uint64_t)(bits_even >> 16) << 32 | (uint64_t)(bits_uneven >> 16) << 48;
}

// Bit i for each of four groups of 16 bits that is not 0.
static inline uint64_t odd_of_four(uint64_t bits)
{
    uint64_t odd = 0;
    for (unsigned i = 0; i < 4; i++) {
        odd |= (uint64_t)((bits >> 16 * i & 0xffff) != 0) << i;
    }
    return odd;
}

static inline bool lacks_time(const struct hs_read_view *read)
{
    return read->captured_at_ms <= 0;
}

// Own keys of reads i to i + 3; bits of those that are odd. Their number goes to `offering` when
// they have candidates.
static inline uint64_t fold_reads(const struct folding *folding, const struct hs_read_view *reads,
                                  size_t i, size_t *offering)
{
    uint64_t odd =
        fold_four(folding, load_two(&reads[0], &reads[2]), load_two(&reads[1], &reads[3]), i);
    if (__builtin_expect(odd != 0, 0)) {
        odd = odd_of_four(odd);
    }
    for (unsigned k = 0; k < 4; k++) {
        if (__builtin_expect(lacks_time(&reads[k]), 0)) {
            odd |= UINT64_C(1) << k;
        }
        folding->keys->offering[*offering] = (uint8_t)(i + k);
        *offering += reads[k].candidate_count != 0;
    }
    return odd << i;
}

// Both candidates of two reads that have just two each: 32 bytes a read.
static inline uint64_t fold_two_each(const struct folding *folding, const struct hs_read_view *a,
                                     const struct hs_read_view *b, size_t at)
{
    const void *of_a = a->candidates, *of_b = b->candidates;
    return fold_four(folding, _mm256_loadu_si256((const __m256i *)of_a),
                     _mm256_loadu_si256((const __m256i *)of_b), at);
}

static inline void name_keys(struct hs_keys *keys, size_t at, unsigned a, unsigned b)
{
    const uint32_t reads = a | b << 8 | a << 16 | b << 24,
                   readings = 1 | 1 << 8 | 2 << 16 | 2 << 24;
    memcpy(&keys->reads[at], &reads, sizeof(reads));
    memcpy(&keys->readings[at], &readings, sizeof(readings));
}

// Any number of candidates of one read, one after the other; false when one is odd.
static bool fold_some(const struct folding *folding, const struct hs_read_view *read, unsigned i,
                      size_t at)
{
    uint64_t odd = 0;
    for (unsigned k = 0; k < read->candidate_count; k++, at++) {
        __m256i record = load_two(&read->candidates[k], &read->candidates[k]);
        odd |= fold_four(folding, record, record,
                         at); // the next three keys are overwritten, or not there
        folding->keys->reads[at] = (uint8_t)i;
        folding->keys->readings[at] = (uint8_t)(k + 1);
    }
    return odd == 0;
}

// Keys of all candidates of the reads that offer some; bits of the reads that have an odd one.
static uint64_t fold_candidates(const struct folding *folding, const struct hs_read_view *reads,
                                size_t offering)
{
    struct hs_keys *keys = folding->keys;
    uint64_t odd_reads = 0;
    size_t at = HS_CHUNK_READS;
    for (size_t i = 0; i < offering;) {
        unsigned a = keys->offering[i], b = keys->offering[i + 1 < offering ? i + 1 : i];
        if (a != b && reads[a].candidate_count == 2 && reads[b].candidate_count == 2) {
            uint64_t odd = fold_two_each(folding, &reads[a], &reads[b], at);
            if (__builtin_expect(odd != 0, 0)) {
                odd_reads |= UINT64_C(1) << a | UINT64_C(1) << b;
            }
            name_keys(keys, at, a, b);
            at += 4;
            i += 2;
        } else {
            odd_reads |= (uint64_t)!fold_some(folding, &reads[a], a, at) << a;
            at += reads[a].candidate_count;
            i++;
        }
    }
    keys->candidate_count = at - HS_CHUNK_READS;
    return odd_reads;
}

// Takes the candidates of these reads out again.
static void unlist_candidates(struct hs_keys *keys, uint64_t of_reads)
{
    size_t end = HS_CHUNK_READS + keys->candidate_count, kept = HS_CHUNK_READS;
    for (size_t i = HS_CHUNK_READS; i < end; i++) {
        if (!(of_reads >> keys->reads[i] & 1)) {
            keys->hashes[kept] = keys->hashes[i];
            keys->spots[kept] = keys->spots[i];
            keys->reads[kept] = keys->reads[i];
            keys->readings[kept] = keys->readings[i];
            kept++;
        }
    }
    keys->candidate_count = kept - HS_CHUNK_READS;
}

static void fold(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_keys *keys, uint64_t *ret_odd, uint64_t *ret_odd_candidates)
{
    const struct folding of_reads = folding_for(filter, keys, view_checks());
    const struct folding of_candidates = folding_for(filter, keys, candidate_checks());
    size_t offering = 0, i = 0;
    uint64_t odd = 0;
    for (; i + 4 <= count; i += 4) {
        odd |= fold_reads(&of_reads, &reads[i], i, &offering);
    }
    for (; i < count; i++) { // the last three at most
        odd |= UINT64_C(1) << i;
        keys->offering[offering] = (uint8_t)i;
        offering += reads[i].candidate_count != 0;
    }
    *ret_odd = odd;
    *ret_odd_candidates = fold_candidates(&of_candidates, reads, offering);
    if (*ret_odd_candidates) {
        unlist_candidates(keys, *ret_odd_candidates);
    }
}

static inline bool filter_has(const char *filter_bytes, uint64_t spot, __m256i salts)
{
    __m256i lanes = _mm256_set1_epi32((int)(uint32_t)spot);
    __m256i bits = _mm256_sllv_epi32(_mm256_set1_epi32(1),
                                     _mm256_srli_epi32(_mm256_mullo_epi32(lanes, salts), 27));
    const void *block = filter_bytes + (spot >> 32);
    return _mm256_testc_si256(_mm256_load_si256((const __m256i *)block), bits);
}

static size_t keep(const struct hs_filter *filter, struct hs_keys *keys, size_t from, size_t to,
                   size_t listed)
{
    const __m256i salts = _mm256_loadu_si256((const __m256i *)(const void *)hs_filter_salts);
    const char *filter_bytes = (const char *)filter->words;
#pragma GCC unroll 4
    for (size_t i = from; i < to; i++) {
        if (__builtin_expect(filter_has(filter_bytes, keys->spots[i], salts), 0)) {
            keys->listed[listed++] = (uint16_t)i;
        }
    }
    return listed;
}

// What hiding each of a mark's first eight characters adds to its hash: hs_index_hash_change() to '?'.
static inline void hiding_changes(const struct hs_read_view *read,
                                  uint64_t ret_changes[HS_MASKED_LEN_MAX])
{
    const __m256i any = _mm256_set1_epi64x(HS_VRM_VALUE_ANY), zero = _mm256_setzero_si256();
    __m128i values = _mm256_castsi256_si128(skeleton_values(load_two(read, read)));
    for (unsigned i = 0; i < HS_MASKED_LEN_MAX; i += 4, values = _mm_srli_si128(values, 4)) {
        __m256i weights = _mm256_set_epi64x(
            (long long)hs_index_hash_weight(i + 3), (long long)hs_index_hash_weight(i + 2),
            (long long)hs_index_hash_weight(i + 1), (long long)hs_index_hash_weight(i));
        __m256i steps = _mm256_sub_epi64(any, _mm256_cvtepu8_epi64(values));
        __m256i low = _mm256_mul_epu32(steps, weights);
        __m256i high = _mm256_mul_epu32(steps, _mm256_srli_epi64(weights, 32));
        _mm256_storeu_si256(
            (__m256i *)(void *)&ret_changes[i],
            _mm256_add_epi64(low, _mm256_blend_epi32(zero, _mm256_slli_epi64(high, 32), 0xaa)));
    }
}

// All keys first, with their blocks on the way; then those that the filter has move to the front.
static size_t sieve(const struct hs_mask_group *groups, size_t group_count,
                    const struct hs_read_view *read, uint64_t hash, const struct hs_filter *filter,
                    struct hs_keys *keys)
{
    const __m256i filter_size = filter_size_of(filter);
    const char *filter_bytes = (const char *)filter->words;
    uint64_t changes[HS_MASKED_LEN_MAX];
    hiding_changes(read, changes);
    for (size_t g = 0; g < group_count; g++) {
        __m256i hashes = _mm256_set1_epi64x((long long)hash);
        for (size_t i = 0; i < HS_MASKED_LEN_MAX; i++) {
            const void *hides = groups[g].hides[i];
            __m256i change = _mm256_set1_epi64x((long long)changes[i]);
            hashes = _mm256_add_epi64(
                hashes, _mm256_and_si256(change, _mm256_load_si256((const __m256i *)hides)));
        }
        put_four(keys, g * HS_MASKS_A_GROUP, hashes, filter_size, filter_bytes);
    }
    size_t kept = keep(filter, keys, 0, group_count * HS_MASKS_A_GROUP, 0);
    for (size_t i = 0; i < kept; i++) {
        keys->hashes[i] = keys->hashes[keys->listed[i]];
    }
    return kept;
}

// Which positions of a current mark a character may stand at.
enum { IS_DIGIT = 1, IS_FIRST_TWO = 2, IS_LAST_THREE = 4, CURRENT_LEN = 7 };

// All ones in every byte of a record of the form AA99AAA, with letters that may stand there, and of length 7.
static inline __m256i current_form(__m256i record)
{
    const __m128i digits = _mm_setr_epi8(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0);
    // A to O: not I; P to Z: Q nowhere, Z not among the first two
    const __m128i a_to_o = _mm_setr_epi8(0, 6, 6, 6, 6, 6, 6, 6, 6, 0, 6, 6, 6, 6, 6, 6);
    const __m128i p_to_z = _mm_setr_epi8(6, 0, 6, 6, 6, 6, 6, 6, 6, 6, 4, 0, 0, 0, 0, 0);
    const __m128i asked =
        _mm_setr_epi8(IS_FIRST_TWO, IS_FIRST_TWO, IS_DIGIT, IS_DIGIT, IS_LAST_THREE, IS_LAST_THREE,
                      IS_LAST_THREE, 0, 0, 0, 0, 0, CURRENT_LEN, 0, 0, 0);
    const __m128i of_length = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0);
    __m256i classes = _mm256_or_si256(
        row_values(record, 0x30, digits),
        _mm256_or_si256(row_values(record, 0x40, a_to_o), row_values(record, 0x50, p_to_z)));
    classes = _mm256_andnot_si256(both(of_length), classes);
    __m256i length = _mm256_and_si256(record, both(of_length));
    __m256i has = _mm256_and_si256(_mm256_or_si256(classes, length),
                                   _mm256_or_si256(both(asked), both(of_length)));
    return _mm256_cmpeq_epi8(has, both(asked));
}

// Codes that the oldest of the reads could bear.
static void issue_to_oldest(const struct hs_read_view *reads, size_t count,
                            struct hs_issued *issued)
{
    int64_t oldest = reads[0].captured_at_ms;
    for (size_t i = 1; i < count; i++) {
        oldest = reads[i].captured_at_ms < oldest ? reads[i].captured_at_ms : oldest;
    }
    uint32_t date = oldest > 0 ? hs_civil_date(oldest) : 1; // 1: before any was issued
    if (date == issued->date) {
        return;
    }
    *issued = (struct hs_issued){.date = date};
    for (unsigned code = 0; code < 100; code++) {
        issued->codes[code / 64] |= (uint64_t)hs_vrm_age_issued(code, date) << code % 64;
    }
}

static inline bool is_issued(const struct hs_issued *issued, const struct hs_read_view *read)
{
    unsigned code = (unsigned)(read->vrm[2] - '0') * 10 + (unsigned)(read->vrm[3] - '0');
    return code < 100 && (issued->codes[code / 64] >> code % 64 & 1);
}

// Surely legal are marks of the current series whose code all reads of the chunk could bear: nearly all.
static uint64_t doubtful(const struct hs_read_view *reads, size_t count, struct hs_issued *issued)
{
    issue_to_oldest(reads, count, issued);
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i += 2) {
        size_t next = i + 1 < count ? i + 1 : i;
        uint32_t form =
            (uint32_t)_mm256_movemask_epi8(current_form(load_two(&reads[i], &reads[next])));
        bool first = (form & 0xffff) == 0xffff && is_issued(issued, &reads[i]);
        bool second = form >> 16 == 0xffff && is_issued(issued, &reads[next]);
        bits |= (uint64_t)!first << i | (uint64_t)!second << next;
    }
    return bits;
}

const struct hs_kernel hs_kernel_avx2 = {"avx2", fold, keep, sieve, doubtful};

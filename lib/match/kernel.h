// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_KERNEL_H
#define HS_MATCH_KERNEL_H
/*
 * The part of the hot loop that is worth vectors: from views to keys, and from keys to those that
 * may be listed.
 *
 * A chunk of reads goes through it step by step, so that the loads of all its filter cells, and
 * then of all its buckets, are in flight together:
 *
 *    fold    views, candidates -> keys, each with its filter cell on the way           (kernel)
 *    odd     reads that the kernel leaves to scalar code: spaces, '?', faults ...      (matcher.c)
 *    keep    keys -> those that the filter has                                         (kernel)
 *    look    their buckets -> slots -> those of one tag                                (matcher.c)
 *    search  slots -> tiers                                              (search.c, verdict.c)
 *
 * Three kernels: scalar for any x86-64, which is the oracle of tests; AVX2 with four keys in a
 * register and AVX-512 with eight, chosen at run time. The two are one text, kernel_vector.h, over
 * a few operations of each. Threads: any; pure but for what the caller hands in. No allocation,
 * lock or system call.
 */

#include "match/mask_lines.h"
#include "wire/read_view.h"

enum {
    HS_STRIPE_READS = 64, // that fold takes at once: bits of a word
    HS_CHUNK_STRIPES = 8, // in flight together
    HS_CHUNK_READS = HS_CHUNK_STRIPES * HS_STRIPE_READS,
    HS_READINGS_MAX = 1 + HS_READ_CANDIDATES_MAX, // of one read: its own and its candidates
    HS_LANES_MAX = 8,                             // keys in a register
    HS_CHUNK_KEYS = HS_CHUNK_READS * HS_READINGS_MAX + HS_LANES_MAX,
    HS_LISTED_ROOM = 64, // more that compress writes
};

// The keys of a chunk. Key i below HS_CHUNK_READS is read i's own; candidates' follow from
// HS_CHUNK_READS on.
struct hs_keys {
    _Alignas(64) uint64_t hashes[HS_CHUNK_KEYS];
    uint32_t words[HS_CHUNK_KEYS];   // of each key: its word in the filter's first part
    uint16_t reads[HS_CHUNK_KEYS];   // of a candidate: which read's
    uint8_t readings[HS_CHUNK_KEYS]; // of a candidate: 1 + its place
    size_t candidate_count;
    uint16_t listed[HS_CHUNK_KEYS + HS_LISTED_ROOM]; // keys that the filter has
    // scratch of fold: candidates of a stripe, one after the other, as far as the last load goes
    _Alignas(64) struct hs_candidate_view
        staged[HS_STRIPE_READS * HS_READ_CANDIDATES_MAX + HS_LANES_MAX];
    // scratch of keep
    uint64_t found[HS_CHUNK_KEYS];  // what the filter's first part has for each
    uint64_t passed[HS_CHUNK_KEYS]; // hashes of those that passed it
    uint64_t bits[HS_CHUNK_KEYS];   // their bits in the second part
    uint32_t cells[HS_CHUNK_KEYS];  // and where these stand
    // scratch of mask; beside some of keep's
    uint64_t masked[HS_CHUNK_KEYS]; // values under a mask
    uint16_t froms[HS_CHUNK_KEYS];  // of what passes some lines: the first one's group
};

// The key's word of the filter is on the way from here on.
static inline void hs_keys_set(struct hs_keys *keys, size_t at, uint64_t hash,
                               const struct hs_filter *filter)
{
    uint32_t word = hs_filter_near_word(filter->near_shift, hash);
    __builtin_prefetch(&filter->near[word]);
    keys->hashes[at] = hash;
    keys->words[at] = word;
}

// What a character adds to the limbs of a mark for each step of its value, by its position below HS_LANE_CHARS.
extern const uint64_t hs_limb_weights[HS_LANE_CHARS];

// A bit for each of the first `count` reads of a stripe.
static inline uint64_t hs_stripe_bits(size_t count)
{
    return count < HS_STRIPE_READS ? (UINT64_C(1) << count) - 1 : UINT64_MAX;
}

// Which age codes were issued by a date; kept from chunk to chunk, made anew when the hour is another.
struct hs_issued {
    int64_t hour;      // since 1970, and one more; 0: not made yet
    uint64_t codes[2]; // bit i: code i
};

// Makes it that of the oldest of the reads, at least one: codes that all of them could bear.
void hs_issue_to_oldest(const struct hs_read_view *reads, size_t count, struct hs_issued *issued);

// Reads of a stripe, as bits.
struct hs_folded {
    uint64_t odd;            // own key is left to the caller
    uint64_t odd_candidates; // keys of all candidates are left to the caller
    uint64_t doubtful;       // may be no legal mark at its date (all ones would be right, and slow)
};

struct hs_kernel {
    const char *name;
    // Folds `count` (at most HS_STRIPE_READS) reads, of which the first is number `at` of the chunk, and their
    // candidates into keys: behind those that are there. `issued`: NULL when it is not asked which are doubtful.
    void (*fold)(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_issued *issued, struct hs_keys *keys, size_t at,
                 struct hs_folded *ret_folded);
    // Puts the numbers of those of the first `own` keys and of `candidates` from HS_CHUNK_READS on that the filter has
    // into keys->listed, rising; returns how many. More than HS_CHUNK_READS own keys leave no room for candidates.
    size_t (*keep)(const struct hs_filter *filter, struct hs_keys *keys, size_t own,
                   size_t candidates);
    // Patterns: those keys of `count` reads that the lines and the filter's second part have, in order of reads, as
    // keys->hashes; keys->reads is each one's number among the reads. Returns how many. The reads are all of one length,
    // of which there are masks, and none of them is odd; there is room for all their masks.
    size_t (*mask)(const struct hs_mask_lines *lines, const struct hs_filter *filter,
                   const struct hs_read_view *reads, size_t count, struct hs_keys *keys);
};

extern const struct hs_kernel hs_kernel_scalar;
extern const struct hs_kernel hs_kernel_avx2;
extern const struct hs_kernel hs_kernel_avx512;
// The widest that this machine has.
const struct hs_kernel *hs_kernel_best(void);
// All that this machine has, the oracle first, then NULL: for tests and benchmarks.
enum { HS_KERNELS_MAX = 3 };
void hs_kernels(const struct hs_kernel *ret_kernels[HS_KERNELS_MAX + 1]);
// A matcher that uses this kernel, for tests and benchmarks.
struct hs_matcher;
int hs_matcher_new_with(const struct hs_kernel *kernel, struct hs_matcher **ret_matcher);

#endif

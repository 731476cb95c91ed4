// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_KERNEL_H
#define HS_MATCH_KERNEL_H
/*
 * The part of the hot loop that is worth vectors: from views to keys, and from keys to those that
 * may be listed.
 *
 * A chunk of reads goes through it step by step, so that the loads of all its filter blocks, and
 * then of all its buckets, are in flight together:
 *
 *    fold    views, candidates -> probes, each with its filter block on the way      (kernel)
 *    odd     reads that the kernel leaves to scalar code: spaces, '?', faults ...     (probe.c)
 *    keep    probes -> those that the filter has, each with its bucket on the way     (kernel)
 *    search  their buckets -> slots -> tiers                                          (search.c,
 * verdict.c)
 *
 * Two kernels: scalar for any x86-64, which is the oracle of tests, and AVX2, chosen at run time.
 * Threads: any; pure but for what the caller hands in. No allocation, lock or system call.
 */

#include "match/index.h"
#include "wire/read_view.h"

enum {
    HS_CHUNK_READS = 64,                          // in flight together
    HS_READINGS_MAX = 1 + HS_READ_CANDIDATES_MAX, // of one read: its own and its candidates
    HS_CHUNK_KEYS = HS_CHUNK_READS * HS_READINGS_MAX + 4,
};

// The keys of a chunk. Key i below HS_CHUNK_READS is read i's own; candidates' follow from
// HS_CHUNK_READS on.
struct hs_keys {
    _Alignas(64) uint64_t hashes[HS_CHUNK_KEYS];
    uint64_t spots[HS_CHUNK_KEYS];        // hs_filter_spot() of each key
    uint8_t reads[HS_CHUNK_KEYS];         // of a candidate: which read's
    uint8_t readings[HS_CHUNK_KEYS];      // of a candidate: 1 + its place
    uint16_t listed[HS_CHUNK_KEYS];       // keys that the filter has
    uint8_t offering[HS_CHUNK_READS + 4]; // scratch of fold: reads that have candidates
    size_t candidate_count;
};

// The key's block is on the way from here on.
static inline void hs_keys_set(struct hs_keys *keys, size_t at, uint64_t hash,
                               const struct hs_filter *filter)
{
    uint64_t spot = hs_filter_spot(filter->blocks, hash);
    __builtin_prefetch(hs_filter_block(filter, spot));
    keys->hashes[at] = hash;
    keys->spots[at] = spot;
}

// Groups that go through a kernel at once.
enum { HS_MASK_GROUPS_MAX = HS_CHUNK_KEYS / 4 };

// Four masks of one length, of marks up to HS_MASKED_LEN_MAX characters: all ones in lane m of hides[i] where mask
// m has a '?' at position i. A group that is not full repeats its last mask.
enum { HS_MASKED_LEN_MAX = 8, HS_MASKS_A_GROUP = 4 };
struct hs_mask_group {
    _Alignas(32) uint64_t hides[HS_MASKED_LEN_MAX][HS_MASKS_A_GROUP];
};

// Which age codes were issued by a date; kept from chunk to chunk, made anew when the date is another.
struct hs_issued {
    uint32_t date; // 0: not made yet
    uint64_t codes[2];
};

struct hs_kernel {
    const char *name;
    // Folds `count` (at most HS_CHUNK_READS) reads and their candidates into keys. Bit i of
    // *ret_odd: key i, and bit i of *ret_odd_candidates: the keys of all candidates of read i, are
    // left to the caller.
    void (*fold)(const struct hs_read_view *reads, size_t count, const struct hs_filter *filter,
                 struct hs_keys *keys, uint64_t *ret_odd, uint64_t *ret_odd_candidates);
    // Puts the numbers of keys from..to that the filter has behind the first `listed` of
    // keys->listed, rising; returns how many there are then.
    size_t (*keep)(const struct hs_filter *filter, struct hs_keys *keys, size_t from, size_t to,
                   size_t listed);
    // Hashes of one mark under each mask of the groups, as far as the filter has them: into keys->hashes from number 0
    // on, in order of masks; returns how many. `hash` is the mark's own; of the read, which is not odd, the mark is
    // looked at, which is not longer than HS_MASKED_LEN_MAX.
    size_t (*sieve)(const struct hs_mask_group *groups, size_t group_count,
                    const struct hs_read_view *read, uint64_t hash, const struct hs_filter *filter,
                    struct hs_keys *keys);
    // Bit i: read i may be no legal mark at its date (UINT64_MAX would be right, and slow).
    uint64_t (*doubtful)(const struct hs_read_view *reads, size_t count, struct hs_issued *issued);
};

extern const struct hs_kernel hs_kernel_scalar;
extern const struct hs_kernel hs_kernel_avx2;
// The widest that this machine has.
const struct hs_kernel *hs_kernel_best(void);
// A matcher that uses this kernel, for tests and benchmarks.
struct hs_matcher;
int hs_matcher_new_with(const struct hs_kernel *kernel, struct hs_matcher **ret_matcher);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_INDEX_H
#define HS_MATCH_INDEX_H
/*
 * The structure behind matching. Read this first; then segment.c (how it is built), matcher.c (how
 * it is asked).
 *
 * Two marks that any tier but CONFUSED and WILDCARD could hold equal have one skeleton (vrm.h). So
 * a read is folded once, and its skeleton is looked for; the tier is judged on what is found:
 *
 *    read --fold--> skeleton --hash--> h            per read, in vectors, many in flight
 *                                      |
 *    filter   [block 32 B][block 32 B][block ...]   one block a key, 8 bits in it,
 *                                      |            12 to 16 bits an entry
 *                                      |  (passes: what is listed, and about 1 in 500 of the rest)
 *                                      v
 *    buckets  [u32 first slot of each bucket ...]   about 4 entries a bucket, 1 byte an entry
 *                                      |
 *                                      v
 *    slots    [mark | ref] [mark | ref] ...         16 bytes an entry, in order of bucket
 *                     |                             mark: packed; '?' stands for itself
 *                     |                             ref: record 40 bits | tag of h 8 | list 16
 *                     v
 *    records  [len | packed WatchlistEntry] ...     in order of arrival; touched only for a hit
 *
 *    id buckets, ids  [u32 ...][u32 slot ...]       4.5 bytes an entry: the slot of an entry id,
 *                                                   for changes
 *
 * A segment is one such structure in one arena. A snapshot is a base segment, and an overlay: a
 * small segment of what was put since, the set of base slots that are gone, and a copy of the
 * base's filter with the overlay's keys added, so that a read asks one filter whether or not there
 * are changes.
 *
 * Bounds: 23.5 bytes an entry beside its record; HS_SEGMENT_ENTRIES_MAX entries. Threads: const
 * once built.
 */

#include <stdatomic.h>

#include "base/arena.h"
#include "base/hash.h"
#include "vrm/vrm.h"

enum {
    HS_FILTER_BLOCK_WORDS = 8,
    HS_FILTER_BLOCK_BYTES = 32,
    HS_FILTER_BLOCKS_MAX = (1 << 27) - 1, // a block begins at a number of bytes of 32 bits
};

// A split-block Bloom filter: a key sets one bit in each of a block's words.
struct hs_filter {
    const uint32_t *words; // HS_FILTER_BLOCK_WORDS a block, 32-byte aligned
    uint32_t blocks;       // 1 to HS_FILTER_BLOCKS_MAX
};

struct hs_slot {
    uint64_t mark; // packed
    uint64_t ref;  // record 40 bits (HS_RECORD_ALIGN units of the arena) | tag 8 | list 16
};

enum { HS_RECORD_ALIGN = 4, HS_REF_TAG_SHIFT = 40, HS_REF_LIST_SHIFT = 48 };
#define HS_SEGMENT_ENTRIES_MAX UINT32_C(0xfffffff0)

struct hs_segment {
    const uint8_t *arena;    // where refs count from
    struct hs_filter filter; // of its own entries
    const uint32_t *buckets; // bucket_count + 1 rising slot numbers
    const struct hs_slot *slots;
    const uint32_t *id_buckets; // id_bucket_count + 1 rising places in ids
    const uint32_t *ids;        // slot numbers
    uint32_t bucket_count;      // at least 1
    uint32_t id_bucket_count;   // at least 1
    uint32_t entry_count;
};

// A mark's limbs as vectors make them: the lower two (32 bits each), the upper one.
struct hs_limbs {
    uint64_t low;
    uint64_t high;
};
static inline struct hs_limbs hs_index_limbs(uint64_t packed)
{
    const uint64_t limb = (UINT64_C(1) << 21) - 1;
    return (struct hs_limbs){(packed & limb) | (packed >> 21 & limb) << 32, packed >> 42};
}

// The hash that everything goes by; of the skeleton. Two 32-bit products, as vectors have them; a
// limb of 21 bits leaves the highest 11 bits of a product empty, so they are shifted out.
#define HS_INDEX_FACTOR_LOW  UINT64_C(0x9e3779b1)
#define HS_INDEX_FACTOR_HIGH UINT64_C(0x85ebca77)
enum { HS_INDEX_HASH_SHIFT = 11 };
static inline uint64_t hs_index_hash_limbs(struct hs_limbs limbs)
{
    uint64_t low = (uint32_t)(limbs.low ^ limbs.high << HS_INDEX_HASH_SHIFT);
    uint64_t high = limbs.low >> 32;
    return (low * HS_INDEX_FACTOR_LOW + high * HS_INDEX_FACTOR_HIGH) << HS_INDEX_HASH_SHIFT;
}
// What a character at `position` (below 8) adds to a hash for each step of its value: hashes of marks without a third
// limb are sums of their characters'. Powers of 38, under the limb's factor.
static inline uint64_t hs_index_hash_weight(unsigned position)
{
    static const uint64_t weights[8] = {
        (54872 * HS_INDEX_FACTOR_LOW) << HS_INDEX_HASH_SHIFT,
        (1444 * HS_INDEX_FACTOR_LOW) << HS_INDEX_HASH_SHIFT,
        (38 * HS_INDEX_FACTOR_LOW) << HS_INDEX_HASH_SHIFT,
        HS_INDEX_FACTOR_LOW << HS_INDEX_HASH_SHIFT,
        (54872 * HS_INDEX_FACTOR_HIGH) << HS_INDEX_HASH_SHIFT,
        (1444 * HS_INDEX_FACTOR_HIGH) << HS_INDEX_HASH_SHIFT,
        (38 * HS_INDEX_FACTOR_HIGH) << HS_INDEX_HASH_SHIFT,
        HS_INDEX_FACTOR_HIGH << HS_INDEX_HASH_SHIFT,
    };
    return weights[position];
}
// What it adds when a character of value `is` becomes `becomes`.
static inline uint64_t hs_index_hash_change(unsigned position, unsigned is, unsigned becomes)
{
    return ((uint64_t)becomes - is) * hs_index_hash_weight(position);
}

static inline uint64_t hs_index_hash(uint64_t skeleton)
{
    return hs_index_hash_limbs(hs_index_limbs(skeleton));
}
static inline uint32_t hs_index_scale(uint32_t hash, uint32_t count)
{
    return (uint32_t)((uint64_t)hash * count >> 32);
}
static inline uint32_t hs_index_bucket(uint64_t hash, uint32_t bucket_count)
{
    return hs_index_scale((uint32_t)((hash >> 20) * UINT64_C(0xff51afd7ed558ccd) >> 32),
                          bucket_count);
}
static inline uint8_t hs_index_tag(uint64_t hash)
{
    return (uint8_t)(hash >> 40);
}

// The same of a packed mark.
uint64_t hs_index_mark_hash(uint64_t mark);

static inline uint64_t hs_ref_make(uint64_t record, uint8_t tag, uint16_t list)
{
    return record / HS_RECORD_ALIGN | (uint64_t)tag << HS_REF_TAG_SHIFT |
           (uint64_t)list << HS_REF_LIST_SHIFT;
}
static inline uint64_t hs_ref_record(uint64_t ref)
{
    return (ref & ((UINT64_C(1) << HS_REF_TAG_SHIFT) - 1)) * HS_RECORD_ALIGN;
}
static inline uint8_t hs_ref_tag(uint64_t ref)
{
    return (uint8_t)(ref >> HS_REF_TAG_SHIFT);
}
static inline uint16_t hs_ref_list(uint64_t ref)
{
    return (uint16_t)(ref >> HS_REF_LIST_SHIFT);
}

// The packed entry of a slot.
static inline struct hs_str hs_segment_entry(const struct hs_segment *segment,
                                             const struct hs_slot *slot)
{
    const uint8_t *record = segment->arena + hs_ref_record(slot->ref);
    uint32_t len;
    memcpy(&len, record, sizeof(len));
    return hs_str_n(record + sizeof(len), len);
}

// Odd numbers, one a word of a block: a word's bit is the highest five bits of its product with the
// lanes.
extern const uint32_t hs_filter_salts[HS_FILTER_BLOCK_WORDS];

// A hash, mixed once more for the filter: sums of characters alone would crowd into some blocks, and marks that differ in
// a character or two would set the same bits there.
#define HS_FILTER_FACTOR UINT64_C(0x85ebca77)
static inline uint64_t hs_filter_mix(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32) * HS_FILTER_FACTOR ^ hash;
}
// Where a key's bits stand: in the upper half where its block begins, in bytes; in the lower half its lanes.
static inline uint64_t hs_filter_spot(uint32_t blocks, uint64_t hash)
{
    uint64_t mixed = hs_filter_mix(hash);
    uint32_t block = hs_index_scale((uint32_t)(mixed >> 32), blocks * HS_FILTER_BLOCK_BYTES);
    return (uint64_t)(block & ~(HS_FILTER_BLOCK_BYTES - 1U)) << 32 | (uint32_t)mixed;
}
static inline const uint32_t *hs_filter_block(const struct hs_filter *filter, uint64_t spot)
{
    return filter->words + (spot >> 32) / sizeof(uint32_t);
}
bool hs_filter_has(const struct hs_filter *filter, uint64_t hash);
void hs_filter_add(uint32_t *words, uint32_t blocks, uint64_t hash);
// Blocks for so many keys.
uint32_t hs_filter_blocks_for(size_t keys);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_INDEX_H
#define HS_MATCH_INDEX_H
/*
 * The structure behind matching. Threads: one builds; what is built is const, and any thread asks it.
 * Ownership: a segment borrows from the arena it stands in; the snapshot owns that.
 *
 * Read this first; then matcher.c (how it is asked), segment.c (how it is built), snapshot_apply.c
 * (how it changes).
 *
 * Two marks that any tier but CONFUSED and WILDCARD could hold equal have one skeleton (vrm.h). So
 * a read is folded once, and its skeleton is looked for; the tier is judged on what is found:
 *
 *    read --fold--> skeleton --hash--> h         every read and candidate, eight in a register
 *                                      |
 *    near     [u64][u64][u64 ...]                one word a key, two bits in it; 8 to 16 bits an entry
 *                                      |         passes: what is listed, 1 in 22 to 1 in 70 of the rest
 *                                      v
 *    cells    [u64][u64][u64 ...]                one word a key, a bit in each byte; 8 bits an entry
 *                                      |         passes: what is listed, 1 in 500 to 1 in 1,500 of the rest
 *                                      v
 *    buckets  [u32][u32][u32 ...]                the first slot of each; about 4 entries a bucket
 *                                      |
 *                                      v
 *    slots    [mark | ref][mark | ref] ...       16 bytes an entry, in order of bucket
 *                     |                          mark: packed; '?' stands for itself
 *                     |                          ref: record 40 bits | tag of h 8 | list 16
 *                     v
 *    records  [len | packed WatchlistEntry] ...  in order of arrival; touched only for a hit
 *
 * A segment is one such structure in one stretch of memory, in huge pages where there are any. Its
 * bytes are the file on disk, too:
 *
 *    0         4096                                                                          end
 *    | header  | records ... | near | cells | buckets | slots | id buckets | ids |
 *      (file)    6 + packed    1..2    1       1         16        0.5        4     bytes an entry
 *
 * Ids are slot numbers by entry id, for changes. A snapshot is a base segment, and an overlay: a
 * small segment of what was put since, the set of base slots that are gone, and a copy of the
 * base's filter (near and cells) with the overlay's keys added, so that a read asks one filter
 * whether or not there are changes. Patterns are asked for under many keys a read, and have a filter
 * of their own before this one: mask_lines.h.
 *
 * Bounds: 23.5 to 24.5 bytes an entry beside its record, and 3 to 8 a pattern; HS_SEGMENT_ENTRIES_MAX entries. Who may
 * call what:
 *
 *    snapshot.h, matcher.h, sites.h, companions.h    other modules
 *    segment.h, snapshot_parts.h, kernel.h ...       this module, its tests and its benchmarks
 *    building and changing                           one thread; what it returns is const
 *    asking                                          any thread, each with a matcher of its own
 */

#include <stdatomic.h>

#include "base/arena.h"
#include "base/hash.h"
#include "vrm/vrm.h"

// Whether a key may be there. `near` is small enough for a core's own caches, and nearly all keys that are not there end
// at it: a bit for each key. `cells` is a Bloom filter for the others, of one word a key: a bit in each of its bytes.
struct hs_filter {
    const uint64_t *near;
    const uint64_t *cells;
    uint32_t cell_count; // at least 1
    uint32_t
        near_shift; // of a hash, to get its bit's number in `near`; 64 - 32 to 64 - HS_NEAR_LOG2_MIN
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

// The hash that everything goes by; of the skeleton. In products of 32 bits, as vectors have them: a sum of the limbs,
// which alone would crowd marks that differ in a character or two, mixed once more.
#define HS_INDEX_FACTOR_FIRST  UINT64_C(0x9e3779b1)
#define HS_INDEX_FACTOR_SECOND UINT64_C(0x85ebca77)
#define HS_INDEX_FACTOR_THIRD  UINT64_C(0xc2b2ae3d)
#define HS_INDEX_FACTOR_MIX    UINT64_C(0xd6e8feb9)
static inline uint64_t hs_index_hash_limbs(struct hs_limbs limbs)
{
    uint64_t sum = (uint32_t)limbs.low * HS_INDEX_FACTOR_FIRST +
                   (limbs.low >> 32) * HS_INDEX_FACTOR_SECOND + limbs.high * HS_INDEX_FACTOR_THIRD;
    return (uint32_t)(sum ^ sum >> 32) * HS_INDEX_FACTOR_MIX ^ sum;
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
    return hs_index_scale((uint32_t)hash, bucket_count);
}
static inline uint8_t hs_index_tag(uint64_t hash)
{
    return (uint8_t)(hash >> 32);
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

enum { HS_NEAR_LOG2_MIN = 3, HS_NEAR_LOG2_MAX = 30 };

// Where a key stands in the filter: the number of its bit in `near`, by the hash's upper half; its cell, by the lower
// one; and its bits there, which one of each byte by the lowest three bits of that byte of a product.
#define HS_FILTER_FACTOR UINT64_C(0xa0761d65)
enum {
    HS_NEAR_FIRST = 20,
    HS_NEAR_SECOND = 26
}; // where in a hash the numbers of its two bits begin, of six bits each
static inline uint32_t hs_filter_near_word(uint32_t near_shift, uint64_t hash)
{
    return (uint32_t)(hash >> near_shift);
}
static inline uint64_t hs_filter_near_bits(uint64_t hash)
{
    return UINT64_C(1) << (hash >> HS_NEAR_FIRST & 63) | UINT64_C(1)
                                                             << (hash >> HS_NEAR_SECOND & 63);
}
static inline uint32_t hs_filter_cell(uint32_t cell_count, uint64_t hash)
{
    return hs_index_scale((uint32_t)hash, cell_count);
}
uint64_t hs_filter_bits(uint64_t hash);
bool hs_filter_has(const struct hs_filter *filter, uint64_t hash);
// The same of the second part alone.
bool hs_filter_has_cell(const struct hs_filter *filter, uint64_t hash);

// A part that is larger than a core's own caches: what it is asked for is worth being on the way ahead.
enum { HS_FILTER_NEAR_BYTES = 512 * 1024 };
static inline bool hs_filter_near_is_far(const struct hs_filter *filter)
{
    return UINT64_C(1) << (64 - filter->near_shift) > HS_FILTER_NEAR_BYTES / sizeof(uint64_t);
}

// Words of both parts for so many keys: `near` first.
struct hs_filter_size {
    uint32_t near_log2; // words
    uint32_t cell_count;
};
struct hs_filter_size hs_filter_size_for(size_t keys);
static inline size_t hs_filter_words(struct hs_filter_size size)
{
    return ((size_t)1 << size.near_log2) + size.cell_count;
}
struct hs_filter hs_filter_at(const uint64_t *words, struct hs_filter_size size);
void hs_filter_add(uint64_t *words, struct hs_filter_size size, uint64_t hash);

#endif

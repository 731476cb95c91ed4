// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_MASK_LINES_H
#define HS_MATCH_MASK_LINES_H
/*
 * A filter for patterns alone, in which masks that have much in common share a cache line.
 *
 * A read is asked for under every mask of its length (pattern.h). In the filter of all entries
 * (index.h) each of these keys would be a word at a place of its own. Here up to eight masks of one
 * length are a group: by the characters that none of them hides a read finds its line, and in it each
 * mask has a word, where a pattern sets four bits:
 *
 *    masks of a group         AB?2?DE   AB?2C?E   AB?2CD? ...       ('?' hides a position)
 *    shared by all of them    AB.2...  --hash-->  line
 *                                                   |
 *                             [word of mask 0][word of mask 1] ... [word of mask 7]     64 bytes
 *                              four bits each, by the read under that mask
 *
 * So 32 masks of one length load six lines a read, each of which is one register, and nothing has to
 * be stored before it is known whether it passes. What passes, 1 key in 50 to 1 in 300, is asked for
 * in the cells of index.h as well, and then searched like any other key.
 *
 * Groups are made of the masks that come together, and never change: masks that an overlay adds are
 * groups of their own. Masks of lists that do not use WILDCARD are there, too; a filter only proposes.
 *
 * Threads: one builds; const from then on. Ownership: the caller's. Bounds: marks of at most
 * HS_LANE_CHARS characters (patterns of longer ones are searched one by one, search.h), so fewer than
 * HS_MASK_NUMBERS masks; 21 bits a pattern, or up to 64 where one mask of a group has most of the
 * patterns; 192 bytes a group.
 */

#include "match/arena.h"
#include "match/index.h"
#include "match/pattern.h"

enum {
    HS_LANE_CHARS = 8,    // of a mark that 64 bits hold, a byte each; what is longer takes more
    HS_MASKS_A_GROUP = 8, // words of a line
    HS_MASK_NUMBERS = 1 << (HS_LANE_CHARS + 1),
};

// Masks of one length. Where there are fewer masks than words, some have more than one of them, of which a pattern takes
// one: a read may find its key in several, and has it once.
struct hs_mask_group {
    _Alignas(64) uint64_t hides[HS_MASKS_A_GROUP]; // by word: all ones in byte i: '?' at position i
    uint16_t numbers[HS_MASKS_A_GROUP]; // by word: hs_mask_number(); the first ones differ
    uint8_t mask_count;                 // how many differ
    uint8_t len;                        // of the marks
};

// Where the lines of up to eight groups of one length are, as a register has it. Those of groups that are not there are
// somewhere, too.
enum { HS_GROUPS_A_ROW = 8 };
struct hs_mask_row {
    _Alignas(64) uint64_t
        shared[HS_GROUPS_A_ROW]; // all ones in byte i: no mask of the group hides position i
    uint64_t first_line[HS_GROUPS_A_ROW];
    uint64_t line_count[HS_GROUPS_A_ROW];
};

// Of one length.
struct hs_mask_groups {
    struct hs_mask_group *groups;
    struct hs_mask_row *rows; // HS_GROUPS_A_ROW groups each
    uint32_t group_count;
    uint32_t mask_count;
};

struct hs_mask_lines {
    struct hs_arena arena;                           // owns the lines
    const uint64_t *words;                           // of all lines, HS_MASKS_A_GROUP each
    uint32_t line_count;                             // at least 1
    struct hs_mask_groups of_len[HS_LANE_CHARS + 1]; // their groups and rows are owned
};

// One for each mask of at most HS_LANE_CHARS positions, of which `hidden` has a bit for each '?'.
static inline unsigned hs_mask_number(unsigned len, unsigned hidden)
{
    return 1U << len | hidden;
}

// A mark, or what is left of it, by the values (vrm.h, of the skeleton) of its characters, the first one in the lowest
// byte: a sum of two products of 32 bits, as vectors have them. Of what a group's masks share (else 0) its lower half says
// which line; of all, with HS_VRM_VALUE_ANY where the mask hides, its middle says which bits of a word, and which word.
#define HS_MASK_FACTOR_LOW  UINT64_C(0x9e3779b1)
#define HS_MASK_FACTOR_HIGH UINT64_C(0x85ebca77)
enum {
    HS_MASK_BITS_AT =
        16, // of the hash: from here on the numbers of four bits, in the lower six of a byte each
    HS_MASK_WORD_AT = 48, // and of the word
};
static inline uint64_t hs_mask_hash(uint64_t masked)
{
    return (uint32_t)masked * HS_MASK_FACTOR_LOW + (masked >> 32) * HS_MASK_FACTOR_HIGH;
}
static inline uint64_t hs_mask_line(const struct hs_mask_row *row, size_t at, uint64_t values)
{
    uint32_t lower = (uint32_t)hs_mask_hash(values & row->shared[at]);
    return row->first_line[at] + (lower * row->line_count[at] >> 32);
}
static inline uint64_t hs_mask_bits(uint64_t hash)
{
    hash >>= HS_MASK_BITS_AT;
    return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 8 & 63) |
           UINT64_C(1) << (hash >> 16 & 63) | UINT64_C(1) << (hash >> 24 & 63);
}

// Of a segment's patterns, and those of `old` (may be NULL). The segment's slots are of `lists`; only those of lists with
// masks are looked at. *ret_lines is NULL when the segment has no such pattern: `old` has them all. HS_ENOMEM.
struct hs_list;
int hs_mask_lines_new(const struct hs_mask_lines *old, const struct hs_segment *segment,
                      const struct hs_list *lists, struct hs_mask_lines **ret_lines);
void hs_mask_lines_free(struct hs_mask_lines *lines); // NULL is legal

#endif

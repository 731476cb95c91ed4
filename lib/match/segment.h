// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SEGMENT_H
#define HS_MATCH_SEGMENT_H
/*
 * How a segment (index.h) is built, laid out and checked.
 *
 * Threads: one builds; a segment is const from then on. Ownership: a finished segment's memory is
 * the arena that comes with it. Time: two passes over the entries, about 100 ns an entry.
 */

#include "match/arena.h"
#include "match/index.h"
#include "match/terms.h"

// What is read of an entry before it is added.
struct hs_parsed_entry {
    struct hs_terms terms;
    struct hs_vrm vrm; // normalised
};

// HS_EFORMAT: cannot be decoded, or no usable mark.
int hs_segment_parse(struct hs_str entry, struct hs_parsed_entry *ret_parsed);

// Builds a segment: entries in, then one arena out.
struct hs_segment_builder {
    struct hs_arena arena;            // records from HS_ARENA_HEADER_BYTES on
    struct hs_arena pending_arena;    // owns pending: it grows without copies, in huge pages
    struct hs_pending_entry *pending; // one an entry
    size_t count;
};

void hs_segment_builder_init(struct hs_segment_builder *builder);
void hs_segment_builder_fini(struct hs_segment_builder *builder);
// Takes a copy of the entry that was parsed. HS_ELIMIT; HS_ENOMEM.
int hs_segment_builder_add(struct hs_segment_builder *builder, uint16_t list, struct hs_str entry,
                           const struct hs_parsed_entry *parsed);
// Lays the index behind the records; the builder is then empty and the caller owns the arena.
int hs_segment_builder_finish(struct hs_segment_builder *builder, struct hs_arena *ret_arena,
                              struct hs_segment *ret_segment);

// Where the parts of a segment stand in its arena: what the file's header says too.
struct hs_segment_layout {
    uint64_t records_end; // bytes; records begin at HS_ARENA_HEADER_BYTES
    uint64_t filter_at;
    uint64_t buckets_at;
    uint64_t slots_at;
    uint64_t id_buckets_at;
    uint64_t ids_at;
    uint64_t end;
    struct hs_filter_size filter;
    uint32_t bucket_count;
    uint32_t id_bucket_count;
    uint32_t entry_count;
};
struct hs_segment_layout hs_segment_layout_for(uint64_t records_end, uint32_t entry_count);
struct hs_segment hs_segment_at(const uint8_t *arena, const struct hs_segment_layout *layout);
// Every offset in it leads to something in it: for arenas that come from a file.
bool hs_segment_is_sound(const struct hs_segment *segment, const struct hs_segment_layout *layout,
                         uint16_t list_count);

// The slot of an entry, or UINT32_MAX.
uint32_t hs_segment_find_id(const struct hs_segment *segment, uint16_t list,
                            struct hs_str entry_id);

#endif

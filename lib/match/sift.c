// SPDX-License-Identifier: Apache-2.0
#include "match/sift.h"

#include "match/search.h"

size_t hs_sift_patterns_room(const struct hs_snapshot *snapshot, unsigned len)
{
    const struct hs_mask_lines *lines = snapshot->lines;
    uint32_t groups = lines && len <= HS_LANE_CHARS ? lines->of_len[len].group_count : 0;
    return groups ? HS_CHUNK_KEYS / (groups * HS_MASKS_A_GROUP) : 0;
}

// Those of the first `count` keys under which something may stand.
static size_t keep_standing(const struct hs_sift *sift, size_t count)
{
    struct hs_keys *keys = sift->keys;
    size_t kept = 0;
    count = sift->kernel->keep(&sift->snapshot->filter, keys, count, 0);
    for (size_t i = 0; i < count; i++) {
        uint16_t key = keys->listed[i];
        if (hs_search_has(sift->snapshot, keys->hashes[key])) {
            keys->listed[kept++] = key;
        }
    }
    return kept;
}

// Whether the last of the keys kept, as far as they are of this read, have this one: a mask may have several words.
static bool is_kept(const struct hs_keys *keys, size_t kept, uint16_t read, uint64_t hash)
{
    while (kept > 0 && keys->reads[kept - 1] == read) {
        if (keys->hashes[--kept] == hash) {
            return true;
        }
    }
    return false;
}

size_t hs_sift_patterns(const struct hs_sift *sift, const struct hs_read_view *reads, size_t count)
{
    const struct hs_snapshot *snapshot = sift->snapshot;
    struct hs_keys *keys = sift->keys;
    size_t found = sift->kernel->mask(snapshot->lines, &snapshot->filter, reads, count, keys),
           kept = 0;
    for (size_t i = 0; i < found; i++) {
        uint16_t read = keys->reads[i];
        uint64_t hash = keys->hashes[i];
        if (hs_search_has(snapshot, hash) && !is_kept(keys, kept, read, hash)) {
            keys->reads[kept] = read;
            keys->hashes[kept++] = hash;
        }
    }
    return kept;
}

// Keys of one read's neighbours, as changes of its own limbs, from number `at` on; returns the number behind the last, or
// SIZE_MAX when there is no room for them.
static size_t put_neighbours(const struct hs_sift *sift, const struct hs_read_view *read,
                             const struct hs_confusion_table *table, size_t at)
{
    uint64_t own = 0;
    uint8_t values[HS_LANE_CHARS];
    for (unsigned i = 0; i < read->vrm_len; i++) {
        values[i] = (uint8_t)hs_vrm_class_value_of(read->vrm[i]);
        own += values[i] * hs_limb_weights[i];
    }
    for (unsigned i = 0; i < read->vrm_len; i++) {
        char read_as = read->vrm[i] >= 'a' ? (char)(read->vrm[i] - 'a' + 'A') : read->vrm[i];
        uint64_t partners = table->partners[hs_vrm_value_of(read_as)];
        for (; partners; partners &= partners - 1) {
            if (at == HS_CHUNK_KEYS) {
                return SIZE_MAX;
            }
            char meant = hs_vrm_char_of((unsigned)__builtin_ctzll(partners) + 1);
            uint64_t step = (uint64_t)hs_vrm_class_value_of(meant) - values[i];
            struct hs_limbs limbs = {own + step * hs_limb_weights[i], 0};
            hs_keys_set(sift->keys, at++, hs_index_hash_limbs(limbs), &sift->snapshot->filter);
        }
    }
    return at;
}

uint64_t hs_sift_confused(const struct hs_sift *sift, const struct hs_read_view *reads, uint64_t of,
                          const struct hs_confusion_table *const tables[HS_STRIPE_READS])
{
    struct hs_keys *keys = sift->keys;
    uint64_t found = 0;
    size_t count = 0;
    for (; of; of &= of - 1) {
        unsigned i = (unsigned)__builtin_ctzll(of);
        size_t end = put_neighbours(sift, &reads[i], tables[i], count);
        if (end == SIZE_MAX) {
            found |= of; // a table of everything: those that are left are searched one by one
            break;
        }
        for (; count < end; count++) {
            keys->reads[count] = (uint16_t)i;
        }
    }
    count = keep_standing(sift, count);
    for (size_t i = 0; i < count; i++) {
        found |= UINT64_C(1) << keys->reads[keys->listed[i]];
    }
    return found;
}

// SPDX-License-Identifier: Apache-2.0
#include "report/table.h"

#include <stdlib.h>

#include "base/hash.h"

enum { SLOTS_MIN = 1024 };

// At most three slots of four are used.
static bool is_full(size_t count, size_t slots)
{
    return 4 * (count + 1) > 3 * slots;
}

uint64_t hs_key_of(uint64_t kind, uint64_t a, uint64_t b)
{
    uint64_t key = hs_hash_u64(a + UINT64_C(0x9e3779b97f4a7c15) * (kind + 1));
    key = hs_hash_u64(key ^ (b * UINT64_C(0xd6e8feb86659fd93) + kind));
    return key ? key : 1;
}

uint64_t hs_key_of_text(struct hs_str text)
{
    uint64_t key = hs_hash_bytes(text.ptr, text.len, 0);
    return key ? key : 1;
}

// ------------------------------------------------------------------ sets

// Where the key stands or would stand; there is a free slot.
static size_t set_slot(const uint64_t *slots, size_t capacity, uint64_t key)
{
    size_t at = (size_t)hs_hash_u64(key) & (capacity - 1);
    while (slots[at] != 0 && slots[at] != key) {
        at = (at + 1) & (capacity - 1);
    }
    return at;
}

static bool set_grow(struct hs_key_set *set)
{
    size_t capacity = set->capacity ? 2 * set->capacity : SLOTS_MIN;
    struct hs_region region;
    if (hs_region_map(capacity * sizeof(uint64_t), &region) != 0) {
        return false;
    }
    uint64_t *slots = region.ptr;
    for (size_t i = 0; i < set->capacity; i++) {
        if (set->slots[i] != 0) {
            slots[set_slot(slots, capacity, set->slots[i])] = set->slots[i];
        }
    }
    hs_region_unmap(&set->region);
    set->region = region;
    set->slots = slots;
    set->capacity = capacity;
    return true;
}

enum hs_key_seen hs_key_set_add(struct hs_key_set *set, uint64_t key)
{
    size_t at = set->capacity > 0 ? set_slot(set->slots, set->capacity, key) : 0;
    if (set->capacity > 0 && set->slots[at] == key) {
        return HS_KEY_KNOWN;
    }
    bool full = is_full(set->count, set->capacity);
    if (set->count >= set->max || (full && !set_grow(set))) {
        set->refused++;
        return HS_KEY_REFUSED;
    }
    at = full ? set_slot(set->slots, set->capacity, key) : at;
    set->slots[at] = key;
    set->count++;
    return HS_KEY_NEW;
}

void hs_key_set_fetch(const struct hs_key_set *set, uint64_t key)
{
    if (set->capacity > 0) {
        __builtin_prefetch(&set->slots[(size_t)hs_hash_u64(key) & (set->capacity - 1)], 1);
    }
}

void hs_key_set_fini(struct hs_key_set *set)
{
    hs_region_unmap(&set->region);
    *set = (struct hs_key_set){.max = set->max};
}

// ------------------------------------------------------------------ rows

static void *row_at(const struct hs_row_table *table, size_t number)
{
    return (char *)table->rows + number * table->row_bytes;
}

static size_t row_slot(const struct hs_row_table *table, uint64_t key)
{
    size_t at = (size_t)hs_hash_u64(key) & (table->slot_count - 1);
    while (table->slots[at] != 0 && table->keys[table->slots[at] - 1] != key) {
        at = (at + 1) & (table->slot_count - 1);
    }
    return at;
}

void *hs_row_table_find(const struct hs_row_table *table, uint64_t key)
{
    uint32_t number = table->slot_count > 0 ? table->slots[row_slot(table, key)] : 0;
    return number > 0 ? row_at(table, number - 1) : NULL;
}

static bool grow_slots(struct hs_row_table *table)
{
    size_t count = table->slot_count ? 2 * table->slot_count : SLOTS_MIN;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (!slots) {
        return false;
    }
    free(table->slots);
    table->slots = slots;
    table->slot_count = count;
    for (size_t i = 0; i < table->count; i++) {
        slots[row_slot(table, table->keys[i])] = (uint32_t)i + 1;
    }
    return true;
}

static bool grow_rows(struct hs_row_table *table)
{
    size_t capacity = table->capacity ? table->capacity + table->capacity / 2 : SLOTS_MIN / 2;
    void *rows = reallocarray(table->rows, capacity, table->row_bytes);
    if (!rows) {
        return false;
    }
    table->rows = rows;
    uint64_t *keys = reallocarray(table->keys, capacity, sizeof(*keys));
    if (!keys) {
        return false;
    }
    table->keys = keys;
    table->capacity = capacity;
    return true;
}

void *hs_row_table_at(struct hs_row_table *table, uint64_t key, bool *ret_new)
{
    void *row = hs_row_table_find(table, key);
    if (ret_new) {
        *ret_new = !row;
    }
    if (row) {
        return row;
    }
    if (table->count >= table->max ||
        (is_full(table->count, table->slot_count) && !grow_slots(table)) ||
        (table->count == table->capacity && !grow_rows(table))) {
        table->refused++;
        return NULL;
    }
    row = row_at(table, table->count);
    memset(row, 0, table->row_bytes);
    table->keys[table->count] = key;
    table->slots[row_slot(table, key)] = (uint32_t)++table->count;
    return row;
}

void hs_row_table_fini(struct hs_row_table *table)
{
    free(table->rows);
    free(table->keys);
    free(table->slots);
    *table = (struct hs_row_table){.row_bytes = table->row_bytes, .max = table->max};
}

// ------------------------------------------------------------------ names

uint32_t hs_names_number(struct hs_names *names, struct hs_str text)
{
    bool is_new = true;
    struct hs_str *row = NULL;
    // two names of one hash are told apart by the next key
    for (uint64_t key = hs_key_of_text(text);; key = hs_key_of(1, key, 0)) {
        row = hs_row_table_at(&names->rows, key, &is_new);
        if (!row || is_new || hs_str_eq(*row, text)) {
            break;
        }
    }
    if (row && is_new) {
        const char *copy = hs_bump_copy(&names->texts, text.ptr, text.len);
        *row = hs_str_n(copy, copy ? text.len : 0);
    }
    return row ? (uint32_t)(row - (struct hs_str *)names->rows.rows) : (uint32_t)HS_NAME_NONE;
}

struct hs_str hs_names_text(const struct hs_names *names, uint32_t number)
{
    return number < names->rows.count ? ((struct hs_str *)names->rows.rows)[number] : HS_STR("");
}

void hs_names_fini(struct hs_names *names)
{
    hs_row_table_fini(&names->rows);
    hs_bump_fini(&names->texts);
}

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_TABLE_H
#define HS_REPORT_TABLE_H
/*
 * Tables of a report under way: names, numbered; sets of keys; rows by key. Open addressing, grown
 * by doubling up to a bound.
 *
 * A key is a 64-bit hash: two different things with one key count as one, which for ten million
 * things happens once in 400,000 reports. Names are compared as texts. Threads: one. Ownership:
 * zeroed they are empty; _fini() frees. Bounds: each has its `max`; what comes beyond it is not
 * taken, and counted.
 */

#include "base/arena.h"
#include "base/str.h"

// Keys that were seen. Key 0 is none.
struct hs_key_set {
    struct hs_region region; // holds the slots: huge pages where they are many
    uint64_t *slots;         // 0: free
    size_t capacity;         // a power of two, or 0
    size_t count;
    size_t max;       // keys
    uint64_t refused; // keys that found no room
};

enum hs_key_seen {
    HS_KEY_NEW,
    HS_KEY_KNOWN,
    HS_KEY_REFUSED, // the set is full, or memory is out
};
enum hs_key_seen hs_key_set_add(struct hs_key_set *set, uint64_t key);
// The key is added soon: memory comes meanwhile.
void hs_key_set_fetch(const struct hs_key_set *set, uint64_t key);
void hs_key_set_fini(struct hs_key_set *set);

// Rows of one size by key; a row's number is the order in which it came.
struct hs_row_table {
    size_t row_bytes;
    void *rows;
    uint64_t *keys;    // of each row
    uint32_t *slots;   // number + 1 of a row; 0: free
    size_t slot_count; // a power of two, or 0
    size_t count;      // rows
    size_t capacity;   // rows with room
    size_t max;        // rows
    uint64_t refused;  // rows that found no room
};

// The row of a key, zeroed when it is new; NULL: the table is full, or memory is out. Valid until
// the next call. `ret_new` may be NULL.
void *hs_row_table_at(struct hs_row_table *table, uint64_t key, bool *ret_new);
// NULL when there is none.
void *hs_row_table_find(const struct hs_row_table *table, uint64_t key);
void hs_row_table_fini(struct hs_row_table *table);

// Texts, each once, numbered from 0 in order of appearance.
struct hs_names {
    struct hs_row_table rows; // of struct hs_str
    struct hs_bump texts;
};
enum { HS_NAME_NONE = UINT32_MAX };
// HS_NAME_NONE: the table is full.
uint32_t hs_names_number(struct hs_names *names, struct hs_str text);
// "" of HS_NAME_NONE.
struct hs_str hs_names_text(const struct hs_names *names, uint32_t number);
void hs_names_fini(struct hs_names *names);

// One key of several numbers; never 0.
uint64_t hs_key_of(uint64_t kind, uint64_t a, uint64_t b);
uint64_t hs_key_of_text(struct hs_str text);

#endif

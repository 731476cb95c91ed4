// SPDX-License-Identifier: Apache-2.0
#ifndef HS_ROUTE_TABLE_H
#define HS_ROUTE_TABLE_H
/*
 * The compiled table: for each word (a list, a force, a road, an owner ...) the sets of queues and
 * of operations that it admits; a decision is the intersection of a few sets. Private to lib/route.
 * Threads: written by the one that compiles, then read by any. Ownership: everything stands in the
 * table's bump.
 */

#include "route/operations.h"

enum {
    HS_ROUTE_SET_WORDS_MAX = HS_ROUTE_QUEUES_MAX / 64,
    HS_ROUTE_RUN_WORDS_MAX = HS_ROUTE_OPERATIONS_MAX / 64,
};

// What a word is, so that a list and a force of one name stay apart.
enum hs_word_kind {
    HS_WORD_LIST,
    HS_WORD_COVERT_LIST,
    HS_WORD_FORCE,
    HS_WORD_AREA,
    HS_WORD_ROAD,
    HS_WORD_SITE,
    HS_WORD_OWNER,
};

// A word and what it admits.
struct hs_word {
    struct hs_str text;
    enum hs_word_kind kind;
    uint64_t *queues;     // one bit a queue; NULL: a free slot
    uint64_t *operations; // one bit an operation
};

struct hs_routes {
    struct hs_bump bump;
    struct hs_yaml *document;            // owns the queues' texts
    struct hs_yaml *operations_document; // owns the operations' texts; may be NULL
    struct hs_queue_row *rows;
    struct hs_queue *queues; // in order of name
    size_t count;
    struct hs_operation_row *operation_rows; // in order of id
    size_t operation_count;
    size_t words;          // of 64 bits in a set of queues
    size_t run_words;      // of 64 bits in a set of operations; at least 1
    struct hs_word *table; // open addressing
    size_t mask;
    uint64_t *all_lists;                                  // queues that may receive any open list
    uint64_t *everywhere;                                 // queues that care for all places
    uint64_t *defaults;                                   // owners' default queues
    uint64_t *live;                                       // queues of kind live
    uint64_t *handling[2];                                // queues that take stop, monitor
    uint64_t *safeguarding[HS_ROUTE_SAFEGUARDING_LEVELS]; // queues that take a level of any list
    uint16_t *diverted_to; // number of a live queue's intelligence queue, or UINT16_MAX
    uint64_t *none;        // the empty set, as long as the longer of both kinds
    uint64_t **told;       // of each operation: its queues
    uint64_t **covert;     // of each operation: its covert queues
    uint64_t *unbounded;   // operations without roads, sites and areas
    int64_t *times_ms;     // when an operation begins or ends, each once, ascending
    size_t time_count;
    uint64_t *running; // time_count + 1 sets: those that run before times_ms[0], from it on, ...
};

// The set of a word, or NULL. The empty text admits nothing.
const struct hs_word *hs_routes_word(const struct hs_routes *routes, enum hs_word_kind kind,
                                     struct hs_str text);
// The number of a queue; routes->count when there is none.
size_t hs_routes_number(const struct hs_routes *routes, struct hs_str queue);
// Makes the sets from rows and operation_rows. HS_ENOMEM.
int hs_routes_compile(struct hs_routes *routes);

static inline void hs_routes_set_add(uint64_t *set, size_t number)
{
    set[number / 64] |= UINT64_C(1) << (number % 64);
}

static inline bool hs_routes_set_has(const uint64_t *set, size_t number)
{
    return set[number / 64] >> (number % 64) & 1;
}

#endif

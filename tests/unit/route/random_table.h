// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_RANDOM_TABLE_H
#define HS_TEST_RANDOM_TABLE_H
/*
 * Random routing tables and questions, and a slow router written from the design's text alone: it
 * shares no code and no data structure with lib/route, only the question and the names of its
 * answers.
 *
 * Threads: one.
 */

#include "route/route.h"

enum {
    FORCES = 5,
    OPEN_LISTS = 6,
    COVERT_LISTS = 4,
    AREAS = 4,
    QUEUES_MAX = 24,
    OPERATIONS_MAX = 6,
    ROADS = 3,
    SITES = 6,
    TIMES = 20, // seconds in which things happen
};

// A set of forces, lists or areas by number: bit i is the i-th.
typedef unsigned names_set;

struct plain_queue {
    char name[32];
    unsigned owner; // force
    bool live;
    bool all_lists;  // "*"
    names_set lists; // open
    names_set coverts;
    names_set forces;
    names_set areas;
    bool stop;
    bool monitor;
    bool is_default;
    int diverts_to;        // number of a queue, or -1
    unsigned safeguarding; // set of levels 0 to 2
};

// A joint action; sets of numbers, those of queues as bits of 32.
struct plain_operation {
    char name[32];
    unsigned lead;
    names_set forces;
    unsigned from; // second
    unsigned to;   // second, excluded; TIMES and beyond: open-ended
    names_set lists;
    names_set coverts;
    uint32_t queues;
    uint32_t covert_queues;
    names_set roads;
    names_set sites;
    names_set areas;
};

struct plain_table {
    struct plain_queue queues[QUEUES_MAX];
    size_t count;
    struct plain_operation operations[OPERATIONS_MAX];
    size_t operation_count;
};

struct plain_question {
    bool covert;
    unsigned
        list; // number among the open or the covert ones; beyond them: no queue has heard of it
    unsigned owner; // force; beyond FORCES: unknown
    bool stop;      // else monitor
    unsigned force; // of the place; beyond FORCES: none
    unsigned area;  // likewise
    unsigned road;  // beyond ROADS: none
    unsigned site;  // beyond SITES: none
    unsigned second;
    unsigned level; // of safeguarding, 1 to 3; 0: none
    bool camera_unknown;
    bool stale;
};

struct random {
    uint64_t state;
};
uint32_t random_below(struct random *random, uint32_t limit);

// A table that lib/route accepts.
void random_table(struct random *random, struct plain_table *ret_table);
void random_question(struct random *random, struct plain_question *ret_question);

// The table as queues.yaml; without_covert leaves every covert list out, and queues that had
// nothing else.
void table_to_yaml(const struct plain_table *table, bool without_covert, struct hs_buf *out);
// Its operations as operations.yaml; without_covert as above.
void operations_to_yaml(const struct plain_table *table, bool without_covert, struct hs_buf *out);
// The question as lib/route takes it; texts are static or in `storage`.
struct hs_route_query question_to_query(const struct plain_question *question, char storage[6][32]);

// Names of the queues that are to be told, in order, with a comma behind each.
void reference_route(const struct plain_table *table, const struct plain_question *question,
                     struct hs_buf *out);

#endif

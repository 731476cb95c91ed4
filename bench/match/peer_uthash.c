// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <uthash.h>

#include "match/peers.h"

struct node {
    uint64_t key;
    UT_hash_handle hh;
};

struct table {
    struct node *head;
    struct node *nodes;
};

static void *build(const uint64_t *keys, size_t count)
{
    struct table *table = calloc(1, sizeof(*table));
    table->nodes = calloc(count, sizeof(*table->nodes));
    for (size_t i = 0; i < count; i++) {
        struct node *node = &table->nodes[i];
        node->key = keys[i];
        HASH_ADD(hh, table->head, key, sizeof(node->key), node);
    }
    return table;
}

static size_t lookup(const void *table, const uint64_t *keys, size_t count)
{
    const struct table *of = table;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct node *node;
        HASH_FIND(hh, of->head, &keys[i], sizeof(keys[i]), node);
        found += node != NULL;
    }
    return found;
}

static void free_table(void *table)
{
    struct table *of = table;
    HASH_CLEAR(hh, of->head);
    free(of->nodes);
    free(of);
}

const struct bench_peer bench_peer_uthash = {"uthash", build, lookup, free_table};

// SPDX-License-Identifier: Apache-2.0
#include <rte_eal.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <stdio.h>

#include "match/peers.h"

enum { BULK = 64 };

static int start_eal(void)
{
    static char words[][32] = {"bench", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",
                               "-m",    "1024",      "-l",       "0",           "--log-level=1"};
    static int started;
    char *argv[sizeof(words) / sizeof(words[0])];
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        argv[i] = words[i];
    }
    if (started == 0) {
        started = rte_eal_init((int)(sizeof(words) / sizeof(words[0])), argv) < 0 ? -1 : 1;
    }
    return started;
}

static void *build(const uint64_t *keys, size_t count)
{
    static unsigned made;
    if (start_eal() < 0) {
        return NULL;
    }
    char name[32];
    snprintf(name, sizeof(name), "bench%u", made++);
    struct rte_hash_parameters parameters = {
        .name = name,
        .entries = (uint32_t)(count + count / 4 + 64),
        .key_len = sizeof(uint64_t),
        .hash_func = rte_hash_crc,
        .socket_id = -1,
    };
    struct rte_hash *table = rte_hash_create(&parameters);
    for (size_t i = 0; table && i < count; i++) {
        if (rte_hash_add_key(table, &keys[i]) < 0) {
            rte_hash_free(table);
            return NULL;
        }
    }
    return table;
}

static size_t lookup(const void *table, const uint64_t *keys, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i += BULK) {
        uint32_t n = (uint32_t)(count - i < BULK ? count - i : BULK);
        const void *pointers[BULK];
        int32_t positions[BULK];
        for (uint32_t k = 0; k < n; k++) {
            pointers[k] = &keys[i + k];
        }
        rte_hash_lookup_bulk(table, pointers, n, positions);
        for (uint32_t k = 0; k < n; k++) {
            found += positions[k] >= 0;
        }
    }
    return found;
}

static void free_table(void *table)
{
    rte_hash_free(table);
}

const struct bench_peer bench_peer_rte_hash = {"rte_hash", build, lookup, free_table};

// SPDX-License-Identifier: Apache-2.0
#include <absl/container/flat_hash_map.h>

#include "match/peers.h"

using table_type = absl::flat_hash_map<uint64_t, uint32_t>;

static void *build(const uint64_t *keys, size_t count)
{
    auto *table = new table_type();
    table->reserve(count);
    for (size_t i = 0; i < count; i++) {
        table->emplace(keys[i], static_cast<uint32_t>(i));
    }
    return table;
}

// With the library's own prefetch, a good stretch ahead.
static size_t lookup(const void *table, const uint64_t *keys, size_t count)
{
    const auto &map = *static_cast<const table_type *>(table);
    constexpr size_t ahead = 16;
    size_t found = 0;
    for (size_t i = 0; i < count && i < ahead; i++) {
        map.prefetch(keys[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (i + ahead < count) {
            map.prefetch(keys[i + ahead]);
        }
        found += map.contains(keys[i]);
    }
    return found;
}

static void free_table(void *table)
{
    delete static_cast<table_type *>(table);
}

extern "C" const struct bench_peer bench_peer_absl = {"absl::flat_hash_map", build, lookup,
                                                      free_table};

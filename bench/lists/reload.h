// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_LISTS_RELOAD_H
#define HS_BENCH_LISTS_RELOAD_H
/*
 * Reloads of the list 'big' at the least cost beside the daemon's own: entries that were read from
 * Redis once go into it again as a new generation, by the store's own load. What hitctl does besides,
 * reading a file and comparing it with what is live, takes no part. Whatever fails ends the program.
 * Threads: one. Bounds: a set holds all packed entries of the list.
 */

#include "base/arena.h"
#include "lists/site.h"

// The entries of a generation.
struct reload_set {
    struct hs_bump bump; // ids and packed entries
    struct reload_row *rows;
    size_t count, capacity;
};

// What is live now.
void reload_set_read(struct site *site, struct reload_set *ret_set);
void reload_set_fini(struct reload_set *set);
// The set becomes the next generation; returns when the daemon has it live.
void reload(struct site *site, const struct reload_set *set);

#endif

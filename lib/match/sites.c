// SPDX-License-Identifier: Apache-2.0
#include "match/sites.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

// What a message without open windows is asked for stands in the first cache line, with the key's beginning.
struct hs_site {
    _Alignas(64) uint64_t hash;
    struct hs_ring *ring; // owned
    struct hs_window *windows;
    int32_t partition;
    uint32_t slot;   // in the table
    bool used;       // since the hand passed
    uint8_t key_len; // bytes
    char key[HS_SITE_KEY_MAX];
    int64_t event_ms;   // of the newest read while windows are open: never ahead of the log
    int64_t due_ms;     // the first event time at which one of the windows is due
    uint64_t due_count; // of the ring, likewise
};

struct hs_sites {
    struct hs_site **table; // open addressing, linear
    size_t mask;            // of the table, which is at least twice as large as `max`
    struct hs_site **all;   // dense, for the hand
    size_t count, max;
    size_t hand;
    uint64_t dropped;
};

int hs_sites_new(size_t max, struct hs_sites **ret_sites)
{
    size_t size = 2;
    while (size < 2 * max) {
        size *= 2;
    }
    struct hs_sites *sites = calloc(1, sizeof(*sites));
    if (!sites) {
        return HS_ENOMEM;
    }
    *sites = (struct hs_sites){
        .table = calloc(size, sizeof(struct hs_site *)),
        .all = calloc(max, sizeof(struct hs_site *)),
        .mask = size - 1,
        .max = max,
    };
    if (!sites->table || !sites->all) {
        hs_sites_free(sites);
        return HS_ENOMEM;
    }
    *ret_sites = sites;
    return 0;
}

static void free_site(struct hs_site *site)
{
    hs_ring_free(site->ring);
    free(site);
}

void hs_sites_reset(struct hs_sites *sites)
{
    for (size_t i = 0; i < sites->count; i++) {
        assert(!sites->all[i]->windows);
        sites->table[sites->all[i]->slot] = NULL;
        free_site(sites->all[i]);
    }
    sites->count = sites->hand = 0;
}

void hs_sites_free(struct hs_sites *sites)
{
    if (sites) {
        hs_sites_reset(sites);
        free(sites->table);
        free(sites->all);
        free(sites);
    }
}

static bool is_site(const struct hs_site *site, uint64_t hash, int32_t partition, struct hs_str key)
{
    return site->hash == hash && site->partition == partition && site->key_len == key.len &&
           memcmp(site->key, key.ptr, key.len) == 0;
}

// Where the site stands, or the free place where it would.
static size_t find_slot(const struct hs_sites *sites, uint64_t hash, int32_t partition,
                        struct hs_str key)
{
    size_t at = hash & sites->mask;
    while (sites->table[at] && !is_site(sites->table[at], hash, partition, key)) {
        at = (at + 1) & sites->mask;
    }
    return at;
}

// Takes the site out of the table; those behind it move up to where they would be looked for.
static void unlink_site(struct hs_sites *sites, const struct hs_site *site)
{
    size_t hole = site->slot;
    for (size_t at = (hole + 1) & sites->mask; sites->table[at]; at = (at + 1) & sites->mask) {
        struct hs_site *moved = sites->table[at];
        size_t home = moved->hash & sites->mask;
        if (((at - home) & sites->mask) >= ((at - hole) & sites->mask)) {
            sites->table[hole] = moved;
            moved->slot = (uint32_t)hole;
            hole = at;
        }
    }
    sites->table[hole] = NULL;
}

// A site gives way; NULL when all have windows open. Each round the hand spares those that were
// used since the last.
static struct hs_site *drop_one(struct hs_sites *sites, size_t *ret_place)
{
    for (size_t i = 0; i < 2 * sites->count; i++) {
        size_t place = sites->hand++ % sites->count;
        struct hs_site *site = sites->all[place];
        if (!site->used && !site->windows) {
            unlink_site(sites, site);
            sites->dropped++;
            *ret_place = place;
            return site;
        }
        site->used = false;
    }
    return NULL;
}

static struct hs_site *make_site(struct hs_sites *sites, size_t *ret_place)
{
    if (sites->count == sites->max) {
        struct hs_site *site = drop_one(sites, ret_place);
        if (site) {
            hs_ring_clear(site->ring);
        }
        return site;
    }
    struct hs_site *site = aligned_alloc(_Alignof(struct hs_site), sizeof(*site));
    if (site && hs_ring_new(HS_SITE_READS, &site->ring) < 0) {
        free(site);
        site = NULL;
    }
    *ret_place = sites->count;
    sites->count += site != NULL;
    return site;
}

uint64_t hs_sites_hash(int32_t partition, struct hs_str key)
{
    const uint64_t mix = UINT64_C(0x9e3779b97f4a7c15);
    return hs_hash_text(key.ptr, key.len,
                        ((uint64_t)(uint32_t)partition << 32 | (uint32_t)key.len) * mix);
}

// Each step asks for what the next one loads: place in the table, site, ring, the ring's next place.
void hs_sites_expect(const struct hs_sites *sites, const uint64_t *hashes, size_t count)
{
    enum { PLACE = 12, SITE = 9, RING = 6, NEXT = 3 };
    const struct hs_site *site;
    if (count > PLACE) {
        __builtin_prefetch(&sites->table[hashes[PLACE] & sites->mask]);
    }
    if (count > SITE && (site = sites->table[hashes[SITE] & sites->mask])) {
        __builtin_prefetch(site, 1);
    }
    if (count > RING && (site = sites->table[hashes[RING] & sites->mask])) {
        __builtin_prefetch(site->ring, 1);
    }
    if (count > NEXT && (site = sites->table[hashes[NEXT] & sites->mask])) {
        hs_ring_expect(site->ring);
    }
}

struct hs_site *hs_sites_get(struct hs_sites *sites, uint64_t hash, int32_t partition,
                             struct hs_str key)
{
    if (key.len == 0 || key.len > HS_SITE_KEY_MAX) {
        return NULL;
    }
    size_t slot = find_slot(sites, hash, partition, key), place;
    struct hs_site *site = sites->table[slot];
    if (!site) {
        site = make_site(sites, &place);
        if (!site) {
            return NULL;
        }
        slot = find_slot(sites, hash, partition, key); // one that gave way may have moved others
        *site = (struct hs_site){.hash = hash,
                                 .partition = partition,
                                 .slot = (uint32_t)slot,
                                 .key_len = (uint8_t)key.len,
                                 .ring = site->ring};
        memcpy(site->key, key.ptr, key.len);
        sites->table[slot] = sites->all[place] = site;
    }
    site->used = true;
    return site;
}

size_t hs_sites_count(const struct hs_sites *sites)
{
    return sites->count;
}

uint64_t hs_sites_dropped(const struct hs_sites *sites)
{
    return sites->dropped;
}

const struct hs_ring *hs_site_ring(const struct hs_site *site)
{
    return site->ring;
}

// With windows open: one by one, until one is due. A camera whose clock is ahead closes nothing.
static size_t add_until_due(struct hs_site *site, const struct hs_read_view *reads, size_t count,
                            int64_t appended_at_ms)
{
    for (size_t i = 0; i < count; i++) {
        int64_t at_ms = reads[i].captured_at_ms;
        hs_ring_add(site->ring, &reads[i], 1);
        site->event_ms = at_ms < appended_at_ms ? at_ms : appended_at_ms;
        if (site->event_ms >= site->due_ms || hs_ring_count(site->ring) >= site->due_count) {
            return i + 1;
        }
    }
    return count;
}

size_t hs_site_add(struct hs_site *site, const struct hs_read_view *reads, size_t count,
                   int64_t appended_at_ms)
{
    if (site->windows) {
        return add_until_due(site, reads, count, appended_at_ms);
    }
    hs_ring_add(site->ring, reads, count);
    return count;
}

// The next read would push one out that the window waits for.
static uint64_t full_count(const struct hs_window *window)
{
    return window->ring_count + hs_ring_size(window->site->ring);
}

static void set_due(struct hs_site *site)
{
    site->due_ms = INT64_MAX;
    site->due_count = UINT64_MAX;
    for (const struct hs_window *w = site->windows; w; w = w->next_at_site) {
        site->due_ms = w->site_due_ms < site->due_ms ? w->site_due_ms : site->due_ms;
        site->due_count = full_count(w) < site->due_count ? full_count(w) : site->due_count;
    }
}

void hs_window_open(struct hs_window_log *log, struct hs_site *site, int64_t captured_at_ms,
                    int64_t appended_at_ms, int64_t after_ms, int64_t settle_ms,
                    struct hs_window *window)
{
    *window = (struct hs_window){
        .site = site,
        .next_at_site = site->windows,
        .previous_in_log = log->last,
        .ring_count = hs_ring_count(site->ring),
        .captured_at_ms = captured_at_ms,
        .after_ms = after_ms,
        .site_due_ms = captured_at_ms + after_ms + settle_ms,
        .log_due_ms = appended_at_ms + after_ms + settle_ms,
    };
    if (site->windows) {
        site->windows->previous_at_site = window;
    }
    site->event_ms = captured_at_ms < appended_at_ms ? captured_at_ms : appended_at_ms;
    site->windows = window;
    *(log->last ? &log->last->next_in_log : &log->first) = window;
    log->last = window;
    log->count++;
    set_due(site);
}

void hs_window_close(struct hs_window_log *log, struct hs_window *window)
{
    struct hs_site *site = window->site;
    *(window->previous_at_site ? &window->previous_at_site->next_at_site : &site->windows) =
        window->next_at_site;
    if (window->next_at_site) {
        window->next_at_site->previous_at_site = window->previous_at_site;
    }
    *(window->previous_in_log ? &window->previous_in_log->next_in_log : &log->first) =
        window->next_in_log;
    *(window->next_in_log ? &window->next_in_log->previous_in_log : &log->last) =
        window->previous_in_log;
    log->count--;
    set_due(site);
}

struct hs_window *hs_site_due(const struct hs_site *site)
{
    if (!site->windows ||
        (site->event_ms < site->due_ms && hs_ring_count(site->ring) < site->due_count)) {
        return NULL;
    }
    struct hs_window *found = NULL;
    for (struct hs_window *w = site->windows; w; w = w->next_at_site) {
        if (site->event_ms >= w->site_due_ms || hs_ring_count(site->ring) >= full_count(w)) {
            found = w; // the oldest of them
        }
    }
    return found;
}

int64_t hs_window_seen_ms(const struct hs_window *window, int64_t log_now_ms)
{
    const struct hs_site *site = window->site;
    if (log_now_ms >= window->log_due_ms || site->event_ms >= window->site_due_ms) {
        return window->after_ms;
    }
    int64_t seen_ms =
        site->event_ms > window->captured_at_ms ? site->event_ms - window->captured_at_ms : 0;
    return seen_ms < window->after_ms ? seen_ms : window->after_ms;
}

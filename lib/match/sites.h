// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SITES_H
#define HS_MATCH_SITES_H
/*
 * The sites that a worker reads, each with its ring of last reads and the companion windows open at
 * it.
 *
 *      key of a message --hash--> site --> ring: the last HS_SITE_READS reads, newest over oldest
 *                                  |
 *                                  +-----> open windows --> each also in its partition's log order
 *
 * A window opens at a hit and stands still while the ring turns: it knows how many reads the ring
 * had, and who passed since is looked up once, when it closes. It is due when the site's own event
 * time has passed it, when the log has (the site fell silent), or just before the ring would lose
 * what it waits for. So a read costs one copy of 24 bytes, and one more comparison while windows
 * are open at its site.
 *
 * Pure: time comes in with the reads. Threads: one. Ownership: sites own their rings; windows are
 * the caller's, and no site of one gives way. Bounds: as many sites as it was made for, each of
 * HS_SITE_READS * 24 bytes; at the limit the site that was not read for longest (by a clock's hand)
 * gives way with all its reads.
 */

#include "match/ring.h"

enum {
    HS_SITE_READS = 256,     // kept at each
    HS_SITE_KEY_MAX = 255,   // bytes; a longer key names no site
    HS_SITES_DEFAULT = 8192, // kept by a worker: 50 MB when all are busy
};

struct hs_sites;
struct hs_site;

// `max` sites at most, at least 1.
int hs_sites_new(size_t max, struct hs_sites **ret_sites);
// No window may be open.
void hs_sites_free(struct hs_sites *sites);
// Forgets all sites and their reads. No window may be open.
void hs_sites_reset(struct hs_sites *sites);

// What a message's site is found by.
uint64_t hs_sites_hash(int32_t partition, struct hs_str key);
// The sites of these hashes, as far as there are any, will be asked for in this order: what they take
// of memory is on the way. Once before each, with all that are left.
void hs_sites_expect(const struct hs_sites *sites, const uint64_t *hashes, size_t count);
// The site of a message, made when it is new; NULL when the key is empty or too long, when every
// site has a window open, or there is no memory: then nothing is kept of it. Valid until the next
// call, and while it has a window open. `hash`: hs_sites_hash() of the other two.
struct hs_site *hs_sites_get(struct hs_sites *sites, uint64_t hash, int32_t partition,
                             struct hs_str key);
size_t hs_sites_count(const struct hs_sites *sites);
// How many gave way.
uint64_t hs_sites_dropped(const struct hs_sites *sites);

const struct hs_ring *hs_site_ring(const struct hs_site *site);

// Takes reads that came with the log's time `appended_at_ms`, in order; returns how many: fewer
// than `count` when a window is due first, see hs_site_due(). One that is malformed takes a place
// and is never found.
size_t hs_site_add(struct hs_site *site, const struct hs_read_view *reads, size_t count,
                   int64_t appended_at_ms);

// Where it lies in a ring and in time. Filled by hs_window_open(); the caller's to embed.
struct hs_window {
    struct hs_site *site;
    struct hs_window *next_at_site, *previous_at_site;
    struct hs_window *next_in_log, *previous_in_log;
    uint64_t ring_count;    // of the site's ring, with the hit's own read
    int64_t captured_at_ms; // of the hit
    int64_t after_ms;       // how long it looks
    int64_t site_due_ms;    // the site's event time from which it is due
    int64_t log_due_ms;     // the log's time from which it is due
};

// The windows of one partition in order of their hits. Zero-initialised is empty.
struct hs_window_log {
    struct hs_window *first, *last;
    size_t count;
};

// Opens a window at a hit whose read was the last one added to the site.
void hs_window_open(struct hs_window_log *log, struct hs_site *site, int64_t captured_at_ms,
                    int64_t appended_at_ms, int64_t after_ms, int64_t settle_ms,
                    struct hs_window *window);
// Takes it out of both orders.
void hs_window_close(struct hs_window_log *log, struct hs_window *window);

// A window that the reads of its site have made due, or NULL. Before further reads are added it is
// to be closed.
struct hs_window *hs_site_due(const struct hs_site *site);
// The oldest window when the log's time has made it due, or NULL.
static inline struct hs_window *hs_window_due(const struct hs_window_log *log, int64_t now_ms)
{
    return log->first && log->first->log_due_ms <= now_ms ? log->first : NULL;
}

// For how long after its hit the window saw the site's reads: all of after_ms, or what the site's
// event time reached when it is closed before it is due.
int64_t hs_window_seen_ms(const struct hs_window *window, int64_t log_now_ms);

#endif

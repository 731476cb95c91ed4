// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_KEPT_H
#define HS_HITSTREAMD_CORRELATE_KEPT_H
/*
 * A local copy of one partition of anpr.vehicles up to an offset: what a new owner reads instead of
 * the whole topic. It holds the topic's own records, so that restoring from it and then from what
 * is newer gives the same state as restoring from the topic; who loses it loses time alone.
 *
 * A file is written beside its place and renamed; it is refused whole when anything is off: its
 * version, cluster, partition, length, checksum or age. (Age: the topic forgets tombstones after a
 * day, and a copy that does not know of them would bring states back.)
 *
 * Threads: any, one an object. Ownership: plain; records are borrowed for the call. Bounds:
 * HS_KEPT_NEWS_MAX_BYTES of news at a time; a file as large as the partition's states.
 */

#include "base/arena.h"
#include "base/str.h"

enum {
    HS_KEPT_CLUSTER_BYTES = 64,
    HS_KEPT_PATH_BYTES = 4096,
    HS_KEPT_NEWS_MAX_BYTES = 128 << 20,
};
#define HS_KEPT_AGE_MAX_MS INT64_C(21600000) // a quarter of the day that tombstones stay

// What a file says of itself.
struct hs_kept_head {
    char cluster[HS_KEPT_CLUSTER_BYTES]; // Kafka's id of it
    int32_t partition;
    int64_t next_offset; // of anpr.vehicles: everything before it is in the file
    int64_t read_at_ms;  // wall clock: the topic was read then
};

// One record of the topic.
struct hs_kept_record {
    struct hs_str key;
    struct hs_str value; // empty: a tombstone
    uint64_t epoch;      // of its header
};

// ---- reading ----

struct hs_kept;

// Opens and verifies the file of a partition. HS_ENOTFOUND: there is none; HS_EFORMAT: refused,
// *ret_why (HS_KEPT_WHY_BYTES) says why; HS_EIO.
enum { HS_KEPT_WHY_BYTES = 96 };
int hs_kept_open(const char *path, const char *cluster, int32_t partition, int64_t now_ms,
                 struct hs_kept **ret_kept, char ret_why[HS_KEPT_WHY_BYTES]);
void hs_kept_close(struct hs_kept *kept); // NULL is legal
const struct hs_kept_head *hs_kept_head(const struct hs_kept *kept);
uint64_t hs_kept_count(const struct hs_kept *kept);
// Shows every record in order; false ends it.
void hs_kept_each(const struct hs_kept *kept, bool (*fn)(void *ctx, const struct hs_kept_record *),
                  void *ctx);

// ---- writing ----

// What is newer than a file: the last record of each key. Zero-initialised is empty.
struct hs_kept_news {
    struct hs_kept_new *rows; // in order of first appearance
    size_t count, capacity;
    uint32_t *slots; // row number + 1; 0: free
    size_t slot_count;
    size_t bytes; // held
};
// Copies; in order of the topic. HS_ENOMEM.
int hs_kept_news_add(struct hs_kept_news *news, const struct hs_kept_record *record);
void hs_kept_news_fini(struct hs_kept_news *news);

// Writes the file anew: the old one's records that no newer one replaces (`old` may be NULL), then
// the news. A record of an older epoch than what stands replaces nothing: both are kept, as in the
// topic. `go_on` is asked now and then; false gives HS_ECANCELED and leaves the old file. HS_EIO.
int hs_kept_write(const char *path, const struct hs_kept_head *head, const struct hs_kept *old,
                  const struct hs_kept_news *news, bool (*go_on)(void *ctx), void *ctx);

#endif

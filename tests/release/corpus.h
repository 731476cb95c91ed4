// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_RELEASE_CORPUS_H
#define HS_TEST_RELEASE_CORPUS_H
/*
 * What a released version leaves behind, for every later version to read: tests/data/releases/VERSION/
 *
 *     log          events of a partition of anpr.hits, from the first
 *     controls     the packed sources that the log names
 *     states       the local copy of the vehicles' states after `restored_at` events (hitstreamd/correlate_kept.h)
 *     told         a line an alert: offset of its cause, id, incident, queue
 *     alerts       the alerts themselves, as packed
 *     snapshot     a snapshot of the lists (match/snapshot.h)
 *     matches      a line a read: the plate, then what it hits there
 *
 * log, controls and alerts are rows: number 8 bytes, time 8, length 4, bytes; little-endian. Keys are those of
 * support/offline.h. Written by release_record when a version is released, and never again.
 *
 * Threads: one. What goes wrong fails the test.
 */

#include "base/str.h"

struct corpus_row {
    uint64_t number; // offset, or count
    int64_t time_ms;
    struct hs_str bytes; // owned by the rows
};

struct corpus_rows {
    struct hs_buf file; // as read
    struct corpus_row *rows;
    size_t count;
};

void corpus_add_row(struct hs_buf *out, uint64_t number, int64_t time_ms, struct hs_str bytes);
// A file of the folder, whole.
void corpus_read(const char *folder, const char *name, struct hs_buf *out);
void corpus_read_rows(const char *folder, const char *name, struct corpus_rows *ret_rows);
void corpus_rows_fini(struct corpus_rows *rows);

// The plates that are read against the snapshot, ends with NULL.
extern const char *const corpus_plates[];
// Where the states stand: of the copy's head.
#define CORPUS_CLUSTER "release"
enum { CORPUS_AT_MS = 1000 }; // when the copy was read, by the clock

#endif

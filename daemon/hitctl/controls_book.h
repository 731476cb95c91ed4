// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_BOOK_H
#define HITCTL_CONTROLS_BOOK_H
/*
 * All controls that stand in anpr.controls, by hash: what the log of hits names.
 *
 * Threads: one. Ownership: the book owns the packed objects; what it gives is a reference of the
 * caller's. Bounds: CONTROLS_BOOK_MAX_BYTES of parts; beyond it reading fails with HS_ELIMIT.
 */

#include "controls/controls.h"
#include "kafka/tail.h"

enum { CONTROLS_BOOK_MAX_BYTES = 1 << 30 };

struct controls_book;

// Reads the topic whole. HS_EUNREACHABLE, HS_ENOTFOUND, HS_ETIMEDOUT.
int controls_book_read(struct hs_kafka_tail *tail, int64_t timeout_ms,
                       struct controls_book **ret_book);
void controls_book_free(struct controls_book *book);

// The object of a hash; NULL: it does not stand there whole, or is refused by this version.
struct hs_controls *controls_book_get(struct controls_book *book, const char *hash);
// The same with these rules in place of its own; NULL also when the whole does not hold.
struct hs_controls *controls_book_get_with(struct controls_book *book, const char *hash,
                                           struct hs_str rules);
// An object whose part for this audience has that hash: all such decide alike for it. NULL: none.
struct hs_controls *controls_book_of_audience(struct controls_book *book, struct hs_str audience,
                                              const char *audience_hash);

#endif

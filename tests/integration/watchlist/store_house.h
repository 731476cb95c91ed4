// SPDX-License-Identifier: Apache-2.0
#ifndef STORE_HOUSE_H
#define STORE_HOUSE_H
/*
 * What tests of the store share: a fresh Redis and a connected store for each test, lists and entries made up, somebody
 * who meddles, a reader of everything, a follower. Threads: one.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "support/redis_server.h"
#include "watchlist/store.h"

enum { TIMEOUT_MS = 1000 };

extern struct hs_redis_server redis;
extern struct hs_store *store;
extern struct hs_bump bump; // emptied after each test
extern const struct hs_actor actor;

int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

struct hs_store *open_store(void);
// A command of somebody who is not us.
long long meddle(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The store's last message must hold this.
void says(const char *part);

struct hs_store_list new_list(const char *list_id);
// Entry i of a list. Packed, it is only its VRM and a mark: enough for a store. Valid for a few calls.
struct hs_str entry_id(unsigned i);
struct hs_str packed(unsigned i, char mark);
struct hs_store_loading *begin_load(const struct hs_store_list *list, unsigned count, char mark);
void load(struct hs_store_list *list, unsigned count, char mark);

// A reader of everything.
struct seen {
    unsigned begins, lists;
    size_t entries;
    char mark; // of all entries; '?' when they differ
};
int see_begin(void *ctx);
int see_list(void *ctx, const struct hs_store_list *list);
int see_entry(void *ctx, struct hs_str id, struct hs_str entry);
int read_all(struct hs_store *from, struct seen *seen, struct hs_position *ret_position);

// A follower.
struct followed {
    size_t count;
    enum hs_change_op ops[64];
    uint64_t sequences[64];
    char ids[64][HS_CHANGE_ID_BYTES];
};
int follow_one(void *ctx, const struct hs_change *change);

#endif

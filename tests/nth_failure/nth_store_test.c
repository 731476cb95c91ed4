// SPDX-License-Identifier: Apache-2.0
/*
 * When memory runs out or the connection breaks, at whatever call it is, while a daemon reads its lists from a real
 * Redis, follows their changes, or a list is loaded into it: it works or says that it did not, what was there before is
 * there still, and nothing leaks. Allocations are those of our own code: hiredis 0.14 ends a process that gets no memory.
 */
#include <stdio.h>

#include "hitstream/v1/watchlist.pb-c.h"
#include "hitstreamd/lists_load.h"
#include "integration/watchlist/store_house.h"
#include "nth_failure/calls.h"

enum { ENTRIES = 12, PUTS = 4, SOME = 1 };

static const char *nothing_is_lost(int rc)
{
    return rc <= 0 ? NULL : "a part was lost without a word";
}

// Entry i of a list as hitctl packs it. Valid until the next call.
static struct hs_str entry_of(const char *list_id, unsigned i, const char *reason)
{
    static uint8_t room[256];
    Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    char id[16], vrm[16];
    snprintf(id, sizeof(id), "e%u", i);
    snprintf(vrm, sizeof(vrm), "AB%02uCDE", 51 + i % 40);
    entry.list_id = (char *)(uintptr_t)list_id;
    entry.entry_id = id;
    entry.vrm = vrm;
    entry.reason = (char *)(uintptr_t)reason;
    entry.handling = HITSTREAM__V1__HANDLING__HANDLING_STOP;
    return hs_str_n((const char *)room, hitstream__v1__watchlist_entry__pack(&entry, room));
}

static struct hs_str id_of(unsigned i)
{
    static char text[16];
    snprintf(text, sizeof(text), "e%u", i);
    return hs_str(text);
}

static void put(const char *list_id, unsigned i, const char *reason)
{
    struct hs_store_list list;
    struct hs_position position;
    assert_int_equal(hs_store_list_get(store, hs_str(list_id), &bump, &list), 0);
    assert_int_equal(hs_store_put(store, &actor, &list, id_of(i), entry_of(list_id, i, reason),
                                  HS_STR(""), &position),
                     0);
}

static int connect_store(struct hs_store **ret_store)
{
    const struct hs_redis_config config = {.socket = redis.socket_path,
                                           .connect_timeout_ms = TIMEOUT_MS,
                                           .command_timeout_ms = TIMEOUT_MS};
    return hs_store_open(&config, ret_store, NULL);
}

// ---- a daemon reads all lists, and goes on from there ----

static struct hs_position stands; // before the changes that are followed

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

static int read_lists(void)
{
    struct hs_store *own = NULL;
    struct hs_snapshot *snapshot = NULL;
    struct hs_position position;
    struct hs_snapshot_stats stats;
    char why[HS_LISTS_WHY_BYTES];
    int rc = connect_store(&own);
    rc = rc ? rc : hs_lists_load(own, always, NULL, &snapshot, &position, why);
    if (rc == 0) {
        hs_snapshot_stats(snapshot, &stats);
        rc = stats.lists == 2 && stats.entries == 2 * ENTRIES + PUTS ? 0 : 1;
    }
    hs_snapshot_free(snapshot);
    hs_store_free(own);
    return rc;
}

static int follow_changes(void)
{
    struct hs_store *own = NULL;
    struct hs_lists_batch batch = {0};
    struct hs_position position = stands;
    int rc = connect_store(&own);
    rc = rc ? rc : hs_store_follow(own, &position, 0, hs_lists_batch_take, &batch);
    if (rc == 0) {
        rc = batch.count == PUTS ? 0 : 1;
    }
    hs_lists_batch_fini(&batch);
    hs_store_free(own);
    return rc;
}

static void fill(void)
{
    struct hs_position position;
    for (unsigned l = 0; l < 2; l++) {
        const char *list_id = l ? "lantern" : "stolen";
        struct hs_store_list list = new_list(list_id);
        struct hs_store_loading *loading;
        assert_int_equal(hs_store_loading_new(store, &list, &loading), 0);
        for (unsigned i = 0; i < ENTRIES; i++) {
            assert_int_equal(
                hs_store_loading_add(loading, id_of(i), entry_of(list_id, i, "loaded")), 0);
        }
        assert_int_equal(
            hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR("test"), &list, &position),
            0);
    }
    stands = position;
    for (unsigned i = 0; i < PUTS; i++) {
        put("stolen", ENTRIES + i, "put");
    }
}

static void lists_are_read_whole_or_not(void **state)
{
    (void)state;
    fill();
    const struct nth_work works[] = {
        {"lists read, memory", HS_NTH_ALLOCATION | HS_NTH_OWN, 20, read_lists, nothing_is_lost},
        {"lists read, sockets", HS_NTH_SOCKET, 10, read_lists, nothing_is_lost},
        {"changes followed, memory", HS_NTH_ALLOCATION | HS_NTH_OWN, 4, follow_changes,
         nothing_is_lost},
        {"changes followed, sockets", HS_NTH_SOCKET, 4, follow_changes, nothing_is_lost},
    };
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        nth_each_call_fails(&works[i], SOME);
    }
}

// ---- a list is loaded ----

static char marked = 'a'; // the next content

static int load_list(void)
{
    struct hs_store *own = NULL;
    struct hs_bump texts = {0};
    struct hs_store_list list;
    struct hs_store_loading *loading = NULL;
    struct hs_position position;
    int rc = connect_store(&own);
    rc = rc ? rc : hs_store_list_get(own, HS_STR("stolen"), &texts, &list);
    rc = rc ? rc : hs_store_loading_new(own, &list, &loading);
    for (unsigned i = 0; rc == 0 && i < ENTRIES; i++) {
        rc = hs_store_loading_add(loading, entry_id(i), packed(i, marked));
    }
    rc =
        rc ? rc
           : hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR("test"), &list, &position);
    if (rc != 0) {
        hs_store_loading_abort(loading);
    }
    hs_bump_fini(&texts);
    hs_store_free(own);
    return rc;
}

// Whoever lost the connection while it went live does not know; everybody else says what is.
static const char *it_is_the_old_or_the_new(int rc)
{
    struct seen seen;
    struct hs_position position;
    assert_int_equal(read_all(store, &seen, &position), 0);
    char before = marked == 'a' ? 'b' : 'a';
    const char *wrong = seen.entries != ENTRIES || (seen.mark != marked && seen.mark != before)
                            ? "it is of both"
                        : rc == 0 && seen.mark != marked ? "it is not loaded"
                                                         : NULL;
    marked = seen.mark == marked ? before : marked;
    return wrong;
}

static void a_load_is_whole_or_not_at_all(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("stolen");
    load(&list, ENTRIES, 'b');
    const struct nth_work works[] = {
        {"list loaded, memory", HS_NTH_ALLOCATION | HS_NTH_OWN, 10, load_list,
         it_is_the_old_or_the_new},
        {"list loaded, sockets", HS_NTH_SOCKET, 10, load_list, it_is_the_old_or_the_new},
    };
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        nth_each_call_fails(&works[i], SOME);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(lists_are_read_whole_or_not),
                                       TEST(a_load_is_whole_or_not_at_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// The store on a real Redis: changes are whole or not at all.

#include "hitstream/v1/watchlist.pb-c.h"
#include "store_house.h"

static void a_load_is_live_in_one_step(void **state)
{
    (void)state;
    struct hs_store *reader = open_store();
    struct hs_store_list list = new_list("lines");
    struct seen seen;
    struct hs_position position;
    load(&list, 3000, 'a');
    struct hs_store_loading *loading = begin_load(&list, 2000, 'b');
    assert_int_equal(read_all(reader, &seen, &position), 0);
    assert_int_equal(seen.entries, 3000);
    assert_int_equal(seen.mark, 'a');
    assert_int_equal(
        hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR(""), &list, &position), 0);
    assert_int_equal(read_all(reader, &seen, &position), 0);
    assert_int_equal(seen.entries, 2000);
    assert_int_equal(seen.mark, 'b');
    assert_int_equal(list.generation, 2);
    hs_store_free(reader);
}

// A reader in whose midst others change the list.
struct disturbed {
    struct seen seen; // first member
    struct hs_store *other;
    struct hs_store_list list; // as the other knows it
    bool load;                 // it is loaded anew
};

static int see_and_change(void *ctx, struct hs_str id, struct hs_str entry)
{
    struct disturbed *disturbed = ctx;
    struct hs_position position;
    (void)id;
    (void)entry;
    if (++disturbed->seen.entries != 2000 || disturbed->seen.begins > 1) {
        return 0;
    }
    for (unsigned i = 0; i < 20000 && !disturbed->load; i += 500) {
        assert_int_equal(hs_store_put(disturbed->other, &actor, &disturbed->list, entry_id(i),
                                      packed(i, 'b'), packed(i, 'a'), &position),
                         0);
        assert_int_equal(hs_store_drop(disturbed->other, &actor, &disturbed->list, entry_id(i + 1),
                                       packed(i + 1, 'a'), &position),
                         0);
        assert_int_equal(hs_store_put(disturbed->other, &actor, &disturbed->list,
                                      entry_id(i + 50000), packed(i + 50000, 'a'), hs_str(""),
                                      &position),
                         0);
    }
    if (disturbed->load) {
        load(&disturbed->list, 10, 'c');
    }
    return 0;
}

static void a_list_that_changes_while_it_is_read_still_holds(void **state)
{
    (void)state;
    struct disturbed disturbed = {.other = store, .list = new_list("lines")};
    struct hs_store *reader = open_store();
    struct hs_store_sink sink = {&disturbed, see_begin, see_list, see_and_change};
    struct hs_position position;
    load(&disturbed.list, 20000, 'a'); // several pieces: the last are asked for after the changes
    assert_int_equal(hs_store_load(reader, &sink, &position), 0);
    assert_int_equal(disturbed.seen.begins, 1);
    struct hs_position end; // what has changed comes again when following
    assert_int_equal(hs_store_head(reader, &end), 0);
    assert_string_not_equal(position.id, end.id);
    // But a meddler is found out all the same.
    disturbed.seen = (struct seen){0};
    struct hs_str entry = packed(7, 'x');
    meddle("HSET hs:list:lines:g1 AB00007 %s", entry.ptr);
    disturbed.seen.begins = 1; // it changes no more
    assert_int_equal(hs_store_load(reader, &sink, &position), HS_ECHECKSUM);
    hs_store_free(reader);
}

static void a_list_that_is_loaded_while_it_is_read_is_read_again(void **state)
{
    (void)state;
    struct disturbed disturbed = {.other = store, .list = new_list("lines"), .load = true};
    struct hs_store *reader = open_store();
    struct hs_store_sink sink = {&disturbed, see_begin, see_list, see_and_change};
    struct hs_position position;
    disturbed.list.keep_generations = 0;
    assert_int_equal(hs_store_list_set(store, &actor, &disturbed.list, &position), 0);
    disturbed.list.sequence++;
    load(&disturbed.list, 20000, 'a');
    assert_int_equal(hs_store_load(reader, &sink, &position), 0);
    assert_true(disturbed.seen.begins <= 2);
    assert_true(disturbed.seen.entries == (disturbed.seen.begins == 2 ? 10 : 20000));
    hs_store_free(reader);
}

static void an_aborted_load_leaves_nothing(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines");
    long long keys = meddle("DBSIZE");
    hs_store_loading_abort(begin_load(&list, 5000, 'a'));
    hs_store_loading_abort(NULL);
    assert_int_equal(meddle("DBSIZE"), keys);
    assert_int_equal(meddle("HEXISTS hs:list:lines loading:1"), 0);
}

static void a_killed_load_is_cleared_by_a_later_one(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines");
    meddle("HSET hs:list:lines loading:1 1000 last_generation 1");
    meddle("HSET hs:list:lines:g1 a b");
    load(&list, 10, 'a');
    assert_int_equal(list.generation, 2);
    assert_int_equal(meddle("EXISTS hs:list:lines:g1"), 0);
    assert_int_equal(meddle("HEXISTS hs:list:lines loading:1"), 0);
}

static void a_change_against_an_old_revision_is_refused(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines"), old, read;
    struct hs_position position, before, after;
    load(&list, 10, 'a');
    old = list;
    struct hs_store_loading *loading = begin_load(&old, 3, 'c');
    assert_int_equal(
        hs_store_put(store, &actor, &list, entry_id(10), packed(10, 'a'), hs_str(""), &position),
        0);
    assert_int_equal(hs_store_head(store, &before), 0);
    assert_int_equal(
        hs_store_put(store, &actor, &old, entry_id(11), packed(11, 'a'), hs_str(""), &position),
        HS_ECONFLICT);
    says("changed since it was read");
    assert_int_equal(hs_store_list_set(store, &actor, &old, &position), HS_ECONFLICT);
    assert_int_equal(
        hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR(""), NULL, &position),
        HS_ECONFLICT);
    hs_store_loading_abort(loading);
    assert_int_equal(hs_store_list_create(store, &actor, &list, &position), HS_EEXIST);
    assert_int_equal(hs_store_head(store, &after), 0);
    assert_string_equal(before.id, after.id);
    assert_int_equal(hs_store_list_get(store, hs_str("lines"), &bump, &read), 0);
    assert_int_equal(read.size, 11);
    assert_int_equal(read.sequence, 1);
}

static void changes_by_two_at_once_both_stand(void **state)
{
    (void)state;
    struct hs_store *other = open_store();
    struct hs_store_list a = new_list("a"), b = new_list("b");
    struct hs_position position;
    for (unsigned i = 0; i < 20; i++) { // each has seen another end of the chain
        assert_int_equal(
            hs_store_put(store, &actor, &a, entry_id(i), packed(i, 'a'), hs_str(""), &position), 0);
        assert_int_equal(
            hs_store_put(other, &actor, &b, entry_id(i), packed(i, 'a'), hs_str(""), &position), 0);
    }
    struct followed followed = {0};
    assert_int_equal(hs_store_history(store, hs_str("b"), follow_one, &followed), 0);
    assert_int_equal(followed.count, 21);
    hs_store_free(other);
}

static void a_put_and_a_drop_keep_the_checksum(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines");
    struct hs_position position;
    struct seen seen;
    load(&list, 100, 'a');
    assert_int_equal(
        hs_store_put(store, &actor, &list, entry_id(5), packed(5, 'b'), packed(5, 'a'), &position),
        0);
    assert_int_equal(hs_store_drop(store, &actor, &list, entry_id(6), packed(6, 'a'), &position),
                     0);
    assert_int_equal(list.size, 99);
    assert_int_equal(read_all(store, &seen, &position), 0);
    assert_int_equal(seen.entries, 99);
}

static void an_exclusion_is_stored_once(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("stolen");
    struct hs_position at;
    struct hs_str id = HS_STR("AB12CDE"), entry;
    Hitstream__V1__WatchlistEntry listed = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
    uint8_t bytes[64];
    listed.entry_id = (char *)(uintptr_t)id.ptr;
    size_t len = hitstream__v1__watchlist_entry__pack(&listed, bytes);
    entry = hs_str_n((const char *)bytes, len);
    assert_int_equal(hs_store_put(store, &actor, &list, id, entry, HS_STR(""), &at), 0);
    struct hs_store_exclusion exclusion = {.list_id = HS_STR("stolen"),
                                           .entry_id = id,
                                           .plate = HS_STR("AB12CDE"),
                                           .owner = HS_STR("PC 7/8"),
                                           .mark = HS_STR("feedback 01"),
                                           .reason = HS_STR("sold; cloned"),
                                           .expires_at_ms = INT64_MAX};
    for (int i = 0; i < 3; i++) { // the third is another decision
        exclusion.mark = i < 2 ? HS_STR("feedback 01") : HS_STR("feedback 02");
        assert_int_equal(hs_store_exclude(store, &actor, &exclusion, &at), 0);
        assert_int_equal(hs_store_list_get(store, HS_STR("stolen"), &bump, &list), 0);
        assert_int_equal(list.sequence, i < 2 ? 2 : 3);
    }
    assert_int_equal(hs_store_entry_get(store, &list, id, &bump, &entry), 0);
    assert_non_null(memmem(entry.ptr, entry.len, "feedback 01: sold, cloned", 25));
    assert_non_null(memmem(entry.ptr, entry.len, "PC 7 8", 6));
    // a file knows nothing of what desks said: it outlives the next load, and the one after
    for (int i = 0; i < 2; i++) {
        struct hs_store_loading *loading;
        assert_int_equal(hs_store_loading_new(store, &list, &loading), 0);
        assert_int_equal(hs_store_loading_add(loading, id, hs_str_n((const char *)bytes, len)), 0);
        assert_int_equal(
            hs_store_loading_commit(loading, &actor, HS_OP_LOAD, HS_STR(""), &list, &at), 0);
        assert_int_equal(hs_store_entry_get(store, &list, id, &bump, &entry), 0);
        assert_non_null(memmem(entry.ptr, entry.len, "feedback 01: sold, cloned", 25));
        assert_non_null(memmem(entry.ptr, entry.len, "feedback 02: sold, cloned", 25));
    }
    // till a person takes it away
    assert_int_equal(
        hs_store_put(store, &actor, &list, id, hs_str_n((const char *)bytes, len), entry, &at), 0);
    struct hs_store_kept *kept;
    assert_int_equal(hs_store_kept_new(store, &list, &kept), 0);
    assert_int_equal(hs_store_kept_into(kept, id, hs_str_n((const char *)bytes, len), &entry), 0);
    assert_int_equal(entry.len, len);
    hs_store_kept_free(kept);
    exclusion.entry_id = HS_STR("gone");
    assert_int_equal(hs_store_exclude(store, &actor, &exclusion, &at), HS_ENOTFOUND);
    exclusion.list_id = HS_STR("no-list");
    assert_int_equal(hs_store_exclude(store, &actor, &exclusion, &at), HS_ENOTFOUND);
}

static void earlier_generations_are_kept_and_bounded(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines");
    struct hs_store_generation *rows;
    size_t count;
    for (char mark = 'a'; mark < 'f'; mark++) {
        load(&list, 10, mark);
    }
    assert_int_equal(hs_store_generations(store, list.list_id, &bump, &rows, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].generation, 4);
    assert_int_equal(rows[1].generation, 3);
    assert_int_equal(meddle("EXISTS hs:list:lines:g2 hs:list:lines:g1 hs:list:lines:g0"), 0);
    assert_int_equal(meddle("EXISTS hs:list:lines:g3 hs:list:lines:g4 hs:list:lines:g5"), 3);
}

static void a_removed_list_leaves_its_last_generation_alone(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines"), old, again;
    struct hs_position position;
    load(&list, 10, 'a');
    old = list;
    load(&list, 10, 'b');
    assert_int_equal(hs_store_list_remove(store, &actor, &old, hs_str(""), &position),
                     HS_ECONFLICT);
    assert_int_equal(hs_store_list_remove(store, &actor, &list, hs_str("why"), &position), 0);
    assert_int_equal(hs_store_list_get(store, hs_str("lines"), &bump, &again), HS_ENOTFOUND);
    assert_int_equal(meddle("EXISTS hs:list:lines:g1 hs:list:lines:g2"), 0);
    assert_int_equal(meddle("SISMEMBER hs:lists lines"), 0);
    assert_int_equal(meddle("HLEN hs:list:lines"), 1);
    again = new_list("lines"); // revisions of an id only go up
    assert_int_equal(again.generation, 3);
    load(&again, 5, 'c');
    assert_int_equal(again.generation, 4);
    struct seen seen;
    assert_int_equal(read_all(store, &seen, &position), 0);
    assert_int_equal(seen.entries, 5);
}

// Beyond the first few thousand, entries stand in parts with others.
static void entries_of_a_long_list_are_found_and_changed(void **state)
{
    (void)state;
    struct hs_store_list list = new_list("lines"), again;
    struct hs_position position;
    struct seen seen;
    struct hs_str entry;
    load(&list, 30000, 'a');
    assert_true(meddle("HLEN hs:list:lines:g1") < 10000);
    for (unsigned i = 0; i < 30000; i += 997) {
        assert_int_equal(hs_store_entry_get(store, &list, entry_id(i), &bump, &entry), 0);
        assert_true(hs_str_eq(entry, packed(i, 'a')));
    }
    assert_int_equal(hs_store_entry_get(store, &list, entry_id(30000), &bump, &entry),
                     HS_ENOTFOUND);
    assert_int_equal(hs_store_put(store, &actor, &list, entry_id(20000), packed(20000, 'b'),
                                  packed(20000, 'a'), &position),
                     0);
    assert_int_equal(hs_store_entry_get(store, &list, entry_id(20000), &bump, &entry), 0);
    assert_true(hs_str_eq(entry, packed(20000, 'b')));
    assert_int_equal(
        hs_store_drop(store, &actor, &list, entry_id(20000), packed(20000, 'b'), &position), 0);
    assert_int_equal(hs_store_entry_get(store, &list, entry_id(20000), &bump, &entry),
                     HS_ENOTFOUND);
    assert_int_equal(hs_store_put(store, &actor, &list, entry_id(40000), packed(40000, 'a'),
                                  hs_str(""), &position),
                     0);
    assert_int_equal(read_all(store, &seen, &position), 0); // size and checksum hold
    assert_int_equal(seen.entries, 30000);
    assert_int_equal(seen.mark, 'a');
    assert_int_equal(hs_store_list_get(store, list.list_id, &bump, &again), 0);
    assert_int_equal(again.checksum, list.checksum);
    assert_int_equal(
        hs_store_put(store, &actor, &list, hs_str("\x01x"), packed(1, 'a'), hs_str(""), &position),
        HS_EINVAL);
    // A part that somebody has cut.
    hs_store_list_get(store, list.list_id, &bump, &list);
    meddle("HSET hs:list:lines:g1 %s garbage", "\x01"
                                               "000:0");
    assert_int_equal(read_all(store, &seen, &position), HS_EPROTO);
}

static void one_list_is_read_beside_others(void **state)
{
    (void)state;
    struct hs_store_list lines = new_list("lines"), wanted = new_list("wanted");
    struct seen seen = {0};
    struct hs_store_sink sink = {&seen, see_begin, see_list, see_entry};
    const struct hs_str ids[] = {hs_str("lines"), hs_str("nosuch")};
    load(&lines, 10, 'a');
    load(&wanted, 20, 'b');
    assert_int_equal(hs_store_load_lists(store, ids, 2, &sink), 0);
    assert_int_equal(seen.lists, 1);
    assert_int_equal(seen.entries, 10);
    meddle("HDEL hs:list:lines:g1 AB00003");
    assert_int_equal(hs_store_load_lists(store, ids, 2, &sink), HS_ECHECKSUM);
    assert_int_equal(hs_store_load_lists(store, ids + 1, 1, &sink), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_load_is_live_in_one_step),
        TEST(a_list_that_changes_while_it_is_read_still_holds),
        TEST(a_list_that_is_loaded_while_it_is_read_is_read_again),
        TEST(an_aborted_load_leaves_nothing),
        TEST(a_killed_load_is_cleared_by_a_later_one),
        TEST(a_change_against_an_old_revision_is_refused),
        TEST(changes_by_two_at_once_both_stand),
        TEST(a_put_and_a_drop_keep_the_checksum),
        TEST(an_exclusion_is_stored_once),
        TEST(earlier_generations_are_kept_and_bounded),
        TEST(a_removed_list_leaves_its_last_generation_alone),
        TEST(entries_of_a_long_list_are_found_and_changed),
        TEST(one_list_is_read_beside_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

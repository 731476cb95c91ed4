// SPDX-License-Identifier: Apache-2.0
// Following the stream of changes on a real Redis: gaps, broken chains and lost failovers are noticed.
#include <stdio.h>

#include "store_house.h"

static void a_follower_gets_changes_in_order(void **state)
{
    (void)state;
    struct hs_store *reader = open_store();
    struct seen seen;
    struct followed followed = {0};
    struct hs_position position, last;
    struct hs_store_list list = new_list("lines");
    assert_int_equal(read_all(reader, &seen, &position), 0);
    assert_int_equal(hs_store_follow(reader, &position, 1, follow_one, &followed), 0);
    assert_int_equal(followed.count, 0);
    load(&list, 10, 'a');
    assert_int_equal(
        hs_store_put(store, &actor, &list, entry_id(10), packed(10, 'a'), hs_str(""), &last), 0);
    assert_int_equal(hs_store_drop(store, &actor, &list, entry_id(10), packed(10, 'a'), &last), 0);
    assert_int_equal(hs_store_list_set(store, &actor, &list, &last), 0);
    assert_int_equal(hs_store_follow(reader, &position, 1000, follow_one, &followed), 0);
    assert_int_equal(followed.count, 4);
    static const enum hs_change_op ops[] = {HS_OP_LOAD, HS_OP_PUT, HS_OP_DROP, HS_OP_SET};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(followed.ops[i], ops[i]);
        assert_int_equal(followed.sequences[i], i);
    }
    assert_string_equal(position.id, last.id);
    assert_string_equal(position.hash, last.hash);
    assert_int_equal(hs_store_check(reader, &position), 0);
    hs_store_free(reader);
}

static int keep_looked(void *ctx, const struct hs_change *change)
{
    char *text = ctx;
    snprintf(text, 128, "%s %.*s (%.*s) %.*s %.*s %.*s", hs_change_op_name(change->op),
             HS_STR_ARG(change->who), HS_STR_ARG(change->authority),
             HS_STR_ARG(change->looked.command), HS_STR_ARG(change->looked.list_id),
             HS_STR_ARG(change->looked.vehicle));
    return 0;
}

static void a_consultation_stands_in_the_chain(void **state)
{
    (void)state;
    struct hs_position position;
    char text[128];
    const struct hs_consultation looked = {
        .command = HS_STR("list show"), .list_id = HS_STR("lines"), .vehicle = HS_STR("AB12CDE")};
    new_list("lines");
    assert_int_equal(hs_store_head(store, &position), 0);
    assert_int_equal(hs_store_consulted(store, &actor, &looked), 0);
    assert_int_equal(hs_store_follow(store, &position, 0, keep_looked, text), 0);
    assert_string_equal(text, "consulted ann (A/1) list show lines AB12CDE");
    assert_int_equal(hs_store_refused(store, &actor, &looked), 0);
    assert_int_equal(hs_store_follow(store, &position, 0, keep_looked, text), 0);
    assert_string_equal(text, "refused ann (A/1) list show lines AB12CDE");
    assert_int_equal(hs_store_check(store, &position), 0);
}

static void a_follower_notices_a_flushed_redis(void **state)
{
    (void)state;
    struct followed followed = {0};
    struct hs_position position;
    new_list("lines");
    assert_int_equal(hs_store_head(store, &position), 0);
    meddle("FLUSHALL");
    assert_int_equal(hs_store_check(store, &position), HS_ELOST);
    says("is gone");
    hs_test_pause_ms(
        2); // a record of the same millisecond would have the same id: only the check sees that
    new_list("others");
    assert_int_equal(hs_store_follow(store, &position, 10, follow_one, &followed), HS_ELOST);
    says("the chain is broken");
    assert_int_equal(followed.count, 0);
}

static void a_record_that_is_not_what_it_was_is_noticed(void **state)
{
    (void)state;
    struct hs_position position, start = hs_position_start();
    new_list("lines");
    assert_int_equal(hs_store_head(store, &position), 0);
    meddle("FLUSHALL");
    meddle("XADD hs:changes %s prev %s op confirm at 1 who eve authority a note n", position.id,
           start.hash);
    assert_int_equal(hs_store_check(store, &position), HS_ELOST);
    says("is not what it was");
}

static void a_follower_notices_a_failover_that_lost_changes(void **state)
{
    (void)state;
    struct followed followed = {0};
    struct hs_position position;
    struct hs_store_list list = new_list("lines");
    load(&list, 10, 'a');
    assert_int_equal(hs_redis_server_save(&redis), 0);
    assert_int_equal(
        hs_store_put(store, &actor, &list, entry_id(10), packed(10, 'a'), hs_str(""), &position),
        0);
    hs_redis_server_kill(&redis);
    int rc = hs_store_check(store, &position);
    assert_true(rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT);
    assert_int_equal(hs_redis_server_again(&redis), 0);
    hs_store_free(store);
    store = open_store();
    assert_int_equal(hs_store_check(store, &position), HS_ELOST);
    // Others go on writing there: the lost record does not come back, and following finds out.
    assert_int_equal(hs_store_list_get(store, hs_str("lines"), &bump, &list), 0);
    assert_int_equal(list.size, 10);
    struct hs_position other;
    assert_int_equal(
        hs_store_put(store, &actor, &list, entry_id(11), packed(11, 'a'), hs_str(""), &other), 0);
    assert_int_equal(hs_store_follow(store, &position, 10, follow_one, &followed), HS_ELOST);
    // A person can say that it is right.
    assert_int_equal(hs_store_confirmed(store, position.id), HS_ENOTFOUND);
    assert_int_equal(hs_store_confirm(store, &actor, position.id, &other), 0);
    assert_int_equal(hs_store_confirmed(store, position.id), 0);
}

static void a_follower_notices_a_gap(void **state)
{
    (void)state;
    struct followed followed = {0};
    struct hs_position position;
    struct hs_store_list list = new_list("lines");
    assert_int_equal(hs_store_head(store, &position), 0);
    struct hs_position last;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(
            hs_store_put(store, &actor, &list, entry_id(i), packed(i, 'a'), hs_str(""), &last), 0);
    }
    assert_int_equal(meddle("XTRIM hs:changes MAXLEN 2"), 4);
    assert_int_equal(hs_store_follow(store, &position, 10, follow_one, &followed), HS_ELOST);
    says("does not follow");
    position = hs_position_start();
    assert_int_equal(hs_store_check(store, &position), HS_ELOST);
    says("its first records are gone");
}

static void history_names_the_first_break(void **state)
{
    (void)state;
    struct followed followed = {0};
    struct hs_position last;
    struct hs_store_list list = new_list("lines");
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(
            hs_store_put(store, &actor, &list, entry_id(i), packed(i, 'a'), hs_str(""), &last), 0);
    }
    assert_int_equal(hs_store_history(store, hs_str(""), follow_one, &followed), 0);
    assert_int_equal(followed.count, 6);
    assert_int_equal(meddle("XDEL hs:changes %s", followed.ids[3]), 1);
    struct followed again = {0};
    assert_int_equal(hs_store_history(store, hs_str(""), follow_one, &again), HS_ELOST);
    assert_int_equal(again.count, 3);
    says(followed.ids[4]);
}

static void a_record_that_is_not_ours_is_told(void **state)
{
    (void)state;
    struct followed followed = {0};
    struct hs_position position = hs_position_start();
    meddle("XADD hs:changes * hello world");
    assert_int_equal(hs_store_follow(store, &position, 10, follow_one, &followed), HS_EPROTO);
    says("is not one of ours");
    assert_int_equal(hs_store_head(store, &position), HS_EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_follower_gets_changes_in_order),
        TEST(a_consultation_stands_in_the_chain),
        TEST(a_follower_notices_a_flushed_redis),
        TEST(a_record_that_is_not_what_it_was_is_noticed),
        TEST(a_follower_notices_a_failover_that_lost_changes),
        TEST(a_follower_notices_a_gap),
        TEST(history_names_the_first_break),
        TEST(a_record_that_is_not_ours_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

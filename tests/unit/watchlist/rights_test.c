// SPDX-License-Identifier: Apache-2.0
// What each role needs of Redis, and how the users there differ from it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/access.h"
#include "watchlist/rights.h"

static struct hs_bump bump;
static struct hs_buf text;

static const char *joined(const struct hs_redis_rules *rules)
{
    hs_buf_clear(&text);
    for (size_t i = 0; i < rules->count; i++) {
        hs_buf_printf(&text, "%s%s", i ? " " : "", rules->texts[i]);
    }
    return hs_buf_text(&text);
}

static const char *needed(const struct hs_redis_needs *needs)
{
    struct hs_redis_rules rules;
    assert_int_equal(hs_redis_rights_needed(needs, &bump, &rules), 0);
    return joined(&rules);
}

// ---- what is needed ----

static void a_matcher_reads_and_says_that_it_is_there(void **state)
{
    (void)state;
    assert_string_equal(
        needed(&(struct hs_redis_needs){.roles = HS_ACCESS_MATCH}),
        "+hget +hmget +hgetall +hscan +smembers +sismember +xrange +xrevrange +xread +hset +sadd "
        "%R~hs:changes %R~hs:lists %R~hs:list:* %R~hs:controls ~hs:instances ~hs:instance:*");
}

static void gateways_and_desks_need_no_redis(void **state)
{
    (void)state;
    assert_string_equal(
        needed(&(struct hs_redis_needs){.roles = HS_ACCESS_GATEWAY, .sentinels = true}), "");
    needed(&(struct hs_redis_needs){.roles = HS_ACCESS_MATCH, .sentinels = true});
    assert_non_null(strstr(hs_buf_text(&text), "+role"));
    assert_string_equal(
        needed(&(struct hs_redis_needs){.roles = HS_ACCESS_GATEWAY | HS_ACCESS_DESK}), "");
}

static void a_reader_writes_nothing_but_the_record_of_it(void **state)
{
    (void)state;
    needed(&(struct hs_redis_needs){.roles = HS_ACCESS_READER});
    assert_non_null(strstr(hs_buf_text(&text), " ~hs:changes %R~hs:lists %R~hs:list:* "));
    assert_null(strstr(hs_buf_text(&text), "+hset"));
    assert_null(strstr(hs_buf_text(&text), " ~hs:list"));
}

static void a_lead_changes_its_own_lists(void **state)
{
    (void)state;
    const struct hs_str lists[] = {HS_STR("lines")};
    needed(&(struct hs_redis_needs){.roles = HS_ACCESS_LEAD, .lists = lists, .list_count = 1});
    assert_non_null(
        strstr(hs_buf_text(&text), " %R~hs:list:* ~hs:list:lines ~hs:list:lines:* ~hs:controls"));
    assert_null(strstr(hs_buf_text(&text), " ~hs:list:* "));
    needed(&(struct hs_redis_needs){.roles = HS_ACCESS_LEAD, .all_lists = true});
    assert_non_null(strstr(hs_buf_text(&text), " ~hs:list:* "));
}

// ---- what is there ----

static void a_user_is_read_as_redis_prints_it(void **state)
{
    (void)state;
    struct hs_redis_user user;
    assert_int_equal(
        hs_redis_rights_parse(
            HS_STR("user match on sanitize-payload #5e88 ~hs:a %R~hs:b resetchannels -@all +hget"),
            NULL, &bump, &user),
        0);
    assert_string_equal(user.name, "match");
    assert_true(user.on && !user.nopass);
    assert_string_equal(joined(&user.rules), "~hs:a %R~hs:b +hget");
    assert_int_equal(
        hs_redis_rights_parse(HS_STR("user default on nopass ~* &* +@all"), NULL, &bump, &user), 0);
    assert_true(user.nopass);
    assert_int_equal(hs_redis_rights_parse(HS_STR("nonsense"), NULL, &bump, &user), HS_EFORMAT);
    assert_int_equal(hs_redis_rights_parse(HS_STR("user "), NULL, &bump, &user), HS_EFORMAT);
    assert_int_equal(hs_redis_rights_parse(HS_STR(""), NULL, &bump, &user), HS_EFORMAT);
}

// Redis prints whichever is shorter: the order of the words counts.
static void categories_are_what_stands_in_them(void **state)
{
    (void)state;
    struct hs_redis_user user;
    const char *hash[] = {"hget", "hset", "hvals"};
    const struct hs_redis_categories categories = {.rows = {{"hash", hash, 3}}, .count = 1};
    assert_int_equal(hs_redis_rights_parse(HS_STR("user a on -@all +get +@hash -hvals -hset +hset"),
                                           &categories, &bump, &user),
                     0);
    assert_string_equal(joined(&user.rules), "+get +hget +hset");
    assert_int_equal(hs_redis_rights_parse(HS_STR("user a on ~k +get +@odd -@all +hget"),
                                           &categories, &bump, &user),
                     0);
    assert_string_equal(joined(&user.rules), "~k +hget");
    assert_int_equal(
        hs_redis_rights_parse(HS_STR("user a on +@all -hget"), &categories, &bump, &user), 0);
    assert_string_equal(joined(&user.rules), "+@all -hget");
}

// ---- the difference ----

static void note(void *ctx, enum hs_redis_fault fault, const char *user, const char *rule)
{
    static const char *const words[] = {"no user", "off",      "open",
                                        "missing", "too much", "stranger"};
    hs_buf_printf(ctx, "%s %s%s%s\n", words[fault], user, rule ? " " : "", rule ? rule : "");
}

static const char *differs(const char *const *lines, size_t *ret_told)
{
    struct hs_redis_user users[8];
    size_t count = 0;
    const struct hs_redis_principal match = {"match", {.roles = HS_ACCESS_MATCH}};
    for (; lines[count]; count++) {
        assert_int_equal(hs_redis_rights_parse(hs_str(lines[count]), NULL, &bump, &users[count]),
                         0);
    }
    hs_buf_clear(&text);
    assert_int_equal(hs_redis_rights_compare(&match, 1, users, count, note, &text, ret_told), 0);
    return hs_buf_text(&text);
}

#define MATCH_RULES                                                                                \
    "%R~hs:changes %R~hs:lists %R~hs:list:* %R~hs:controls ~hs:instances ~hs:instance:* -@all "    \
    "+hget +hmget +hgetall +hscan +smembers +sismember +xrange +xrevrange +xread +hset +sadd"

static void what_is_given_as_printed_is_no_difference(void **state)
{
    (void)state;
    size_t told;
    const char *const lines[] = {"user match on #5e88 " MATCH_RULES, "user default off ~* +@all",
                                 "user theirs on #5e88 ~their:* +@all", NULL};
    assert_string_equal(differs(lines, &told), "");
    assert_int_equal(told, 0);
}

static void each_difference_is_told(void **state)
{
    (void)state;
    size_t told;
    assert_string_equal(differs((const char *const[]){NULL}, &told), "no user match\n");
    assert_string_equal(
        differs((const char *const[]){"user match off #5e88 " MATCH_RULES, NULL}, &told),
        "off match\n");
    assert_string_equal(
        differs((const char *const[]){"user match on #5e88 " MATCH_RULES " +flushall", NULL},
                &told),
        "too much match +flushall\n");
    assert_string_equal(
        differs((const char *const[]){"user match on #5e88 ~* -@all +@all", NULL}, &told),
        "too much match ~*\ntoo much match +@all\n");
    assert_non_null(
        strstr(differs((const char *const[]){"user match on #5e88 ~* +@all -hget", NULL}, &told),
               "missing match +hget\n"));
    differs((const char *const[]){"user match on #5e88 %R~hs:changes +hget", NULL}, &told);
    assert_non_null(strstr(hs_buf_text(&text), "missing match +hset\n"));
    assert_non_null(strstr(hs_buf_text(&text), "missing match ~hs:instance:*\n"));
}

// The default user without a password makes every other rule void; whoever administers Redis does
// not.
static void who_else_reaches_our_keys_is_told(void **state)
{
    (void)state;
    size_t told;
    const char *const lines[] = {
        "user match on #5e88 " MATCH_RULES, "user default on nopass ~* &* +@all",
        "user root on #5e88 ~* &* +@all",   "user wild on #5e88 %R~h?:* +get",
        "user off off #5e88 ~* +@all",      NULL};
    assert_string_equal(differs(lines, &told), "open default\nstranger root\nstranger wild\n");
    assert_int_equal(told, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matcher_reads_and_says_that_it_is_there),
        cmocka_unit_test(gateways_and_desks_need_no_redis),
        cmocka_unit_test(a_reader_writes_nothing_but_the_record_of_it),
        cmocka_unit_test(a_lead_changes_its_own_lists),
        cmocka_unit_test(a_user_is_read_as_redis_prints_it),
        cmocka_unit_test(categories_are_what_stands_in_them),
        cmocka_unit_test(what_is_given_as_printed_is_no_difference),
        cmocka_unit_test(each_difference_is_told),
        cmocka_unit_test(who_else_reaches_our_keys_is_told),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hs_buf_fini(&text);
    hs_bump_fini(&bump);
    return failed;
}

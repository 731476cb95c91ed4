// SPDX-License-Identifier: Apache-2.0
// A primary that Redis Sentinels name is found, and found again when it is another.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/redis_sentinel.h"
#include "watchlist/redis.h"
#include "watchlist/store.h"

enum { DOWN_AFTER_MS = 30000, FAILOVER_MS = 30000 };

static struct hs_redis_server servers[2]; // the first is the primary
static struct hs_redis_sentinel sentinel;
static char sentinels[64]; // as the settings have them: the first is not there
static struct hs_redis_config config = {
    .primary = "mymaster", .connect_timeout_ms = 2000, .command_timeout_ms = 5000};

static int setup(void **state)
{
    static char port[16];
    static const char *const as_replica[] = {"--replicaof", "127.0.0.1", port, NULL};
    (void)state;
    if (hs_redis_server_start(&servers[0]) != 0) {
        return -1;
    }
    snprintf(port, sizeof(port), "%u", (unsigned)servers[0].port);
    servers[1].options = as_replica;
    if (hs_test_free_port(&servers[1].port) != 0 || hs_redis_server_start_at(&servers[1]) != 0 ||
        hs_redis_sentinel_start(&sentinel, &servers[0], 1, DOWN_AFTER_MS) != 0) {
        return -1;
    }
    snprintf(sentinels, sizeof(sentinels), "127.0.0.1:1, 127.0.0.1:%u", (unsigned)sentinel.port);
    config.sentinels = sentinels;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hs_redis_sentinel_fini(&sentinel);
    hs_redis_server_fini(&servers[1]);
    hs_redis_server_fini(&servers[0]);
    return 0;
}

// Writes as a daemon does: a replica would refuse.
static void registers(void)
{
    const struct hs_instance instance = {
        .instance_id = HS_STR("one"), .change_id = HS_STR("5-1"), .state = HS_STR("live")};
    struct hs_store *store = NULL;
    struct hs_buf why = {0};
    if (hs_store_open(&config, &store, &why) != 0) {
        fail_msg("%s", hs_buf_text(&why));
    }
    if (hs_store_register(store, &instance) != 0) {
        fail_msg("%s", hs_store_why(store));
    }
    hs_store_free(store);
    hs_buf_fini(&why);
}

static void a_failover_is_followed_by_connecting_again(void **state)
{
    char before[64];
    (void)state;
    registers();
    assert_int_equal(hs_redis_sentinel_primary(&sentinel, before), 0);
    assert_int_equal(hs_redis_sentinel_failover(&sentinel), 0);
    assert_int_equal(hs_redis_sentinel_await_other(&sentinel, before, FAILOVER_MS), 0);
    registers();
}

static void a_primary_of_another_name_is_told(void **state)
{
    struct hs_redis_config other = config;
    struct hs_store *none = NULL;
    struct hs_buf why = {0};
    char expected[160];
    (void)state;
    other.primary = "lists";
    assert_int_equal(hs_store_open(&other, &none, &why), HS_ENOTFOUND);
    snprintf(expected, sizeof(expected),
             "sentinel: redis at '127.0.0.1:1': Connection refused; "
             "sentinel: '127.0.0.1:%u' knows no primary 'lists'",
             (unsigned)sentinel.port);
    assert_string_equal(hs_buf_text(&why), expected);
    hs_buf_fini(&why);
}

static void what_is_no_sentinel_is_told(void **state)
{
    struct hs_redis_config other = config;
    struct hs_store *none = NULL;
    struct hs_buf why = {0};
    char place[64];
    (void)state;
    snprintf(place, sizeof(place), "127.0.0.1:%u", (unsigned)servers[0].port);
    other.sentinels = place;
    assert_int_equal(hs_store_open(&other, &none, &why), HS_EREFUSED);
    assert_non_null(strstr(hs_buf_text(&why), "unknown command 'SENTINEL'"));
    hs_buf_fini(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_primary_of_another_name_is_told),
        cmocka_unit_test(what_is_no_sentinel_is_told),
        cmocka_unit_test(a_failover_is_followed_by_connecting_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

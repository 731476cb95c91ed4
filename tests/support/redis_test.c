// SPDX-License-Identifier: Apache-2.0
// A Redis of the test's own keeps what was saved over a restart, and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "support/redis_server.h"

static struct hs_redis_server redis;

static int teardown(void **state)
{
    (void)state;
    hs_redis_server_fini(&redis);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return hs_redis_server_start(&redis);
}

static long long ask(const char *command)
{
    redisContext *context = redisConnect("127.0.0.1", redis.port);
    assert_non_null(context);
    assert_int_equal(context->err, 0);
    redisReply *reply = redisCommand(context, command);
    assert_non_null(reply);
    long long value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
    freeReplyObject(reply);
    redisFree(context);
    return value;
}

static void saved_data_survives(void **state)
{
    (void)state;
    assert_int_equal(ask("INCR a"), 1);
    assert_int_equal(hs_redis_server_save(&redis), 0);
    assert_int_equal(ask("INCR a"), 2);
    hs_redis_server_kill(&redis);
    assert_int_equal(hs_redis_server_again(&redis), 0);
    assert_int_equal(ask("INCR a"), 2);
    hs_redis_server_stop(&redis);
    assert_false(hs_process_running(&redis.process));
    assert_int_equal(hs_redis_server_again(&redis), 0);
    assert_int_equal(ask("EXISTS a"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(saved_data_survives)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

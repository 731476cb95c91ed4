// SPDX-License-Identifier: Apache-2.0
#include "support/redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"

enum { START_MS = 20000, PAUSE_MS = 50 };

static const char *address_of(const char *address)
{
    return address[0] ? address : "127.0.0.1";
}

// One command's reply, or NULL; the caller frees it.
static redisReply *ask(const struct hs_redis_sentinel *sentinel, const char *command)
{
    struct timeval limit = {.tv_sec = 2};
    redisContext *context =
        redisConnectWithTimeout(address_of(sentinel->address), sentinel->port, limit);
    redisReply *reply = NULL;
    if (context && !context->err) {
        redisSetTimeout(context, limit);
        reply = redisCommand(context, command);
    }
    if (context) {
        redisFree(context);
    }
    return reply;
}

static void drop(redisReply *reply)
{
    if (reply) {
        freeReplyObject(reply);
    }
}

static bool knows_a_replica(const struct hs_redis_sentinel *sentinel)
{
    redisReply *reply = ask(sentinel, "SENTINEL replicas mymaster");
    bool knows = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
    drop(reply);
    return knows;
}

static int write_settings(const struct hs_redis_sentinel *sentinel,
                          const struct hs_redis_server *primary, unsigned quorum, int down_after_ms,
                          const char *path)
{
    char text[1024 + HS_TEST_PATH_BYTES];
    snprintf(text, sizeof(text),
             "port %u\nbind %s\ndir %s\nprotected-mode no\n"
             "sentinel monitor mymaster %s %u %u\n"
             "sentinel down-after-milliseconds mymaster %d\n"
             "sentinel failover-timeout mymaster 6000\nsentinel parallel-syncs mymaster 1\n",
             (unsigned)sentinel->port, address_of(sentinel->address), sentinel->folder,
             address_of(primary->address), (unsigned)primary->port, quorum, down_after_ms);
    return hs_test_file_write(path, text);
}

int hs_redis_sentinel_start(struct hs_redis_sentinel *sentinel,
                            const struct hs_redis_server *primary, unsigned quorum,
                            int down_after_ms)
{
    char settings[HS_TEST_PATH_BYTES + 16], log[HS_TEST_PATH_BYTES + 16];
    int r = hs_test_folder_make("sentinel", sentinel->folder);
    if (r == HS_OK && sentinel->port == 0) {
        r = hs_test_free_port(&sentinel->port);
    }
    snprintf(settings, sizeof(settings), "%s/conf", sentinel->folder);
    snprintf(log, sizeof(log), "%s/log", sentinel->folder);
    if (r == HS_OK) {
        r = write_settings(sentinel, primary, quorum, down_after_ms, settings);
    }
    const char *argv[] = {HS_SOURCE_DIR "/config/redis-run.sh", settings, "--sentinel", NULL};
    const struct hs_process_spec spec = {.argv = argv,
                                         .output_path = log,
                                         .network =
                                             sentinel->network[0] ? sentinel->network : NULL};
    if (r == HS_OK) {
        r = hs_process_start(&sentinel->process, &spec);
    }
    int64_t deadline_ms = hs_clock_boottime_ms() + START_MS;
    while (r == HS_OK && !knows_a_replica(sentinel)) {
        if (!hs_process_running(&sentinel->process) || hs_clock_boottime_ms() > deadline_ms) {
            r = HS_EUNREACHABLE;
        }
        hs_test_pause_ms(PAUSE_MS);
    }
    if (r != HS_OK) {
        char *text = hs_test_file_read(log);
        fprintf(stderr, "sentinel did not start:\n%s\n", text ? text : "");
        free(text);
    }
    return r;
}

int hs_redis_sentinel_primary(const struct hs_redis_sentinel *sentinel, char ret_place[64])
{
    redisReply *reply = ask(sentinel, "SENTINEL get-master-addr-by-name mymaster");
    int r = HS_EUNREACHABLE;
    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        snprintf(ret_place, 64, "%.40s:%.8s", reply->element[0]->str, reply->element[1]->str);
        r = HS_OK;
    }
    drop(reply);
    return r;
}

// It refuses until it has asked the replica how it is.
int hs_redis_sentinel_failover(const struct hs_redis_sentinel *sentinel)
{
    int r = HS_EREFUSED;
    int64_t deadline_ms = hs_clock_boottime_ms() + START_MS;
    while (r != HS_OK && hs_clock_boottime_ms() < deadline_ms) {
        redisReply *reply = ask(sentinel, "SENTINEL failover mymaster");
        r = reply && reply->type == REDIS_REPLY_STATUS ? HS_OK : HS_EREFUSED;
        drop(reply);
        hs_test_pause_ms(r == HS_OK ? 0 : PAUSE_MS);
    }
    return r;
}

int hs_redis_sentinel_await_other(const struct hs_redis_sentinel *sentinel, const char *old,
                                  int64_t timeout_ms)
{
    char place[64];
    int64_t deadline_ms = hs_clock_boottime_ms() + timeout_ms;
    while (hs_redis_sentinel_primary(sentinel, place) != HS_OK || strcmp(place, old) == 0) {
        if (hs_clock_boottime_ms() > deadline_ms) {
            return HS_ETIMEDOUT;
        }
        hs_test_pause_ms(PAUSE_MS);
    }
    return HS_OK;
}

void hs_redis_sentinel_fini(struct hs_redis_sentinel *sentinel)
{
    hs_process_fini(&sentinel->process);
    hs_test_folder_remove(sentinel->folder);
    sentinel->folder[0] = '\0';
}

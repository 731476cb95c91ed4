// SPDX-License-Identifier: Apache-2.0
#include "support/redis_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/clock.h"

enum { START_MS = 20000, STOP_MS = 5000, WORDS_MAX = 48 };

int hs_redis_server_ask(const struct hs_redis_server *redis, const char *command)
{
    struct timeval limit = {.tv_sec = 5};
    redisContext *context = redisConnectUnixWithTimeout(redis->socket_path, limit);
    int r = HS_EUNREACHABLE;
    if (context && !context->err) {
        redisSetTimeout(context, limit);
        redisReply *reply = redisCommand(context, command);
        if (reply && reply->type != REDIS_REPLY_ERROR) {
            r = HS_OK;
        }
        if (reply) {
            freeReplyObject(reply);
        }
    }
    if (context) {
        redisFree(context);
    }
    return r;
}

static void show_log(const struct hs_redis_server *redis)
{
    char path[HS_TEST_PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/log", redis->folder);
    char *text = hs_test_file_read(path);
    fprintf(stderr, "redis-server did not start:\n%s\n",
            text ? text : "(no log; is it installed?)");
    free(text);
}

int hs_redis_server_again(struct hs_redis_server *redis)
{
    char port[16];
    char log[HS_TEST_PATH_BYTES + 16];
    snprintf(port, sizeof(port), "%u", (unsigned)redis->port);
    snprintf(log, sizeof(log), "%s/log", redis->folder);
    const char *argv[WORDS_MAX + 1] = {
        HS_SOURCE_DIR "/config/redis-run.sh",
        "--port",
        port,
        "--bind",
        redis->address[0] ? redis->address : "127.0.0.1",
        "--unixsocket",
        redis->socket_path,
        "--dir",
        redis->folder,
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no",
    };
    for (size_t i = 0, at = 15; redis->options && redis->options[i] && at < WORDS_MAX; i++) {
        argv[at++] = redis->options[i];
    }
    const struct hs_process_spec spec = {
        .argv = argv, .output_path = log, .network = redis->network[0] ? redis->network : NULL};
    int r = hs_process_start(&redis->process, &spec);
    int64_t deadline_ms = hs_clock_boottime_ms() + START_MS;
    while (r == HS_OK && hs_redis_server_ask(redis, "PING") != HS_OK) {
        if (!hs_process_running(&redis->process) || hs_clock_boottime_ms() > deadline_ms) {
            r = HS_EUNREACHABLE;
        }
        hs_test_pause_ms(5);
    }
    return r;
}

static int make_folder(struct hs_redis_server *redis)
{
    int r = hs_test_folder_make("redis", redis->folder);
    snprintf(redis->socket_path, sizeof(redis->socket_path), "%s/sock", redis->folder);
    return r;
}

int hs_redis_server_start_at(struct hs_redis_server *redis)
{
    int r = make_folder(redis);
    if (r == HS_OK && (r = hs_redis_server_again(redis)) != HS_OK) {
        show_log(redis);
    }
    return r;
}

int hs_redis_server_start(struct hs_redis_server *redis)
{
    memset(redis, 0, sizeof(*redis));
    int r = make_folder(redis);
    if (r != HS_OK) {
        return r;
    }
    for (int attempt = 0; attempt < 3; attempt++) { // another may take the port first
        r = hs_test_free_port(&redis->port);
        if (r == HS_OK) {
            r = hs_redis_server_again(redis);
        }
        if (r == HS_OK) {
            return HS_OK;
        }
        hs_process_kill(&redis->process);
    }
    show_log(redis);
    hs_redis_server_fini(redis);
    return r;
}

int hs_redis_server_save(struct hs_redis_server *redis)
{
    return hs_redis_server_ask(redis, "SAVE");
}

void hs_redis_server_stop(struct hs_redis_server *redis)
{
    hs_process_stop(&redis->process, STOP_MS);
}

void hs_redis_server_kill(struct hs_redis_server *redis)
{
    hs_process_kill(&redis->process);
}

void hs_redis_server_fini(struct hs_redis_server *redis)
{
    hs_process_fini(&redis->process);
    hs_test_folder_remove(redis->folder);
    redis->folder[0] = '\0';
}

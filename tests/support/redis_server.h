// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_REDIS_SERVER_H
#define HS_TEST_REDIS_SERVER_H
/*
 * A real Redis for a test: a redis-server of its own in a folder of its own, on a unix socket and a
 * port of loopback, or of another address.
 *
 *   struct hs_redis_server redis;
 *   assert_int_equal(hs_redis_server_start(&redis), 0);   ... redis.socket_path, redis.port ...
 *   hs_redis_server_fini(&redis);                         in the teardown, always
 *
 * Threads: one. Nothing is written to disk but by hs_redis_server_save().
 */

#include "support/process.h"

struct hs_redis_server {
    struct hs_process process;
    char folder[HS_TEST_PATH_BYTES];
    char socket_path[HS_TEST_PATH_BYTES + 16];
    uint16_t port;                    // on its address
    char address[20];                 // "": 127.0.0.1
    char network[HS_TEST_PATH_BYTES]; // namespace's path; "": the test's own
    const char *const *options;       // words more for redis-server, borrowed; ends with NULL
};

// Starts one and waits until it answers. Says on stderr why it could not.
int hs_redis_server_start(struct hs_redis_server *redis);
// The same where the caller has set port, address, network and options.
int hs_redis_server_start_at(struct hs_redis_server *redis);
// One command that takes no arguments of more than one word; 0 when it was answered without an
// error.
int hs_redis_server_ask(const struct hs_redis_server *redis, const char *command);
// Writes its data to disk, to be read by the next hs_redis_server_again().
int hs_redis_server_save(struct hs_redis_server *redis);
// Stops it (no save) or kills it: what was not saved is gone.
void hs_redis_server_stop(struct hs_redis_server *redis);
void hs_redis_server_kill(struct hs_redis_server *redis);
// Starts it again in the same place with the data as last saved.
int hs_redis_server_again(struct hs_redis_server *redis);
// Stops it and removes its folder; legal on a zeroed struct.
void hs_redis_server_fini(struct hs_redis_server *redis);

#endif

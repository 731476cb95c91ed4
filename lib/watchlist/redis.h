// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_REDIS_H
#define HS_WATCHLIST_REDIS_H
/*
 * One connection to Redis over hiredis, with connect and command timeouts of ours.
 *
 * Commands are formatted into one buffer and sent together (a pipeline); replies are hiredis
 * objects, or, for what is large, handed to a callback string by string without an allocation each.
 *
 * Threads: a connection belongs to one. Ownership: the connection owns its buffers; a reply is
 * freed by the caller with hs_redis_reply_free(). Bounds: every call ends within the command
 * timeout (a blocking read within its own time plus that). After an error that is not HS_EPROTO the
 * connection is dead: hs_redis_open() makes a new one.
 */

#include "base/str.h"

struct redisReply;

struct hs_redis_config {
    const char
        *sentinels;      // "host:port,host:port"; preferred when set: they say where the primary is
    const char *primary; // its name among the Sentinels
    const char *socket;  // path; preferred when set
    const char *host;
    uint32_t port;
    const char *user;          // "" or NULL: none
    const char *password_file; // "" or NULL: none; first line of the file
    int64_t connect_timeout_ms;
    int64_t command_timeout_ms;
};

// As a daemon's or hitctl's settings say; texts are the settings'.
struct hs_settings;
struct hs_redis_config hs_redis_config_of(const struct hs_settings *settings);

struct hs_redis;

// HS_EUNREACHABLE, HS_ETIMEDOUT, HS_EPERM (password refused); `ret_why` (may be NULL) says it to a
// person.
int hs_redis_open(const struct hs_redis_config *config, struct hs_redis **ret_redis,
                  struct hs_buf *ret_why);
void hs_redis_free(struct hs_redis *redis);
// What went wrong last, for a person; "" when nothing did. Valid until the next call.
const char *hs_redis_why(const struct hs_redis *redis);

// Appends a command of `count` arguments to what is to be sent.
void hs_redis_add(struct hs_redis *redis, size_t count, const struct hs_str *arguments);
// The same from terminated texts, the last being NULL.
void hs_redis_addv(struct hs_redis *redis, const char *first, ...) __attribute__((sentinel));
// Begins a command of `count` arguments that hs_redis_argument() gives one by one.
void hs_redis_begin(struct hs_redis *redis, size_t count);
void hs_redis_argument(struct hs_redis *redis, struct hs_str argument);
// One argument as it goes over the wire, into a buffer of the caller's; hs_redis_formatted() sends
// such bytes.
void hs_redis_format(struct hs_buf *out, struct hs_str argument);
void hs_redis_formatted(struct hs_redis *redis, struct hs_str arguments);
int hs_redis_flush(struct hs_redis *redis);

// Sends what waits and reads the next reply. An error reply is HS_EREFUSED, its text in
// hs_redis_why(). `wait_ms` comes on top of the command timeout, for commands that block.
int hs_redis_reply(struct hs_redis *redis, int64_t wait_ms, struct redisReply **ret_reply);
void hs_redis_reply_free(struct redisReply *reply);
// Sending or receiving has failed: every later call fails likewise, since what came next could be
// the answer to what was asked before.
bool hs_redis_lost(const struct hs_redis *redis);
// One command, one reply.
int hs_redis_command(struct hs_redis *redis, size_t count, const struct hs_str *arguments,
                     struct redisReply **ret_reply);

// Gets each field and value of a hash; not 0 ends the scan. Borrowed for the call.
typedef int hs_redis_pair_fn(void *ctx, struct hs_str field, struct hs_str value);
// Walks a whole hash by HSCAN, asking for the next piece while this one arrives. A field may come
// twice when the hash changes meanwhile. HS_EPROTO for a key of another type. Nothing else may be
// pending.
int hs_redis_scan_hash(struct hs_redis *redis, struct hs_str key, hs_redis_pair_fn *pair,
                       void *ctx);

#endif

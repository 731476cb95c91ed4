// SPDX-License-Identifier: Apache-2.0
#include "watchlist/sentinel.h"

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "base/error.h"

enum { HOST_MAX = 256 };

// Where something listens.
struct place {
    char host[HOST_MAX];
    uint32_t port;
};

static bool read_place(struct hs_str host, struct hs_str port, struct place *ret_place)
{
    uint64_t number;
    if (host.len == 0 || host.len >= HOST_MAX || hs_str_to_u64(port, &number) != 0 || number == 0 ||
        number > 65535) {
        return false;
    }
    memcpy(ret_place->host, host.ptr, host.len);
    ret_place->host[host.len] = '\0';
    ret_place->port = (uint32_t)number;
    return true;
}

// "host:port" or "[v6]:port".
static bool parse_place(struct hs_str text, struct place *ret_place)
{
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    if (!colon) {
        return false;
    }
    struct hs_str host = hs_str_n(text.ptr, (size_t)(colon - text.ptr));
    if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = hs_str_n(host.ptr + 1, host.len - 2);
    }
    return read_place(host, hs_str_n(colon + 1, text.len - (size_t)(colon + 1 - text.ptr)),
                      ret_place);
}

static struct hs_redis_config at_place(const struct hs_redis_config *config,
                                       const struct place *place)
{
    struct hs_redis_config at = *config;
    at.sentinels = NULL;
    at.socket = NULL;
    at.host = place->host;
    at.port = place->port;
    return at;
}

static int primary_of_reply(const struct redisReply *reply, const char *name,
                            struct place *ret_place, struct hs_buf *why)
{
    if (reply->type == REDIS_REPLY_NIL) {
        hs_buf_printf(why, "knows no primary '%s'", name);
        return HS_ENOTFOUND;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING ||
        !read_place(hs_str(reply->element[0]->str), hs_str(reply->element[1]->str), ret_place)) {
        hs_buf_add_text(why, "gives no address");
        return HS_EPROTO;
    }
    return 0;
}

// One Sentinel's word of where the primary is.
static int ask_sentinel(const struct hs_redis_config *config, const struct place *sentinel,
                        struct place *ret_primary, struct hs_buf *why)
{
    struct hs_redis_config at = at_place(config, sentinel);
    struct hs_redis *redis = NULL;
    struct redisReply *reply = NULL;
    at.password_file = NULL;
    at.command_timeout_ms = config->connect_timeout_ms;
    hs_buf_add_text(why, "sentinel: ");
    int rc = hs_redis_open(&at, &redis, why);
    if (rc != 0) {
        return rc;
    }
    hs_redis_addv(redis, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", config->primary, NULL);
    rc = hs_redis_reply(redis, 0, &reply);
    hs_buf_printf(why, "'%s:%u' ", sentinel->host, (unsigned)sentinel->port);
    if (rc == 0) {
        rc = primary_of_reply(reply, config->primary, ret_primary, why);
        hs_redis_reply_free(reply);
    } else {
        hs_buf_add_text(why, hs_redis_why(redis));
    }
    hs_redis_free(redis);
    return rc;
}

// Whether it says itself that it is one.
static int is_primary(struct hs_redis *redis, struct hs_buf *why)
{
    struct redisReply *reply;
    hs_redis_addv(redis, "ROLE", NULL);
    int rc = hs_redis_reply(redis, 0, &reply);
    if (rc != 0) {
        hs_buf_add_text(why, hs_redis_why(redis));
        return rc;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 ||
        reply->element[0]->type != REDIS_REPLY_STRING) {
        hs_buf_add_text(why, "ROLE: reply of another shape");
        rc = HS_EPROTO;
    } else if (strcmp(reply->element[0]->str, "master") != 0) {
        hs_buf_printf(why, "is no primary but a '%s'", reply->element[0]->str);
        rc = HS_EUNREACHABLE;
    }
    hs_redis_reply_free(reply);
    return rc;
}

static int open_primary(const struct hs_redis_config *config, const struct place *primary,
                        struct hs_redis **ret_redis, struct hs_buf *why)
{
    struct hs_redis_config at = at_place(config, primary);
    struct hs_redis *redis = NULL;
    int rc = hs_redis_open(&at, &redis, why);
    if (rc == 0) {
        hs_buf_printf(why, "redis at '%s:%u': ", primary->host, (unsigned)primary->port);
        rc = is_primary(redis, why);
    }
    if (rc != 0) {
        hs_redis_free(redis);
        return rc;
    }
    *ret_redis = redis;
    return 0;
}

// A Sentinel that does not know, or is behind, is not the end: the others are asked.
int hs_sentinel_open(const struct hs_redis_config *config, struct hs_redis **ret_redis,
                     struct hs_buf *ret_why)
{
    struct hs_str rest = hs_str(config->sentinels), text;
    struct hs_buf why = {0};
    int rc = HS_EINVAL;
    while (rc != 0 && hs_str_split(&rest, ',', &text)) {
        struct place sentinel, primary;
        if (why.len > 0) {
            hs_buf_add_text(&why, "; ");
        }
        if (!parse_place(hs_str_trim(text), &sentinel)) {
            hs_buf_printf(&why, "'%.*s' is no host:port", HS_STR_ARG(text));
            rc = HS_EINVAL;
            continue;
        }
        rc = ask_sentinel(config, &sentinel, &primary, &why);
        if (rc == 0) {
            hs_buf_clear(&why);
            rc = open_primary(config, &primary, ret_redis, &why);
        }
    }
    if (rc != 0 && ret_why) {
        hs_buf_add_str(ret_why, hs_buf_str(&why));
    }
    hs_buf_fini(&why);
    return rc;
}

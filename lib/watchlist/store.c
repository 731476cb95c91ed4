// SPDX-License-Identifier: Apache-2.0
#include "watchlist/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "watchlist/store_private.h"

enum { FOLLOW_COUNT = 256, HISTORY_COUNT = 256 }; // records asked for at once

int hs_store_open(const struct hs_redis_config *config, struct hs_store **ret_store,
                  struct hs_buf *ret_why)
{
    struct hs_store *store = calloc(1, sizeof(*store));
    if (!store) {
        return HS_ENOMEM;
    }
    int rc = hs_redis_open(config, &store->redis, ret_why);
    if (rc != 0) {
        free(store);
        return rc;
    }
    *ret_store = store;
    return 0;
}

void hs_store_free(struct hs_store *store)
{
    if (store) {
        hs_redis_free(store->redis);
        hs_buf_fini(&store->why);
        free(store);
    }
}

const char *hs_store_why(const struct hs_store *store)
{
    return store->why.len ? store->why.ptr : "";
}

bool hs_store_uncertain(const struct hs_store *store)
{
    return store->uncertain;
}

int hs_store_fail(struct hs_store *store, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hs_buf_clear(&store->why);
    hs_buf_vprintf(&store->why, format, args);
    hs_buf_text(&store->why); // terminated, see hs_store_why()
    va_end(args);
    return code;
}

int hs_store_redis_failed(struct hs_store *store, int code, const char *doing)
{
    const char *why = hs_redis_why(store->redis);
    return hs_store_fail(store, code, "%s: %s", doing, *why ? why : hs_strerror(code));
}

struct hs_str hs_store_text(struct hs_bump *bump, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t kept = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    const char *copy = hs_bump_copy(bump, text, kept);
    return copy ? hs_str_n(copy, kept) : hs_str("");
}

struct hs_str hs_store_list_key(struct hs_bump *bump, struct hs_str list_id)
{
    return hs_store_text(bump, HS_KEY_LIST "%.*s", HS_STR_ARG(list_id));
}

struct hs_str hs_store_generation_key(struct hs_bump *bump, struct hs_str list_id,
                                      uint64_t generation)
{
    return hs_store_text(bump, HS_KEY_LIST "%.*s:g%llu", HS_STR_ARG(list_id),
                         (unsigned long long)generation);
}

int hs_store_reply_text(const redisReply *reply, struct hs_str *ret_text)
{
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) {
        *ret_text = hs_str_n(reply->str, reply->len);
        return 0;
    }
    if (reply->type == REDIS_REPLY_NIL) {
        *ret_text = hs_str("");
        return 0;
    }
    return HS_EPROTO;
}

uint64_t hs_store_entry_sum(struct hs_str entry_id, struct hs_str entry)
{
    return hs_hash_bytes(entry.ptr, entry.len, hs_hash_bytes(entry_id.ptr, entry_id.len, 0));
}

// ---- the stream ----

int hs_store_decode_record(struct hs_store *store, const redisReply *reply,
                           struct hs_change *ret_change,
                           char ret_previous_hash[HS_CHANGE_HASH_BYTES])
{
    struct hs_str id, texts[HS_CHANGE_TEXTS_MAX];
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        hs_store_reply_text(reply->element[0], &id) != 0 ||
        reply->element[1]->type != REDIS_REPLY_ARRAY) {
        return hs_store_fail(store, HS_EPROTO, "key 'hs:changes': a record of another shape");
    }
    const redisReply *fields = reply->element[1];
    if (fields->elements > HS_CHANGE_TEXTS_MAX) {
        return hs_store_fail(store, HS_EPROTO,
                             "key 'hs:changes': record '%.*s' has too many fields", HS_STR_ARG(id));
    }
    for (size_t i = 0; i < fields->elements; i++) {
        if (hs_store_reply_text(fields->element[i], &texts[i]) != 0) {
            return hs_store_fail(store, HS_EPROTO, "key 'hs:changes': record '%.*s' is no text",
                                 HS_STR_ARG(id));
        }
    }
    if (hs_change_decode(id, texts, fields->elements, ret_change, ret_previous_hash) != 0) {
        return hs_store_fail(store, HS_EPROTO, "key 'hs:changes': record '%.*s' is not one of ours",
                             HS_STR_ARG(id));
    }
    return 0;
}

int hs_store_head(struct hs_store *store, struct hs_position *ret_position)
{
    redisReply *reply;
    struct hs_change change;
    char previous[HS_CHANGE_HASH_BYTES];
    hs_redis_addv(store->redis, "XREVRANGE", HS_KEY_CHANGES, "+", "-", "COUNT", "1", NULL);
    int rc = hs_redis_reply(store->redis, 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:changes'");
    }
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 0) {
        *ret_position = hs_position_start();
    } else if (reply->type == REDIS_REPLY_ARRAY) {
        rc = hs_store_decode_record(store, reply->element[0], &change, previous);
        if (rc == 0) {
            *ret_position = change.at;
        }
    } else {
        rc = hs_store_fail(store, HS_EPROTO, "key 'hs:changes': reply of another shape");
    }
    hs_redis_reply_free(reply);
    return rc;
}

// A record that must follow *position: checks the chain, hands it over, moves on.
static int follow_record(struct hs_store *store, const redisReply *reply,
                         struct hs_position *position, hs_store_change_fn *change_fn, void *ctx)
{
    struct hs_change change;
    char previous[HS_CHANGE_HASH_BYTES];
    int rc = hs_store_decode_record(store, reply, &change, previous);
    if (rc != 0) {
        return rc;
    }
    if (strcmp(previous, position->hash) != 0) {
        return hs_store_fail(store, HS_ELOST,
                             "key 'hs:changes': record '%s' does not follow '%s': the chain is "
                             "broken (expected hash "
                             "%s of the record before it, found %s)",
                             change.at.id, position->id, position->hash, previous);
    }
    rc = change_fn(ctx, &change);
    if (rc == 0) {
        *position = change.at;
    }
    return rc;
}

static int follow_records(struct hs_store *store, const redisReply *records,
                          struct hs_position *position, hs_store_change_fn *change_fn, void *ctx)
{
    if (records->type != REDIS_REPLY_ARRAY) {
        return hs_store_fail(store, HS_EPROTO, "key 'hs:changes': reply of another shape");
    }
    int rc = 0;
    for (size_t i = 0; i < records->elements && rc == 0; i++) {
        rc = follow_record(store, records->element[i], position, change_fn, ctx);
    }
    return rc;
}

int hs_store_follow(struct hs_store *store, struct hs_position *position, int64_t block_ms,
                    hs_store_change_fn *change, void *ctx)
{
    char count[16], block[24];
    redisReply *reply;
    snprintf(count, sizeof(count), "%d", FOLLOW_COUNT);
    snprintf(block, sizeof(block), "%lld", (long long)block_ms);
    if (block_ms > 0) {
        hs_redis_addv(store->redis, "XREAD", "COUNT", count, "BLOCK", block, "STREAMS",
                      HS_KEY_CHANGES, position->id, NULL);
    } else {
        hs_redis_addv(store->redis, "XREAD", "COUNT", count, "STREAMS", HS_KEY_CHANGES,
                      position->id, NULL);
    }
    int rc = hs_redis_reply(store->redis, block_ms > 0 ? block_ms : 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:changes'");
    }
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 &&
        reply->element[0]->type == REDIS_REPLY_ARRAY && reply->element[0]->elements == 2) {
        rc = follow_records(store, reply->element[0]->element[1], position, change, ctx);
    } else if (reply->type != REDIS_REPLY_NIL) {
        rc = hs_store_fail(store, HS_EPROTO, "key 'hs:changes': reply of another shape");
    }
    hs_redis_reply_free(reply);
    return rc;
}

// Before the first record the stream must still be empty, or begin with the record that follows
// nothing.
static int check_start(struct hs_store *store)
{
    redisReply *reply;
    struct hs_change change;
    char previous[HS_CHANGE_HASH_BYTES];
    hs_redis_addv(store->redis, "XRANGE", HS_KEY_CHANGES, "-", "+", "COUNT", "1", NULL);
    int rc = hs_redis_reply(store->redis, 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:changes'");
    }
    if (reply->type != REDIS_REPLY_ARRAY) {
        rc = hs_store_fail(store, HS_EPROTO, "key 'hs:changes': reply of another shape");
    } else if (reply->elements > 0) {
        rc = hs_store_decode_record(store, reply->element[0], &change, previous);
        if (rc == 0 && strcmp(previous, hs_position_start().hash) != 0) {
            rc = hs_store_fail(store, HS_ELOST, "key 'hs:changes': its first records are gone");
        }
    }
    hs_redis_reply_free(reply);
    return rc;
}

int hs_store_check(struct hs_store *store, const struct hs_position *position)
{
    redisReply *reply;
    struct hs_change change;
    char previous[HS_CHANGE_HASH_BYTES];
    if (strcmp(position->id, "0-0") == 0) {
        return check_start(store);
    }
    hs_redis_addv(store->redis, "XRANGE", HS_KEY_CHANGES, position->id, position->id, NULL);
    int rc = hs_redis_reply(store->redis, 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:changes'");
    }
    if (reply->type != REDIS_REPLY_ARRAY) {
        rc = hs_store_fail(store, HS_EPROTO, "key 'hs:changes': reply of another shape");
    } else if (reply->elements == 0) {
        rc = hs_store_fail(store, HS_ELOST, "key 'hs:changes': record '%s' is gone", position->id);
    } else {
        rc = hs_store_decode_record(store, reply->element[0], &change, previous);
        if (rc == 0 && strcmp(change.at.hash, position->hash) != 0) {
            rc = hs_store_fail(store, HS_ELOST, "key 'hs:changes': record '%s' is not what it was",
                               position->id);
        }
    }
    hs_redis_reply_free(reply);
    return rc;
}

// ---- history ----

struct history {
    struct hs_str list_id;
    hs_store_change_fn *change;
    void *ctx;
};

static int history_change(void *ctx, const struct hs_change *change)
{
    struct history *history = ctx;
    bool wanted = history->list_id.len == 0 || hs_str_eq(history->list_id, change->list.list_id);
    return wanted ? history->change(history->ctx, change) : 0;
}

int hs_store_history(struct hs_store *store, struct hs_str list_id, hs_store_change_fn *change,
                     void *ctx)
{
    struct history history = {list_id, change, ctx};
    struct hs_position position = hs_position_start();
    char before[HS_CHANGE_ID_BYTES];
    int rc;
    do {
        memcpy(before, position.id, sizeof(before));
        rc = hs_store_follow(store, &position, 0, history_change, &history);
    } while (rc == 0 && strcmp(before, position.id) != 0);
    return rc;
}

// A record that changes nothing else.
static int append_record(struct hs_store *store, const struct hs_actor *actor,
                         struct hs_change *change, struct hs_position *ret_position)
{
    struct hs_proposal proposal;
    change->who = hs_str(actor->who);
    change->authority = hs_str(actor->authority);
    change->at_ms = hs_clock_realtime_ms();
    hs_proposal_init(&proposal);
    int rc = hs_proposal_send(&proposal, store, change, ret_position);
    hs_proposal_fini(&proposal);
    return rc;
}

int hs_store_confirm(struct hs_store *store, const struct hs_actor *actor, const char *anchor_id,
                     struct hs_position *ret_position)
{
    struct hs_change change = {.op = HS_OP_CONFIRM, .note = hs_str(anchor_id)};
    return append_record(store, actor, &change, ret_position);
}

int hs_store_consulted(struct hs_store *store, const struct hs_actor *actor,
                       const struct hs_consultation *looked)
{
    struct hs_change change = {.op = HS_OP_CONSULTED, .looked = *looked};
    return append_record(store, actor, &change, NULL);
}

int hs_store_refused(struct hs_store *store, const struct hs_actor *actor,
                     const struct hs_consultation *looked)
{
    struct hs_change change = {.op = HS_OP_REFUSED, .looked = *looked};
    return append_record(store, actor, &change, NULL);
}

int hs_store_camera_cleared(struct hs_store *store, const struct hs_actor *actor,
                            const struct hs_consultation *looked)
{
    struct hs_change change = {.op = HS_OP_CAMERA, .looked = *looked};
    return append_record(store, actor, &change, NULL);
}

struct confirmed {
    struct hs_str anchor_id;
    bool found;
};

static int look_for_confirm(void *ctx, const struct hs_change *change)
{
    struct confirmed *confirmed = ctx;
    confirmed->found |=
        change->op == HS_OP_CONFIRM && hs_str_eq(change->note, confirmed->anchor_id);
    return 0;
}

int hs_store_confirmed(struct hs_store *store, const char *anchor_id)
{
    struct confirmed confirmed = {hs_str(anchor_id), false};
    int rc = hs_store_history(store, hs_str(""), look_for_confirm, &confirmed);
    if (rc != 0) {
        return rc;
    }
    return confirmed.found
               ? 0
               : hs_store_fail(store, HS_ENOTFOUND,
                               "nobody has confirmed that anchor '%s' is missing", anchor_id);
}

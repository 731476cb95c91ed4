// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "watchlist/store_private.h"

// hs:instances holds the ids, hs:instance:<id> what each has live; it stays until deregistered.

enum instance_kind { INSTANCE_TEXT, INSTANCE_U64, INSTANCE_I64 };

static const struct instance_field {
    const char *name;
    enum instance_kind kind;
    size_t offset; // in struct hs_instance
} instance_fields[] = {
    {"change", INSTANCE_TEXT, offsetof(struct hs_instance, change_id)},
    {"controls", INSTANCE_TEXT, offsetof(struct hs_instance, controls_hash)},
    {"state", INSTANCE_TEXT, offsetof(struct hs_instance, state)},
    {"lists", INSTANCE_U64, offsetof(struct hs_instance, lists)},
    {"entries", INSTANCE_U64, offsetof(struct hs_instance, entries)},
    {"as_of_ms", INSTANCE_I64, offsetof(struct hs_instance, as_of_ms)},
    {"started_at_ms", INSTANCE_I64, offsetof(struct hs_instance, started_at_ms)},
    {"last_seen_ms", INSTANCE_I64, offsetof(struct hs_instance, last_seen_ms)},
};
enum { INSTANCE_FIELDS = sizeof(instance_fields) / sizeof(instance_fields[0]) };

static struct hs_str instance_key(struct hs_bump *bump, struct hs_str instance_id)
{
    return hs_store_text(bump, HS_KEY_INSTANCE "%.*s", HS_STR_ARG(instance_id));
}

static struct hs_str format_field(const struct instance_field *field,
                                  const struct hs_instance *instance, struct hs_bump *bump)
{
    const void *member = (const char *)instance + field->offset;
    switch (field->kind) {
    case INSTANCE_TEXT:
        return *(const struct hs_str *)member;
    case INSTANCE_U64:
        return hs_store_text(bump, "%llu", (unsigned long long)*(const uint64_t *)member);
    case INSTANCE_I64:
        break;
    }
    return hs_store_text(bump, "%lld", (long long)*(const int64_t *)member);
}

// Takes the replies of `count` pipelined commands; what they say does not matter but for errors.
static int take_replies(struct hs_store *store, size_t count, const char *doing)
{
    int first = 0;
    for (size_t i = 0; i < count; i++) {
        redisReply *reply;
        int rc = hs_redis_reply(store->redis, 0, &reply);
        if (rc == 0) {
            hs_redis_reply_free(reply);
            continue;
        }
        first = first ? first : hs_store_redis_failed(store, rc, doing);
        if (rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT) {
            break;
        }
    }
    return first;
}

int hs_store_register(struct hs_store *store, const struct hs_instance *instance)
{
    struct hs_bump bump = {0};
    struct hs_str hset[2 + 2 * INSTANCE_FIELDS] = {HS_STR("HSET"),
                                                   instance_key(&bump, instance->instance_id)};
    struct hs_str sadd[] = {HS_STR("SADD"), HS_STR(HS_KEY_INSTANCES), instance->instance_id};
    for (size_t i = 0; i < INSTANCE_FIELDS; i++) {
        hset[2 + 2 * i] = hs_str(instance_fields[i].name);
        hset[3 + 2 * i] = format_field(&instance_fields[i], instance, &bump);
    }
    hs_redis_add(store->redis, 2 + 2 * INSTANCE_FIELDS, hset);
    hs_redis_add(store->redis, 3, sadd);
    int rc = take_replies(store, 2, "registering the instance");
    hs_bump_fini(&bump);
    return rc;
}

int hs_store_deregister(struct hs_store *store, struct hs_str instance_id)
{
    struct hs_bump bump = {0};
    struct hs_str srem[] = {HS_STR("SREM"), HS_STR(HS_KEY_INSTANCES), instance_id};
    struct hs_str unlink[] = {HS_STR("UNLINK"), instance_key(&bump, instance_id)};
    hs_redis_add(store->redis, 3, srem);
    hs_redis_add(store->redis, 2, unlink);
    int rc = take_replies(store, 2, "deregistering the instance");
    hs_bump_fini(&bump);
    return rc;
}

static int parse_field(const struct instance_field *field, struct hs_str text, struct hs_bump *bump,
                       struct hs_instance *instance)
{
    void *member = (char *)instance + field->offset;
    switch (field->kind) {
    case INSTANCE_TEXT: {
        const char *copy = hs_bump_copy(bump, text.ptr, text.len);
        *(struct hs_str *)member = hs_str_n(copy, text.len);
        return copy ? 0 : HS_ENOMEM;
    }
    case INSTANCE_U64:
        return hs_str_to_u64(text, member);
    case INSTANCE_I64:
        break;
    }
    return hs_str_to_i64(text, member);
}

// A reply of HMGET in the order of the table. An instance without a hash counts as never seen.
static int parse_instance(struct hs_store *store, const redisReply *reply, struct hs_bump *bump,
                          struct hs_instance *instance)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != INSTANCE_FIELDS) {
        return hs_store_fail(store, HS_EPROTO, "key 'hs:instance:%.*s': reply of another shape",
                             HS_STR_ARG(instance->instance_id));
    }
    for (size_t i = 0; i < INSTANCE_FIELDS; i++) {
        struct hs_str text = {0};
        if (hs_store_reply_text(reply->element[i], &text) != 0 ||
            (text.len > 0 && parse_field(&instance_fields[i], text, bump, instance) != 0)) {
            return hs_store_fail(store, HS_EPROTO,
                                 "key 'hs:instance:%.*s': field '%s' cannot be read",
                                 HS_STR_ARG(instance->instance_id), instance_fields[i].name);
        }
    }
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct hs_instance *x = a, *y = b;
    return hs_str_cmp(x->instance_id, y->instance_id);
}

static int read_ids(struct hs_store *store, struct hs_bump *bump, struct hs_instance **ret_rows,
                    size_t *ret_count)
{
    redisReply *reply;
    hs_redis_addv(store->redis, "SMEMBERS", HS_KEY_INSTANCES, NULL);
    int rc = hs_redis_reply(store->redis, 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:instances'");
    }
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    struct hs_instance *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    rc = rows ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct hs_str id = {0};
        rc = hs_store_reply_text(reply->element[i], &id);
        const char *copy = hs_bump_copy(bump, id.ptr, id.len);
        rows[i].instance_id = hs_str_n(copy, id.len);
        rc = rc ? rc : copy ? 0 : HS_ENOMEM;
    }
    hs_redis_reply_free(reply);
    if (rc == 0) {
        qsort(rows, count, sizeof(*rows), by_id);
        *ret_rows = rows;
        *ret_count = count;
    }
    return rc;
}

static void ask_instance(struct hs_store *store, struct hs_bump *bump, struct hs_str instance_id)
{
    struct hs_str arguments[2 + INSTANCE_FIELDS] = {HS_STR("HMGET"),
                                                    instance_key(bump, instance_id)};
    for (size_t i = 0; i < INSTANCE_FIELDS; i++) {
        arguments[2 + i] = hs_str(instance_fields[i].name);
    }
    hs_redis_add(store->redis, 2 + INSTANCE_FIELDS, arguments);
}

int hs_store_instances(struct hs_store *store, struct hs_bump *bump, struct hs_instance **ret_rows,
                       size_t *ret_count)
{
    struct hs_instance *rows = NULL;
    size_t count = 0;
    int rc = read_ids(store, bump, &rows, &count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        redisReply *reply;
        ask_instance(store, bump, rows[i].instance_id);
        rc = hs_redis_reply(store->redis, 0, &reply);
        if (rc != 0) {
            return hs_store_redis_failed(store, rc, "reading instances");
        }
        rc = parse_instance(store, reply, bump, &rows[i]);
        hs_redis_reply_free(reply);
    }
    if (rc == 0) {
        *ret_rows = rows;
        *ret_count = count;
    }
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "watchlist/store_private.h"

bool hs_store_list_id_ok(struct hs_str list_id)
{
    if (list_id.len == 0 || list_id.len > HS_LIST_ID_MAX) {
        return false;
    }
    for (size_t i = 0; i < list_id.len; i++) {
        char c = list_id.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (i == 0 || (c != '-' && c != '_' && c != '.'))) {
            return false;
        }
    }
    return true;
}

// ---- a list's own hash ----

enum property_kind {
    PROPERTY_TEXT,
    PROPERTY_KIND,
    PROPERTY_FLAG,
    PROPERTY_STATUS,
    PROPERTY_U32,
    PROPERTY_U64,
    PROPERTY_I64,
    PROPERTY_SUM
};

static const struct property {
    const char *field;
    enum property_kind kind;
    size_t offset; // in struct hs_store_list
} properties[] = {
    {"title", PROPERTY_TEXT, offsetof(struct hs_store_list, title)},
    {"owner_force", PROPERTY_TEXT, offsetof(struct hs_store_list, owner_force)},
    {"purpose", PROPERTY_TEXT, offsetof(struct hs_store_list, purpose)},
    {"kind", PROPERTY_KIND, offsetof(struct hs_store_list, covert)},
    {"status", PROPERTY_STATUS, offsetof(struct hs_store_list, status)},
    {"policy", PROPERTY_TEXT, offsetof(struct hs_store_list, policy)},
    {"review_days", PROPERTY_U32, offsetof(struct hs_store_list, review_days)},
    {"shrink_pct", PROPERTY_U32, offsetof(struct hs_store_list, shrink_pct)},
    {"keep_generations", PROPERTY_U32, offsetof(struct hs_store_list, keep_generations)},
    {"generation", PROPERTY_U64, offsetof(struct hs_store_list, generation)},
    {"sequence", PROPERTY_U64, offsetof(struct hs_store_list, sequence)},
    {"size", PROPERTY_U64, offsetof(struct hs_store_list, size)},
    {"checksum", PROPERTY_SUM, offsetof(struct hs_store_list, checksum)},
    {"own_ids", PROPERTY_FLAG, offsetof(struct hs_store_list, own_ids)},
    {"created_ms", PROPERTY_I64, offsetof(struct hs_store_list, created_at_ms)},
    {"changed_ms", PROPERTY_I64, offsetof(struct hs_store_list, changed_at_ms)},
};
enum { PROPERTY_COUNT = sizeof(properties) / sizeof(properties[0]) };

static int parse_u32(struct hs_str text, uint32_t *ret_value)
{
    uint64_t value;
    if (hs_str_to_u64(text, &value) != 0 || value > UINT32_MAX) {
        return HS_EFORMAT;
    }
    *ret_value = (uint32_t)value;
    return 0;
}

static int parse_property(const struct property *property, struct hs_str text, struct hs_bump *bump,
                          struct hs_store_list *list)
{
    void *member = (char *)list + property->offset;
    switch (property->kind) {
    case PROPERTY_TEXT: {
        const char *copy = hs_bump_copy(bump, text.ptr, text.len);
        *(struct hs_str *)member = hs_str_n(copy, text.len);
        return copy ? 0 : HS_ENOMEM;
    }
    case PROPERTY_KIND:
        *(bool *)member = hs_str_is(text, "covert");
        return *(bool *)member || hs_str_is(text, "open") ? 0 : HS_EFORMAT;
    case PROPERTY_FLAG:
        *(bool *)member = hs_str_is(text, "1");
        return *(bool *)member || hs_str_is(text, "0") ? 0 : HS_EFORMAT;
    case PROPERTY_STATUS:
        return hs_store_status_parse(text, member);
    case PROPERTY_U32:
        return parse_u32(text, member);
    case PROPERTY_U64:
        return hs_str_to_u64(text, member);
    case PROPERTY_I64:
        return hs_str_to_i64(text, member);
    case PROPERTY_SUM:
        return hs_store_sum_parse(text, member);
    }
    return HS_EFORMAT;
}

static struct hs_str format_property(const struct property *property,
                                     const struct hs_store_list *list, struct hs_bump *bump)
{
    const void *member = (const char *)list + property->offset;
    switch (property->kind) {
    case PROPERTY_TEXT:
        return *(const struct hs_str *)member;
    case PROPERTY_KIND:
        return hs_str(*(const bool *)member ? "covert" : "open");
    case PROPERTY_FLAG:
        return hs_str(*(const bool *)member ? "1" : "0");
    case PROPERTY_STATUS:
        return hs_str(hs_store_status_name(*(const enum hs_store_status *)member));
    case PROPERTY_U32:
        return hs_store_text(bump, "%u", (unsigned)*(const uint32_t *)member);
    case PROPERTY_U64:
        return hs_store_text(bump, "%llu", (unsigned long long)*(const uint64_t *)member);
    case PROPERTY_I64:
        return hs_store_text(bump, "%lld", (long long)*(const int64_t *)member);
    case PROPERTY_SUM:
        break;
    }
    return hs_store_text(bump, "%016llx", (unsigned long long)*(const uint64_t *)member);
}

// The value of a field in a reply of HGETALL, or NULL.
static const redisReply *field_of(const redisReply *reply, const char *field)
{
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        if (reply->element[i]->type == REDIS_REPLY_STRING &&
            hs_str_is(hs_str_n(reply->element[i]->str, reply->element[i]->len), field)) {
            return reply->element[i + 1];
        }
    }
    return NULL;
}

static int parse_list(struct hs_store *store, const redisReply *reply, struct hs_str list_id,
                      struct hs_bump *bump, struct hs_store_list *ret_list)
{
    struct hs_store_list list = {0};
    struct hs_str text;
    const char *id = hs_bump_copy(bump, list_id.ptr, list_id.len);
    if (!id) {
        return HS_ENOMEM;
    }
    list.list_id = hs_str_n(id, list_id.len);
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        const redisReply *value = field_of(reply, properties[i].field);
        if (!value || hs_store_reply_text(value, &text) != 0) {
            return hs_store_fail(store, HS_EPROTO, "key 'hs:list:%s': field '%s' is missing", id,
                                 properties[i].field);
        }
        if (parse_property(&properties[i], text, bump, &list) != 0) {
            return hs_store_fail(
                store, HS_EPROTO, "key 'hs:list:%s': field '%s': value '%.*s' cannot be read", id,
                properties[i].field, (int)(text.len < 80 ? text.len : 80), text.ptr);
        }
    }
    *ret_list = list;
    return 0;
}

static int get_hash(struct hs_store *store, struct hs_str key, redisReply **ret_reply)
{
    struct hs_str arguments[] = {HS_STR("HGETALL"), key};
    int rc = key.len > 0 ? hs_redis_command(store->redis, 2, arguments, ret_reply) : HS_ENOMEM;
    if (rc != 0) {
        hs_store_fail(store, rc, "key '%.*s': %s", HS_STR_ARG(key), hs_redis_why(store->redis));
        return rc;
    }
    if ((*ret_reply)->type != REDIS_REPLY_ARRAY || (*ret_reply)->elements % 2 != 0) {
        hs_redis_reply_free(*ret_reply);
        return hs_store_fail(store, HS_EPROTO, "key '%.*s': reply of another shape",
                             HS_STR_ARG(key));
    }
    return 0;
}

// What a removed list leaves: its last generation, and nothing else.
static bool is_removed(const redisReply *reply)
{
    return reply->elements == 2 && field_of(reply, "last_generation");
}

int hs_store_list_get(struct hs_store *store, struct hs_str list_id, struct hs_bump *bump,
                      struct hs_store_list *ret_list)
{
    redisReply *reply;
    int rc = get_hash(store, hs_store_list_key(bump, list_id), &reply);
    if (rc != 0) {
        return rc;
    }
    if (reply->elements == 0 || is_removed(reply)) {
        rc = hs_store_fail(store, HS_ENOTFOUND, "there is no list '%.*s'", HS_STR_ARG(list_id));
    } else {
        rc = parse_list(store, reply, list_id, bump, ret_list);
    }
    hs_redis_reply_free(reply);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    const struct hs_store_list *x = a, *y = b;
    return hs_str_cmp(x->list_id, y->list_id);
}

// A list that hs:lists names is not there: 0 when it has just been removed, HS_ENOTFOUND else.
static int still_named(struct hs_store *store, struct hs_str list_id)
{
    redisReply *reply;
    struct hs_str arguments[] = {HS_STR("SISMEMBER"), HS_STR(HS_KEY_LISTS), list_id};
    int rc = hs_redis_command(store->redis, 3, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:lists'");
    }
    bool named = reply->type != REDIS_REPLY_INTEGER || reply->integer != 0;
    hs_redis_reply_free(reply);
    return named ? HS_ENOTFOUND : 0;
}

int hs_store_lists(struct hs_store *store, struct hs_bump *bump, struct hs_store_list **ret_rows,
                   size_t *ret_count)
{
    redisReply *reply;
    hs_redis_addv(store->redis, "SMEMBERS", HS_KEY_LISTS, NULL);
    int rc = hs_redis_reply(store->redis, 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "key 'hs:lists'");
    }
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    struct hs_store_list *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    size_t found = 0;
    rc = rows ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct hs_str id;
        rc = hs_store_reply_text(reply->element[i], &id);
        rc = rc ? rc : hs_store_list_get(store, id, bump, &rows[found]);
        found += rc == 0;
        if (rc == HS_ENOTFOUND) {
            rc = still_named(store, id);
        }
    }
    count = found;
    hs_redis_reply_free(reply);
    if (rc == 0) {
        qsort(rows, count, sizeof(*rows), by_id);
        *ret_rows = rows;
        *ret_count = count;
    }
    return rc;
}

// ---- earlier generations ----

static int newest_first(const void *a, const void *b)
{
    const struct hs_store_generation *x = a, *y = b;
    return (x->generation < y->generation) - (x->generation > y->generation);
}

// "old:<generation>" -> "<sequence> <size> <checksum> <retired ms>"
static bool parse_generation(const redisReply *field, const redisReply *value,
                             struct hs_store_generation *ret_row)
{
    struct hs_str name, text, part[4];
    if (hs_store_reply_text(field, &name) != 0 || hs_store_reply_text(value, &text) != 0 ||
        name.len < 5 || memcmp(name.ptr, "old:", 4) != 0) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        if (!hs_str_split(&text, ' ', &part[i])) {
            return false;
        }
    }
    return hs_str_to_u64(hs_str_n(name.ptr + 4, name.len - 4), &ret_row->generation) == 0 &&
           hs_str_to_u64(part[0], &ret_row->sequence) == 0 &&
           hs_str_to_u64(part[1], &ret_row->size) == 0 &&
           hs_store_sum_parse(part[2], &ret_row->checksum) == 0 &&
           hs_str_to_i64(part[3], &ret_row->retired_at_ms) == 0;
}

int hs_store_generations(struct hs_store *store, struct hs_str list_id, struct hs_bump *bump,
                         struct hs_store_generation **ret_rows, size_t *ret_count)
{
    redisReply *reply;
    int rc = get_hash(store, hs_store_list_key(bump, list_id), &reply);
    if (rc != 0) {
        return rc;
    }
    size_t count = 0;
    struct hs_store_generation *rows =
        hs_bump_alloc(bump, (reply->elements / 2 + 1) * sizeof(*rows));
    if (!rows) {
        hs_redis_reply_free(reply);
        return HS_ENOMEM;
    }
    for (size_t i = 0; i + 1 < reply->elements; i += 2) {
        count += parse_generation(reply->element[i], reply->element[i + 1], &rows[count]);
    }
    hs_redis_reply_free(reply);
    qsort(rows, count, sizeof(*rows), newest_first);
    *ret_rows = rows;
    *ret_count = count;
    return 0;
}

// ---- changes of a list as a whole ----

void hs_store_propose_list(struct hs_proposal *proposal, const struct hs_store_list *list)
{
    struct hs_str texts[2 * PROPERTY_COUNT];
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        texts[2 * i] = hs_str(properties[i].field);
        texts[2 * i + 1] = format_property(&properties[i], list, &proposal->bump);
    }
    hs_proposal_command(proposal, "HSET", hs_store_list_key(&proposal->bump, list->list_id),
                        2 * PROPERTY_COUNT, texts);
}

void hs_store_propose_revision(struct hs_proposal *proposal, const struct hs_store_list *against)
{
    struct hs_str key = hs_store_list_key(&proposal->bump, against->list_id);
    hs_proposal_check(
        proposal, key, "generation",
        hs_store_text(&proposal->bump, "%llu", (unsigned long long)against->generation));
    hs_proposal_check(
        proposal, key, "sequence",
        hs_store_text(&proposal->bump, "%llu", (unsigned long long)against->sequence));
}

struct hs_change hs_store_change_of(enum hs_change_op op, const struct hs_actor *actor,
                                    const struct hs_store_list *list)
{
    return (struct hs_change){.op = op,
                              .list = *list,
                              .who = hs_str(actor->who),
                              .authority = hs_str(actor->authority),
                              .at_ms = list->changed_at_ms};
}

// The generation after the last that a removed list of this id had; 0: there was none.
static int find_next_generation(struct hs_store *store, struct hs_bump *bump, struct hs_str list_id,
                                struct hs_str *ret_last, uint64_t *ret_generation)
{
    redisReply *reply;
    struct hs_str text;
    struct hs_str arguments[] = {HS_STR("HGET"), hs_store_list_key(bump, list_id),
                                 HS_STR("last_generation")};
    int rc = hs_bump_status(bump);
    rc = rc ? rc : hs_redis_command(store->redis, 3, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "list");
    }
    uint64_t last = 0;
    rc = hs_store_reply_text(reply, &text);
    if (rc == 0 && text.len > 0) {
        rc = hs_str_to_u64(text, &last);
    }
    if (rc == 0) {
        *ret_last =
            text.len > 0 ? hs_store_text(bump, "%llu", (unsigned long long)last) : hs_str("");
        *ret_generation = text.len > 0 ? last + 1 : 0;
    }
    hs_redis_reply_free(reply);
    return rc == 0 ? 0
                   : hs_store_fail(store, HS_EPROTO,
                                   "key 'hs:list:%.*s': field 'last_generation' cannot be read",
                                   HS_STR_ARG(list_id));
}

int hs_store_list_create(struct hs_store *store, const struct hs_actor *actor,
                         const struct hs_store_list *list, struct hs_position *ret_position)
{
    struct hs_proposal proposal;
    struct hs_store_list fresh = *list;
    hs_proposal_init(&proposal);
    fresh.generation = fresh.sequence = fresh.size = fresh.checksum = 0;
    fresh.created_at_ms = fresh.changed_at_ms = hs_clock_realtime_ms();
    struct hs_str key = hs_store_list_key(&proposal.bump, list->list_id), last = {0};
    int rc = find_next_generation(store, &proposal.bump, list->list_id, &last, &fresh.generation);
    if (rc != 0) {
        hs_proposal_fini(&proposal);
        return rc;
    }
    struct hs_str next[2] = {
        HS_STR("last_generation"),
        hs_store_text(&proposal.bump, "%llu", (unsigned long long)fresh.generation)};
    struct hs_change change = hs_store_change_of(HS_OP_CREATE, actor, &fresh);
    hs_proposal_check(&proposal, key, "kind", hs_str(""));
    hs_proposal_check(&proposal, key, "last_generation", last);
    hs_store_propose_list(&proposal, &fresh);
    hs_proposal_command(&proposal, "HSET", key, 2, next);
    hs_proposal_command(&proposal, "SADD", HS_STR(HS_KEY_LISTS), 1, &list->list_id);
    rc = hs_proposal_send(&proposal, store, &change, ret_position);
    if (rc == HS_ECONFLICT) {
        rc = hs_store_fail(store, HS_EEXIST, "list '%.*s' exists already",
                           HS_STR_ARG(list->list_id));
    }
    hs_proposal_fini(&proposal);
    return rc;
}

int hs_store_list_set(struct hs_store *store, const struct hs_actor *actor,
                      const struct hs_store_list *list, struct hs_position *ret_position)
{
    struct hs_proposal proposal;
    struct hs_store_list changed = *list;
    hs_proposal_init(&proposal);
    changed.sequence++;
    changed.changed_at_ms = hs_clock_realtime_ms();
    struct hs_change change = hs_store_change_of(HS_OP_SET, actor, &changed);
    hs_store_propose_revision(&proposal, list);
    hs_store_propose_list(&proposal, &changed);
    int rc = hs_proposal_send(&proposal, store, &change, ret_position);
    hs_proposal_fini(&proposal);
    return rc;
}

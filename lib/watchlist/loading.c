// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "watchlist/parts.h"
#include "watchlist/store_private.h"

enum {
    HSET_BYTES = 64 * 1024, // of one HSET's fields
    UNANSWERED_MOST = 32,   // HSETs sent ahead of their replies
    ABANDONED_MS = 3600000, // a load that began longer ago has died: its entries are taken away
};

// Entries go into hs:list:<id>:g<n>, n being new, which nobody reads before the list's hash names
// it. The list's hash holds 'loading:<n>' meanwhile, so that what a killed load leaves is found and
// taken away by a later one.
struct hs_store_loading {
    struct hs_store *store;       // borrowed
    struct hs_store_list against; // texts in bump
    struct hs_store_list fresh;   // generation, size and checksum as written so far
    struct hs_store_kept *kept;   // exclusions that outlive the load; owned
    struct hs_str key;            // of the new generation
    struct hs_str marker;         // "loading:<n>"
    struct hs_str started;        // its value
    struct hs_buf body;           // formatted fields and values of the next HSET
    size_t body_texts;
    size_t unanswered;         // HSETs without a reply yet
    uint64_t added;            // fields that Redis says were new
    uint64_t fields;           // that were sent
    struct hs_buf *buckets;    // HS_PARTS_BUCKETS parts being filled; NULL: none yet
    unsigned *numbers;         // of the next part of each
    struct hs_bump part_names; // of one HSET
    struct hs_bump bump;
};

static struct hs_str copy_text(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    return copy ? hs_str_n(copy, text.len) : hs_str("");
}

static int integer_reply(struct hs_store *store, const char *doing, long long *ret_value)
{
    redisReply *reply;
    int rc = hs_redis_reply(store->redis, 0, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, doing);
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        *ret_value = reply->integer;
    } else {
        rc = hs_store_fail(store, HS_EPROTO, "%s: redis answered no number", doing);
    }
    hs_redis_reply_free(reply);
    return rc;
}

// Entries of a generation that is not live: the mark goes in the same step that makes it live, so
// that what was meant as dead is left alone when it lives after all. KEYS: list, generation; the
// mark, its value. Answers whether they were taken away.
static const char take_away[] =
    "if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end\n"
    "redis.call('UNLINK', KEYS[2])\n"
    "return redis.call('HDEL', KEYS[1], ARGV[1])\n";

static int take_away_generation(struct hs_store *store, struct hs_str list_key,
                                struct hs_str generation_key, struct hs_str mark,
                                struct hs_str value)
{
    long long taken;
    const struct hs_str eval[] = {
        HS_STR("EVAL"), HS_STR(take_away), HS_STR("2"), list_key, generation_key, mark, value};
    hs_redis_add(store->redis, sizeof(eval) / sizeof(eval[0]), eval);
    return integer_reply(store, "taking away what a load left", &taken);
}

// Takes away what loads that died have left.
static int drop_abandoned(struct hs_store *store, struct hs_bump *bump, struct hs_str list_id,
                          int64_t now_ms)
{
    redisReply *reply;
    struct hs_str list_key = hs_store_list_key(bump, list_id);
    struct hs_str arguments[] = {HS_STR("HGETALL"), list_key};
    int rc = hs_redis_command(store->redis, 2, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "list");
    }
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements && rc == 0;
         i += 2) {
        struct hs_str field = hs_str_n(reply->element[i]->str, reply->element[i]->len);
        struct hs_str value = hs_str_n(reply->element[i + 1]->str, reply->element[i + 1]->len);
        uint64_t generation;
        int64_t started_ms;
        if (field.len <= 8 || memcmp(field.ptr, "loading:", 8) != 0 ||
            hs_str_to_u64(hs_str_n(field.ptr + 8, field.len - 8), &generation) != 0 ||
            (hs_str_to_i64(value, &started_ms) == 0 && now_ms - started_ms < ABANDONED_MS)) {
            continue;
        }
        rc = take_away_generation(store, list_key,
                                  hs_store_generation_key(bump, list_id, generation), field, value);
    }
    hs_redis_reply_free(reply);
    return rc;
}

// A generation number nobody has had, and the mark that it is being written.
static int claim_generation(struct hs_store_loading *loading)
{
    struct hs_store *store = loading->store;
    struct hs_str key = hs_store_list_key(&loading->bump, loading->against.list_id);
    int64_t now_ms = hs_clock_realtime_ms();
    long long generation = 0, marked;
    int rc = drop_abandoned(store, &loading->bump, loading->against.list_id, now_ms);
    while (rc == 0 && (uint64_t)generation <= loading->against.generation) {
        struct hs_str claim[] = {HS_STR("HINCRBY"), key, HS_STR("last_generation"), HS_STR("1")};
        hs_redis_add(store->redis, 4, claim);
        rc = integer_reply(store, "claiming a generation", &generation);
    }
    if (rc != 0) {
        return rc;
    }
    loading->fresh.generation = (uint64_t)generation;
    loading->key =
        hs_store_generation_key(&loading->bump, loading->against.list_id, (uint64_t)generation);
    loading->marker = hs_store_text(&loading->bump, "loading:%lld", generation);
    loading->started = hs_store_text(&loading->bump, "%lld", (long long)now_ms);
    if (hs_bump_status(&loading->bump) != 0) {
        return HS_ENOMEM;
    }
    struct hs_str mark[] = {HS_STR("HSET"), key, loading->marker, loading->started};
    hs_redis_add(store->redis, 4, mark);
    return integer_reply(store, "claiming a generation", &marked);
}

static void loading_free(struct hs_store_loading *loading)
{
    for (unsigned i = 0; loading->buckets && i < HS_PARTS_BUCKETS; i++) {
        hs_buf_fini(&loading->buckets[i]);
    }
    hs_store_kept_free(loading->kept);
    free(loading->buckets);
    free(loading->numbers);
    hs_bump_fini(&loading->part_names);
    hs_buf_fini(&loading->body);
    hs_bump_fini(&loading->bump);
    free(loading);
}

int hs_store_loading_new(struct hs_store *store, const struct hs_store_list *against,
                         struct hs_store_loading **ret_loading)
{
    struct hs_store_loading *loading = calloc(1, sizeof(*loading));
    if (!loading) {
        return HS_ENOMEM;
    }
    loading->store = store;
    loading->against = *against;
    loading->against.list_id = copy_text(&loading->bump, against->list_id);
    loading->against.title = copy_text(&loading->bump, against->title);
    loading->against.owner_force = copy_text(&loading->bump, against->owner_force);
    loading->against.purpose = copy_text(&loading->bump, against->purpose);
    loading->against.policy = copy_text(&loading->bump, against->policy);
    loading->fresh = loading->against;
    loading->fresh.sequence = loading->fresh.size = loading->fresh.checksum = 0;
    loading->fresh.own_ids = false;
    int rc = hs_bump_status(&loading->bump);
    rc = rc ? rc : hs_store_kept_new(store, against, &loading->kept);
    rc = rc ? rc : claim_generation(loading);
    if (rc != 0) {
        loading_free(loading);
        return rc;
    }
    *ret_loading = loading;
    return 0;
}

static int take_replies(struct hs_store_loading *loading, size_t leave)
{
    int rc = 0;
    while (rc == 0 && loading->unanswered > leave) {
        long long added;
        rc = integer_reply(loading->store, "writing entries", &added);
        loading->unanswered--;
        loading->added += rc == 0 ? (uint64_t)added : 0;
    }
    return rc;
}

static int send_body(struct hs_store_loading *loading)
{
    struct hs_redis *redis = loading->store->redis;
    int rc = hs_buf_status(&loading->body);
    if (rc != 0 || loading->body_texts == 0) {
        return rc;
    }
    hs_redis_begin(redis, 2 + loading->body_texts);
    hs_redis_argument(redis, HS_STR("HSET"));
    hs_redis_argument(redis, loading->key);
    hs_redis_formatted(redis, hs_buf_str(&loading->body));
    hs_buf_clear(&loading->body);
    loading->body_texts = 0;
    loading->unanswered++;
    rc = hs_redis_flush(redis);
    if (rc != 0) {
        return hs_store_redis_failed(loading->store, rc, "writing entries");
    }
    return take_replies(loading, UNANSWERED_MOST);
}

static int add_field(struct hs_store_loading *loading, struct hs_str field, struct hs_str value)
{
    hs_redis_format(&loading->body, field);
    hs_redis_format(&loading->body, value);
    loading->body_texts += 2;
    loading->fields++;
    return loading->body.len < HSET_BYTES ? 0 : send_body(loading);
}

static int end_part(struct hs_store_loading *loading, unsigned bucket)
{
    struct hs_buf *part = &loading->buckets[bucket];
    int rc = hs_buf_status(part);
    if (rc != 0 || part->len == 0) {
        return rc;
    }
    hs_bump_reset(&loading->part_names);
    struct hs_str field = hs_parts_field(&loading->part_names, bucket, loading->numbers[bucket]++);
    rc = add_field(loading, field, hs_buf_str(part));
    hs_buf_clear(part);
    return rc;
}

// Into the part of its bucket.
static int add_to_part(struct hs_store_loading *loading, struct hs_str entry_id,
                       struct hs_str entry)
{
    if (!loading->buckets) {
        loading->buckets = calloc(HS_PARTS_BUCKETS, sizeof(*loading->buckets));
        loading->numbers = calloc(HS_PARTS_BUCKETS, sizeof(*loading->numbers));
        if (!loading->buckets || !loading->numbers) {
            return HS_ENOMEM;
        }
    }
    unsigned bucket = hs_parts_bucket(entry_id);
    hs_parts_append(&loading->buckets[bucket], entry_id, entry);
    return loading->buckets[bucket].len < HS_PARTS_BYTES ? 0 : end_part(loading, bucket);
}

static int end_parts(struct hs_store_loading *loading)
{
    int rc = 0;
    for (unsigned i = 0; loading->buckets && rc == 0 && i < HS_PARTS_BUCKETS; i++) {
        rc = end_part(loading, i);
    }
    return rc;
}

int hs_store_loading_add(struct hs_store_loading *loading, struct hs_str entry_id,
                         struct hs_str entry)
{
    if (hs_parts_is(entry_id)) {
        return hs_store_fail(loading->store, HS_EINVAL,
                             "an entry id begins with a letter or a digit");
    }
    int rc = hs_store_kept_into(loading->kept, entry_id, entry, &entry);
    if (rc != 0) {
        return rc;
    }
    loading->fresh.own_ids |= hs_store_own_id(entry_id, entry);
    loading->fresh.size++;
    loading->fresh.checksum += hs_store_entry_sum(entry_id, entry);
    return loading->fresh.size <= HS_PARTS_PLAIN_MOST ? add_field(loading, entry_id, entry)
                                                      : add_to_part(loading, entry_id, entry);
}

static void propose_forget(struct hs_proposal *proposal, const struct hs_store_list *list,
                           const struct hs_store_generation *row)
{
    struct hs_str key = hs_store_list_key(&proposal->bump, list->list_id);
    struct hs_str field =
        hs_store_text(&proposal->bump, "old:%llu", (unsigned long long)row->generation);
    hs_proposal_command(proposal, "UNLINK",
                        hs_store_generation_key(&proposal->bump, list->list_id, row->generation), 0,
                        NULL);
    hs_proposal_command(proposal, "HDEL", key, 1, &field);
}

enum { FORGET_MOST = 16 }; // generations one load may take away; further ones go with the next

// The live generation becomes an earlier one; those beyond what the list keeps go.
static int propose_generations(struct hs_store_loading *loading, struct hs_proposal *proposal)
{
    struct hs_store_generation *rows = NULL;
    size_t count = 0;
    const struct hs_store_list *against = &loading->against;
    int rc = hs_store_generations(loading->store, against->list_id, &proposal->bump, &rows, &count);
    if (rc != 0) {
        return rc;
    }
    struct hs_str texts[2] = {
        hs_store_text(&proposal->bump, "old:%llu", (unsigned long long)against->generation),
        hs_store_text(&proposal->bump, "%llu %llu %016llx %lld",
                      (unsigned long long)against->sequence, (unsigned long long)against->size,
                      (unsigned long long)against->checksum,
                      (long long)loading->fresh.changed_at_ms)};
    hs_proposal_command(proposal, "HSET", hs_store_list_key(&proposal->bump, against->list_id), 2,
                        texts);
    size_t kept = against->keep_generations ? against->keep_generations - 1 : 0;
    size_t gone = count > kept ? count - kept : 0;
    for (size_t i = 0; i < gone && i < FORGET_MOST; i++) {
        propose_forget(proposal, against, &rows[count - 1 - i]);
    }
    return 0;
}

static int commit(struct hs_store_loading *loading, const struct hs_actor *actor,
                  enum hs_change_op op, struct hs_str note, struct hs_proposal *proposal,
                  struct hs_position *ret_position)
{
    struct hs_store *store = loading->store;
    int rc = end_parts(loading);
    rc = rc ? rc : send_body(loading);
    rc = rc ? rc : take_replies(loading, 0);
    if (rc != 0) {
        return rc;
    }
    if (loading->added != loading->fields) {
        return hs_store_fail(store, HS_ECHECKSUM, "key '%.*s': holds %llu of %llu fields written",
                             HS_STR_ARG(loading->key), (unsigned long long)loading->added,
                             (unsigned long long)loading->fields);
    }
    loading->fresh.changed_at_ms = hs_clock_realtime_ms();
    struct hs_change change = hs_store_change_of(op, actor, &loading->fresh);
    change.note = note;
    struct hs_str key = hs_store_list_key(&proposal->bump, loading->against.list_id);
    hs_store_propose_revision(proposal, &loading->against);
    hs_proposal_check(proposal, key, loading->marker.ptr, loading->started);
    hs_store_propose_list(proposal, &loading->fresh);
    hs_proposal_command(proposal, "HDEL", key, 1, &loading->marker);
    rc = propose_generations(loading, proposal);
    return rc ? rc : hs_proposal_send(proposal, store, &change, ret_position);
}

int hs_store_loading_commit(struct hs_store_loading *loading, const struct hs_actor *actor,
                            enum hs_change_op op, struct hs_str note,
                            struct hs_store_list *ret_list, struct hs_position *ret_position)
{
    struct hs_proposal proposal;
    hs_proposal_init(&proposal);
    int rc = commit(loading, actor, op, note, &proposal, ret_position);
    hs_proposal_fini(&proposal);
    if (rc != 0) {
        return rc;
    }
    if (ret_list) {
        ret_list->generation = loading->fresh.generation;
        ret_list->sequence = loading->fresh.sequence;
        ret_list->size = loading->fresh.size;
        ret_list->checksum = loading->fresh.checksum;
        ret_list->changed_at_ms = loading->fresh.changed_at_ms;
    }
    loading_free(loading);
    return 0;
}

void hs_store_loading_abort(struct hs_store_loading *loading)
{
    if (!loading) {
        return;
    }
    // Whatever fails here is made good by a later load, see drop_abandoned().
    struct hs_store *store = loading->store;
    struct hs_buf why = store->why; // the reason of the abort is what a person wants to read
    store->why = (struct hs_buf){0};
    if (take_replies(loading, 0) == 0) {
        take_away_generation(store, hs_store_list_key(&loading->bump, loading->against.list_id),
                             loading->key, loading->marker, loading->started);
    }
    hs_buf_fini(&store->why);
    store->why = why;
    loading_free(loading);
}

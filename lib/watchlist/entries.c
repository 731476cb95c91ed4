// SPDX-License-Identifier: Apache-2.0
// Entries of a generation: all of them, one, and the change of one.
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "watchlist/entry.h"
#include "watchlist/parts.h"
#include "watchlist/store_private.h"

enum { PARTS_ASKED = 64 }; // of a bucket at once

// ---- all ----

struct walk {
    hs_redis_pair_fn *pair; // the caller's
    void *ctx;
};

static int walk_field(void *ctx, struct hs_str field, struct hs_str value)
{
    const struct walk *walk = ctx;
    return hs_parts_is(field) ? hs_parts_each(value, walk->pair, walk->ctx)
                              : walk->pair(walk->ctx, field, value);
}

int hs_store_entries(struct hs_store *store, const struct hs_store_list *list, uint64_t generation,
                     hs_redis_pair_fn *pair, void *ctx)
{
    struct hs_bump bump = {0};
    struct walk walk = {pair, ctx};
    struct hs_str key =
        hs_store_generation_key(&bump, list->list_id, generation ? generation : list->generation);
    int rc = key.len > 0 ? hs_redis_scan_hash(store->redis, key, walk_field, &walk) : HS_ENOMEM;
    const char *why = hs_redis_why(store->redis);
    if (rc == HS_EPROTO || rc == HS_EUNREACHABLE || rc == HS_ETIMEDOUT) {
        hs_store_fail(store, rc, "key '%.*s': %s", HS_STR_ARG(key), *why ? why : hs_strerror(rc));
    }
    hs_bump_fini(&bump);
    return rc;
}

// ---- one ----

// Where an entry stands; texts in the caller's bump.
struct place {
    struct hs_str field; // its own id, or a part's name
    struct hs_str part;  // the part's bytes; ptr NULL: a field of its own
    struct hs_str entry;
};

static int copy_text(struct hs_bump *bump, struct hs_str text, struct hs_str *ret_copy)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    *ret_copy = hs_str_n(copy, text.len);
    return copy ? 0 : HS_ENOMEM;
}

// Looks into the parts of one reply; HS_ENOTFOUND: it is in none; *ret_end: there are no more.
static int look_into(const redisReply *reply, struct hs_str entry_id, const struct hs_str *fields,
                     struct hs_bump *bump, struct place *ret_place, bool *ret_end)
{
    struct hs_str part, entry;
    int rc = HS_ENOTFOUND;
    *ret_end = reply->type != REDIS_REPLY_ARRAY || reply->elements != PARTS_ASKED;
    for (size_t i = 0; rc == HS_ENOTFOUND && !*ret_end && i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_STRING) {
            *ret_end = true;
            break;
        }
        part = hs_str_n(reply->element[i]->str, reply->element[i]->len);
        rc = hs_parts_find(part, entry_id, &entry);
        if (rc == 0) {
            ret_place->field = fields[i];
            rc = copy_text(bump, part, &ret_place->part);
            rc = rc ? rc : hs_parts_find(ret_place->part, entry_id, &ret_place->entry);
        }
    }
    return rc;
}

static int find_in_parts(struct hs_store *store, struct hs_str key, struct hs_str entry_id,
                         struct hs_bump *bump, struct place *ret_place)
{
    unsigned bucket = hs_parts_bucket(entry_id);
    int rc = HS_ENOTFOUND;
    bool end = false;
    for (unsigned from = 0; rc == HS_ENOTFOUND && !end; from += PARTS_ASKED) {
        redisReply *reply;
        struct hs_str arguments[2 + PARTS_ASKED] = {HS_STR("HMGET"), key};
        for (unsigned i = 0; i < PARTS_ASKED; i++) {
            arguments[2 + i] = hs_parts_field(bump, bucket, from + i);
        }
        rc = hs_redis_command(store->redis, 2 + PARTS_ASKED, arguments, &reply);
        if (rc != 0) {
            return hs_store_redis_failed(store, rc, "entry");
        }
        rc = look_into(reply, entry_id, arguments + 2, bump, ret_place, &end);
        hs_redis_reply_free(reply);
    }
    return rc;
}

static int find_entry(struct hs_store *store, const struct hs_store_list *list,
                      struct hs_str entry_id, struct hs_bump *bump, struct place *ret_place)
{
    redisReply *reply;
    struct hs_str arguments[] = {
        HS_STR("HGET"), hs_store_generation_key(bump, list->list_id, list->generation), entry_id};
    int rc = hs_bump_status(bump);
    rc = rc ? rc : hs_redis_command(store->redis, 3, arguments, &reply);
    if (rc == HS_EPROTO) { // a key of another type
        rc = HS_EREFUSED;
    }
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "entry");
    }
    *ret_place = (struct place){.field = entry_id};
    if (reply->type == REDIS_REPLY_STRING) {
        rc = copy_text(bump, hs_str_n(reply->str, reply->len), &ret_place->entry);
    } else {
        rc = find_in_parts(store, arguments[1], entry_id, bump, ret_place);
    }
    hs_redis_reply_free(reply);
    return rc;
}

int hs_store_entry_get(struct hs_store *store, const struct hs_store_list *list,
                       struct hs_str entry_id, struct hs_bump *bump, struct hs_str *ret_entry)
{
    struct place place;
    int rc = hs_parts_is(entry_id) ? HS_ENOTFOUND : find_entry(store, list, entry_id, bump, &place);
    if (rc == HS_ENOTFOUND) {
        return hs_store_fail(store, rc, "list '%.*s' has no entry '%.*s'",
                             HS_STR_ARG(list->list_id), HS_STR_ARG(entry_id));
    }
    if (rc == HS_EPROTO) {
        return hs_store_fail(store, rc, "list '%.*s': a part of its entries cannot be read",
                             HS_STR_ARG(list->list_id));
    }
    if (rc == 0) {
        *ret_entry = place.entry;
    }
    return rc;
}

bool hs_store_own_id(struct hs_str entry_id, struct hs_str entry)
{
    struct hs_vrm vrm;
    return hs_entry_vrm(entry, &vrm) != 0 || !hs_str_eq(entry_id, hs_vrm_str(&vrm));
}

// ---- the change of one ----

// Where the entry goes, or goes from: a part is written again. That it is what was read, the
// revision says, which the proposal checks.
static int propose_entry(struct hs_store *store, struct hs_proposal *proposal,
                         const struct hs_store_list *list, const struct hs_change *change,
                         struct hs_buf *part)
{
    struct hs_str key = hs_store_generation_key(&proposal->bump, list->list_id, list->generation);
    struct place place = {.field = change->entry_id};
    int rc = find_entry(store, list, change->entry_id, &proposal->bump, &place);
    if (rc != 0 && rc != HS_ENOTFOUND && rc != HS_EREFUSED) { // of another type: the script tells
        return rc;
    }
    bool put = change->op == HS_OP_PUT;
    struct hs_str texts[2] = {change->entry_id, change->entry};
    if (rc == 0 && place.part.ptr) {
        rc = hs_parts_replace(place.part, change->entry_id, put ? change->entry : hs_str(""), part);
        texts[0] = place.field;
        texts[1] = hs_buf_str(part);
        hs_proposal_command(proposal, "HSET", key, 2, texts);
        return rc;
    }
    hs_proposal_command(proposal, put ? "HSET" : "HDEL", key, put ? 2 : 1, texts);
    return 0;
}

// A put or a drop: one entry of the live generation, and the list's next sequence, size and
// checksum.
static int change_entry(struct hs_store *store, struct hs_store_list *list,
                        struct hs_change *change, struct hs_position *ret_position)
{
    struct hs_proposal proposal;
    struct hs_store_list changed = *list;
    struct hs_buf part = {0};
    bool put = change->op == HS_OP_PUT;
    if (hs_parts_is(change->entry_id)) {
        return hs_store_fail(store, HS_EINVAL, "an entry id begins with a letter or a digit");
    }
    hs_proposal_init(&proposal);
    changed.sequence++;
    changed.changed_at_ms = change->at_ms = hs_clock_realtime_ms();
    changed.size += (put ? 1 : 0) - (change->before.len ? 1 : 0);
    changed.checksum +=
        (put ? hs_store_entry_sum(change->entry_id, change->entry) : 0) -
        (change->before.len ? hs_store_entry_sum(change->entry_id, change->before) : 0);
    changed.own_ids |= put && hs_store_own_id(change->entry_id, change->entry);
    change->list = changed;
    hs_store_propose_revision(&proposal, list);
    int rc = propose_entry(store, &proposal, list, change, &part);
    hs_store_propose_list(&proposal, &changed);
    rc = rc ? rc : hs_proposal_send(&proposal, store, change, ret_position);
    if (rc == 0) {
        *list = changed;
    }
    hs_buf_fini(&part);
    hs_proposal_fini(&proposal);
    return rc;
}

int hs_store_put(struct hs_store *store, const struct hs_actor *actor, struct hs_store_list *list,
                 struct hs_str entry_id, struct hs_str entry, struct hs_str before,
                 struct hs_position *ret_position)
{
    struct hs_change change = hs_store_change_of(HS_OP_PUT, actor, list);
    change.entry_id = entry_id;
    change.entry = entry;
    change.before = before;
    return change_entry(store, list, &change, ret_position);
}

int hs_store_drop(struct hs_store *store, const struct hs_actor *actor, struct hs_store_list *list,
                  struct hs_str entry_id, struct hs_str before, struct hs_position *ret_position)
{
    struct hs_change change = hs_store_change_of(HS_OP_DROP, actor, list);
    change.entry_id = entry_id;
    change.before = before;
    return change_entry(store, list, &change, ret_position);
}

// SPDX-License-Identifier: Apache-2.0
#include "watchlist/said.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "vrm/vrm.h"
#include "watchlist/store_private.h"

typedef Hitstream__V1__Feedback pb_feedback; // long name of the contract, short in this file

#define NOMINATION   HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOMINATION
#define INTELLIGENCE HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE

enum { TRIES = 8 }; // somebody else may write the same meanwhile
static const char queues_key[] = HS_KEY_SAID;

bool hs_said_is_of_group(const pb_feedback *feedback)
{
    return feedback->kind == NOMINATION ||
           (feedback->kind == INTELLIGENCE && feedback->reply_token.len == 0);
}

// What both the writer and the readers make of packed bytes; NULL: nothing said of a group.
static pb_feedback *unpack(struct hs_str packed)
{
    pb_feedback *feedback =
        hitstream__v1__feedback__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
    if (feedback && hs_said_is_of_group(feedback) &&
        feedback->feedback_id.len == HS_SAID_ID_BYTES &&
        (feedback->kind != NOMINATION || feedback->nomination)) {
        return feedback;
    }
    hitstream__v1__feedback__free_unpacked(feedback, NULL);
    return NULL;
}

static struct hs_str group_of(const pb_feedback *feedback)
{
    return hs_str(feedback->nomination ? feedback->nomination->group_id : feedback->about_group);
}

static struct hs_str id_of(const pb_feedback *feedback, struct hs_bump *bump)
{
    char text[2 * HS_SAID_ID_BYTES + 1];
    hs_hex_encode(feedback->feedback_id.data, HS_SAID_ID_BYTES, text);
    return hs_store_text(bump, "%s", text);
}

static struct hs_str key_of(struct hs_bump *bump, struct hs_str queue)
{
    return hs_store_text(bump, "%s:%.*s", queues_key, HS_STR_ARG(queue));
}

static struct hs_str declined_key(struct hs_bump *bump, struct hs_str queue)
{
    return hs_store_text(bump, "%s:%.*s:declined", queues_key, HS_STR_ARG(queue));
}

// ---- writing ----

// The one that was said first.
struct oldest {
    struct hs_bump *bump;
    struct hs_str feedback_id; // empty: none yet
    int64_t at_ms;
};

static int look_for_oldest(void *ctx, struct hs_str field, struct hs_str value)
{
    struct oldest *oldest = ctx;
    pb_feedback *feedback = unpack(value);
    int64_t at_ms = feedback ? feedback->at_ms : 0; // what cannot be read goes first
    hitstream__v1__feedback__free_unpacked(feedback, NULL);
    if (oldest->feedback_id.len == 0 || at_ms < oldest->at_ms) {
        oldest->feedback_id = hs_store_text(oldest->bump, "%.*s", HS_STR_ARG(field));
        oldest->at_ms = at_ms;
    }
    return 0;
}

// A command's number: HEXISTS, HLEN.
static int ask_number(struct hs_store *store, size_t count, const struct hs_str *arguments,
                      long long *ret_number)
{
    redisReply *reply;
    int rc = hs_redis_command(store->redis, count, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "what partners said");
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        *ret_number = reply->integer;
    } else {
        rc = hs_store_fail(store, HS_EPROTO, "key '%.*s': is no hash", HS_STR_ARG(arguments[1]));
    }
    hs_redis_reply_free(reply);
    return rc;
}

// Whether it stands there, and how many do.
static int look(struct hs_store *store, struct hs_str key, struct hs_str feedback_id,
                bool *ret_stands, size_t *ret_count)
{
    const struct hs_str exists[] = {HS_STR("HEXISTS"), key, feedback_id};
    const struct hs_str length[] = {HS_STR("HLEN"), key};
    long long stands = 0, count = 0;
    int rc = key.len > 0 && feedback_id.len > 0 ? 0 : HS_ENOMEM;
    rc = rc ? rc : ask_number(store, 3, exists, &stands);
    rc = rc ? rc : ask_number(store, 2, length, &count);
    if (rc == 0) {
        *ret_stands = stands != 0;
        *ret_count = (size_t)count;
    }
    return rc;
}

// Makes room for one more.
static int propose_room(struct hs_store *store, struct hs_proposal *proposal, struct hs_str key,
                        struct hs_str queue)
{
    struct oldest oldest = {.bump = &proposal->bump};
    int rc = hs_redis_scan_hash(store->redis, key, look_for_oldest, &oldest);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "what partners said");
    }
    hs_proposal_command(proposal, "HDEL", key, 1, &oldest.feedback_id);
    hs_proposal_command(proposal, "SREM", declined_key(&proposal->bump, queue), 1,
                        &oldest.feedback_id);
    return 0;
}

static struct hs_change record_of(const pb_feedback *feedback, struct hs_str queue,
                                  struct hs_str feedback_id, struct hs_bump *bump)
{
    bool nomination = feedback->kind == NOMINATION;
    struct hs_str group = group_of(feedback);
    struct hs_str vehicle = nomination ? hs_str(feedback->nomination->vehicle) : HS_STR("");
    struct hs_vrm vrm;
    if (vehicle.len > 0 && hs_vrm_normalise(vehicle, &vrm, NULL) == 0) {
        vehicle = hs_store_text(bump, "%s", vrm.text);
    }
    return (struct hs_change){
        .op = nomination ? HS_OP_NOMINATED : HS_OP_INTELLIGENCE,
        .who = hs_str(feedback->person),
        .authority = hs_store_text(bump, "feedback %.*s", HS_STR_ARG(feedback_id)),
        .note = hs_str(feedback->note),
        .looked = {.command = hs_store_text(bump, "group %.*s", HS_STR_ARG(group)),
                   .vehicle = vehicle,
                   .queue = queue},
        .at_ms = hs_clock_realtime_ms()};
}

static int say_once(struct hs_store *store, struct hs_str queue, const pb_feedback *feedback,
                    struct hs_str packed)
{
    struct hs_proposal proposal;
    hs_proposal_init(&proposal);
    struct hs_str key = key_of(&proposal.bump, queue);
    struct hs_str id = id_of(feedback, &proposal.bump);
    bool stands = false;
    size_t count = 0;
    int rc = look(store, key, id, &stands, &count);
    if (rc == 0 && !stands && count >= HS_SAID_QUEUE_MAX) {
        rc = propose_room(store, &proposal, key, queue);
    }
    if (rc == 0 && !stands) {
        const struct hs_str pair[] = {id, packed};
        const struct hs_change change = record_of(feedback, queue, id, &proposal.bump);
        hs_proposal_check(&proposal, key, id.ptr, HS_STR(""));
        hs_proposal_command(&proposal, "SADD", hs_str(queues_key), 1, &queue);
        hs_proposal_command(&proposal, "HSET", key, 2, pair);
        rc = hs_proposal_send(&proposal, store, &change, NULL);
    }
    hs_proposal_fini(&proposal);
    return rc;
}

int hs_store_say(struct hs_store *store, struct hs_str queue, struct hs_str packed)
{
    pb_feedback *feedback = unpack(packed);
    if (!feedback) {
        return hs_store_fail(store, HS_EFORMAT, "what was said is not said of a group");
    }
    int rc = HS_ECONFLICT;
    for (int i = 0; i < TRIES && rc == HS_ECONFLICT; i++) {
        rc = say_once(store, queue, feedback, packed);
    }
    hitstream__v1__feedback__free_unpacked(feedback, NULL);
    return rc;
}

int hs_store_decline(struct hs_store *store, const struct hs_actor *actor,
                     const struct hs_said *said)
{
    struct hs_proposal proposal;
    hs_proposal_init(&proposal);
    const struct hs_change change = {
        .op = HS_OP_DECLINED,
        .who = hs_str(actor->who),
        .authority = hs_str(actor->authority),
        .note = hs_store_text(&proposal.bump, "feedback %.*s", HS_STR_ARG(said->feedback_id)),
        .looked = {.command =
                       hs_store_text(&proposal.bump, "group %.*s", HS_STR_ARG(said->group_id)),
                   .queue = said->queue},
        .at_ms = hs_clock_realtime_ms()};
    hs_proposal_command(&proposal, "SADD", declined_key(&proposal.bump, said->queue), 1,
                        &said->feedback_id);
    int rc = hs_proposal_send(&proposal, store, &change, NULL);
    hs_proposal_fini(&proposal);
    return rc;
}

// ---- reading ----

// One queue's rows on their way.
struct reading {
    struct hs_said_rows *all;
    struct hs_str queue; // in the rows' bump
};

static int take_row(void *ctx, struct hs_str field, struct hs_str value)
{
    struct reading *reading = ctx;
    struct hs_said_rows *all = reading->all;
    pb_feedback *feedback = unpack(value);
    (void)field;
    if (!feedback) {
        return HS_EPROTO;
    }
    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? 2 * all->capacity : 64;
        struct hs_said *grown = reallocarray(all->rows, capacity, sizeof(*grown));
        if (!grown) {
            hitstream__v1__feedback__free_unpacked(feedback, NULL);
            return HS_ENOMEM;
        }
        all->rows = grown;
        all->capacity = capacity;
    }
    all->rows[all->count++] = (struct hs_said){.queue = reading->queue,
                                               .feedback_id = id_of(feedback, &all->bump),
                                               .group_id = group_of(feedback),
                                               .feedback = feedback};
    return 0;
}

// A set's members; the caller frees the reply.
static int read_set(struct hs_store *store, struct hs_str key, redisReply **ret_reply)
{
    redisReply *reply;
    struct hs_str arguments[] = {HS_STR("SMEMBERS"), key};
    int rc = hs_redis_command(store->redis, 2, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "what partners said");
    }
    if (reply->type != REDIS_REPLY_ARRAY) {
        hs_redis_reply_free(reply);
        return hs_store_fail(store, HS_EPROTO, "key '%.*s': is no set", HS_STR_ARG(key));
    }
    *ret_reply = reply;
    return 0;
}

// Marks those of the rows from `from` on that an officer said no to.
static int read_declined(struct hs_store *store, struct hs_str queue, struct hs_said_rows *rows,
                         size_t from)
{
    redisReply *reply;
    int rc = read_set(store, declined_key(&rows->bump, queue), &reply);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < reply->elements; i++) {
        struct hs_str id;
        rc = hs_store_reply_text(reply->element[i], &id);
        for (size_t r = from; rc == 0 && r < rows->count; r++) {
            struct hs_said *row = &rows->rows[r];
            row->declined = row->declined || hs_str_eq(row->feedback_id, id);
        }
    }
    hs_redis_reply_free(reply);
    return rc;
}

static int read_queue(struct hs_store *store, struct hs_str queue, struct hs_said_rows *rows)
{
    struct reading reading = {rows, hs_store_text(&rows->bump, "%.*s", HS_STR_ARG(queue))};
    struct hs_str key = key_of(&rows->bump, queue);
    size_t from = rows->count;
    int rc = hs_redis_scan_hash(store->redis, key, take_row, &reading);
    return rc == 0 ? read_declined(store, queue, rows, from)
                   : hs_store_redis_failed(store, rc, "what partners said");
}

static int in_order(const void *a, const void *b)
{
    const struct hs_said *x = a, *y = b;
    if (x->feedback->at_ms != y->feedback->at_ms) {
        return x->feedback->at_ms < y->feedback->at_ms ? -1 : 1;
    }
    return hs_str_cmp(x->feedback_id, y->feedback_id);
}

// A scan may give a field twice while others write.
static void drop_doubles(struct hs_said_rows *rows)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct hs_said *row = &rows->rows[i];
        if (kept > 0 && hs_str_eq(rows->rows[kept - 1].feedback_id, row->feedback_id) &&
            hs_str_eq(rows->rows[kept - 1].queue, row->queue)) {
            hitstream__v1__feedback__free_unpacked(row->feedback, NULL);
        } else {
            rows->rows[kept++] = *row;
        }
    }
    rows->count = kept;
}

int hs_store_said(struct hs_store *store, struct hs_said_rows *ret_rows)
{
    struct hs_said_rows rows = {0};
    redisReply *reply;
    int rc = read_set(store, hs_str(queues_key), &reply);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < reply->elements; i++) {
        struct hs_str queue;
        rc = hs_store_reply_text(reply->element[i], &queue);
        rc = rc ? rc : read_queue(store, queue, &rows);
    }
    hs_redis_reply_free(reply);
    if (rc != 0) {
        hs_said_rows_fini(&rows);
        return rc;
    }
    if (rows.count > 0) {
        qsort(rows.rows, rows.count, sizeof(*rows.rows), in_order);
    }
    drop_doubles(&rows);
    *ret_rows = rows;
    return 0;
}

void hs_said_rows_fini(struct hs_said_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        hitstream__v1__feedback__free_unpacked(rows->rows[i].feedback, NULL);
    }
    free(rows->rows);
    hs_bump_fini(&rows->bump);
    *rows = (struct hs_said_rows){0};
}

// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "base/error.h"
#include "watchlist/store_private.h"

// How often a change is tried when others append between our reading of the chain's end and the
// script.
enum { CHAIN_TRIES = 100 };

// KEYS[1] is the stream; other keys are named by their number. Arguments: the last record's id;
// number of checks, each key, field, value; number of commands, each its count of texts, command,
// key, arguments; then the record.
static const char script[] =
    "local at = 0\n"
    "local function take() at = at + 1; return ARGV[at] end\n"
    "local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)\n"
    "local last = tail[1] and tail[1][1] or '0-0'\n"
    "if take() ~= last then return {'chain', last} end\n"
    "for n = 1, tonumber(take()) do\n"
    "  local key, field, want = KEYS[tonumber(take())], take(), take()\n"
    "  local have = redis.call('HGET', key, field) or ''\n"
    "  if have ~= want then return {'changed', key, field, have} end\n"
    "end\n"
    "local kinds = {HSET = 'hash', HDEL = 'hash', SADD = 'set', SREM = 'set'}\n"
    "local commands = {}\n"
    "for n = 1, tonumber(take()) do\n"
    "  local command = {}\n"
    "  for i = 1, tonumber(take()) do command[i] = take() end\n"
    "  command[2] = KEYS[tonumber(command[2])]\n"
    "  local kind = redis.call('TYPE', command[2]).ok\n"
    "  if kinds[command[1]] and kind ~= 'none' and kind ~= kinds[command[1]] then\n"
    "    return {'kind', command[2], kind, kinds[command[1]]}\n"
    "  end\n"
    "  commands[n] = command\n"
    "end\n"
    "for n = 1, #commands do redis.call(unpack(commands[n])) end\n"
    "local record = {'XADD', KEYS[1], '*'}\n"
    "for i = at + 1, #ARGV do record[#record + 1] = ARGV[i] end\n"
    "return {'done', redis.call(unpack(record))}\n";

void hs_proposal_init(struct hs_proposal *proposal)
{
    *proposal = (struct hs_proposal){.key_count = 1};
    proposal->keys[0] = HS_STR(HS_KEY_CHANGES);
}

void hs_proposal_fini(struct hs_proposal *proposal)
{
    hs_bump_fini(&proposal->bump);
}

static struct hs_str key_number(struct hs_proposal *proposal, struct hs_str key)
{
    size_t i = 0;
    while (i < proposal->key_count && !hs_str_eq(proposal->keys[i], key)) {
        i++;
    }
    if (i == HS_PROPOSAL_KEYS_MAX) {
        proposal->overflow = true;
        return HS_STR("0");
    }
    proposal->keys[i] = key;
    proposal->key_count = i == proposal->key_count ? i + 1 : proposal->key_count;
    return hs_store_text(&proposal->bump, "%zu", i + 1);
}

void hs_proposal_check(struct hs_proposal *proposal, struct hs_str key, const char *field,
                       struct hs_str value)
{
    struct hs_str *at = proposal->checks + proposal->check_texts;
    if (proposal->check_texts + 3 > sizeof(proposal->checks) / sizeof(proposal->checks[0])) {
        proposal->overflow = true;
        return;
    }
    at[0] = key_number(proposal, key);
    at[1] = hs_str(field);
    at[2] = value;
    proposal->check_texts += 3;
}

void hs_proposal_command(struct hs_proposal *proposal, const char *command, struct hs_str key,
                         size_t count, const struct hs_str *arguments)
{
    struct hs_str *at = proposal->commands + proposal->command_texts;
    if (proposal->command_texts + 3 + count > HS_PROPOSAL_TEXTS_MAX) {
        proposal->overflow = true;
        return;
    }
    at[0] = hs_store_text(&proposal->bump, "%zu", count + 2);
    at[1] = hs_str(command);
    at[2] = key_number(proposal, key);
    for (size_t i = 0; i < count; i++) {
        at[3 + i] = arguments[i];
    }
    proposal->command_texts += 3 + count;
    proposal->command_count++;
}

static void arguments(struct hs_redis *redis, const struct hs_str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hs_redis_argument(redis, texts[i]);
    }
}

static void add_script(struct hs_proposal *proposal, struct hs_store *store,
                       const struct hs_str *record, size_t record_texts)
{
    struct hs_redis *redis = store->redis;
    struct hs_bump *bump = &proposal->bump;
    hs_redis_begin(redis, 3 + proposal->key_count + 3 + proposal->check_texts +
                              proposal->command_texts + record_texts);
    hs_redis_argument(redis, HS_STR("EVAL"));
    hs_redis_argument(redis, HS_STR(script));
    hs_redis_argument(redis, hs_store_text(bump, "%zu", proposal->key_count));
    arguments(redis, proposal->keys, proposal->key_count);
    hs_redis_argument(redis, hs_str(store->tail.id));
    hs_redis_argument(redis, hs_store_text(bump, "%zu", proposal->check_texts / 3));
    arguments(redis, proposal->checks, proposal->check_texts);
    hs_redis_argument(redis, hs_store_text(bump, "%zu", proposal->command_count));
    arguments(redis, proposal->commands, proposal->command_texts);
    arguments(redis, record, record_texts);
}

// What the script answered: its first text decides.
static int read_answer(struct hs_store *store, const redisReply *reply, struct hs_str *ret_id)
{
    struct hs_str texts[4] = {{0}};
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2) {
        return hs_store_fail(store, HS_EPROTO,
                             "redis: the change script answered in another shape");
    }
    for (size_t i = 0; i < reply->elements && i < 4; i++) {
        if (hs_store_reply_text(reply->element[i], &texts[i]) != 0) {
            return hs_store_fail(store, HS_EPROTO,
                                 "redis: the change script answered in another shape");
        }
    }
    if (hs_str_is(texts[0], "done") && texts[1].len < HS_CHANGE_ID_BYTES) {
        *ret_id = texts[1];
        return 0;
    }
    if (hs_str_is(texts[0], "chain")) {
        return HS_EAGAIN;
    }
    if (hs_str_is(texts[0], "changed")) {
        return hs_store_fail(store, HS_ECONFLICT,
                             "changed since it was read: key '%.*s', field '%.*s' is now '%.*s'",
                             HS_STR_ARG(texts[1]), HS_STR_ARG(texts[2]), HS_STR_ARG(texts[3]));
    }
    return hs_store_fail(store, HS_EPROTO, "key '%.*s': is a '%.*s', should be a '%.*s'",
                         HS_STR_ARG(texts[1]), HS_STR_ARG(texts[2]), HS_STR_ARG(texts[3]));
}

static int send_once(struct hs_proposal *proposal, struct hs_store *store, struct hs_str *record,
                     size_t record_texts, struct hs_position *ret_position)
{
    struct hs_str id;
    redisReply *reply;
    int rc = store->tail_known ? 0 : hs_store_head(store, &store->tail);
    if (rc != 0) {
        return rc;
    }
    record[1] = hs_str(store->tail.hash);
    add_script(proposal, store, record, record_texts);
    rc = hs_redis_reply(store->redis, 0, &reply);
    store->tail_known = false;
    store->uncertain = hs_redis_lost(store->redis);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "change");
    }
    rc = read_answer(store, reply, &id);
    if (rc == 0) {
        struct hs_position position = {{0}, {0}};
        memcpy(position.id, id.ptr, id.len);
        hs_change_hash(id, record, record_texts, position.hash);
        store->tail = *ret_position = position;
        store->tail_known = true;
    }
    hs_redis_reply_free(reply);
    return rc;
}

int hs_proposal_send(struct hs_proposal *proposal, struct hs_store *store,
                     const struct hs_change *change, struct hs_position *ret_position)
{
    struct hs_str record[HS_CHANGE_TEXTS_MAX + 2] = {HS_STR("prev")};
    struct hs_buf storage = {0};
    struct hs_position position;
    size_t count = 2 + hs_change_encode(change, &storage, record + 2);
    int rc = hs_buf_status(&storage);
    rc = rc ? rc : hs_bump_status(&proposal->bump); // a key that is missing would be another key
    if (proposal->overflow) {
        rc = hs_store_fail(store, HS_ELIMIT, "change touches more keys than one change may");
    }
    if (rc == 0) {
        rc = HS_EAGAIN;
    }
    for (int i = 0; i < CHAIN_TRIES && rc == HS_EAGAIN; i++) {
        rc = send_once(proposal, store, record, count, &position);
    }
    if (rc == HS_EAGAIN) {
        rc = hs_store_fail(store, HS_ECONFLICT,
                           "others change lists faster than this change could be made");
    }
    if (rc == 0 && ret_position) {
        *ret_position = position;
    }
    hs_buf_fini(&storage);
    return rc;
}

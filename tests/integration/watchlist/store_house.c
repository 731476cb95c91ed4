// SPDX-License-Identifier: Apache-2.0
#include "store_house.h"

#include <stdio.h>

#include <hiredis/hiredis.h>

struct hs_redis_server redis;
struct hs_store *store;
struct hs_bump bump;
const struct hs_actor actor = {"ann", "A/1"};

struct hs_store *open_store(void)
{
    struct hs_redis_config config = {.socket = redis.socket_path,
                                     .connect_timeout_ms = TIMEOUT_MS,
                                     .command_timeout_ms = TIMEOUT_MS};
    struct hs_store *opened = NULL;
    struct hs_buf why = {0};
    int rc = hs_store_open(&config, &opened, &why);
    if (rc != 0) {
        fail_msg("%s", hs_buf_text(&why));
    }
    return opened;
}

int setup(void **state)
{
    (void)state;
    if (hs_redis_server_start(&redis) != 0) {
        return -1;
    }
    store = open_store();
    return 0;
}

int teardown(void **state)
{
    (void)state;
    hs_store_free(store);
    store = NULL;
    hs_bump_fini(&bump);
    hs_redis_server_fini(&redis);
    return 0;
}

long long meddle(const char *format, ...)
{
    redisContext *context = redisConnectUnix(redis.socket_path);
    assert_non_null(context);
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(context, format, args);
    va_end(args);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR) {
        fail_msg("%s: %s", format, reply->str);
    }
    long long value = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    freeReplyObject(reply);
    redisFree(context);
    return value;
}

struct hs_store_list new_list(const char *list_id)
{
    struct hs_position position;
    struct hs_store_list list = {.list_id = hs_str(list_id),
                                 .title = HS_STR("Title"),
                                 .owner_force = HS_STR("Aven"),
                                 .purpose = HS_STR("test"),
                                 .status = HS_STORE_LIVE,
                                 .keep_generations = 2};
    assert_int_equal(hs_store_list_create(store, &actor, &list, &position), 0);
    assert_int_equal(hs_store_list_get(store, hs_str(list_id), &bump, &list), 0);
    return list;
}

// Entry i of a list. Packed, it is only its list and id: enough for a store.
struct hs_str entry_id(unsigned i)
{
    static char texts[4][32];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof(texts[0]), "AB%05u", i);
    return hs_str(text);
}

struct hs_str packed(unsigned i, char mark)
{
    static char texts[4][32];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof(texts[0]), "%c%c%c%s", 0x1a, 7, 'A', entry_id(i).ptr + 1);
    text[9] = mark;
    text[10] = '\0';
    return hs_str_n(text, 10);
}

struct hs_store_loading *begin_load(const struct hs_store_list *list, unsigned count, char mark)
{
    struct hs_store_loading *loading;
    assert_int_equal(hs_store_loading_new(store, list, &loading), 0);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(hs_store_loading_add(loading, entry_id(i), packed(i, mark)), 0);
    }
    return loading;
}

void load(struct hs_store_list *list, unsigned count, char mark)
{
    struct hs_position position;
    assert_int_equal(hs_store_loading_commit(begin_load(list, count, mark), &actor, HS_OP_LOAD,
                                             HS_STR("test"), list, &position),
                     0);
}

// ---- a reader of everything ----

int see_begin(void *ctx)
{
    struct seen *seen = ctx;
    seen->begins++;
    seen->lists = 0;
    seen->entries = 0;
    seen->mark = 0;
    return 0;
}

int see_list(void *ctx, const struct hs_store_list *list)
{
    struct seen *seen = ctx;
    assert_true(list->list_id.len > 0);
    seen->lists++;
    return 0;
}

int see_entry(void *ctx, struct hs_str id, struct hs_str entry)
{
    struct seen *seen = ctx;
    assert_true(id.len > 0 && entry.len == 10);
    seen->mark = seen->mark == 0 || seen->mark == entry.ptr[9] ? entry.ptr[9] : '?';
    seen->entries++;
    return 0;
}

int read_all(struct hs_store *from, struct seen *seen, struct hs_position *ret_position)
{
    struct hs_store_sink sink = {seen, see_begin, see_list, see_entry};
    *seen = (struct seen){0};
    return hs_store_load(from, &sink, ret_position);
}

// ---- a follower ----

int follow_one(void *ctx, const struct hs_change *change)
{
    struct followed *followed = ctx;
    assert_true(followed->count < 64);
    followed->ops[followed->count] = change->op;
    followed->sequences[followed->count] = change->list.sequence;
    memcpy(followed->ids[followed->count], change->at.id, HS_CHANGE_ID_BYTES);
    followed->count++;
    return 0;
}

void says(const char *part)
{
    if (!strstr(hs_store_why(store), part)) {
        fail_msg("'%s' is missing in '%s'", part, hs_store_why(store));
    }
}

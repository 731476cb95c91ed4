// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/error.h"
#include "watchlist/store_private.h"

enum { GENERATIONS_MOST = 32 }; // keys one removal takes away: what a list keeps, and what died

// What a list's hash says beside its properties.
struct remains {
    struct hs_str last_generation;
    uint64_t generations[GENERATIONS_MOST]; // live, kept, and half loaded
    size_t count;
};

static void note_generation(struct remains *remains, uint64_t generation)
{
    if (remains->count < GENERATIONS_MOST) {
        remains->generations[remains->count++] = generation;
    }
}

static struct hs_str copied(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    return copy ? hs_str_n(copy, text.len) : hs_str("");
}

// "old:<generation>" and "loading:<generation>"
static bool generation_of(struct hs_str field, const char *prefix, uint64_t *ret_generation)
{
    size_t len = strlen(prefix);
    return field.len > len && memcmp(field.ptr, prefix, len) == 0 &&
           hs_str_to_u64(hs_str_n(field.ptr + len, field.len - len), ret_generation) == 0;
}

static int read_remains(struct hs_store *store, struct hs_bump *bump, struct hs_str key,
                        struct remains *remains)
{
    redisReply *reply;
    struct hs_str arguments[] = {HS_STR("HGETALL"), key};
    int rc = hs_redis_command(store->redis, 2, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "list");
    }
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2) {
        struct hs_str field, value;
        uint64_t generation;
        if (hs_store_reply_text(reply->element[i], &field) != 0 ||
            hs_store_reply_text(reply->element[i + 1], &value) != 0) {
            continue;
        }
        if (hs_str_is(field, "last_generation")) {
            remains->last_generation = copied(bump, value);
        } else if (generation_of(field, "old:", &generation) ||
                   generation_of(field, "loading:", &generation)) {
            note_generation(remains, generation);
        }
    }
    hs_redis_reply_free(reply);
    return 0;
}

int hs_store_list_remove(struct hs_store *store, const struct hs_actor *actor,
                         const struct hs_store_list *list, struct hs_str note,
                         struct hs_position *ret_position)
{
    struct hs_proposal proposal;
    struct remains remains = {.last_generation = HS_STR("")};
    struct hs_store_list gone = *list;
    hs_proposal_init(&proposal);
    struct hs_bump *bump = &proposal.bump;
    struct hs_str key = hs_store_list_key(bump, list->list_id);
    gone.sequence++;
    gone.changed_at_ms = hs_clock_realtime_ms();
    struct hs_change change = hs_store_change_of(HS_OP_REMOVE, actor, &gone);
    change.note = note;
    note_generation(&remains, list->generation);
    int rc = read_remains(store, bump, key, &remains);
    hs_store_propose_revision(&proposal, list);
    hs_proposal_check(&proposal, key, "last_generation", remains.last_generation);
    for (size_t i = 0; rc == 0 && i < remains.count; i++) {
        hs_proposal_command(&proposal, "UNLINK",
                            hs_store_generation_key(bump, list->list_id, remains.generations[i]), 0,
                            NULL);
    }
    struct hs_str last[2] = {
        HS_STR("last_generation"),
        remains.last_generation.len > 0
            ? remains.last_generation
            : hs_store_text(bump, "%llu", (unsigned long long)list->generation)};
    hs_proposal_command(&proposal, "DEL", key, 0, NULL);
    hs_proposal_command(&proposal, "HSET", key, 2, last);
    hs_store_propose_forget_excluded(&proposal, list->list_id);
    hs_proposal_command(&proposal, "SREM", HS_STR(HS_KEY_LISTS), 1, &list->list_id);
    rc = rc ? rc : hs_proposal_send(&proposal, store, &change, ret_position);
    hs_proposal_fini(&proposal);
    return rc;
}

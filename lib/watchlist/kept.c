// SPDX-License-Identifier: Apache-2.0
//
// hs:list:<id>:excluded names the entries that feedback has given exclusions to: so a load reads
// these few of the live list, not all of it.
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "watchlist/store_private.h"

typedef Hitstream__V1__WatchlistEntry pb_entry; // long names of the contract, short in this file
typedef Hitstream__V1__Exclusion pb_exclusion;

struct row {
    struct hs_str entry_id;
    pb_entry *entry; // as it is live; owned
};

struct hs_store_kept {
    struct row *rows; // in order of entry id
    size_t count;
    int64_t now_ms;
    struct hs_bump bump; // rows and ids
    struct hs_buf out;   // of the last answer
};

static struct hs_str excluded_key(struct hs_bump *bump, struct hs_str list_id)
{
    return hs_store_text(bump, "%.*s:excluded", HS_STR_ARG(hs_store_list_key(bump, list_id)));
}

static bool lasts(const struct hs_store_kept *kept, const pb_exclusion *exclusion)
{
    return exclusion->expires_at_ms > kept->now_ms &&
           strncmp(exclusion->reason, HS_EXCLUSION_MARK, sizeof(HS_EXCLUSION_MARK) - 1) == 0;
}

static int by_id(const void *a, const void *b)
{
    return hs_str_cmp(((const struct row *)a)->entry_id, ((const struct row *)b)->entry_id);
}

// Takes the live entry among the rows if feedback's exclusions last in it.
static int keep_row(struct hs_store_kept *kept, struct hs_store *store,
                    const struct hs_store_list *list, struct hs_str entry_id)
{
    struct hs_str packed;
    struct row *row = &kept->rows[kept->count];
    const char *id = hs_bump_copy(&kept->bump, entry_id.ptr, entry_id.len);
    if (!id) {
        return HS_ENOMEM;
    }
    int rc = hs_store_entry_get(store, list, entry_id, &kept->bump, &packed);
    if (rc != 0) {
        return rc == HS_ENOTFOUND ? 0 : rc;
    }
    row->entry_id = hs_str_n(id, entry_id.len);
    row->entry =
        hitstream__v1__watchlist_entry__unpack(NULL, packed.len, (const uint8_t *)packed.ptr);
    bool any = false;
    for (size_t i = 0; row->entry && i < row->entry->n_exclusions; i++) {
        any = any || lasts(kept, row->entry->exclusions[i]);
    }
    if (any) {
        kept->count++;
    } else {
        hitstream__v1__watchlist_entry__free_unpacked(row->entry, NULL);
    }
    return 0;
}

static int read_rows(struct hs_store_kept *kept, struct hs_store *store,
                     const struct hs_store_list *list)
{
    redisReply *reply;
    struct hs_str arguments[] = {HS_STR("SMEMBERS"), excluded_key(&kept->bump, list->list_id)};
    int rc = hs_redis_command(store->redis, 2, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "exclusions");
    }
    if (reply->type != REDIS_REPLY_ARRAY) {
        rc = hs_store_fail(store, HS_EPROTO, "'%.*s' is no set", HS_STR_ARG(arguments[1]));
    } else if (reply->elements > 0) {
        kept->rows = hs_bump_alloc(&kept->bump, reply->elements * sizeof(*kept->rows));
        rc = kept->rows ? 0 : HS_ENOMEM;
    }
    for (size_t i = 0; rc == 0 && i < reply->elements; i++) {
        struct hs_str entry_id;
        rc = hs_store_reply_text(reply->element[i], &entry_id);
        rc = rc ? rc : keep_row(kept, store, list, entry_id);
    }
    hs_redis_reply_free(reply);
    if (kept->count > 1) {
        qsort(kept->rows, kept->count, sizeof(*kept->rows), by_id);
    }
    return rc;
}

int hs_store_kept_new(struct hs_store *store, const struct hs_store_list *list,
                      struct hs_store_kept **ret_kept)
{
    struct hs_store_kept *kept = calloc(1, sizeof(*kept));
    if (!kept) {
        return HS_ENOMEM;
    }
    kept->now_ms = hs_clock_realtime_ms();
    int rc = read_rows(kept, store, list);
    if (rc != 0) {
        hs_store_kept_free(kept);
        return rc;
    }
    *ret_kept = kept;
    return 0;
}

void hs_store_kept_free(struct hs_store_kept *kept)
{
    if (!kept) {
        return;
    }
    for (size_t i = 0; i < kept->count; i++) {
        hitstream__v1__watchlist_entry__free_unpacked(kept->rows[i].entry, NULL);
    }
    hs_bump_fini(&kept->bump);
    hs_buf_fini(&kept->out);
    free(kept);
}

static bool has(const pb_entry *entry, const pb_exclusion *exclusion)
{
    for (size_t i = 0; i < entry->n_exclusions; i++) {
        if (strcmp(entry->exclusions[i]->vrm, exclusion->vrm) == 0 &&
            strcmp(entry->exclusions[i]->reason, exclusion->reason) == 0) {
            return true;
        }
    }
    return false;
}

// The new entry with what lasts of the live one's, packed in `out`.
static int merge(struct hs_store_kept *kept, const pb_entry *live, pb_entry *fresh)
{
    pb_exclusion **rows = malloc((fresh->n_exclusions + live->n_exclusions) * sizeof(*rows));
    pb_entry merged = *fresh;
    if (!rows) {
        return HS_ENOMEM;
    }
    if (fresh->n_exclusions > 0) {
        memcpy(rows, fresh->exclusions, fresh->n_exclusions * sizeof(*rows));
    }
    merged.exclusions = rows;
    for (size_t i = 0; i < live->n_exclusions; i++) {
        if (merged.n_exclusions < HS_ENTRY_EXCLUSIONS_MAX && lasts(kept, live->exclusions[i]) &&
            !has(fresh, live->exclusions[i])) {
            rows[merged.n_exclusions++] = live->exclusions[i];
        }
    }
    hs_buf_clear(&kept->out);
    char *room =
        hs_buf_reserve(&kept->out, hitstream__v1__watchlist_entry__get_packed_size(&merged));
    if (room) {
        kept->out.len = hitstream__v1__watchlist_entry__pack(&merged, (uint8_t *)room);
    }
    free(rows);
    return room ? 0 : HS_ENOMEM;
}

int hs_store_kept_into(struct hs_store_kept *kept, struct hs_str entry_id, struct hs_str entry,
                       struct hs_str *ret_entry)
{
    const struct row wanted = {.entry_id = entry_id};
    const struct row *row =
        kept->count > 0 ? bsearch(&wanted, kept->rows, kept->count, sizeof(wanted), by_id) : NULL;
    if (!row) {
        *ret_entry = entry;
        return 0;
    }
    pb_entry *fresh =
        hitstream__v1__watchlist_entry__unpack(NULL, entry.len, (const uint8_t *)entry.ptr);
    int rc = fresh ? merge(kept, row->entry, fresh) : HS_EFORMAT;
    hitstream__v1__watchlist_entry__free_unpacked(fresh, NULL);
    if (rc == 0) {
        *ret_entry = hs_buf_str(&kept->out);
    }
    return rc;
}

int hs_store_note_excluded(struct hs_store *store, struct hs_bump *bump, struct hs_str list_id,
                           struct hs_str entry_id)
{
    redisReply *reply;
    struct hs_str arguments[] = {HS_STR("SADD"), excluded_key(bump, list_id), entry_id};
    int rc = hs_redis_command(store->redis, 3, arguments, &reply);
    if (rc != 0) {
        return hs_store_redis_failed(store, rc, "exclusions");
    }
    if (reply->type != REDIS_REPLY_INTEGER) {
        rc = hs_store_fail(store, HS_EPROTO, "'%.*s' is no set", HS_STR_ARG(arguments[1]));
    }
    hs_redis_reply_free(reply);
    return rc;
}

void hs_store_propose_forget_excluded(struct hs_proposal *proposal, struct hs_str list_id)
{
    hs_proposal_command(proposal, "DEL", excluded_key(&proposal->bump, list_id), 0, NULL);
}

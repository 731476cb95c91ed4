// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "watchlist/store_private.h"

typedef Hitstream__V1__WatchlistEntry pb_entry; // long names of the contract, short in this file
typedef Hitstream__V1__Exclusion pb_exclusion;

enum { TRIES = 8 }; // others may change the list meanwhile

// "<mark>: <reason>"; what separates exclusions in a file is taken out.
static char *reason_of(const struct hs_store_exclusion *exclusion, struct hs_bump *bump)
{
    char *text = hs_bump_alloc(bump, exclusion->mark.len + exclusion->reason.len + 3);
    char *at = text;
    if (!text) {
        return NULL;
    }
    memcpy(at, exclusion->mark.ptr, exclusion->mark.len);
    at += exclusion->mark.len;
    if (exclusion->reason.len > 0) {
        memcpy(at, ": ", 2);
        memcpy(at + 2, exclusion->reason.ptr, exclusion->reason.len);
    }
    for (at = text; *at; at++) {
        *at = *at == ';' ? ',' : *at;
    }
    return text;
}

// Who decided it; '/' would end the name in a file.
static char *owner_of(const struct hs_store_exclusion *exclusion, struct hs_bump *bump)
{
    char *text = hs_bump_copy(bump, exclusion->owner.ptr, exclusion->owner.len);
    for (char *at = text; at && *at; at++) {
        *at = *at == ';' || *at == '/' ? ' ' : *at;
    }
    return text;
}

static bool is_same(const pb_exclusion *row, const struct hs_store_exclusion *exclusion)
{
    return hs_str_is(exclusion->plate, row->vrm) &&
           strncmp(row->reason, exclusion->mark.ptr, exclusion->mark.len) == 0;
}

static bool stands(const pb_entry *entry, const struct hs_store_exclusion *exclusion)
{
    for (size_t i = 0; i < entry->n_exclusions; i++) {
        if (is_same(entry->exclusions[i], exclusion)) {
            return true;
        }
    }
    return false;
}

// Those that have expired leave; when it is still full, the one that expires first.
static size_t keep_newest(pb_exclusion **rows, size_t count, int64_t now_ms)
{
    size_t kept = 0, first = 0;
    for (size_t i = 0; i < count; i++) {
        if (rows[i]->expires_at_ms > now_ms) {
            rows[kept++] = rows[i];
        }
    }
    while (kept >= HS_ENTRY_EXCLUSIONS_MAX) {
        for (size_t i = first = 0; i < kept; i++) {
            first = rows[i]->expires_at_ms < rows[first]->expires_at_ms ? i : first;
        }
        rows[first] = rows[--kept];
    }
    return kept;
}

// The entry as it shall be, packed in `bump`.
static int add(const pb_entry *entry, const struct hs_store_exclusion *exclusion,
               struct hs_bump *bump, struct hs_str *ret_packed)
{
    pb_entry changed = *entry;
    pb_exclusion row = HITSTREAM__V1__EXCLUSION__INIT;
    pb_exclusion **rows = hs_bump_alloc(bump, (entry->n_exclusions + 1) * sizeof(*rows));
    row.vrm = hs_bump_copy(bump, exclusion->plate.ptr, exclusion->plate.len);
    row.owner = owner_of(exclusion, bump);
    row.reason = reason_of(exclusion, bump);
    row.expires_at_ms = exclusion->expires_at_ms;
    if (!rows || !row.vrm || !row.owner || !row.reason) {
        return HS_ENOMEM;
    }
    if (entry->n_exclusions > 0) {
        memcpy(rows, entry->exclusions, entry->n_exclusions * sizeof(*rows));
    }
    size_t count = keep_newest(rows, entry->n_exclusions, hs_clock_realtime_ms());
    rows[count] = &row;
    changed.exclusions = rows;
    changed.n_exclusions = count + 1;
    size_t len = hitstream__v1__watchlist_entry__get_packed_size(&changed);
    uint8_t *packed = hs_bump_alloc(bump, len + 1);
    if (!packed) {
        return HS_ENOMEM;
    }
    *ret_packed = hs_str_n(packed, hitstream__v1__watchlist_entry__pack(&changed, packed));
    return 0;
}

static int try_once(struct hs_store *store, const struct hs_actor *actor,
                    const struct hs_store_exclusion *exclusion, struct hs_position *ret_position)
{
    struct hs_bump bump = {0};
    struct hs_store_list list;
    struct hs_str before, packed;
    pb_entry *entry = NULL;
    int r = hs_store_list_get(store, exclusion->list_id, &bump, &list);
    r = r < 0 ? r : hs_store_entry_get(store, &list, exclusion->entry_id, &bump, &before);
    if (r == 0) {
        entry =
            hitstream__v1__watchlist_entry__unpack(NULL, before.len, (const uint8_t *)before.ptr);
        r = entry ? 0 : hs_store_fail(store, HS_EPROTO, "an entry cannot be read");
    }
    if (r == 0 && !stands(entry, exclusion)) {
        r = add(entry, exclusion, &bump, &packed);
        r = r < 0 ? r : hs_store_note_excluded(store, &bump, list.list_id, exclusion->entry_id);
        r = r < 0 ? r
                  : hs_store_put(store, actor, &list, exclusion->entry_id, packed, before,
                                 ret_position);
    }
    hitstream__v1__watchlist_entry__free_unpacked(entry, NULL);
    hs_bump_fini(&bump);
    return r;
}

int hs_store_exclude(struct hs_store *store, const struct hs_actor *actor,
                     const struct hs_store_exclusion *exclusion, struct hs_position *ret_position)
{
    int r = HS_ECONFLICT;
    for (int i = 0; i < TRIES && r == HS_ECONFLICT; i++) {
        r = try_once(store, actor, exclusion, ret_position);
    }
    return r;
}

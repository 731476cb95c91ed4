// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "watchlist/store_private.h"

/*
 * A list is read while others may change it: HSCAN gives of an entry that changes meanwhile the old
 * state or the new. Such an entry comes again when following; what must hold is all the others. So
 * each entry's sum is kept, and when the whole does not add up, the stream says which entries have
 * changed since the list's state was read and what they were before: without them both sides must
 * be equal.
 */

enum { LOAD_TRIES = 10 }; // readings begun again because a list was loaded anew meanwhile

struct seen_entry {
    uint64_t id_hash;
    uint64_t sum;
};

// One list's reading: what has been seen of it.
struct reading {
    const struct hs_store_sink *sink;
    const struct hs_store_list *list;
    uint64_t size;
    uint64_t checksum;
    struct hs_buf seen; // struct seen_entry, one behind the other
};

// Entries that have changed since, by the hash of their ids.
struct changes_since {
    const struct hs_store_list *list;
    struct hs_buf ids; // uint64_t
    uint64_t size;     // of the list as read, without them
    uint64_t checksum;
    bool loaded; // all of it has changed
};

static uint64_t id_hash(struct hs_str entry_id)
{
    return hs_hash_bytes(entry_id.ptr, entry_id.len, 0);
}

static int read_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct reading *reading = ctx;
    struct seen_entry seen = {id_hash(entry_id), hs_store_entry_sum(entry_id, entry)};
    reading->size++;
    reading->checksum += seen.sum;
    hs_buf_add(&reading->seen, &seen, sizeof(seen));
    return reading->sink->entry(reading->sink->ctx, entry_id, entry);
}

// ---- a list that does not add up ----

static bool has_id(const struct changes_since *since, uint64_t hash)
{
    for (size_t i = 0; i < since->ids.len; i += sizeof(hash)) {
        if (memcmp(since->ids.ptr + i, &hash, sizeof(hash)) == 0) {
            return true;
        }
    }
    return false;
}

static int note_change(void *ctx, const struct hs_change *change)
{
    struct changes_since *since = ctx;
    const struct hs_store_list *list = since->list;
    uint64_t hash = id_hash(change->entry_id);
    if (!hs_str_eq(change->list.list_id, list->list_id) ||
        (change->list.generation == list->generation && change->list.sequence <= list->sequence)) {
        return 0;
    }
    if (change->list.generation != list->generation || change->op == HS_OP_REMOVE) {
        since->loaded = true;
    } else if ((change->op == HS_OP_PUT || change->op == HS_OP_DROP) && !has_id(since, hash)) {
        hs_buf_add(&since->ids, &hash, sizeof(hash));
        if (change->before.len > 0) {
            since->size--;
            since->checksum -= hs_store_entry_sum(change->entry_id, change->before);
        }
    }
    return hs_buf_status(&since->ids);
}

static int read_changes(struct hs_store *store, const struct hs_position *from,
                        struct changes_since *since)
{
    struct hs_position at = *from;
    char before[HS_CHANGE_ID_BYTES];
    int rc;
    do {
        memcpy(before, at.id, sizeof(before));
        rc = hs_store_follow(store, &at, 0, note_change, since);
    } while (rc == 0 && strcmp(before, at.id) != 0);
    return rc;
}

// What was seen of all that has not changed.
static void add_up(const struct reading *reading, const struct changes_since *since,
                   uint64_t *ret_size, uint64_t *ret_checksum)
{
    struct seen_entry seen;
    *ret_size = *ret_checksum = 0;
    for (size_t i = 0; i < reading->seen.len; i += sizeof(seen)) {
        memcpy(&seen, reading->seen.ptr + i, sizeof(seen));
        if (!has_id(since, seen.id_hash)) {
            *ret_size += 1;
            *ret_checksum += seen.sum;
        }
    }
}

static int verify_without_changed(struct hs_store *store, const struct reading *reading,
                                  const struct hs_position *from, bool last_try)
{
    const struct hs_store_list *list = reading->list;
    struct changes_since since = {.list = list, .size = list->size, .checksum = list->checksum};
    uint64_t size, checksum;
    int rc = read_changes(store, from, &since);
    if (rc == 0 && since.loaded && !last_try) {
        rc = HS_EAGAIN;
    } else if (rc == 0) {
        add_up(reading, &since, &size, &checksum);
        // A hash that is being resized may give entries twice: that goes by.
        bool twice = size > since.size && !last_try;
        rc = size == since.size && checksum == since.checksum ? 0
             : twice                                          ? HS_EAGAIN
                                                              : hs_store_fail(
                                                                    store, HS_ECHECKSUM,
                                                                    "list '%.*s' does not hold: %llu entries with checksum %016llx, should "
                                                                                                             "be %llu with %016llx",
                                                                    HS_STR_ARG(list->list_id), (unsigned long long)size,
                                                                    (unsigned long long)checksum, (unsigned long long)since.size,
                                                                    (unsigned long long)since.checksum);
    }
    hs_buf_fini(&since.ids);
    return rc;
}

// ---- reading ----

static int load_list(struct hs_store *store, const struct hs_store_list *list,
                     const struct hs_store_sink *sink, const struct hs_position *from,
                     bool last_try)
{
    struct reading reading = {.sink = sink, .list = list};
    int rc = sink->list(sink->ctx, list);
    if (rc != 0) {
        return rc > 0 ? 0 : rc;
    }
    rc = hs_store_entries(store, list, 0, read_entry, &reading);
    rc = rc ? rc : hs_buf_status(&reading.seen);
    if (rc == 0 && (reading.size != list->size || reading.checksum != list->checksum)) {
        rc = verify_without_changed(store, &reading, from, last_try);
    }
    hs_buf_fini(&reading.seen);
    return rc;
}

// Which lists are read: all when `ids` is NULL.
struct choice {
    const struct hs_str *ids;
    size_t count;
};

static int find_lists(struct hs_store *store, const struct choice *choice, struct hs_bump *bump,
                      struct hs_store_list **ret_rows, size_t *ret_count)
{
    if (!choice->ids) {
        return hs_store_lists(store, bump, ret_rows, ret_count);
    }
    struct hs_store_list *rows = hs_bump_alloc(bump, (choice->count + 1) * sizeof(*rows));
    size_t count = 0;
    int rc = rows ? 0 : HS_ENOMEM;
    for (size_t i = 0; rc == 0 && i < choice->count; i++) {
        rc = hs_store_list_get(store, choice->ids[i], bump, &rows[count]);
        count += rc == 0;
        rc = rc == HS_ENOTFOUND ? 0 : rc;
    }
    if (rc == 0) {
        *ret_rows = rows;
        *ret_count = count;
    }
    return rc;
}

static int load_once(struct hs_store *store, const struct choice *choice,
                     const struct hs_store_sink *sink, struct hs_bump *bump, bool last_try,
                     struct hs_position *ret_position)
{
    struct hs_store_list *lists = NULL;
    size_t count = 0;
    struct hs_position position;
    // The stream's end first: what changes while we read comes again when following.
    int rc = hs_store_head(store, &position);
    rc = rc ? rc : find_lists(store, choice, bump, &lists, &count);
    rc = rc ? rc : sink->begin(sink->ctx);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = load_list(store, &lists[i], sink, &position, last_try);
    }
    if (rc == 0) {
        *ret_position = position;
    }
    return rc;
}

static int load_chosen(struct hs_store *store, const struct choice *choice,
                       const struct hs_store_sink *sink, struct hs_position *ret_position)
{
    int rc = HS_EAGAIN;
    for (int i = 0; i < LOAD_TRIES && rc == HS_EAGAIN; i++) {
        struct hs_bump bump = {0};
        rc = load_once(store, choice, sink, &bump, i == LOAD_TRIES - 1, ret_position);
        hs_bump_fini(&bump);
    }
    return rc;
}

int hs_store_load(struct hs_store *store, const struct hs_store_sink *sink,
                  struct hs_position *ret_position)
{
    const struct choice all = {NULL, 0};
    return load_chosen(store, &all, sink, ret_position);
}

int hs_store_load_lists(struct hs_store *store, const struct hs_str *list_ids, size_t count,
                        const struct hs_store_sink *sink)
{
    const struct choice some = {list_ids, count};
    struct hs_position position;
    return load_chosen(store, &some, sink, &position);
}

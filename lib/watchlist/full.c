// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"
#include "watchlist/store_private.h"

enum { LOAD_TRIES = 10 }; // readings begun again because a list changed meanwhile

// One list's reading: what has been seen of it.
struct reading {
    const struct hs_store_sink *sink;
    struct hs_str list_id;
    uint64_t size;
    uint64_t checksum;
};

static int read_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct reading *reading = ctx;
    reading->size++;
    reading->checksum += hs_store_entry_sum(entry_id, entry);
    return reading->sink->entry(reading->sink->ctx, entry_id, entry);
}

// HS_EAGAIN: the list has changed since, or its hash was being resized and gave entries twice.
static int verify(struct hs_store *store, const struct hs_store_list *list,
                  const struct reading *reading, bool last_try)
{
    struct hs_bump bump = {0};
    struct hs_store_list now;
    if (reading->size == list->size && reading->checksum == list->checksum) {
        return 0;
    }
    int rc = hs_store_list_get(store, list->list_id, &bump, &now);
    if (rc == 0 || rc == HS_ENOTFOUND) {
        bool moved =
            rc != 0 || now.generation != list->generation || now.sequence != list->sequence;
        rc =
            (moved || reading->size > list->size) && !last_try
                ? HS_EAGAIN
                : hs_store_fail(store, HS_ECHECKSUM,
                                "list '%.*s' does not hold: %llu entries with checksum %016llx, "
                                "should be %llu with "
                                "%016llx",
                                HS_STR_ARG(list->list_id), (unsigned long long)reading->size,
                                (unsigned long long)reading->checksum,
                                (unsigned long long)list->size, (unsigned long long)list->checksum);
    }
    hs_bump_fini(&bump);
    return rc;
}

static int load_list(struct hs_store *store, const struct hs_store_list *list,
                     const struct hs_store_sink *sink, bool last_try)
{
    struct reading reading = {.sink = sink, .list_id = list->list_id};
    int rc = sink->list(sink->ctx, list);
    if (rc != 0) {
        return rc > 0 ? 0 : rc;
    }
    rc = hs_store_entries(store, list, 0, read_entry, &reading);
    return rc ? rc : verify(store, list, &reading, last_try);
}

static int load_once(struct hs_store *store, const struct hs_store_sink *sink, struct hs_bump *bump,
                     bool last_try, struct hs_position *ret_position)
{
    struct hs_store_list *lists = NULL;
    size_t count = 0;
    struct hs_position position;
    // The stream's end first: what changes while we read comes again when following.
    int rc = hs_store_head(store, &position);
    rc = rc ? rc : hs_store_lists(store, bump, &lists, &count);
    rc = rc ? rc : sink->begin(sink->ctx);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = load_list(store, &lists[i], sink, last_try);
    }
    if (rc == 0) {
        *ret_position = position;
    }
    return rc;
}

int hs_store_load(struct hs_store *store, const struct hs_store_sink *sink,
                  struct hs_position *ret_position)
{
    int rc = HS_EAGAIN;
    for (int i = 0; i < LOAD_TRIES && rc == HS_EAGAIN; i++) {
        struct hs_bump bump = {0};
        rc = load_once(store, sink, &bump, i == LOAD_TRIES - 1, ret_position);
        hs_bump_fini(&bump);
    }
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/watch.h"

#include <stdlib.h>

#include "base/error.h"

struct watched {
    const char *name;
    uint64_t (*progress)(void *ctx, size_t index);
    void *ctx;
    size_t index;
    uint64_t last;       // as of the last look
    int64_t moved_at_ms; // when it was first seen there; 0: never looked at
};

struct hs_watch {
    int64_t stuck_ms;
    struct watched rows[HS_WATCH_MAX];
    size_t count;
    const char *stuck; // as of the last look
};

int hs_watch_new(int64_t stuck_ms, struct hs_watch **ret_watch)
{
    struct hs_watch *watch = calloc(1, sizeof(*watch));
    if (!watch) {
        return HS_ENOMEM;
    }
    watch->stuck_ms = stuck_ms;
    *ret_watch = watch;
    return 0;
}

void hs_watch_free(struct hs_watch *watch)
{
    free(watch);
}

int hs_watch_add(struct hs_watch *watch, const char *name,
                 uint64_t (*progress)(void *ctx, size_t index), void *ctx, size_t index)
{
    if (watch->count == HS_WATCH_MAX) {
        return HS_ELIMIT;
    }
    watch->rows[watch->count++] =
        (struct watched){.name = name, .progress = progress, .ctx = ctx, .index = index};
    return 0;
}

const char *hs_watch_look(struct hs_watch *watch, int64_t now_ms)
{
    watch->stuck = NULL;
    for (size_t i = 0; i < watch->count; i++) {
        struct watched *row = &watch->rows[i];
        uint64_t progress = row->progress(row->ctx, row->index);
        if (progress != row->last || row->moved_at_ms == 0) {
            row->last = progress;
            row->moved_at_ms = now_ms;
        } else if (now_ms - row->moved_at_ms >= watch->stuck_ms && !watch->stuck) {
            watch->stuck = row->name;
        }
    }
    return watch->stuck;
}

const char *hs_watch_stuck(const struct hs_watch *watch)
{
    return watch->stuck;
}

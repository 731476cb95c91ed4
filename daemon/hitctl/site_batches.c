// SPDX-License-Identifier: Apache-2.0
#include "hitctl/site_batches.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

enum {
    SITES_MAX = 16384,
    SLOTS = 2 * SITES_MAX, // a power of two
    READ_TAG = 0x0a,       // field 1 of PlateReadBatch, length-delimited
    LENGTH_MAX_BYTES = 5,
};

struct batch {
    struct hs_buf site;
    struct hs_buf packed;
    uint32_t reads;
    int64_t begun_ns; // when its first read came
};

struct hitctl_batches {
    uint32_t reads_max;
    hitctl_batch_sink *sink;
    void *ctx;
    uint32_t count;
    struct batch *batches; // SITES_MAX of them, in order of first use
    uint32_t *slots;       // open addressing over sites: index + 1, 0 is free
};

struct hitctl_batches *hitctl_batches_new(uint32_t reads_max, hitctl_batch_sink *sink, void *ctx)
{
    struct hitctl_batches *batches = calloc(1, sizeof(*batches));
    if (!batches) {
        return NULL;
    }
    batches->reads_max = reads_max;
    batches->sink = sink;
    batches->ctx = ctx;
    batches->batches = calloc(SITES_MAX, sizeof(*batches->batches));
    batches->slots = calloc(SLOTS, sizeof(*batches->slots));
    if (!batches->batches || !batches->slots) {
        hitctl_batches_free(batches);
        return NULL;
    }
    return batches;
}

static void forget_sites(struct hitctl_batches *batches)
{
    for (uint32_t i = 0; i < batches->count; i++) {
        hs_buf_fini(&batches->batches[i].site);
        hs_buf_fini(&batches->batches[i].packed);
        batches->batches[i] = (struct batch){0};
    }
    batches->count = 0;
    memset(batches->slots, 0, SLOTS * sizeof(*batches->slots));
}

void hitctl_batches_free(struct hitctl_batches *batches)
{
    if (!batches) {
        return;
    }
    if (batches->batches && batches->slots) {
        forget_sites(batches);
    }
    free(batches->batches);
    free(batches->slots);
    free(batches);
}

static int hand_over(struct hitctl_batches *batches, struct batch *batch)
{
    if (batch->reads == 0) {
        return HS_OK;
    }
    int status = batches->sink(batches->ctx, hs_buf_str(&batch->site), hs_buf_str(&batch->packed),
                               batch->reads);
    hs_buf_clear(&batch->packed);
    batch->reads = 0;
    return status;
}

// The site's batch, begun if need be; NULL: out of memory or of sites.
static struct batch *find_batch(struct hitctl_batches *batches, struct hs_str site)
{
    uint64_t hash = hs_hash_bytes(site.ptr, site.len, 0);
    for (uint32_t slot = (uint32_t)hash % SLOTS;; slot = (slot + 1) % SLOTS) {
        uint32_t index = batches->slots[slot];
        if (index == 0) {
            if (batches->count == SITES_MAX) {
                return NULL;
            }
            struct batch *batch = &batches->batches[batches->count];
            hs_buf_add_str(&batch->site, site);
            if (hs_buf_status(&batch->site) != HS_OK) {
                return NULL;
            }
            batches->slots[slot] = ++batches->count;
            return batch;
        }
        if (hs_str_eq(hs_buf_str(&batches->batches[index - 1].site), site)) {
            return &batches->batches[index - 1];
        }
    }
}

static void append_read(struct batch *batch, struct hs_str read)
{
    hs_buf_add_char(&batch->packed, READ_TAG);
    size_t len = read.len;
    while (len >= 0x80) {
        hs_buf_add_char(&batch->packed, (char)(len | 0x80));
        len >>= 7;
    }
    hs_buf_add_char(&batch->packed, (char)len);
    hs_buf_add_str(&batch->packed, read);
    batch->reads++;
}

int hitctl_batches_add(struct hitctl_batches *batches, struct hs_str site, struct hs_str read,
                       int64_t now_ns)
{
    size_t more = 1 + LENGTH_MAX_BYTES + read.len;
    if (more > HITCTL_BATCH_MAX_BYTES) {
        return HS_ELIMIT;
    }
    if (batches->count == SITES_MAX) {
        int status = hitctl_batches_flush(batches, INT64_MAX);
        if (status != HS_OK) {
            return status;
        }
        forget_sites(batches);
    }
    struct batch *batch = find_batch(batches, site);
    if (!batch) {
        return HS_ENOMEM;
    }
    if (batch->packed.len + more > HITCTL_BATCH_MAX_BYTES) {
        int status = hand_over(batches, batch);
        if (status != HS_OK) {
            return status;
        }
    }
    if (batch->reads == 0) {
        batch->begun_ns = now_ns;
    }
    append_read(batch, read);
    if (hs_buf_status(&batch->packed) != HS_OK) {
        return HS_ENOMEM;
    }
    return batch->reads >= batches->reads_max ? hand_over(batches, batch) : HS_OK;
}

int hitctl_batches_flush(struct hitctl_batches *batches, int64_t begun_until_ns)
{
    for (uint32_t i = 0; i < batches->count; i++) {
        struct batch *batch = &batches->batches[i];
        if (batch->reads > 0 && batch->begun_ns <= begun_until_ns) {
            int status = hand_over(batches, batch);
            if (status != HS_OK) {
                return status;
            }
        }
    }
    return HS_OK;
}

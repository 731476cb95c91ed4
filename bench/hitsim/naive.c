// SPDX-License-Identifier: Apache-2.0
#include "hitsim/naive.h"

#include <stdlib.h>

#include "base/hash.h"

enum { GAP_MS = 30000, CAMERAS = 3, RING = 64 };
#define KMH    200.0
#define NOBODY UINT32_MAX

struct seen {
    uint32_t mark;
    int64_t at_ms;
};

// The last reads of one camera.
struct ring {
    struct seen rows[RING];
    unsigned count;
};

// Two marks that passed cameras together.
struct pair {
    uint32_t mark; // NOBODY: a free place of the table
    uint32_t companion;
    uint16_t cameras[CAMERAS];
    unsigned count;
};

struct naive {
    const struct sim *sim;
    uint32_t listed;
    uint32_t every;     // of whose marks one is looked at
    struct ring *rings; // owned, one a camera
    struct pair *pairs; // owned, a table by hash
    size_t pair_count;
    size_t pair_capacity; // a power of two
    struct last {
        int64_t at_ms;
        uint16_t post;
        bool seen, told;
    } * last;                       // owned, one a listed mark
    struct naive_finding *findings; // owned
    size_t finding_count;
    size_t finding_capacity;
};

static struct pair *new_table(size_t capacity)
{
    struct pair *pairs = malloc(capacity * sizeof(*pairs));
    for (size_t i = 0; pairs && i < capacity; i++) {
        pairs[i] = (struct pair){.mark = NOBODY};
    }
    return pairs;
}

struct naive *naive_new(const struct sim *sim, uint32_t every)
{
    struct naive *naive = calloc(1, sizeof(*naive));
    if (!naive) {
        return NULL;
    }
    naive->sim = sim;
    naive->every = every;
    naive->listed = sim_plan_of(sim)->listed;
    naive->pair_capacity = 4096;
    naive->rings = calloc(sim_net(sim)->camera_count, sizeof(*naive->rings));
    naive->pairs = new_table(naive->pair_capacity);
    naive->last = calloc((size_t)naive->listed + 1, sizeof(*naive->last));
    if (!naive->rings || !naive->pairs || !naive->last) {
        naive_free(naive);
        return NULL;
    }
    return naive;
}

void naive_free(struct naive *naive)
{
    if (naive) {
        free(naive->rings);
        free(naive->pairs);
        free(naive->last);
        free(naive->findings);
        free(naive);
    }
}

static bool find(struct naive *naive, uint32_t mark, uint32_t companion, int64_t at_ms)
{
    if (naive->finding_count == naive->finding_capacity) {
        size_t capacity = naive->finding_capacity ? 2 * naive->finding_capacity : 256;
        struct naive_finding *grown = realloc(naive->findings, capacity * sizeof(*grown));
        if (!grown) {
            return false;
        }
        naive->findings = grown;
        naive->finding_capacity = capacity;
    }
    naive->findings[naive->finding_count++] = (struct naive_finding){mark, companion, at_ms};
    return true;
}

static struct pair *pair_at(struct pair *pairs, size_t capacity, uint32_t mark, uint32_t companion)
{
    size_t at = hs_hash_u64((uint64_t)mark << 32 | companion) & (capacity - 1);
    while (pairs[at].mark != NOBODY &&
           (pairs[at].mark != mark || pairs[at].companion != companion)) {
        at = (at + 1) & (capacity - 1);
    }
    return &pairs[at];
}

static bool grow(struct naive *naive)
{
    size_t capacity = 2 * naive->pair_capacity;
    struct pair *grown = new_table(capacity);
    if (!grown) {
        return false;
    }
    for (size_t i = 0; i < naive->pair_capacity; i++) {
        const struct pair *old = &naive->pairs[i];
        if (old->mark != NOBODY) {
            *pair_at(grown, capacity, old->mark, old->companion) = *old;
        }
    }
    free(naive->pairs);
    naive->pairs = grown;
    naive->pair_capacity = capacity;
    return true;
}

// Both passed this camera within the gap.
static bool together(struct naive *naive, uint32_t mark, uint32_t companion, unsigned camera,
                     int64_t at_ms)
{
    if (2 * naive->pair_count >= naive->pair_capacity && !grow(naive)) {
        return false;
    }
    struct pair *pair = pair_at(naive->pairs, naive->pair_capacity, mark, companion);
    if (pair->mark == NOBODY) {
        *pair = (struct pair){.mark = mark, .companion = companion};
        naive->pair_count++;
    }
    for (unsigned i = 0; i < pair->count; i++) {
        if (pair->cameras[i] == camera) {
            return true;
        }
    }
    if (pair->count == CAMERAS) {
        return true; // said already
    }
    pair->cameras[pair->count++] = (uint16_t)camera;
    return pair->count < CAMERAS || find(naive, mark, companion, at_ms);
}

static bool is_asked_for(const struct naive *naive, uint32_t mark)
{
    return mark < naive->listed && mark % naive->every == 0;
}

static bool note_company(struct naive *naive, const struct sim_read *read)
{
    struct ring *ring = &naive->rings[read->camera];
    bool good = true;
    unsigned kept = ring->count < RING ? ring->count : RING;
    for (unsigned i = 0; i < kept && good; i++) {
        const struct seen *other = &ring->rows[i];
        if (other->mark == read->mark || llabs(read->captured_at_ms - other->at_ms) > GAP_MS) {
            continue;
        }
        if (is_asked_for(naive, read->mark)) {
            good = together(naive, read->mark, other->mark, read->camera, read->delivered_at_ms);
        }
        if (good && is_asked_for(naive, other->mark)) {
            good = together(naive, other->mark, read->mark, read->camera, read->delivered_at_ms);
        }
    }
    ring->rows[ring->count++ % RING] = (struct seen){read->mark, read->captured_at_ms};
    return good;
}

static bool note_speed(struct naive *naive, const struct sim_read *read)
{
    if (!is_asked_for(naive, read->mark)) {
        return true;
    }
    struct last *last = &naive->last[read->mark];
    const struct net *net = sim_net(naive->sim);
    unsigned post = net->cameras[read->camera].listed_post;
    double hours = (double)llabs(read->captured_at_ms - last->at_ms) / 3600000.0;
    double km = last->seen ? net_distance_km(net, last->post, post) : 0;
    bool good = true;
    if (km > KMH * hours && km > 0.5 && !last->told) {
        last->told = true;
        good = find(naive, read->mark, NOBODY, read->delivered_at_ms);
    }
    last->seen = true;
    last->at_ms = read->captured_at_ms;
    last->post = (uint16_t)post;
    return good;
}

bool naive_read(struct naive *naive, const struct sim_read *read)
{
    if (read->reading.misread) {
        return true; // another mark, that nobody asks for
    }
    return note_company(naive, read) && note_speed(naive, read);
}

const struct naive_finding *naive_findings(const struct naive *naive, size_t *ret_count)
{
    *ret_count = naive->finding_count;
    return naive->findings;
}

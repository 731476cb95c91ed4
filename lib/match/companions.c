// SPDX-License-Identifier: Apache-2.0
#include "match/companions.h"

#include "base/error.h"
#include "base/hash.h"

// A read within the window, under the key of its vehicle.
struct passing {
    uint64_t vehicle; // packed skeleton
    uint32_t gap_ms;
    uint32_t arrival; // order of the ring
    const struct hs_ring_read *read;
};

// What the mark says; empty when the ring does not hold it whole.
static struct hs_str text_of(const struct hs_ring_read *read)
{
    return hs_str_n(read->vrm, read->vrm_len <= HS_VIEW_TEXT_BYTES ? read->vrm_len : 0);
}

static uint64_t ring_used(const struct hs_ring *ring)
{
    uint64_t count = hs_ring_count(ring), size = hs_ring_size(ring);
    return count < size ? count : size;
}

// From when on all reads are known that were made before the hit.
static int64_t known_from(const struct hs_around *around, int64_t window_ms)
{
    int64_t from_ms = around->captured_at_ms - window_ms;
    from_ms = around->known_from_ms > from_ms ? around->known_from_ms : from_ms;
    uint64_t size = hs_ring_size(around->ring);
    if (hs_ring_count(around->ring) > size) {
        int64_t oldest_ms = hs_ring_at(around->ring, size - 1)->captured_at_ms;
        from_ms = oldest_ms > from_ms ? oldest_ms : from_ms;
    }
    return from_ms < around->captured_at_ms ? from_ms : around->captured_at_ms;
}

// Is `a` nearer to the hit than `b`, or was it there first?
static bool precedes(const struct passing *a, const struct passing *b)
{
    return a->gap_ms != b->gap_ms ? a->gap_ms < b->gap_ms : a->arrival < b->arrival;
}

// Vehicles that pass, each once: a row each, found by its key in a table of row numbers.
enum { PLACES = 4 * HS_SITE_READS };
struct passers {
    struct passing rows[HS_SITE_READS];
    uint16_t places[PLACES]; // row number + 1; 0: free
    size_t count;
};

// Keeps the vehicle's nearest read.
static void insert(struct passers *passers, const struct passing *passing)
{
    size_t at = hs_hash_u64(passing->vehicle) % PLACES;
    while (passers->places[at] &&
           passers->rows[passers->places[at] - 1].vehicle != passing->vehicle) {
        at = (at + 1) % PLACES;
    }
    if (passers->places[at] == 0) {
        passers->rows[passers->count++] = *passing;
        passers->places[at] = (uint16_t)passers->count;
    } else if (precedes(passing, &passers->rows[passers->places[at] - 1])) {
        passers->rows[passers->places[at] - 1] = *passing;
    }
}

// Vehicles whose reads lie in [from_ms, to_ms].
static void gather(const struct hs_around *around, int64_t from_ms, int64_t to_ms,
                   struct passers *ret_passers)
{
    uint64_t own = hs_vrm_skeleton_of_text(around->read_vrm);
    uint64_t listed = hs_vrm_skeleton_of_text(around->vehicle);
    ret_passers->count = 0;
    memset(ret_passers->places, 0, sizeof(ret_passers->places));
    for (uint64_t age = ring_used(around->ring); age-- > 0;) {
        const struct hs_ring_read *read = hs_ring_at(around->ring, age);
        if (read->captured_at_ms < from_ms || read->captured_at_ms > to_ms) {
            continue;
        }
        int64_t gap_ms = read->captured_at_ms - around->captured_at_ms;
        struct passing passing = {.vehicle = hs_vrm_skeleton_of_text(text_of(read)),
                                  .gap_ms = (uint32_t)(gap_ms < 0 ? -gap_ms : gap_ms),
                                  .arrival = (uint32_t)(HS_SITE_READS - age),
                                  .read = read};
        if (passing.vehicle != 0 && passing.vehicle != own && passing.vehicle != listed) {
            insert(ret_passers, &passing);
        }
    }
}

// A row's place among the others as one number, and the row's own below it.
static uint64_t order_of(const struct passing *rows, size_t row)
{
    _Static_assert(HS_SITE_READS <= UINT16_MAX, "arrival and row take 16 bits each");
    return (uint64_t)rows[row].gap_ms << 32 | (uint64_t)rows[row].arrival << 16 | row;
}

// The nearest rows in their order, at most `room`: each is put among those found so far. Rows lie by
// arrival, so from the nearer end on hardly any but the first ones find a place.
static uint32_t nearest(const struct passing *rows, size_t count, uint32_t room,
                        uint64_t ret_orders[HS_COMPANIONS_MAX])
{
    bool from_end = count > 1 && order_of(rows, count - 1) < order_of(rows, 0);
    uint32_t found = 0;
    for (size_t i = 0; i < count && room > 0; i++) {
        uint64_t order = order_of(rows, from_end ? count - 1 - i : i);
        if (found == room && order > ret_orders[room - 1]) {
            continue;
        }
        uint32_t place = found < room ? found++ : room - 1;
        for (; place > 0 && ret_orders[place - 1] > order; place--) {
            ret_orders[place] = ret_orders[place - 1];
        }
        ret_orders[place] = order;
    }
    return found;
}

static void list(const struct passers *passers, uint32_t max, struct hs_company *ret_company)
{
    uint64_t orders[HS_COMPANIONS_MAX];
    uint32_t room = max < HS_COMPANIONS_MAX ? max : HS_COMPANIONS_MAX;
    ret_company->count = nearest(passers->rows, passers->count, room, orders);
    ret_company->not_listed = (uint32_t)passers->count - ret_company->count;
    for (uint32_t i = 0; i < ret_company->count; i++) {
        struct hs_companion *companion = &ret_company->listed[i];
        const struct passing *row = &passers->rows[orders[i] & UINT16_MAX];
        hs_vrm_normalise(text_of(row->read), &companion->vrm, NULL);
        companion->gap_ms = row->gap_ms;
        companion->lane = row->read->lane;
    }
}

void hs_companions_before(const struct hs_around *around, int64_t window_ms,
                          struct hs_company *ret_company)
{
    struct passers passers;
    int64_t from_ms = known_from(around, window_ms);
    gather(around, from_ms, around->captured_at_ms, &passers);
    list(&passers, around->max, ret_company);
    ret_company->window_ms = around->captured_at_ms - from_ms;
}

void hs_companions_after(const struct hs_around *around, int64_t seen_ms,
                         struct hs_company *ret_company)
{
    struct passers passers;
    gather(around, around->captured_at_ms + 1, around->captured_at_ms + seen_ms, &passers);
    list(&passers, around->max, ret_company);
    ret_company->window_ms = seen_ms;
}

void hs_flow_before(const struct hs_around *around, int64_t window_ms, struct hs_flow *ret_flow)
{
    enum { SEEN = 4 * HS_SITE_READS }; // a small table of marks by their hash
    uint64_t seen[SEEN] = {0};
    int64_t from_ms = known_from(around, window_ms);
    char own[HS_VIEW_TEXT_BYTES] = {0};
    uint32_t vehicles = 0;
    if (around->read_vrm.len <= sizeof(own)) {
        memcpy(own, around->read_vrm.ptr, around->read_vrm.len);
    }
    for (uint64_t age = ring_used(around->ring); age-- > 0;) {
        const struct hs_ring_read *read = hs_ring_at(around->ring, age);
        if (read->captured_at_ms < from_ms || read->captured_at_ms > around->captured_at_ms ||
            read->vrm_len == 0 || memcmp(read->vrm, own, sizeof(own)) == 0) {
            continue;
        }
        uint64_t head, tail = 0;
        memcpy(&head, read->vrm, sizeof(head));
        memcpy(&tail, read->vrm + sizeof(head), sizeof(read->vrm) - sizeof(head));
        uint64_t key = hs_hash_u64(head ^ hs_hash_u64(tail ^ read->vrm_len)) | 1;
        size_t at = (key >> 32) % SEEN;
        while (seen[at] && seen[at] != key) {
            at = (at + 1) % SEEN;
        }
        vehicles += !seen[at];
        seen[at] = key;
    }
    ret_flow->vehicles = vehicles;
    ret_flow->window_ms = around->captured_at_ms - from_ms;
}

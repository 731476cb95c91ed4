// SPDX-License-Identifier: Apache-2.0
#include "cameras/counter.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"

// One camera; id_len 0: a free place. What a read touches stands in the first cache line, with an id of the usual length.
struct row {
    _Alignas(64) int64_t window_ms;
    int64_t floor_ms;
    int32_t partition;
    uint32_t reads;
    uint8_t
        behind; // reads in a row that were more than a window behind; HS_CAMERA_COUNTER_BACK at most
    bool partial;
    uint8_t id_len; // bytes
    char id[HS_CAMERA_COUNTER_ID_BYTES];
};

struct hs_camera_counter {
    struct row *rows; // open addressing
    size_t place_count;
    size_t count;
    size_t max;
    struct row *last; // of the read before; NULL: none
    int64_t window_ms;
    hs_camera_finished *finished;
    void *ctx;
    uint64_t dropped;
};

int hs_camera_counter_new(size_t cameras_max, hs_camera_finished *finished, void *ctx,
                          struct hs_camera_counter **ret_counter)
{
    struct hs_camera_counter *counter = calloc(1, sizeof(*counter));
    size_t places = 16;
    while (places < cameras_max + cameras_max / 2) {
        places *= 2;
    }
    if (counter) {
        counter->rows = aligned_alloc(_Alignof(struct row), places * sizeof(*counter->rows));
    }
    if (!counter || !counter->rows) {
        free(counter);
        return HS_ENOMEM;
    }
    memset(counter->rows, 0, places * sizeof(*counter->rows));
    counter->place_count = places;
    counter->max = cameras_max;
    counter->finished = finished;
    counter->ctx = ctx;
    *ret_counter = counter;
    return 0;
}

void hs_camera_counter_free(struct hs_camera_counter *counter)
{
    if (counter) {
        free(counter->rows);
        free(counter);
    }
}

void hs_camera_counter_reset(struct hs_camera_counter *counter)
{
    memset(counter->rows, 0, counter->place_count * sizeof(*counter->rows));
    counter->count = 0;
    counter->last = NULL;
}

void hs_camera_counter_set_window(struct hs_camera_counter *counter, int64_t window_ms)
{
    if (window_ms != counter->window_ms) {
        counter->window_ms = window_ms;
        hs_camera_counter_reset(counter);
    }
}

static inline uint64_t word_at(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

static inline bool is_row(const struct row *row, struct hs_str id)
{
    size_t tail = id.len - sizeof(uint64_t);
    if (row->id_len != id.len) {
        return false;
    }
    if (tail > sizeof(uint64_t)) { // not the usual length, which is two words that overlap
        return memcmp(row->id, id.ptr, id.len) == 0;
    }
    return ((word_at(row->id) ^ word_at(id.ptr)) |
            (word_at(row->id + tail) ^ word_at(id.ptr + tail))) == 0;
}

static size_t place_of(const struct hs_camera_counter *counter, struct hs_str id)
{
    return hs_hash_text(id.ptr, id.len, 0) & (counter->place_count - 1);
}

void hs_camera_counter_expect(const struct hs_camera_counter *counter, struct hs_str camera_id)
{
    __builtin_prefetch(&counter->rows[place_of(counter, camera_id)], 1);
}

// A free place becomes the camera's; NULL: the table is full.
static __attribute__((noinline)) struct row *take_place(struct hs_camera_counter *counter,
                                                        struct row *row, struct hs_str id)
{
    if (counter->count == counter->max) {
        counter->dropped++;
        return NULL;
    }
    counter->count++;
    memcpy(row->id, id.ptr, id.len);
    row->id_len = (uint8_t)id.len;
    row->window_ms = INT64_MIN;
    return row;
}

static inline struct row *find(struct hs_camera_counter *counter, struct hs_str id)
{
    size_t mask = counter->place_count - 1, at = place_of(counter, id);
    while (counter->rows[at].id_len > 0 && !is_row(&counter->rows[at], id)) {
        at = (at + 1) & mask;
    }
    struct row *row = &counter->rows[at];
    return row->id_len > 0 ? row : take_place(counter, row, id);
}

static void finish(struct hs_camera_counter *counter, const struct row *row)
{
    const struct hs_camera_window window = {
        .camera_id = hs_str_n(row->id, row->id_len),
        .partition = row->partition,
        .window_ms = row->window_ms,
        .reads = row->reads,
        .floor_ms = row->floor_ms,
        .partial = row->partial,
    };
    counter->finished(counter->ctx, &window);
}

// A read outside the running window: it begins another, or counts in this one all the same.
static __attribute__((noinline)) void add_outside(struct hs_camera_counter *counter,
                                                  struct row *row, int32_t partition,
                                                  int64_t captured_at_ms, int64_t floor_ms)
{
    int64_t window_ms = captured_at_ms - captured_at_ms % counter->window_ms;
    bool back = row->window_ms != INT64_MIN && window_ms < row->window_ms - counter->window_ms;
    row->behind = back ? (uint8_t)(row->behind + 1) : 0;
    if (window_ms > row->window_ms || row->behind == HS_CAMERA_COUNTER_BACK) {
        bool first = row->window_ms == INT64_MIN;
        if (!first) {
            finish(counter, row);
        }
        row->partition = partition;
        row->partial = first;
        row->window_ms = window_ms;
        row->reads = 1;
        row->behind = 0;
        row->floor_ms = floor_ms;
        return;
    }
    row->reads++;
    row->floor_ms = floor_ms < row->floor_ms ? floor_ms : row->floor_ms;
}

void hs_camera_counter_add(struct hs_camera_counter *counter, int32_t partition,
                           struct hs_str camera_id, int64_t captured_at_ms, int64_t appended_at_ms)
{
    if (counter->window_ms == 0 || captured_at_ms <= 0 || camera_id.len == 0 ||
        camera_id.len > HS_CAMERA_COUNTER_ID_BYTES) {
        return;
    }
    struct row *row = counter->last;
    if (!row || !is_row(row, camera_id)) {
        row = counter->last = find(counter, camera_id);
        if (!row) {
            return;
        }
    }
    int64_t floor_ms = appended_at_ms - captured_at_ms;
    if (row->reads > 0 && captured_at_ms >= row->window_ms &&
        captured_at_ms < row->window_ms + counter->window_ms) { // as a rule, and without a division
        row->reads++;
        row->behind = 0;
        row->floor_ms = floor_ms < row->floor_ms ? floor_ms : row->floor_ms;
        return;
    }
    add_outside(counter, row, partition, captured_at_ms, floor_ms);
}

size_t hs_camera_counter_count(const struct hs_camera_counter *counter)
{
    return counter->count;
}

uint64_t hs_camera_counter_dropped(const struct hs_camera_counter *counter)
{
    return counter->dropped;
}

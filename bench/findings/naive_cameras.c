// SPDX-License-Identifier: Apache-2.0
#include "findings/naive_cameras.h"

#include <stdlib.h>

#include "base/clock.h"

enum { READS = 20, CLOCK_MS = 10000, VEHICLES = 5, HALF = 2, BUSY = 20 };
#define KMH 200.0

typedef Hitstream__V1__CameraFaultKind fault_kind; // long name of the contract

struct row { // one camera
    int64_t late_ms[READS];
    unsigned read_count;     // ever
    int64_t last_ms;         // its last read came then; 0: none yet
    uint32_t fast[VEHICLES]; // marks that went too fast
    unsigned fast_count;
    uint64_t day, before; // reads of this day, and of the one before
    bool told[5];         // by kind
};

struct last { // one listed mark
    int64_t at_ms;
    unsigned camera;
    bool seen;
};

struct naive_cameras {
    const struct sim *sim;
    struct camera_book *book;
    struct row *rows;   // owned, one a camera
    struct last *lasts; // owned, one a listed mark
    int64_t day_ms;     // begin of the day that is counted
};

struct naive_cameras *naive_cameras_new(const struct sim *sim, struct camera_book *book)
{
    struct naive_cameras *naive = calloc(1, sizeof(*naive));
    if (naive) {
        naive->sim = sim;
        naive->book = book;
        naive->day_ms = sim_plan_of(sim)->start_ms;
        naive->rows = calloc(sim_net(sim)->camera_count, sizeof(*naive->rows));
        naive->lasts = calloc(sim_plan_of(sim)->listed + 1, sizeof(*naive->lasts));
    }
    if (naive && (!naive->rows || !naive->lasts)) {
        naive_cameras_free(naive);
        return NULL;
    }
    return naive;
}

void naive_cameras_free(struct naive_cameras *naive)
{
    if (naive) {
        free(naive->rows);
        free(naive->lasts);
        free(naive);
    }
}

static void accuse(struct naive_cameras *naive, unsigned camera, fault_kind kind, int64_t at_ms,
                   int64_t offset_ms)
{
    struct row *row = &naive->rows[camera];
    if (!row->told[kind]) {
        row->told[kind] = true;
        camera_book_accuse(naive->book, sim_net(naive->sim)->cameras[camera].camera_id, kind, at_ms,
                           offset_ms);
    }
}

static void end_day(struct naive_cameras *naive)
{
    int64_t end_ms = naive->day_ms + HS_MS_PER_DAY;
    for (unsigned i = 0; i < sim_net(naive->sim)->camera_count; i++) {
        struct row *row = &naive->rows[i];
        if (row->last_ms > 0 && row->last_ms < naive->day_ms) {
            accuse(naive, i, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT, end_ms, 0);
        } else if (row->before >= BUSY && row->day * HALF < row->before) {
            accuse(naive, i, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE, end_ms,
                   0);
        }
        row->before = row->day;
        row->day = 0;
    }
    naive->day_ms = end_ms;
}

static void look_at_clock(struct naive_cameras *naive, const struct sim_read *read)
{
    struct row *row = &naive->rows[read->camera];
    int64_t sum_ms = 0;
    row->late_ms[row->read_count++ % READS] = read->delivered_at_ms - read->captured_at_ms;
    for (unsigned i = 0; i < READS; i++) {
        sum_ms += row->late_ms[i];
    }
    if (row->read_count >= READS && llabs(sum_ms / READS) > CLOCK_MS) {
        accuse(naive, read->camera, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK,
               read->delivered_at_ms, -sum_ms / READS);
    }
}

static void note_fast(struct naive_cameras *naive, unsigned camera, const struct sim_read *read)
{
    struct row *row = &naive->rows[camera];
    for (unsigned i = 0; i < row->fast_count; i++) {
        if (row->fast[i] == read->mark) {
            return;
        }
    }
    if (row->fast_count < VEHICLES) {
        row->fast[row->fast_count++] = read->mark;
    }
    if (row->fast_count == VEHICLES) {
        accuse(naive, camera, HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE,
               read->delivered_at_ms, 0);
    }
}

static void look_at_place(struct naive_cameras *naive, const struct sim_read *read)
{
    const struct net *net = sim_net(naive->sim);
    struct last *last = &naive->lasts[read->mark];
    if (last->seen) {
        double km = net_distance_km(net, net->cameras[last->camera].listed_post,
                                    net->cameras[read->camera].listed_post);
        double hours = (double)(read->captured_at_ms - last->at_ms) / (double)HS_MS_PER_HOUR;
        if (km > fabs(hours) * KMH) {
            note_fast(naive, last->camera, read);
            note_fast(naive, read->camera, read);
        }
    }
    *last = (struct last){read->captured_at_ms, read->camera, true};
}

void naive_cameras_read(struct naive_cameras *naive, const struct sim_read *read)
{
    while (read->delivered_at_ms >= naive->day_ms + HS_MS_PER_DAY) {
        end_day(naive);
    }
    look_at_clock(naive, read);
    naive->rows[read->camera].last_ms = read->delivered_at_ms;
    naive->rows[read->camera].day++;
    if (read->mark < sim_plan_of(naive->sim)->listed && !read->reading.misread) {
        look_at_place(naive, read);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "findings/camera_score.h"

#include <stdio.h>
#include <stdlib.h>

#include "cameras/findings.h"

enum { EXACT_MS = 10000, ROWS_FIRST = 256 };

void camera_book_fini(struct camera_book *book)
{
    free(book->rows);
}

static struct accused *find(struct camera_book *book, const char *camera,
                            Hitstream__V1__CameraFaultKind kind)
{
    for (size_t i = 0; i < book->count; i++) {
        struct accused *row = &book->rows[i];
        if (row->cleared_ms == 0 && row->kind == kind && strcmp(row->camera, camera) == 0) {
            return row;
        }
    }
    return NULL;
}

void camera_book_accuse(struct camera_book *book, const char *camera,
                        Hitstream__V1__CameraFaultKind kind, int64_t at_ms, int64_t offset_ms)
{
    struct accused *row = find(book, camera, kind);
    if (!row && book->count == book->capacity) {
        size_t capacity = book->capacity ? 2 * book->capacity : ROWS_FIRST;
        struct accused *grown = realloc(book->rows, capacity * sizeof(*grown));
        book->broken = book->broken || !grown;
        if (!grown) {
            return;
        }
        book->rows = grown;
        book->capacity = capacity;
    }
    if (!row) {
        row = &book->rows[book->count++];
        *row = (struct accused){.kind = kind, .at_ms = at_ms};
        snprintf(row->camera, sizeof(row->camera), "%s", camera);
    }
    row->offset_ms = offset_ms;
}

void camera_book_health(struct camera_book *book, const Hitstream__V1__CameraHealth *health)
{
    for (size_t i = 0; i < book->count; i++) {
        struct accused *row = &book->rows[i];
        bool stands = false;
        for (size_t k = 0; k < health->n_faults; k++) {
            stands = stands || health->faults[k]->kind == row->kind;
        }
        if (!stands && row->cleared_ms == 0 && strcmp(row->camera, health->camera_id) == 0) {
            row->cleared_ms = health->at_ms;
        }
    }
}

// ------------------------------------------------------------------ the truth

static Hitstream__V1__CameraFaultKind kind_of(enum sim_fault_kind kind)
{
    static const Hitstream__V1__CameraFaultKind kinds[] = {
        [SIM_FAULT_CLOCK] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK,
        [SIM_FAULT_PLACE] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE,
        [SIM_FAULT_SILENT] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT,
        [SIM_FAULT_COLLAPSE] = HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE,
    };
    return kinds[kind];
}

// What was said of it in its time, last; NULL: nothing.
static const struct accused *hear(struct camera_book *book, const struct sim *sim,
                                  const struct sim_fault *fault)
{
    const char *camera = sim_net(sim)->cameras[fault->camera].camera_id;
    int64_t begin_ms = sim_time_ms(sim, fault->begin_s), end_ms = sim_time_ms(sim, fault->end_s);
    const struct accused *last = NULL;
    for (size_t i = 0; i < book->count; i++) {
        struct accused *row = &book->rows[i];
        if (strcmp(row->camera, camera) == 0 && row->at_ms >= begin_ms && row->at_ms <= end_ms &&
            row->kind == kind_of(fault->kind)) {
            row->right = true;
            last = row;
        }
    }
    return last;
}

static void score_fault(struct camera_book *book, const struct sim *sim,
                        const struct sim_fault *fault, bool show, struct camera_score *score)
{
    const struct accused *said = hear(book, sim, fault);
    score->actual++;
    score->found += said != NULL;
    score->places += fault->kind == SIM_FAULT_PLACE;
    score->placed += fault->kind == SIM_FAULT_PLACE && said;
    if (fault->kind == SIM_FAULT_CLOCK && said) {
        int64_t error_ms = llabs(said->offset_ms - sim_offset_ms(fault, fault->end_s));
        score->clocks++;
        score->exact += error_ms <= EXACT_MS;
        score->worst_ms = error_ms > score->worst_ms ? error_ms : score->worst_ms;
    }
    if (show && !said) {
        printf("missed: camera %s %s, %lld to %lld, offset %lld\n",
               sim_net(sim)->cameras[fault->camera].camera_id,
               hs_camera_fault_name(kind_of(fault->kind)),
               (long long)sim_time_ms(sim, fault->begin_s),
               (long long)sim_time_ms(sim, fault->end_s), (long long)fault->offset_ms);
    }
}

struct camera_score camera_score(struct camera_book *book, const struct sim *sim, bool show)
{
    struct camera_score score = {0};
    unsigned count;
    const struct sim_fault *faults = sim_faults(sim, &count);
    for (unsigned i = 0; i < count; i++) {
        score_fault(book, sim, &faults[i], show, &score);
    }
    for (size_t i = 0; i < book->count; i++) {
        const struct accused *row = &book->rows[i];
        score.said++;
        score.wrong += !row->right;
        if (show && !row->right) {
            printf("false: %s %s at %lld, to %lld\n", row->camera, hs_camera_fault_name(row->kind),
                   (long long)row->at_ms, (long long)row->cleared_ms);
        }
    }
    return score;
}

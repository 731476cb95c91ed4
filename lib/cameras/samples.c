// SPDX-License-Identifier: Apache-2.0
//
// Journeys to and from a camera, as they come: what is remembered of each.
#include <stdlib.h>

#include "base/error.h"
#include "cameras/gather_parts.h"

enum {
    FAR_MS = 14400000,          // a longer journey says nothing
    CLOCKS_MS = 5000,           // deviation of a journey's time beside the road's
    THROUGH_PCT = 50,           // of the deviation is left when both halves of a journey are known
    IMPOSSIBLE_SLACK_MS = 5000, // clocks differ by so much
    CLONE_CAMERAS = 2,          // others that would have to be wrong besides
    FITS_TIMES = 2,             // quicker or slower than typical
};
#define KEEP_MS INT64_C(2419200000) // four weeks

// ------------------------------------------------------------------ looking at them

bool hs_gather_is_known_wrong(const struct hs_gather *gather, uint64_t hash)
{
    const struct hs_gather_camera *camera = hs_gather_find(gather, hash);
    return camera && hs_gather_misleads(camera);
}

size_t hs_gather_pick(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                      size_t max, const struct hs_gather_sample **ret_samples)
{
    size_t count = 0;
    for (size_t i = camera->sample_count; i > 0 && count < max; i--) {
        const struct hs_gather_sample *sample = &camera->samples[i - 1];
        if (!hs_gather_is_known_wrong(gather, sample->other)) {
            ret_samples[count++] = sample;
        }
    }
    return count;
}

size_t hs_gather_count_vehicles(const struct hs_gather_sample *const *samples, size_t count)
{
    size_t vehicles = 0;
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        while (before < i && samples[before]->vehicle != samples[i]->vehicle) {
            before++;
        }
        vehicles += before == i;
    }
    return vehicles;
}

size_t hs_gather_count_others(const struct hs_gather_sample *const *samples, size_t count,
                              uint64_t *ret_most)
{
    size_t others = 0, most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t same = 0, before = 0;
        for (size_t k = 0; k < count; k++) {
            bool equal = samples[k]->other == samples[i]->other;
            same += equal;
            before += equal && k < i;
        }
        others += before == 0;
        if (same > most) {
            most = same;
            *ret_most = samples[i]->other;
        }
    }
    return others;
}

// ------------------------------------------------------------------ as they come

// Who leaves a full memory: the oldest journey of the vehicle that has most, the older one among
// equals, so that one that passes daily does not push out all others.
static size_t victim_of(const struct hs_gather_camera *camera)
{
    size_t victim = 0, most = 0;
    for (size_t i = 0; i < camera->sample_count; i++) {
        size_t same = 0;
        for (size_t k = 0; k < camera->sample_count; k++) {
            same += camera->samples[k].vehicle == camera->samples[i].vehicle;
        }
        if (same > most) {
            most = same;
            victim = i;
        }
    }
    return victim;
}

static void drop(struct hs_gather_camera *camera, size_t first, size_t count)
{
    camera->sample_count -= count;
    memmove(&camera->samples[first], &camera->samples[first + count],
            (camera->sample_count - first) * sizeof(camera->samples[0]));
}

static void add(struct hs_gather_camera *camera, const struct hs_gather_sample *sample)
{
    size_t old = 0;
    while (old < camera->sample_count && sample->at_ms - camera->samples[old].at_ms > KEEP_MS) {
        old++;
    }
    drop(camera, 0, old);
    if (camera->sample_count == HS_GATHER_SAMPLES) {
        drop(camera, victim_of(camera), 1);
    }
    camera->samples[camera->sample_count++] = *sample;
}

// It came and went on: how fast it drives says nothing any more, as far as it drives alike.
static void join_halves(struct hs_gather_camera *camera, struct hs_gather_sample *out)
{
    for (size_t i = camera->sample_count; i > 0; i--) {
        struct hs_gather_sample *in = &camera->samples[i - 1];
        if (in->vehicle != out->vehicle) {
            continue;
        }
        int64_t whole_ms = in->typical_ms + out->typical_ms;
        if (in->side == HS_SIDE_IN && in->deviation_ms > 0 && out->deviation_ms > 0 &&
            in->elapsed_ms + out->elapsed_ms < 2 * whole_ms) {
            int64_t offset_ms =
                (in->elapsed_ms * out->typical_ms - out->elapsed_ms * in->typical_ms) / whole_ms;
            uint32_t less =
                in->deviation_ms < out->deviation_ms ? in->deviation_ms : out->deviation_ms;
            in->offset_ms = out->offset_ms = offset_ms;
            in->deviation_ms = out->deviation_ms = less * THROUGH_PCT / 100 + 1;
        }
        return;
    }
}

static bool is_known(const struct hs_gather_camera *camera, const struct hs_gather_sample *sample)
{
    for (size_t i = camera->sample_count; i > 0; i--) {
        const struct hs_gather_sample *row = &camera->samples[i - 1];
        if (row->vehicle == sample->vehicle && row->at_ms == sample->at_ms &&
            row->side == sample->side && row->other == sample->other) {
            return true;
        }
    }
    return false;
}

static void take(struct hs_gather *gather, struct hs_gather_camera *camera,
                 struct hs_gather_sample *sample)
{
    if (is_known(camera, sample)) {
        return; // it came twice
    }
    if (sample->side == HS_SIDE_OUT) {
        join_halves(camera, sample);
    }
    add(camera, sample);
    hs_gather_judge_place(gather, camera, sample->at_ms);
    hs_gather_judge_clock(gather, camera, sample->at_ms);
}

// About as long as it takes those of whom the road table knows, and no quicker than anybody can.
static bool fits(const Hitstream__V1__CameraJourney *journey)
{
    return journey->typical_ms > 0 && journey->elapsed_ms >= journey->least_ms &&
           journey->elapsed_ms >= journey->typical_ms / FITS_TIMES &&
           journey->elapsed_ms <= journey->typical_ms * FITS_TIMES;
}

int hs_gather_journey(struct hs_gather *gather, const Hitstream__V1__CameraJourney *journey)
{
    int64_t elapsed_ms = journey->elapsed_ms;
    if (journey->at_ms <= 0 || journey->spread_pct > 1000 || journey->typical_ms < 0 ||
        journey->least_ms < 0) {
        return HS_EFORMAT;
    }
    gather->stats.journeys++;
    if (journey->elsewhere >= CLONE_CAMERAS) {
        return 0; // two vehicles with one plate accuse every camera on their ways
    }
    if (elapsed_ms < -FAR_MS || elapsed_ms > FAR_MS || journey->typical_ms > FAR_MS) {
        return 0;
    }
    struct hs_gather_camera *from =
        hs_gather_camera(gather, journey->from_camera, journey->from_site);
    struct hs_gather_camera *to = hs_gather_camera(gather, journey->to_camera, journey->to_site);
    if (!from || !to || from == to) {
        return 0;
    }
    struct hs_gather_sample sample = {
        .vehicle = journey->vehicle,
        .at_ms = journey->at_ms,
        .elapsed_ms = elapsed_ms,
        .typical_ms = journey->typical_ms,
        .late = gather->live && (llabs(journey->from_late_ms) > HS_GATHER_LIVE_MS ||
                                 llabs(journey->to_late_ms) > HS_GATHER_LIVE_MS),
        .impossible = elapsed_ms + IMPOSSIBLE_SLACK_MS < journey->least_ms,
        .fits = fits(journey),
    };
    if (journey->typical_ms > 0) {
        sample.deviation_ms =
            (uint32_t)(journey->typical_ms * journey->spread_pct / 100) + CLOCKS_MS;
    }
    struct hs_gather_sample in = sample, out = sample;
    in.side = HS_SIDE_IN;
    in.other = from->hash;
    in.offset_ms = elapsed_ms - journey->typical_ms;
    out.side = HS_SIDE_OUT;
    out.other = to->hash;
    out.offset_ms = journey->typical_ms - elapsed_ms;
    take(gather, from, &out);
    take(gather, to, &in);
    return 0;
}

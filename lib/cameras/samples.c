// SPDX-License-Identifier: Apache-2.0
//
// Journeys to and from a camera, and whether it stands where the register says.
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "cameras/gather_parts.h"

#define PLACE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE

enum {
    FAR_MS = 14400000,          // a longer journey says nothing
    KEEP_MS = 1209600000,       // two weeks
    CLOCKS_MS = 5000,           // deviation of a journey's time beside the road's
    THROUGH_PCT = 50,           // of the deviation is left when both halves of a journey are known
    IMPOSSIBLE_SLACK_MS = 5000, // clocks differ by so much
    CLONE_CAMERAS = 2,          // others that would have to be wrong besides
    SIDE_LEAST = 3,
    ACCUSED_PCT = 30, // impossible, on each side
    SOUND_PCT = 10,
    SOUND_SAMPLES = 12,
};

// ------------------------------------------------------------------ looking at them

static bool is_known_wrong(const struct hs_gather *gather, uint64_t hash)
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
        if (!is_known_wrong(gather, sample->other)) {
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

// ------------------------------------------------------------------ a wrong place

struct tally {
    size_t all[3]; // by side
    size_t impossible[3];
};

static struct tally tally_of(const struct hs_gather_sample *const *samples, size_t count,
                             uint64_t without)
{
    struct tally tally = {{0}, {0}};
    for (size_t i = 0; i < count; i++) {
        if (samples[i]->other != without && !samples[i]->late) {
            tally.all[samples[i]->side]++;
            tally.impossible[samples[i]->side] += samples[i]->impossible;
        }
    }
    return tally;
}

static bool accuses(const struct tally *tally, size_t least)
{
    bool accused = true;
    for (int side = HS_SIDE_IN; side <= HS_SIDE_OUT; side++) {
        accused = accused && tally->impossible[side] >= least &&
                  tally->impossible[side] * 100 >= tally->all[side] * ACCUSED_PCT;
    }
    return accused;
}

static bool is_sound(const struct hs_gather_sample *const *samples, size_t count)
{
    size_t newest = count < 2 * SOUND_SAMPLES ? count : 2 * SOUND_SAMPLES;
    struct tally tally = tally_of(samples, newest, 0);
    size_t impossible = tally.impossible[HS_SIDE_IN] + tally.impossible[HS_SIDE_OUT];
    return newest >= SOUND_SAMPLES && impossible * 100 <= newest * SOUND_PCT;
}

static void tell_place(struct hs_gather *gather, struct hs_gather_camera *camera,
                       const struct hs_gather_sample *const *impossible, size_t count,
                       int64_t at_ms)
{
    uint64_t most;
    struct hs_gather_fault fault = {
        .since_ms = impossible[count - 1]->at_ms,
        .found_at_ms = at_ms,
        .vehicles = (uint32_t)hs_gather_count_vehicles(impossible, count),
        .cameras = (uint32_t)hs_gather_count_others(impossible, count, &most),
    };
    snprintf(fault.because, sizeof(fault.because),
             "%zu journeys of %u vehicles, to it and from it, to and from %u cameras, are "
             "impossible from where the register has it",
             count, fault.vehicles, fault.cameras);
    hs_gather_found(gather, camera, PLACE, &fault, false);
}

static void judge_place(struct hs_gather *gather, struct hs_gather_camera *camera, int64_t at_ms)
{
    const struct hs_gather_sample *picked[HS_GATHER_SAMPLES];
    const struct hs_gather_sample *impossible[HS_GATHER_SAMPLES];
    uint64_t most = 0;
    size_t count = hs_gather_pick(gather, camera, HS_GATHER_SAMPLES, picked), n = 0;
    if (camera->faults[PLACE].stands) {
        if (is_sound(picked, count)) {
            hs_gather_withdraw(gather, camera, PLACE, at_ms);
        }
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (picked[i]->impossible && !picked[i]->late) {
            impossible[n++] = picked[i];
        }
    }
    struct tally all = tally_of(picked, count, 0);
    if (n < 2 * SIDE_LEAST || !accuses(&all, SIDE_LEAST) ||
        hs_gather_count_vehicles(impossible, n) < gather->terms.vehicles ||
        hs_gather_count_others(impossible, n, &most) < 3) {
        return;
    }
    struct tally rest = tally_of(picked, count, most);
    size_t rest_all = rest.all[HS_SIDE_IN] + rest.all[HS_SIDE_OUT];
    size_t rest_impossible = rest.impossible[HS_SIDE_IN] + rest.impossible[HS_SIDE_OUT];
    if (rest_impossible >= SIDE_LEAST && rest_impossible * 100 >= rest_all * ACCUSED_PCT) {
        tell_place(gather, camera, impossible, n, at_ms);
    }
}

// ------------------------------------------------------------------ as they come

static void add(struct hs_gather_camera *camera, const struct hs_gather_sample *sample)
{
    size_t old = camera->sample_count == HS_GATHER_SAMPLES ? 1 : 0;
    while (old < camera->sample_count && sample->at_ms - camera->samples[old].at_ms > KEEP_MS) {
        old++;
    }
    camera->sample_count -= old;
    memmove(&camera->samples[0], &camera->samples[old],
            camera->sample_count * sizeof(camera->samples[0]));
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
    judge_place(gather, camera, sample->at_ms);
    hs_gather_judge_clock(gather, camera, sample->at_ms);
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

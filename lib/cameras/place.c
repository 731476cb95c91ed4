// SPDX-License-Identifier: Apache-2.0
//
// Whether a camera stands where the register says.
//
// An impossible journey accuses both its cameras. It counts against the one whose other journeys do
// not fit either; the other camera answers for itself by journeys to and from third ones. What
// neither side says is left open. A clock cannot make both sides impossible; one side alone counts
// only while the log's times say that both cameras' clocks are right.
#include <stdio.h>

#include "cameras/gather_parts.h"

#define PLACE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_PLACE

enum {
    IMPOSSIBLE_LEAST = 6, // journeys
    SIDE_LEAST = 3,       // on each side
    SIDE_PCT = 30,        // of those that say anything, on each side
    ALONE_TIMES = 3,      // one side alone: so many times those that fit on either
    OTHERS_LEAST = 2,     // that answer for themselves
    UNKNOWN_LEAST = 3,    // or any that do not speak against themselves
    FIT_LEAST = 6,        // journeys that answer for a camera
    FIT_TIMES = 4,        // and so many times the impossible ones
    FIT_SURE = 8,         // and those that do so for the only one
    SOUND_PCT = 10,       // impossible, on each side
    SOUND_LEAST = 12,     // journeys
    SOUND_NEWEST = 24,    // of so many
};

// How a camera stands with others than the one that is asked about.
enum standing {
    UNKNOWN, // nobody can tell
    ANSWERS, // journeys to and from others fit
    ACCUSED, // they do not
};

// ------------------------------------------------------------------ the other camera

// Its journeys with third cameras: those that fit, and impossible ones.
struct answer {
    size_t fits, fit_others; // and with how many
    size_t impossible, impossible_others;
};

// Whether none of the samples before is of the same kind with the same other camera.
static bool is_first(const struct hs_gather_sample *const *samples, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (samples[i]->other == samples[index]->other &&
            samples[i]->fits == samples[index]->fits &&
            samples[i]->impossible == samples[index]->impossible) {
            return false;
        }
    }
    return true;
}

static struct answer ask(const struct hs_gather *gather, const struct hs_gather_camera *other,
                         uint64_t accused)
{
    const struct hs_gather_sample *picked[HS_GATHER_SAMPLES];
    struct answer answer = {0};
    size_t all = hs_gather_pick(gather, other, HS_GATHER_SAMPLES, picked), count = 0;
    for (size_t i = 0; i < all; i++) {
        const struct hs_gather_sample *sample = picked[i];
        if (sample->other == accused || sample->late || (!sample->fits && !sample->impossible)) {
            continue;
        }
        picked[count] = sample;
        bool first = is_first(picked, count++);
        answer.fits += sample->fits;
        answer.fit_others += sample->fits && first;
        answer.impossible += sample->impossible;
        answer.impossible_others += sample->impossible && first;
    }
    return answer;
}

static enum standing standing_of(const struct answer *answer)
{
    if (answer->fits >= FIT_LEAST && answer->fits >= FIT_TIMES * answer->impossible) {
        return ANSWERS;
    }
    bool wrong = answer->impossible >= SIDE_LEAST && answer->impossible_others >= 2 &&
                 answer->impossible * 2 > answer->fits;
    return wrong ? ACCUSED : UNKNOWN;
}

// ------------------------------------------------------------------ what speaks against a camera

// Its journeys that say anything; those whose other camera is accused itself are left out.
struct charge {
    const struct hs_gather_sample *impossible[HS_GATHER_SAMPLES]; // the newest first
    size_t count;
    size_t by_side[3]; // of them
    size_t fits[3];    // by side
    size_t answering;  // other cameras of them that answer for themselves
    size_t unknown;    // and those of which nobody can tell
    bool sure;         // one of those answers for itself beyond doubt
    bool clocks;       // the log's times say that all of their clocks are right
    uint64_t most;     // the one with most of the impossible journeys
};

// How the other camera of a journey stands, as asked for its first one; notes it in the charge.
static enum standing hear(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                          uint64_t hash, struct charge *charge)
{
    const struct hs_gather_camera *other = hs_gather_find(gather, hash);
    struct answer answer = {0};
    if (other) {
        answer = ask(gather, other, camera->hash);
    }
    enum standing standing = standing_of(&answer);
    if (standing != ACCUSED) {
        charge->answering += standing == ANSWERS;
        charge->unknown += standing == UNKNOWN;
        charge->sure = charge->sure || (standing == ANSWERS && answer.fits >= FIT_SURE &&
                                        answer.fit_others >= OTHERS_LEAST);
        charge->clocks =
            charge->clocks && other && hs_gather_clock_word(gather, other) == HS_CLOCK_SOUND;
    }
    return standing;
}

static void collect(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                    struct charge *charge)
{
    const struct hs_gather_sample *picked[HS_GATHER_SAMPLES];
    enum standing standings[HS_GATHER_SAMPLES];
    size_t all = hs_gather_pick(gather, camera, HS_GATHER_SAMPLES, picked), asked = 0;
    *charge = (struct charge){.clocks = hs_gather_clock_word(gather, camera) == HS_CLOCK_SOUND};
    for (size_t i = 0; i < all; i++) {
        const struct hs_gather_sample *sample = picked[i];
        if (sample->late || !sample->impossible) {
            charge->fits[sample->side] += sample->fits && !sample->late;
            continue;
        }
        size_t before = 0;
        while (before < asked && picked[before]->other != sample->other) {
            before++;
        }
        standings[asked] =
            before < asked ? standings[before] : hear(gather, camera, sample->other, charge);
        picked[asked] = sample;
        if (standings[asked++] != ACCUSED) {
            charge->impossible[charge->count++] = sample;
            charge->by_side[sample->side]++;
        }
    }
    if (charge->count > 0) {
        hs_gather_count_others(charge->impossible, charge->count, &charge->most);
    }
}

// Impossible on both sides, or on one while no clock can be the reason.
static bool is_impossible_enough(const struct charge *charge)
{
    size_t fits = charge->fits[HS_SIDE_IN] + charge->fits[HS_SIDE_OUT];
    bool both = true;
    for (int side = HS_SIDE_IN; side <= HS_SIDE_OUT; side++) {
        size_t informative = charge->by_side[side] + charge->fits[side];
        both = both && charge->by_side[side] >= SIDE_LEAST &&
               charge->by_side[side] * 100 >= informative * SIDE_PCT;
    }
    return both || (charge->clocks && charge->count >= ALONE_TIMES * fits);
}

// Enough other cameras contradict it, and it does not hang on one that may be wrong itself.
static bool is_witnessed(const struct charge *charge)
{
    size_t fits = charge->fits[HS_SIDE_IN] + charge->fits[HS_SIDE_OUT];
    size_t rest = 0;
    for (size_t i = 0; i < charge->count; i++) {
        rest += charge->impossible[i]->other != charge->most;
    }
    return charge->answering >= OTHERS_LEAST ||
           (charge->answering + charge->unknown >= UNKNOWN_LEAST && rest >= SIDE_LEAST &&
            rest * 100 >= (rest + fits) * SIDE_PCT) ||
           (charge->sure && charge->count >= FIT_TIMES * fits);
}

static void tell_place(struct hs_gather *gather, struct hs_gather_camera *camera,
                       const struct charge *charge, int64_t at_ms)
{
    uint64_t most;
    struct hs_gather_fault fault = {
        .since_ms = charge->impossible[charge->count - 1]->at_ms,
        .found_at_ms = at_ms,
        .vehicles = (uint32_t)hs_gather_count_vehicles(charge->impossible, charge->count),
        .cameras = (uint32_t)hs_gather_count_others(charge->impossible, charge->count, &most),
    };
    snprintf(fault.because, sizeof(fault.because),
             "%zu journeys of %u vehicles, %zu to it and %zu from it, to and from %u cameras, are "
             "impossible from where the register has it; %zu fit",
             charge->count, fault.vehicles, charge->by_side[HS_SIDE_IN],
             charge->by_side[HS_SIDE_OUT], fault.cameras,
             charge->fits[HS_SIDE_IN] + charge->fits[HS_SIDE_OUT]);
    hs_gather_found(gather, camera, PLACE, &fault, false);
}

// ------------------------------------------------------------------ both ways

// Whether the road table knows how long any of the journeys takes that are remembered.
static bool is_any_typical(const struct hs_gather *gather)
{
    for (size_t i = 0; i < gather->camera_count; i++) {
        for (size_t k = 0; k < gather->cameras[i]->sample_count; k++) {
            if (gather->cameras[i]->samples[k].typical_ms > 0) {
                return true; // as a rule the first camera's
            }
        }
    }
    return false;
}

// Journeys of both sides are possible; and where there is a road table, some fit: a slow journey is
// possible from anywhere.
static bool is_sound(const struct hs_gather *gather, const struct hs_gather_camera *camera)
{
    const struct hs_gather_sample *picked[HS_GATHER_SAMPLES];
    size_t count = hs_gather_pick(gather, camera, SOUND_NEWEST, picked);
    size_t impossible[3] = {0}, all[3] = {0}, fits = 0;
    for (size_t i = 0; i < count; i++) {
        all[picked[i]->side] += !picked[i]->late;
        impossible[picked[i]->side] += !picked[i]->late && picked[i]->impossible;
        fits += picked[i]->fits;
    }
    bool sound = all[HS_SIDE_IN] + all[HS_SIDE_OUT] >= SOUND_LEAST;
    for (int side = HS_SIDE_IN; side <= HS_SIDE_OUT; side++) {
        sound = sound && all[side] >= SIDE_LEAST && impossible[side] * 100 <= all[side] * SOUND_PCT;
    }
    return sound && (fits >= SIDE_LEAST || !is_any_typical(gather));
}

void hs_gather_judge_place(struct hs_gather *gather, struct hs_gather_camera *camera, int64_t at_ms)
{
    struct charge charge;
    if (camera->faults[PLACE].stands) {
        if (is_sound(gather, camera)) {
            hs_gather_withdraw(gather, camera, PLACE, at_ms);
        }
        return;
    }
    size_t impossible = 0;
    for (size_t i = 0; i < camera->sample_count; i++) {
        impossible += camera->samples[i].impossible;
    }
    if (impossible < IMPOSSIBLE_LEAST) {
        return; // as nearly always
    }
    collect(gather, camera, &charge);
    if (charge.count >= IMPOSSIBLE_LEAST && is_impossible_enough(&charge) &&
        is_witnessed(&charge) &&
        hs_gather_count_vehicles(charge.impossible, charge.count) >= gather->terms.vehicles) {
        tell_place(gather, camera, &charge, at_ms);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Whether a camera's clock is right: by the log's times, and by journeys.
#include <stdio.h>

#include "base/error.h"
#include "cameras/gather_parts.h"

#define CLOCK HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_CLOCK

enum {
    AGREE_MS = 4000,   // windows of one clock agree so well
    FLOORS_LEAST = 4,  // windows
    READS_LEAST = 12,  // in them
    CHANGED_MS = 3000, // told again
    SOUND_PART = 2,    // of the least error: below it is sound
    SAMPLES_LEAST = 8, // journeys
    SIDE_LEAST = 3,    // on each side
    SUPPORT_PCT = 60,  // of the journeys agree
    SLACK_MS = 5000,   // camera clocks that are right differ by so much
    SURE = 5,          // the error is so many times its own deviation
    MAD_PCT = 148,     // deviation from the median's distance, normal
    MEDIAN_PCT = 150,  // deviation of a median, with both halves of one vehicle counted
};

// What journeys say.
struct estimate {
    int64_t offset_ms;
    int64_t deviation_ms; // of it
    size_t vehicles;
    size_t others;
    size_t count;
};

static int64_t size_of(int64_t value)
{
    return value < 0 ? -value : value;
}

// ------------------------------------------------------------------ by the log

void hs_gather_floor(struct hs_gather *gather, struct hs_gather_camera *camera,
                     const struct hs_gather_row *row, int64_t fleet_ms)
{
    if (row->reads == 0) {
        return;
    }
    if (!gather->live) {
        camera->floor_count = 0; // read later than live: nothing can be told by it
        return;
    }
    if (camera->floor_count == HS_GATHER_FLOORS) {
        camera->floor_count--;
        memmove(&camera->floors[0], &camera->floors[1],
                camera->floor_count * sizeof(camera->floors[0]));
    }
    camera->floors[camera->floor_count++] = (struct hs_gather_floor){
        .window_ms = row->window_ms,
        .deviation_ms = row->floor_ms - fleet_ms,
        .reads = row->reads,
    };
}

// The middle of the windows that agree, and how many reads stand behind it.
static enum hs_clock_word ask_log(const struct hs_gather *gather,
                                  const struct hs_gather_camera *camera,
                                  struct hs_gather_fault *ret_fault)
{
    int64_t values[HS_GATHER_FLOORS];
    size_t count = camera->floor_count, agree = 0;
    uint64_t reads = 0;
    if (count < FLOORS_LEAST) {
        return HS_CLOCK_UNKNOWN;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = camera->floors[i].deviation_ms;
    }
    int64_t late_ms = hs_gather_median(values, count);
    for (size_t i = count; i > 0; i--) {
        const struct hs_gather_floor *row = &camera->floors[i - 1];
        if (size_of(row->deviation_ms - late_ms) <= AGREE_MS) {
            agree++;
            reads += row->reads;
            ret_fault->since_ms = row->window_ms;
        }
    }
    if (agree + 1 < count || agree < FLOORS_LEAST || reads < READS_LEAST) {
        return HS_CLOCK_UNKNOWN;
    }
    ret_fault->offset_ms = -late_ms;
    ret_fault->reads = reads;
    return size_of(late_ms) >= gather->terms.clock_ms                ? HS_CLOCK_WRONG
           : size_of(late_ms) <= gather->terms.clock_ms / SOUND_PART ? HS_CLOCK_SOUND
                                                                     : HS_CLOCK_UNKNOWN;
}

enum hs_clock_word hs_gather_clock_word(const struct hs_gather *gather,
                                        const struct hs_gather_camera *camera)
{
    struct hs_gather_fault unused = {0};
    return ask_log(gather, camera, &unused);
}

// ------------------------------------------------------------------ by journeys

// The median of the samples, without those of one other camera (0: none left out); of a side alone,
// by its own halves of journeys: what is wrong with the road on one side must not look like a
// clock. False: too few.
static bool middle(const struct hs_gather_sample *const *samples, size_t count, int side,
                   uint64_t without, size_t least, int64_t *ret_ms)
{
    int64_t values[HS_GATHER_SAMPLES];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (samples[i]->other != without && side == 0) {
            values[n++] = samples[i]->offset_ms;
        } else if (samples[i]->other != without && (int)samples[i]->side == side) {
            values[n++] = side == HS_SIDE_IN ? samples[i]->elapsed_ms - samples[i]->typical_ms
                                             : samples[i]->typical_ms - samples[i]->elapsed_ms;
        }
    }
    if (n < least) {
        return false;
    }
    *ret_ms = hs_gather_median(values, n);
    return true;
}

static int64_t scatter(const struct hs_gather_sample *const *samples, size_t count,
                       int64_t middle_ms)
{
    int64_t values[HS_GATHER_SAMPLES];
    for (size_t i = 0; i < count; i++) {
        values[i] = size_of(samples[i]->offset_ms - middle_ms);
    }
    return hs_gather_median(values, count) * MAD_PCT / 100;
}

static int64_t root(int64_t x)
{
    int64_t r = 0;
    while ((r + 1) * (r + 1) <= x) { // of a number of samples
        r++;
    }
    return r;
}

static bool is_supported(const struct hs_gather_sample *const *samples, size_t count,
                         int64_t offset_ms)
{
    size_t agree = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t tolerance_ms = 2 * (int64_t)samples[i]->deviation_ms + SLACK_MS;
        agree += size_of(samples[i]->offset_ms - offset_ms) <= tolerance_ms;
    }
    return agree * 100 >= count * SUPPORT_PCT;
}

// Both sides agree, and it does not hang on one other camera.
static bool is_consistent(const struct hs_gather_sample *const *samples, size_t count,
                          const struct estimate *estimate, uint64_t most)
{
    int64_t in_ms, out_ms, rest_ms;
    bool sides = middle(samples, count, HS_SIDE_IN, 0, SIDE_LEAST, &in_ms) &&
                 middle(samples, count, HS_SIDE_OUT, 0, SIDE_LEAST, &out_ms);
    int64_t tolerance_ms = 6 * estimate->deviation_ms + SLACK_MS;
    int64_t apart_ms = tolerance_ms + size_of(estimate->offset_ms) / 2; // congestion on both sides
    if (sides ? size_of(in_ms - out_ms) > apart_ms : estimate->others < 4) {
        return false;
    }
    return middle(samples, count, 0, most, SIDE_LEAST, &rest_ms) &&
           size_of(rest_ms - estimate->offset_ms) <=
               tolerance_ms + size_of(estimate->offset_ms) / 3;
}

// What the newest so many journeys say; false: nothing.
static bool ask_journeys(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                         size_t newest, struct estimate *ret)
{
    const struct hs_gather_sample *picked[HS_GATHER_SAMPLES];
    uint64_t most = 0;
    size_t all = hs_gather_pick(gather, camera, newest, picked), count = 0;
    for (size_t i = 0; i < all; i++) {
        if (picked[i]->deviation_ms > 0) {
            picked[count++] = picked[i];
        }
    }
    if (count < SAMPLES_LEAST) {
        return false;
    }
    middle(picked, count, 0, 0, 1, &ret->offset_ms);
    ret->deviation_ms =
        scatter(picked, count, ret->offset_ms) * MEDIAN_PCT / 100 / root((int64_t)count);
    ret->vehicles = hs_gather_count_vehicles(picked, count);
    ret->others = hs_gather_count_others(picked, count, &most);
    ret->count = count;
    return ret->vehicles >= gather->terms.vehicles && ret->others >= 2 &&
           is_supported(picked, count, ret->offset_ms) && is_consistent(picked, count, ret, most);
}

static bool is_wrong(const struct hs_gather *gather, const struct estimate *estimate)
{
    return size_of(estimate->offset_ms) >= gather->terms.clock_ms &&
           size_of(estimate->offset_ms) >= SURE * estimate->deviation_ms;
}

// ------------------------------------------------------------------ together

static void tell_by_log(struct hs_gather *gather, struct hs_gather_camera *camera,
                        struct hs_gather_fault *fault)
{
    const struct hs_gather_fault *stands = &camera->faults[CLOCK];
    snprintf(fault->because, sizeof(fault->because),
             "the quickest of its reads come into the log %lld ms after their capture, other "
             "cameras' at once; so in each of %zu windows",
             (long long)-fault->offset_ms, camera->floor_count);
    bool much = size_of(stands->offset_ms - fault->offset_ms) > CHANGED_MS;
    hs_gather_found(gather, camera, CLOCK, fault, much);
}

static void tell_by_journeys(struct hs_gather *gather, struct hs_gather_camera *camera,
                             const struct estimate *estimate, int64_t at_ms)
{
    const struct hs_gather_fault *stands = &camera->faults[CLOCK];
    struct hs_gather_fault fault = {
        .since_ms = at_ms,
        .found_at_ms = at_ms,
        .offset_ms = estimate->offset_ms,
        .vehicles = (uint32_t)estimate->vehicles,
        .cameras = (uint32_t)estimate->others,
    };
    for (size_t i = 0; i < camera->sample_count && i + estimate->count < camera->sample_count;
         i++) {
        fault.since_ms = camera->samples[i + 1].at_ms; // the oldest that was looked at
    }
    snprintf(fault.because, sizeof(fault.because),
             "journeys of %zu vehicles from and to %zu cameras take too long on one side and too "
             "short on the other by the same time, to within %lld ms",
             estimate->vehicles, estimate->others, (long long)(2 * estimate->deviation_ms));
    bool much =
        size_of(stands->offset_ms - fault.offset_ms) > CHANGED_MS + 2 * estimate->deviation_ms;
    hs_gather_found(gather, camera, CLOCK, &fault, much);
}

// Whether journeys say that times are right, so that only the line is late.
static bool is_late_line(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                         int64_t offset_ms)
{
    struct estimate estimate;
    return ask_journeys(gather, camera, HS_GATHER_SAMPLES / 2, &estimate) &&
           size_of(estimate.offset_ms - offset_ms) > 3 * estimate.deviation_ms + SLACK_MS &&
           size_of(estimate.offset_ms) < size_of(offset_ms) / 2;
}

void hs_gather_judge_clock(struct hs_gather *gather, struct hs_gather_camera *camera, int64_t at_ms)
{
    struct hs_gather_fault fault = {.found_at_ms = at_ms};
    struct estimate estimate;
    enum hs_clock_word word = ask_log(gather, camera, &fault);
    if (word == HS_CLOCK_SOUND) {
        hs_gather_withdraw(gather, camera, CLOCK, at_ms);
        return;
    }
    if (word == HS_CLOCK_WRONG && !is_late_line(gather, camera, fault.offset_ms)) {
        tell_by_log(gather, camera, &fault);
        return;
    }
    if (gather->live || gather->judged_ms == 0) {
        return; // where the log can be asked, journeys only speak against it
    }
    static const size_t lengths[] = {12, 24, HS_GATHER_SAMPLES};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        if (!ask_journeys(gather, camera, lengths[i], &estimate)) {
            continue;
        }
        if (is_wrong(gather, &estimate)) {
            tell_by_journeys(gather, camera, &estimate, at_ms);
        } else if (size_of(estimate.offset_ms) + 2 * estimate.deviation_ms <
                   gather->terms.clock_ms) {
            hs_gather_withdraw(gather, camera, CLOCK, at_ms);
        } else {
            continue;
        }
        return;
    }
}

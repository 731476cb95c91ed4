// SPDX-License-Identifier: Apache-2.0
//
// How many reads a camera makes, beside how many it should.
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "cameras/gather_parts.h"

#define SILENT   HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_SILENT
#define COLLAPSE HITSTREAM__V1__CAMERA_FAULT_KIND__CAMERA_FAULT_KIND_COLLAPSE

enum {
    NAT = 1024,
    LN_QUARTER = -1420, // ln(1/4) nats
    LOST_QUARTER = 3,   // (1 - 1/4) nats an expected read, from 1/256 to 1/1024
    THIN = 2,           // counts scatter twice as much as Poisson's
    WINDOW_MOST = 2 * NAT,
    FOUND_AT = 20 * NAT, // odds of 5e8 to 1
    SOUND_AT = 6 * NAT,
    DOUBT_AT = 3 * NAT, // from here on nothing is learnt
    WHOLE_WEIGHT = 1024,
    WHOLE_AFTER = 12, // windows learnt of that hour: then it counts in full
    LEAST_WEIGHT = 200,
    LEAST_AFTER = 36, // windows learnt at all: then unknown hours count a little
    PRIOR_WINDOWS = 6,
    LEARN_MOST = 72, // windows: the memory of one hour of the day, about two weeks
    OUTLIER = 3,     // times the usual: more is not learnt from
    GROUP_PRIOR = 200,
    FLEET_PRIOR = 50, // reads
    GAP_WINDOWS = 6,  // the time jumps by more: nobody counted meanwhile
    FLOORS_MOST = 1023,
    QUIET_PCT = 80,      // of what fell is without a read at its end: silent
    QUIET_CERTAIN = 150, // reads were to be expected since the last: silent in any case
    LITTLE_READS = 5,    // and a twentieth of the expected: it reads a little
};
#define SCALE_ONE (INT64_C(1) << 16) // of activity
#define SCALE_MIN (SCALE_ONE / 16)
#define SCALE_MAX (SCALE_ONE * 16)
#define USUAL_NOW INT64_C(1209600000) // a collapse of 14 days is the new usual

void hs_gather_rate_reset(struct hs_gather_camera *camera)
{
    memset(camera->usual_q8, 0, sizeof(camera->usual_q8));
    memset(camera->learnt, 0, sizeof(camera->learnt));
    camera->fallen_q10 = camera->risen_q10 = 0;
    camera->fallen_reads = camera->fallen_expected_q8 = camera->quiet_expected_q8 = 0;
}

void hs_gather_counts_reset(struct hs_gather *gather)
{
    for (size_t i = 0; i < gather->camera_count; i++) {
        struct hs_gather_camera *camera = gather->cameras[i];
        memset(camera->recent, 0, sizeof(camera->recent));
        camera->floor_count = 0;
        hs_gather_rate_reset(camera);
    }
    gather->newest_count = 0;
    gather->judged_ms = 0;
}

// ------------------------------------------------------------------ what is usual

static size_t hour_of(int64_t window_ms)
{
    struct hs_civil civil = hs_civil_london(window_ms);
    return civil.hour + (civil.weekday >= 5 ? 24 : 0);
}

static uint64_t blend(const struct hs_gather_camera *camera, size_t row, uint64_t prior_q8)
{
    uint64_t learnt = camera->learnt[row];
    return (learnt * camera->usual_q8[row] + PRIOR_WINDOWS * prior_q8) / (learnt + PRIOR_WINDOWS);
}

// Reads a window, 1/256, were it an hour like any other for its force.
static uint64_t usual_q8(const struct hs_gather_camera *camera, size_t hour)
{
    uint64_t day = blend(camera, hour % 24, camera->usual_q8[HS_GATHER_ANY]);
    return hour < 24 ? day : blend(camera, hour, day);
}

// How much the camera's own past at this hour is to be relied on.
static int64_t weight_of(const struct hs_gather_camera *camera, size_t hour)
{
    uint32_t learnt = camera->learnt[hour] < WHOLE_AFTER ? camera->learnt[hour] : WHOLE_AFTER;
    int64_t weight = (int64_t)learnt * WHOLE_WEIGHT / WHOLE_AFTER;
    int64_t least = camera->learnt[HS_GATHER_ANY] >= LEAST_AFTER ? LEAST_WEIGHT : 0;
    return weight > least ? weight : least;
}

static void learn_row(struct hs_gather_camera *camera, size_t row, uint64_t seen_q8)
{
    uint32_t n = camera->learnt[row] < LEARN_MOST ? ++camera->learnt[row] : LEARN_MOST;
    int64_t usual = camera->usual_q8[row];
    camera->usual_q8[row] = (uint32_t)(usual + ((int64_t)seen_q8 - usual) / (int64_t)n);
}

static void learn(struct hs_gather_camera *camera, size_t hour, uint64_t reads, int64_t scale)
{
    uint64_t seen_q8 = (reads << 8) * (uint64_t)SCALE_ONE / (uint64_t)scale;
    uint64_t most_q8 = OUTLIER * usual_q8(camera, hour) + (5 << 8);
    if (camera->learnt[HS_GATHER_ANY] >= PRIOR_WINDOWS && seen_q8 > most_q8) {
        seen_q8 = most_q8;
    }
    seen_q8 = seen_q8 < UINT32_MAX ? seen_q8 : UINT32_MAX;
    learn_row(camera, hour, seen_q8);
    learn_row(camera, HS_GATHER_ANY, seen_q8);
}

// ------------------------------------------------------------------ one window of one camera

static bool is_quiet(const struct hs_gather_camera *camera)
{
    return camera->quiet_expected_q8 * 100 >= camera->fallen_expected_q8 * QUIET_PCT;
}

static void find_fallen(struct hs_gather *gather, struct hs_gather_camera *camera,
                        int64_t window_ms, bool silent)
{
    if (silent) { // from its last read on
        camera->fallen_since_ms = camera->quiet_since_ms;
        camera->fallen_reads = 0;
        camera->fallen_expected_q8 = camera->quiet_expected_q8;
    }
    struct hs_gather_fault fault = {
        .since_ms = camera->fallen_since_ms,
        .found_at_ms = window_ms + gather->terms.window_ms,
        .reads = camera->fallen_reads,
        .expected = camera->fallen_expected_q8 >> 8,
    };
    if (camera->faults[silent ? COLLAPSE : SILENT].stands) {
        hs_gather_withdraw(gather, camera, silent ? COLLAPSE : SILENT, fault.found_at_ms);
    }
    snprintf(fault.because, sizeof(fault.because),
             "%llu reads where about %llu were to be expected, by its own past and the traffic of "
             "its force",
             (unsigned long long)fault.reads, (unsigned long long)fault.expected);
    hs_gather_found(gather, camera, silent ? SILENT : COLLAPSE, &fault, false);
    camera->risen_q10 = 0;
}

static void step_sound(struct hs_gather *gather, struct hs_gather_camera *camera,
                       const struct hs_gather_row *now, int64_t nats, uint64_t expected_q8)
{
    if (camera->fallen_q10 == 0 && nats > 0) {
        camera->fallen_since_ms = now->window_ms;
        camera->fallen_reads = camera->fallen_expected_q8 = 0;
    }
    camera->fallen_q10 = camera->fallen_q10 + nats > 0 ? camera->fallen_q10 + nats : 0;
    if (camera->fallen_q10 > 0) {
        camera->fallen_reads += now->reads;
        camera->fallen_expected_q8 += expected_q8;
    }
    if (camera->fallen_q10 >= FOUND_AT) {
        find_fallen(gather, camera, now->window_ms, is_quiet(camera));
    }
}

static void step_fallen(struct hs_gather *gather, struct hs_gather_camera *camera,
                        const struct hs_gather_row *now, int64_t nats, uint64_t expected_q8)
{
    int64_t at_ms = now->window_ms + gather->terms.window_ms;
    bool silent = camera->faults[SILENT].stands;
    camera->fallen_reads += now->reads;
    camera->fallen_expected_q8 += expected_q8;
    camera->risen_q10 = camera->risen_q10 - nats > 0 ? camera->risen_q10 - nats : 0;
    if (camera->risen_q10 >= SOUND_AT) {
        camera->fallen_q10 = camera->risen_q10 = 0;
        hs_gather_withdraw(gather, camera, silent ? SILENT : COLLAPSE, at_ms);
    } else if (silent && nats > 0 && camera->fallen_reads >= LITTLE_READS &&
               camera->fallen_reads * 20 * 256 >= camera->fallen_expected_q8) {
        find_fallen(gather, camera, now->window_ms, false);
    } else if (!silent && camera->quiet_expected_q8 >= QUIET_CERTAIN << 8) {
        find_fallen(gather, camera, now->window_ms, true);
    } else if (!silent && at_ms - camera->fallen_since_ms > USUAL_NOW) {
        hs_gather_rate_reset(camera); // fewer vehicles pass than did
        hs_gather_withdraw(gather, camera, COLLAPSE, at_ms);
    }
}

static void step_rate(struct hs_gather *gather, struct hs_gather_camera *camera,
                      const struct hs_gather_row *now, int64_t scale)
{
    size_t hour = hour_of(now->window_ms);
    uint64_t expected_q8 = usual_q8(camera, hour) * (uint64_t)scale >> 16;
    int64_t reads = now->reads;
    int64_t nats = (reads * LN_QUARTER + (int64_t)expected_q8 * LOST_QUARTER) / THIN;
    nats = nats > WINDOW_MOST ? WINDOW_MOST : nats < -WINDOW_MOST ? -WINDOW_MOST : nats;
    nats = nats * weight_of(camera, hour) / WHOLE_WEIGHT;
    if (reads > 0) {
        camera->quiet_expected_q8 = 0;
        camera->quiet_since_ms = now->window_ms + gather->terms.window_ms;
    } else {
        camera->quiet_expected_q8 += expected_q8;
    }
    if (camera->faults[SILENT].stands || camera->faults[COLLAPSE].stands) {
        step_fallen(gather, camera, now, nats, expected_q8);
        return;
    }
    if (camera->learnt[HS_GATHER_ANY] >= PRIOR_WINDOWS) {
        step_sound(gather, camera, now, nats, expected_q8);
    }
    if (camera->fallen_q10 < DOUBT_AT) {
        learn(camera, hour, now->reads, scale);
    }
}

// ------------------------------------------------------------------ one window of all

static bool is_counted(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                       int64_t window_ms)
{
    if (camera->group == UINT32_MAX) {
        return false;
    }
    const struct hs_gather_partition *partition = &gather->partitions[camera->partition];
    int64_t end_ms = window_ms + gather->terms.window_ms;
    bool live = partition->read_to_ms - end_ms < HS_MS_PER_DAY;
    return partition->read_to_ms >= end_ms && (live || partition->newest_ms >= window_ms);
}

static struct hs_gather_row *row_of(struct hs_gather_camera *camera, int64_t window_ms)
{
    for (size_t i = 0; i < HS_GATHER_RECENT; i++) {
        if (camera->recent[i].used && camera->recent[i].window_ms == window_ms) {
            return &camera->recent[i];
        }
    }
    return NULL;
}

// What the camera did in the window; false: nobody knows.
static bool look(struct hs_gather *gather, struct hs_gather_camera *camera, int64_t window_ms,
                 struct hs_gather_row *ret_row)
{
    const struct hs_gather_row *row = row_of(camera, window_ms);
    *ret_row = row ? *row : (struct hs_gather_row){.window_ms = window_ms};
    return is_counted(gather, camera, window_ms) && !ret_row->partial;
}

static bool has_fallen(const struct hs_gather_camera *camera)
{
    return camera->faults[SILENT].stands || camera->faults[COLLAPSE].stands;
}

static void sum_groups(struct hs_gather *gather, int64_t window_ms)
{
    struct hs_gather_row row;
    size_t hour = hour_of(window_ms);
    for (size_t i = 0; i < gather->group_count; i++) {
        gather->groups[i].reads = gather->groups[i].usual_q8 = 0;
    }
    for (size_t i = 0; i < gather->camera_count; i++) {
        struct hs_gather_camera *camera = gather->cameras[i];
        if (look(gather, camera, window_ms, &row) && !has_fallen(camera) &&
            camera->learnt[HS_GATHER_ANY] >= PRIOR_WINDOWS) {
            gather->groups[camera->group].reads += row.reads;
            gather->groups[camera->group].usual_q8 += usual_q8(camera, hour);
        }
    }
}

static int64_t clip(int64_t scale)
{
    return scale < SCALE_MIN ? SCALE_MIN : scale > SCALE_MAX ? SCALE_MAX : scale;
}

// How busy the others of its force are, beside what is usual for them.
static int64_t activity(const struct hs_gather *gather, const struct hs_gather_camera *camera,
                        const struct hs_gather_row *row, int64_t fleet)
{
    const struct hs_gather_group *group = &gather->groups[camera->group];
    bool summed = !has_fallen(camera) && camera->learnt[HS_GATHER_ANY] >= PRIOR_WINDOWS;
    uint64_t own_q8 = summed ? usual_q8(camera, hour_of(row->window_ms)) : 0;
    uint64_t reads = group->reads - (summed ? row->reads : 0);
    uint64_t usual = (group->usual_q8 - own_q8) >> 8;
    return clip(((int64_t)reads * SCALE_ONE + GROUP_PRIOR * fleet) /
                (int64_t)(usual + GROUP_PRIOR));
}

static int64_t fleet_activity(const struct hs_gather *gather)
{
    uint64_t reads = FLEET_PRIOR, usual = FLEET_PRIOR;
    for (size_t i = 0; i < gather->group_count; i++) {
        reads += gather->groups[i].reads;
        usual += gather->groups[i].usual_q8 >> 8;
    }
    return clip((int64_t)(reads * (uint64_t)SCALE_ONE / usual));
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// The middle camera's quickest read of the window; of few cameras, the one nearest to none. False:
// one camera has none to be compared with.
static bool fleet_floor(const struct hs_gather *gather, int64_t window_ms, int64_t *ret_ms)
{
    static const size_t few = 5;
    int64_t floors[FLOORS_MOST];
    size_t count = 0;
    size_t stride = gather->camera_count / FLOORS_MOST + 1;
    for (size_t i = 0; i < gather->camera_count && count < FLOORS_MOST; i += stride) {
        const struct hs_gather_row *row = row_of(gather->cameras[i], window_ms);
        if (row) {
            floors[count++] = row->floor_ms;
        }
    }
    qsort(floors, count, sizeof(floors[0]), compare);
    *ret_ms = count > 0 ? floors[count / 2] : 0;
    for (size_t i = 0; count < few && i < count; i++) {
        *ret_ms = llabs(floors[i]) < llabs(*ret_ms) ? floors[i] : *ret_ms;
    }
    return count >= 2;
}

static void judge(struct hs_gather *gather, int64_t window_ms)
{
    struct hs_gather_row row;
    sum_groups(gather, window_ms);
    int64_t fleet = fleet_activity(gather);
    int64_t floor_ms;
    gather->live =
        fleet_floor(gather, window_ms, &floor_ms) && llabs(floor_ms) <= HS_GATHER_LIVE_MS;
    for (size_t i = 0; i < gather->camera_count; i++) {
        struct hs_gather_camera *camera = gather->cameras[i];
        if (look(gather, camera, window_ms, &row)) {
            step_rate(gather, camera, &row, activity(gather, camera, &row, fleet));
        }
        struct hs_gather_row *own = row_of(camera, window_ms);
        if (own) {
            hs_gather_floor(gather, camera, own, floor_ms);
            hs_gather_judge_clock(gather, camera, window_ms + gather->terms.window_ms);
            own->used = false;
        }
    }
    gather->judged_ms = window_ms;
}

// ------------------------------------------------------------------ rows as they come

// The middle of the last rows' windows; false: too few yet.
static bool time_now(const struct hs_gather *gather, int64_t *ret_ms)
{
    int64_t windows[HS_GATHER_MIDDLE];
    size_t most = gather->camera_count > 3 ? gather->camera_count : 3;
    most = most < HS_GATHER_MIDDLE ? most : HS_GATHER_MIDDLE;
    if (gather->newest_count < 3) {
        return false;
    }
    size_t count = gather->newest_count < most ? gather->newest_count : most;
    for (size_t i = 0; i < count; i++) {
        windows[i] = gather->newest_ms[(gather->newest_count - 1 - i) % HS_GATHER_MIDDLE];
    }
    qsort(windows, count, sizeof(windows[0]), compare);
    *ret_ms = windows[count / 2];
    return true;
}

static void advance(struct hs_gather *gather)
{
    int64_t now_ms, window_ms = gather->terms.window_ms;
    if (!time_now(gather, &now_ms)) {
        return;
    }
    int64_t until_ms = now_ms - HS_GATHER_GRACE * window_ms;
    if (gather->judged_ms == 0 || until_ms - gather->judged_ms > GAP_WINDOWS * window_ms) {
        for (size_t i = 0; i < gather->camera_count; i++) {
            memset(gather->cameras[i]->recent, 0, sizeof(gather->cameras[i]->recent));
        }
        gather->judged_ms = until_ms;
    }
    while (gather->judged_ms < until_ms) {
        judge(gather, gather->judged_ms + window_ms);
    }
}

static bool find_group(struct hs_gather *gather, const char *name, uint32_t *ret_index)
{
    size_t i = 0;
    while (i < gather->group_count && strcmp(gather->groups[i].name, name) != 0) {
        i++;
    }
    if (i == gather->group_count) {
        if (i == HS_GATHER_GROUPS_MAX || strlen(name) > HS_GATHER_ID_BYTES) {
            return false;
        }
        snprintf(gather->groups[gather->group_count++].name, sizeof(gather->groups[0].name), "%s",
                 name);
    }
    *ret_index = (uint32_t)i;
    return true;
}

static bool find_partition(struct hs_gather *gather, uint32_t number, uint32_t *ret_index)
{
    size_t i = 0;
    while (i < gather->partition_count && gather->partitions[i].number != number) {
        i++;
    }
    if (i == gather->partition_count) {
        if (i == HS_GATHER_PARTITIONS_MAX) {
            return false;
        }
        gather->partitions[gather->partition_count++] =
            (struct hs_gather_partition){.number = number};
    }
    *ret_index = (uint32_t)i;
    return true;
}

// By a wrong clock it may lie far from the time: it counts where the time is.
static int64_t place_window(const struct hs_gather *gather, int64_t window_ms)
{
    int64_t now_ms;
    int64_t length_ms = gather->terms.window_ms;
    if (gather->judged_ms == 0 || !time_now(gather, &now_ms)) {
        return window_ms;
    }
    int64_t last_ms = now_ms + length_ms;
    window_ms = window_ms < last_ms ? window_ms : last_ms;
    return window_ms > gather->judged_ms ? window_ms : gather->judged_ms + length_ms;
}

static void keep(struct hs_gather_camera *camera, const struct hs_gather_row *row)
{
    struct hs_gather_row *at = row_of(camera, row->window_ms);
    if (at) {
        at->reads += row->reads;
        at->floor_ms = row->floor_ms < at->floor_ms ? row->floor_ms : at->floor_ms;
        at->partial = at->partial || row->partial;
        return;
    }
    at = &camera->recent[0]; // the first free one, or the oldest
    for (size_t i = 1; i < HS_GATHER_RECENT && at->used; i++) {
        struct hs_gather_row *other = &camera->recent[i];
        at = !other->used || other->window_ms < at->window_ms ? other : at;
    }
    *at = *row;
    at->used = true;
}

static void take_row(struct hs_gather *gather, const Hitstream__V1__CameraCount *count,
                     uint32_t partition)
{
    uint32_t group;
    int64_t length_ms = gather->terms.window_ms;
    if (count->window_ms <= 0 || count->window_ms % length_ms != 0 || count->reads > 10000000) {
        gather->stats.malformed++;
        return;
    }
    struct hs_gather_camera *camera = hs_gather_camera(gather, count->camera_id, count->site_id);
    if (!camera || !find_group(gather, count->force, &group)) {
        return;
    }
    camera->group = group;
    camera->partition = partition;
    gather->stats.rows++;
    const struct hs_gather_row row = {
        .window_ms = place_window(gather, count->window_ms),
        .reads = count->reads,
        .floor_ms = count->floor_ms,
        .partial = count->partial,
    };
    keep(camera, &row);
    gather->newest_ms[gather->newest_count++ % HS_GATHER_MIDDLE] = count->window_ms;
    if (row.window_ms > gather->partitions[partition].newest_ms) {
        gather->partitions[partition].newest_ms = row.window_ms;
    }
}

int hs_gather_counts(struct hs_gather *gather, const Hitstream__V1__CameraCounts *counts)
{
    uint32_t partition;
    if (counts->window_ms != gather->terms.window_ms) {
        return 0; // counted by rules that do not hold any more, or not yet
    }
    if (!find_partition(gather, counts->partition, &partition)) {
        gather->stats.dropped++;
        return 0;
    }
    struct hs_gather_partition *row = &gather->partitions[partition];
    row->read_to_ms = counts->read_to_ms > row->read_to_ms ? counts->read_to_ms : row->read_to_ms;
    for (size_t i = 0; i < counts->n_rows; i++) {
        take_row(gather, counts->rows[i], partition);
    }
    advance(gather);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// What contradictions mean: a clone, a misread, or a camera.
#include "correlate/rules/journey.h"

// Prior and gain of each explanation, in 1/1024 bit.
enum {
    CLONE_PRIOR = -10 * HS_BIT,
    CLONE_STANDS = -2 * HS_BIT, // the second track was seen at one site only
    LOOKS_DIFFER = 4 * HS_BIT,  // clone up, camera down
    LOOKS_AGREE = -6 * HS_BIT,  // clone down: most cars are not alike
    MISREAD_PRIOR = -4 * HS_BIT / 3,
    MISREAD_AGAIN = -6 * HS_BIT, // each further exact sighting of the second track
    MISREAD_ROUGH = -HS_BIT,     // and each that was not exact
    CAMERA_PRIOR = -2 * HS_BIT,  // one of the cameras on its ways is wrong
    CAMERA_MORE = -3 * HS_BIT,   // each further one that would have to be
    CLONE_PERMILLE = 870,        // odds of 7 to 1: a clone is told
};

static bool is_part(const struct hs_journey_clash *clash, const char *camera)
{
    return strcmp(clash->cameras[0], camera) == 0 || strcmp(clash->cameras[1], camera) == 0;
}

// The camera that is part of most contradictions that are not explained yet, the first heard of
// among equals; explains them.
static size_t accuse(const struct hs_journey *journey, bool explained[HS_JOURNEY_CLASHES_MAX],
                     const char **ret_camera)
{
    size_t most = 0;
    for (size_t i = 0; i < 2 * journey->clash_count; i++) {
        const char *camera = journey->clashes[i / 2].cameras[i % 2];
        size_t count = 0;
        for (size_t clash = 0; clash < journey->clash_count; clash++) {
            count += !explained[clash] && is_part(&journey->clashes[clash], camera);
        }
        if (count > most) {
            most = count;
            *ret_camera = camera;
        }
    }
    for (size_t clash = 0; most > 0 && clash < journey->clash_count; clash++) {
        explained[clash] = explained[clash] || is_part(&journey->clashes[clash], *ret_camera);
    }
    return most;
}

// How many cameras would have to be wrong to explain all; the first is named.
static void accuse_all(const struct hs_journey *journey, struct hs_journey_verdict *verdict)
{
    bool explained[HS_JOURNEY_CLASHES_MAX] = {false};
    const char *camera = "";
    size_t first = accuse(journey, explained, &camera);
    hs_str_to_field(hs_str(camera), verdict->camera, sizeof(verdict->camera));
    verdict->clashes_elsewhere = journey->clash_count - first;
    verdict->cameras = first > 0;
    while (accuse(journey, explained, &camera) > 0) {
        verdict->cameras++;
    }
}

static void weigh(const int32_t bits[3], struct hs_journey_verdict *verdict)
{
    uint64_t shares[3];
    uint64_t sum = 0;
    for (size_t i = 0; i < 3; i++) {
        int32_t capped = bits[i] < -30 * HS_BIT ? -30 * HS_BIT : bits[i];
        shares[i] = hs_odds_exp2(capped + 30 * HS_BIT, 1000);
        sum += shares[i];
    }
    verdict->clone_permille = (uint32_t)(shares[0] * 1000 / sum);
    verdict->misread_permille = (uint32_t)(shares[1] * 1000 / sum);
    verdict->camera_permille = (uint32_t)(shares[2] * 1000 / sum);
}

void hs_journey_judge(const struct hs_journey *journey, struct hs_journey_verdict *ret_verdict)
{
    struct hs_journey_verdict verdict = {.clashes = journey->clash_count,
                                         .second_track = journey->counts[1],
                                         .looks_differ = journey->looks_differ};
    int32_t again = (int32_t)(journey->exact[1] < 100 ? journey->exact[1] : 100) - 1;
    int32_t rough = (int32_t)(journey->counts[1] - journey->exact[1]);
    bool unlike = journey->looks_differ > 2 * journey->looks_agree;
    bool alike = journey->looks_agree > 0 && !unlike;
    accuse_all(journey, &verdict);
    const int32_t bits[3] = {
        CLONE_PRIOR + (unlike ? LOOKS_DIFFER : 0) + (alike ? LOOKS_AGREE : 0) +
            (journey->sites_on_second < 2 ? CLONE_STANDS : 0),
        MISREAD_PRIOR + (again > 0 ? again * MISREAD_AGAIN : 0) +
            (rough < 10 ? rough : 10) * MISREAD_ROUGH,
        CAMERA_PRIOR + (verdict.cameras > 1 ? (int32_t)verdict.cameras - 1 : 0) * CAMERA_MORE -
            (unlike ? LOOKS_DIFFER : 0),
    };
    weigh(bits, &verdict);
    *ret_verdict = verdict;
}

bool hs_journey_is_due(struct hs_journey *journey, const struct hs_journey_view *view,
                       int64_t at_ms, struct hs_journey_verdict *ret_verdict)
{
    if (journey->clash_count < 2 ||
        (journey->told_at_ms && at_ms - journey->told_at_ms < view->rules->journey_repeat_ms)) {
        return false;
    }
    hs_journey_judge(journey, ret_verdict);
    if (ret_verdict->clone_permille < CLONE_PERMILLE) {
        return false;
    }
    journey->told_at_ms = at_ms;
    return true;
}

bool hs_journey_holds(const struct hs_journey *journey)
{
    struct hs_journey_verdict verdict;
    hs_journey_judge(journey, &verdict);
    return journey->clash_count >= 2 && verdict.clone_permille >= CLONE_PERMILLE;
}

// ------------------------------------------------------------------ a camera that is wrong

size_t hs_journey_cameras_elsewhere(const struct hs_journey *journey, const char *camera,
                                    const char *other)
{
    bool explained[HS_JOURNEY_CLASHES_MAX];
    const char *accused = "";
    size_t cameras = 0;
    for (size_t i = 0; i < journey->clash_count; i++) {
        const struct hs_journey_clash *clash = &journey->clashes[i];
        explained[i] = is_part(clash, camera) || is_part(clash, other);
    }
    while (accuse(journey, explained, &accused) > 0) {
        cameras++;
    }
    return cameras;
}

static void drop_shown(struct hs_journey *journey, const char *camera)
{
    size_t kept = 0;
    for (size_t i = 0; i < journey->shown_count; i++) {
        const struct hs_journey_sighting *row = &journey->shown[i];
        unsigned track = row->track - 1u;
        if (strcmp(row->camera, camera) != 0) {
            journey->shown[kept++] = *row;
        } else if (track < 2) {
            journey->counts[track] -= journey->counts[track] > 0;
            journey->exact[track] -= row->exact && journey->exact[track] > 0;
        }
    }
    journey->shown_count = kept;
}

// The first track goes on; a second one has no ground any more.
static void forget_second(struct hs_journey *journey)
{
    memset(&journey->last[1], 0, sizeof(journey->last[1]));
    memset(journey->counts, 0, sizeof(journey->counts));
    memset(journey->exact, 0, sizeof(journey->exact));
    journey->sites_on_second = journey->looks_differ = journey->looks_agree = 0;
    journey->shown_count = 0;
}

bool hs_journey_drop_camera(struct hs_journey *journey, const char *camera)
{
    size_t kept = 0, before = journey->clash_count;
    for (size_t i = 0; i < before; i++) {
        if (!is_part(&journey->clashes[i], camera)) {
            journey->clashes[kept++] = journey->clashes[i];
        }
    }
    journey->clash_count = kept;
    if (kept == before) {
        return false;
    }
    drop_shown(journey, camera);
    if (kept == 0) {
        forget_second(journey);
    }
    return true;
}

bool hs_journey_is_kept(const struct hs_journey *journey)
{
    return journey->clash_count > 0 || journey->told_at_ms > 0;
}

bool hs_journey_is_told(const struct hs_journey *journey)
{
    static const struct hs_id none;
    return memcmp(&journey->told.cause, &none, sizeof(none)) != 0;
}

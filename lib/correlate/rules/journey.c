// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/journey.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

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

// ------------------------------------------------------------------ how far, how fast

// cos(latitude) in 1/65536, by its series in fixed point: good to 1e-4 between 48 and 62 degrees.
static int64_t cosine_q16(int64_t latitude_udeg)
{
    int64_t x = latitude_udeg * 1144 / 1000000; // radians, 1/65536
    int64_t x2 = x * x >> 16;
    int64_t x4 = x2 * x2 >> 16;
    int64_t x6 = x4 * x2 >> 16;
    int64_t x8 = x6 * x2 >> 16;
    return 65536 - x2 / 2 + x4 / 24 - x6 / 720 + x8 / 40320;
}

static uint64_t distance_m(const struct hs_journey_sighting *a, const struct hs_journey_sighting *b)
{
    int64_t middle = ((int64_t)a->latitude_udeg + b->latitude_udeg) / 2;
    int64_t north = ((int64_t)b->latitude_udeg - a->latitude_udeg) * 111195 / 1000000;
    int64_t east = ((int64_t)b->longitude_udeg - a->longitude_udeg) * 111195 / 1000000 *
                   cosine_q16(middle) / 65536;
    return hs_odds_root((uint64_t)(north * north + east * east));
}

static bool is_placed(const struct hs_journey_sighting *sighting)
{
    return sighting->latitude_udeg != 0 || sighting->longitude_udeg != 0;
}

int64_t hs_journey_least_ms(const struct hs_journey_view *view,
                            const struct hs_journey_sighting *from,
                            const struct hs_journey_sighting *to)
{
    const struct hs_road_link *link =
        hs_roads_find(view->roads, hs_str(from->site), hs_str(from->direction), hs_str(to->site));
    if (strcmp(from->site, to->site) == 0) {
        return 0;
    }
    if (link) {
        return link->fastest_ms;
    }
    if (!is_placed(from) || !is_placed(to)) {
        return 0;
    }
    uint64_t far_m = distance_m(from, to);
    far_m = far_m > 2 * HS_JOURNEY_SLACK_M ? far_m - 2 * HS_JOURNEY_SLACK_M : 0;
    return (int64_t)(far_m * 3600 / view->rules->journey_fastest_kmh);
}

// In order of time, whatever the order of hearing; *ret_least_ms is how long it takes at least.
static bool is_possible(const struct hs_journey_view *view, const struct hs_journey_sighting *a,
                        const struct hs_journey_sighting *b, int64_t *ret_least_ms)
{
    const struct hs_journey_sighting *first = a->at_ms <= b->at_ms ? a : b;
    const struct hs_journey_sighting *second = first == a ? b : a;
    *ret_least_ms = hs_journey_least_ms(view, first, second);
    return second->at_ms - first->at_ms + HS_JOURNEY_SLACK_MS >= *ret_least_ms;
}

// ------------------------------------------------------------------ sightings

static void copy_text(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);
    len = len < size ? len : size - 1;
    memcpy(to, from, len);
    memset(to + len, 0, size - len);
}

static int32_t to_udeg(double degrees)
{
    return degrees >= -180 && degrees <= 180 ? (int32_t)(degrees * 1000000) : 0;
}

static bool is_placeable(const struct hs_journey_view *view, const Hitstream__V1__Hit *hit)
{
    return view->rules->journey_fastest_kmh > 0 &&
           hit->audience->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN &&
           (hit->tier == HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT ||
            hit->tier == HITSTREAM__V1__MATCH_TIER__MATCH_TIER_GLYPH) &&
           !hit->place->camera_unknown && !hit->place->mobile && *hit->place->site_id &&
           strlen(hit->place->camera_id) < HS_JOURNEY_NAME_BYTES &&
           strlen(hit->place->site_id) < HS_JOURNEY_NAME_BYTES;
}

static void make_sighting(const Hitstream__V1__Hit *hit, struct hs_journey_sighting *sighting)
{
    memset(sighting, 0, sizeof(*sighting));
    copy_text(sighting->camera, sizeof(sighting->camera), hit->place->camera_id);
    copy_text(sighting->site, sizeof(sighting->site), hit->place->site_id);
    copy_text(sighting->direction, sizeof(sighting->direction), hit->place->direction);
    copy_text(sighting->colour, sizeof(sighting->colour), hit->seen_colour);
    copy_text(sighting->make, sizeof(sighting->make), hit->seen_make);
    if (hit->place->position) {
        sighting->latitude_udeg = to_udeg(hit->place->position->latitude_deg);
        sighting->longitude_udeg = to_udeg(hit->place->position->longitude_deg);
    }
    sighting->at_ms = hit->captured_at_ms;
    sighting->late_ms = hit->appended_at_ms - hit->captured_at_ms;
    sighting->exact = hit->tier == HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT &&
                      (hit->weakest_confidence_pct == 0 || hit->weakest_confidence_pct >= 80);
}

bool hs_journey_sight(const struct hs_journey_view *view, const Hitstream__V1__Hit *hit,
                      struct hs_journey_sighting *ret_sighting)
{
    if (!is_placeable(view, hit)) {
        return false;
    }
    make_sighting(hit, ret_sighting);
    return true;
}

// 1 unlike, -1 alike, 0 nobody knows.
static int compare_looks(const struct hs_journey_sighting *a, const struct hs_journey_sighting *b)
{
    bool colours = *a->colour && *b->colour;
    bool makes = *a->make && *b->make;
    if (!colours && !makes) {
        return 0;
    }
    bool unlike =
        (colours && strcmp(a->colour, b->colour) != 0) || (makes && strcmp(a->make, b->make) != 0);
    return unlike ? 1 : -1;
}

static void show(struct hs_journey *journey, const struct hs_journey_sighting *sighting)
{
    for (size_t i = 0; i < journey->shown_count; i++) {
        if (journey->shown[i].at_ms == sighting->at_ms &&
            strcmp(journey->shown[i].camera, sighting->camera) == 0) {
            return;
        }
    }
    if (journey->shown_count == HS_JOURNEY_SHOWN_MAX) {
        journey->shown_count--;
        memmove(&journey->shown[0], &journey->shown[1],
                journey->shown_count * sizeof(journey->shown[0]));
    }
    journey->shown[journey->shown_count++] = *sighting;
}

static void note_clash(struct hs_journey *journey, const struct hs_journey_sighting *other,
                       const struct hs_journey_sighting *sighting, int64_t least_ms,
                       struct hs_journey_observed *ret_observed)
{
    if (journey->clash_count == HS_JOURNEY_CLASHES_MAX) {
        journey->clash_count--;
        memmove(&journey->clashes[0], &journey->clashes[1],
                journey->clash_count * sizeof(journey->clashes[0]));
    }
    struct hs_journey_clash *clash = &journey->clashes[journey->clash_count++];
    memset(clash, 0, sizeof(*clash));
    copy_text(clash->cameras[0], sizeof(clash->cameras[0]), other->camera);
    copy_text(clash->cameras[1], sizeof(clash->cameras[1]), sighting->camera);
    clash->at_ms = sighting->at_ms > other->at_ms ? sighting->at_ms : other->at_ms;
    bool in_order = other->at_ms <= sighting->at_ms;
    *ret_observed = (struct hs_journey_observed){
        .first = in_order ? *other : *sighting,
        .second = in_order ? *sighting : *other,
        .least_ms = least_ms,
    };
}

// ------------------------------------------------------------------ two tracks

static void append(struct hs_journey *journey, unsigned track, struct hs_journey_sighting *sighting,
                   bool counts)
{
    struct hs_journey_sighting *last = &journey->last[track];
    sighting->track = (uint8_t)(track + 1);
    if (counts) {
        journey->counts[track]++;
        journey->exact[track] += sighting->exact;
        show(journey, sighting);
    }
    if (track == 1 && counts) {
        int looks = compare_looks(&journey->last[0], sighting);
        journey->looks_differ += looks > 0;
        journey->looks_agree += looks < 0;
        journey->sites_on_second += last->track == 0 || strcmp(last->site, sighting->site) != 0;
    }
    if (last->track == 0 || sighting->at_ms >= last->at_ms) {
        *last = *sighting;
    }
}

// What lies too far back says nothing any more.
static void forget(struct hs_journey *journey, const struct hs_journey_view *view, int64_t at_ms)
{
    const struct hs_journey_clash *newest =
        journey->clash_count ? &journey->clashes[journey->clash_count - 1] : NULL;
    if (newest && at_ms - newest->at_ms > view->rules->journey_remember_ms) {
        struct hs_journey_sighting last = journey->last[0];
        struct hs_journey_sighting heard = journey->heard;
        struct hs_journey_told told = journey->told;
        int64_t told_at_ms = journey->told_at_ms;
        memset(journey, 0, sizeof(*journey));
        journey->last[0] = last;
        journey->heard = heard;
        journey->told = told;
        journey->told_at_ms = told_at_ms;
    }
}

// Begins the second track at a sighting that cannot follow the first one's last.
static void begin_second(struct hs_journey *journey, struct hs_journey_sighting *sighting)
{
    if (journey->counts[0] == 0) {
        journey->counts[0] = 1;
        journey->exact[0] = journey->last[0].exact;
        show(journey, &journey->last[0]);
    }
    memset(&journey->last[1], 0, sizeof(journey->last[1]));
    append(journey, 1, sighting, true);
}

void hs_journey_on_hit(struct hs_journey *journey, const struct hs_journey_view *view,
                       const Hitstream__V1__Hit *hit, bool *ret_clash,
                       struct hs_journey_observed *ret_observed)
{
    struct hs_journey_sighting sighting;
    int64_t least_ms[2] = {0, 0};
    *ret_clash = false;
    if (hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_FUTURE ||
        !hs_journey_sight(view, hit, &sighting)) {
        return;
    }
    forget(journey, view, sighting.at_ms);
    if (journey->last[0].track == 0) {
        append(journey, 0, &sighting, false);
        return;
    }
    bool second = journey->last[1].track != 0;
    bool follows[2] = {is_possible(view, &journey->last[0], &sighting, &least_ms[0]),
                       second && is_possible(view, &journey->last[1], &sighting, &least_ms[1])};
    if (!second && follows[0]) {
        append(journey, 0, &sighting, false);
    } else if (follows[0] && follows[1]) {
        bool like_second = compare_looks(&journey->last[0], &sighting) > 0 &&
                           compare_looks(&journey->last[1], &sighting) < 0;
        append(journey, like_second ? 1 : 0, &sighting, false);
    } else {
        unsigned against = follows[0] ? 1 : 0;
        *ret_clash = true;
        sighting.least_ms = least_ms[against];
        note_clash(journey, &journey->last[against], &sighting, least_ms[against], ret_observed);
        if (!follows[0] && !follows[1]) {
            begin_second(journey, &sighting);
        } else {
            append(journey, follows[0] ? 0 : 1, &sighting, true);
        }
    }
}

// ------------------------------------------------------------------ judging

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
    copy_text(verdict->camera, sizeof(verdict->camera), camera);
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

// ------------------------------------------------------------------ as a message

static void pack_sighting(const struct hs_journey_sighting *from,
                          Hitstream__V1__JourneySighting *row)
{
    hitstream__v1__journey_sighting__init(row);
    row->camera_id = (char *)(uintptr_t)from->camera; // read only, like the rest
    row->site_id = (char *)(uintptr_t)from->site;
    row->direction = (char *)(uintptr_t)from->direction;
    row->seen_colour = (char *)(uintptr_t)from->colour;
    row->seen_make = (char *)(uintptr_t)from->make;
    row->latitude_udeg = from->latitude_udeg;
    row->longitude_udeg = from->longitude_udeg;
    row->at_ms = from->at_ms;
    row->least_ms = from->least_ms;
    row->late_ms = from->late_ms;
    row->track = from->track;
    row->exact = from->exact;
}

static ProtobufCBinaryData id_bytes(const struct hs_id *id)
{
    return (ProtobufCBinaryData){HS_ID_BYTES, (uint8_t *)(uintptr_t)id->bytes};
}

bool hs_journey_is_told(const struct hs_journey *journey)
{
    static const struct hs_id none;
    return memcmp(&journey->told.cause, &none, sizeof(none)) != 0;
}

static bool pack_clashes(const struct hs_journey *journey, struct hs_bump *bump,
                         Hitstream__V1__JourneyState *state)
{
    size_t count = journey->clash_count;
    Hitstream__V1__JourneyClash *rows = hs_bump_alloc(bump, (count + 1) * sizeof(*rows));
    state->clashes = hs_bump_alloc(bump, (count + 1) * sizeof(*state->clashes));
    state->n_clashes = count;
    for (size_t i = 0; rows && state->clashes && i < count; i++) {
        hitstream__v1__journey_clash__init(&rows[i]);
        rows[i].first_camera = (char *)(uintptr_t)journey->clashes[i].cameras[0];
        rows[i].second_camera = (char *)(uintptr_t)journey->clashes[i].cameras[1];
        rows[i].at_ms = journey->clashes[i].at_ms;
        state->clashes[i] = &rows[i];
    }
    return rows && state->clashes;
}

Hitstream__V1__JourneyState *hs_journey_pack(const struct hs_journey *journey, struct hs_bump *bump)
{
    size_t tracks = (size_t)(journey->last[0].track != 0) + (journey->last[1].track != 0);
    size_t count = tracks + journey->shown_count;
    size_t heard = *journey->heard.camera != '\0';
    Hitstream__V1__JourneyState *state = hs_bump_alloc(bump, sizeof(*state));
    Hitstream__V1__JourneySighting *rows = hs_bump_alloc(bump, (count + 2) * sizeof(*rows));
    Hitstream__V1__JourneySighting **pointers =
        hs_bump_alloc(bump, (count + 1) * sizeof(*pointers));
    if (!state || !rows || !pointers) {
        return NULL;
    }
    hitstream__v1__journey_state__init(state);
    for (size_t i = 0; i < count; i++) {
        pack_sighting(i < tracks ? &journey->last[i] : &journey->shown[i - tracks], &rows[i]);
        pointers[i] = &rows[i];
    }
    state->n_last = tracks;
    state->last = pointers;
    state->n_shown = journey->shown_count;
    state->shown = pointers + tracks;
    state->first_count = journey->counts[0];
    state->second_count = journey->counts[1];
    state->first_exact = journey->exact[0];
    state->second_exact = journey->exact[1];
    state->sites_on_second = journey->sites_on_second;
    state->looks_differ = journey->looks_differ;
    state->looks_agree = journey->looks_agree;
    state->told_at_ms = journey->told_at_ms;
    if (heard) {
        pack_sighting(&journey->heard, &rows[count]);
        state->heard = &rows[count];
    }
    if (hs_journey_is_told(journey)) {
        state->told_cause = id_bytes(&journey->told.cause);
        state->told_incident = id_bytes(&journey->told.incident);
    }
    return pack_clashes(journey, bump, state) ? state : NULL;
}

static void unpack_sighting(const Hitstream__V1__JourneySighting *row,
                            struct hs_journey_sighting *sighting)
{
    memset(sighting, 0, sizeof(*sighting));
    copy_text(sighting->camera, sizeof(sighting->camera), row->camera_id);
    copy_text(sighting->site, sizeof(sighting->site), row->site_id);
    copy_text(sighting->direction, sizeof(sighting->direction), row->direction);
    copy_text(sighting->colour, sizeof(sighting->colour), row->seen_colour);
    copy_text(sighting->make, sizeof(sighting->make), row->seen_make);
    sighting->latitude_udeg = row->latitude_udeg;
    sighting->longitude_udeg = row->longitude_udeg;
    sighting->at_ms = row->at_ms;
    sighting->least_ms = row->least_ms;
    sighting->late_ms = row->late_ms;
    sighting->track = (uint8_t)row->track;
    sighting->exact = row->exact;
}

int hs_journey_unpack(struct hs_journey *journey, const Hitstream__V1__JourneyState *state)
{
    if (state->n_last > 2 || state->n_shown > HS_JOURNEY_SHOWN_MAX ||
        state->n_clashes > HS_JOURNEY_CLASHES_MAX) {
        return HS_EFORMAT;
    }
    for (size_t i = 0; i < state->n_last; i++) {
        unpack_sighting(state->last[i], &journey->last[i]);
    }
    for (size_t i = 0; i < state->n_shown; i++) {
        unpack_sighting(state->shown[i], &journey->shown[i]);
    }
    for (size_t i = 0; i < state->n_clashes; i++) {
        struct hs_journey_clash *clash = &journey->clashes[i];
        copy_text(clash->cameras[0], sizeof(clash->cameras[0]), state->clashes[i]->first_camera);
        copy_text(clash->cameras[1], sizeof(clash->cameras[1]), state->clashes[i]->second_camera);
        clash->at_ms = state->clashes[i]->at_ms;
    }
    journey->shown_count = state->n_shown;
    journey->clash_count = state->n_clashes;
    journey->counts[0] = state->first_count;
    journey->counts[1] = state->second_count;
    journey->exact[0] = state->first_exact;
    journey->exact[1] = state->second_exact;
    journey->sites_on_second = state->sites_on_second;
    journey->looks_differ = state->looks_differ;
    journey->looks_agree = state->looks_agree;
    journey->told_at_ms = state->told_at_ms;
    if (state->heard) {
        unpack_sighting(state->heard, &journey->heard);
    }
    if (state->told_cause.len == HS_ID_BYTES && state->told_incident.len == HS_ID_BYTES) {
        memcpy(journey->told.cause.bytes, state->told_cause.data, HS_ID_BYTES);
        memcpy(journey->told.incident.bytes, state->told_incident.data, HS_ID_BYTES);
    }
    return 0;
}

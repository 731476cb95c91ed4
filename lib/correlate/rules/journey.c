// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/journey.h"

#include "base/clock.h"

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

// As the crow flies at the speed that nobody is faster than; 0: nobody knows where they stand.
static int64_t straight_ms(const struct hs_journey_view *view,
                           const struct hs_journey_sighting *from,
                           const struct hs_journey_sighting *to)
{
    if (!is_placed(from) || !is_placed(to)) {
        return 0;
    }
    uint64_t far_m = distance_m(from, to);
    far_m = far_m > 2 * HS_JOURNEY_SLACK_M ? far_m - 2 * HS_JOURNEY_SLACK_M : 0;
    return (int64_t)(far_m * 3600 / view->rules->journey_fastest_kmh);
}

int64_t hs_journey_least_ms(const struct hs_journey_view *view,
                            const struct hs_journey_sighting *from,
                            const struct hs_journey_sighting *to)
{
    if (strcmp(from->site, to->site) == 0) {
        return 0;
    }
    const struct hs_road_link *link =
        hs_roads_find(view->roads, hs_str(from->site), hs_str(from->direction), hs_str(to->site));
    int64_t straight = straight_ms(view, from, to);
    return link && link->fastest_ms > straight ? link->fastest_ms : straight;
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
    hs_str_to_field(hs_str(hit->place->camera_id), sighting->camera, sizeof(sighting->camera));
    hs_str_to_field(hs_str(hit->place->site_id), sighting->site, sizeof(sighting->site));
    hs_str_to_field(hs_str(hit->place->direction), sighting->direction,
                    sizeof(sighting->direction));
    hs_str_to_field(hs_str(hit->seen_colour), sighting->colour, sizeof(sighting->colour));
    hs_str_to_field(hs_str(hit->seen_make), sighting->make, sizeof(sighting->make));
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
    hs_str_to_field(hs_str(other->camera), clash->cameras[0], sizeof(clash->cameras[0]));
    hs_str_to_field(hs_str(sighting->camera), clash->cameras[1], sizeof(clash->cameras[1]));
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

// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "correlate/rules/pattern_stays.h"

void hs_pattern_fini(struct hs_pattern *pattern)
{
    free(pattern->stays);
    *pattern = (struct hs_pattern){0};
}

bool hs_pattern_is_kept(const struct hs_pattern *pattern)
{
    return pattern->stay_count > 0 || pattern->visit_count > 2; // hub, road, market
}

bool hs_pattern_same_area(const struct hs_camera *a, const struct hs_camera *b)
{
    return a && b && a->area.len > 0 && hs_str_eq(a->area, b->area) &&
           hs_str_eq(a->force, b->force);
}

// ------------------------------------------------------------------ visits

static const struct hs_camera *camera_of(const struct hs_pattern_view *view, uint32_t site)
{
    return site ? hs_cameras_hashed_site(view->cameras, site) : NULL;
}

static enum hs_area_class class_of(const struct hs_pattern_view *view, uint32_t site)
{
    const struct hs_camera *camera = camera_of(view, site);
    return camera ? camera->area_class : HS_AREA_OTHER;
}

// Whether two visits in a row are one: of one hub or market, or both of neither.
static bool is_one(const struct hs_pattern_view *view, uint32_t a, uint32_t b)
{
    enum hs_area_class class = class_of(view, a);
    return class == class_of(view, b) &&
           (class == HS_AREA_OTHER || hs_pattern_same_area(camera_of(view, a), camera_of(view, b)));
}

// Whether it stayed there, in a hub or another market, and did not only pass through.
static bool is_stop(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                    size_t index)
{
    const struct hs_pattern_visit *visit = &pattern->visits[index];
    enum hs_area_class class = class_of(view, visit->site);
    int64_t until_ms =
        index + 1 < pattern->visit_count ? pattern->visits[index + 1].first_ms : visit->last_ms;
    return class == HS_AREA_HUB ||
           (class == HS_AREA_MARKET &&
            until_ms - visit->first_ms >= view->rules->pattern_dwell_min_ms);
}

// The hub that it came from; NULL: it stayed in a market since, or nobody knows.
static const struct hs_pattern_visit *hub_before(const struct hs_pattern *pattern,
                                                 const struct hs_pattern_view *view, size_t index)
{
    while (index > 0) {
        const struct hs_pattern_visit *visit = &pattern->visits[--index];
        if (is_stop(pattern, view, index)) {
            return class_of(view, visit->site) == HS_AREA_HUB ? visit : NULL;
        }
    }
    return pattern->hub.site ? &pattern->hub : NULL;
}

// The stay that begins with a visit; false: it is none (yet). Leaving the area for a while, but not
// for a hub or another market, does not end it.
static bool make_stay(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                      size_t index, struct hs_pattern_stay *ret_stay)
{
    const struct hs_pattern_visit *first = &pattern->visits[index];
    const struct hs_pattern_visit *last = first;
    const struct hs_pattern_visit *after = NULL; // the first elsewhere
    const struct hs_pattern_visit *stop = NULL;  // the first in a hub or another market
    for (size_t i = index + 1; i < pattern->visit_count && !stop; i++) {
        const struct hs_pattern_visit *visit = &pattern->visits[i];
        bool here = is_one(view, visit->site, first->site);
        stop = !here && is_stop(pattern, view, i) ? visit : NULL;
        after = here ? NULL : after ? after : visit;
        last = here ? visit : last;
    }
    const struct hs_pattern_visit *hub = hub_before(pattern, view, index);
    bool from_hub = hub && first->first_ms - hub->last_ms <= view->rules->pattern_journey_max_ms;
    if (!after) {
        return false;
    }
    // it may have been read again only in the hub: then it left when a journey as long began
    int64_t way_ms =
        from_hub && hub->last_ms < first->first_ms ? first->first_ms - hub->last_ms : 0;
    int64_t left_ms = after == stop ? stop->first_ms - way_ms : after->first_ms;
    *ret_stay = (struct hs_pattern_stay){
        .market = first->site,
        .hub = from_hub ? hub->site : 0,
        .left_hub_ms = from_hub ? hub->last_ms : first->first_ms,
        .arrived_ms = first->first_ms,
        .left_ms = left_ms > last->last_ms ? left_ms : last->last_ms,
        .back_ms = stop && class_of(view, stop->site) == HS_AREA_HUB ? stop->first_ms : 0,
        .under_way = !stop,
    };
    memcpy(ret_stay->companions, first->companions, sizeof(first->companions));
    return ret_stay->left_ms - ret_stay->arrived_ms >= view->rules->pattern_dwell_min_ms;
}

// Whether it goes on with an earlier stay in the same market.
static bool goes_on(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                    size_t index)
{
    uint32_t site = pattern->visits[index].site;
    while (index > 0) {
        const struct hs_pattern_visit *visit = &pattern->visits[--index];
        if (is_one(view, visit->site, site) || is_stop(pattern, view, index)) {
            return is_one(view, visit->site, site);
        }
    }
    return pattern->market.site && is_one(view, pattern->market.site, site);
}

// Likewise, of the visit that begins it.
static bool begins_stay(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                        size_t index, struct hs_pattern_stay *ret_stay)
{
    return class_of(view, pattern->visits[index].site) == HS_AREA_MARKET &&
           !goes_on(pattern, view, index) && make_stay(pattern, view, index, ret_stay);
}

size_t hs_pattern_stays(const struct hs_pattern *pattern, const struct hs_pattern_view *view,
                        int64_t at_ms, struct hs_pattern_stay ret_stays[HS_PATTERN_ALL_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < pattern->stay_count; i++) {
        if (at_ms - pattern->stays[i].arrived_ms <= view->rules->pattern_remember_ms) {
            ret_stays[count++] = pattern->stays[i];
        }
    }
    for (size_t i = 0; i < pattern->visit_count; i++) {
        if (begins_stay(pattern, view, i, &ret_stays[count])) {
            count += at_ms - ret_stays[count].arrived_ms <= view->rules->pattern_remember_ms;
        }
    }
    return count;
}

// ------------------------------------------------------------------ reads

static int keep_stay(struct hs_pattern *pattern, const struct hs_pattern_stay *stay)
{
    if (pattern->stay_count == HS_PATTERN_STAYS_MAX) {
        pattern->stay_count--;
        memmove(&pattern->stays[0], &pattern->stays[1],
                pattern->stay_count * sizeof(pattern->stays[0]));
    }
    if (pattern->stay_count == pattern->stay_capacity) {
        size_t capacity = pattern->stay_capacity ? 2 * pattern->stay_capacity : 3;
        struct hs_pattern_stay *grown = realloc(pattern->stays, capacity * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        pattern->stays = grown;
        pattern->stay_capacity = capacity;
    }
    pattern->stays[pattern->stay_count++] = *stay;
    return 0;
}

static void remove_visits(struct hs_pattern *pattern, size_t index, size_t count)
{
    pattern->visit_count -= count;
    memmove(&pattern->visits[index], &pattern->visits[index + count],
            (pattern->visit_count - index) * sizeof(pattern->visits[0]));
}

// Visits of one area in a row become one, with what was elsewhere between them. False: there are
// none.
static bool join_visits(struct hs_pattern *pattern, const struct hs_pattern_view *view)
{
    for (size_t i = 0; i + 1 < pattern->visit_count; i++) {
        struct hs_pattern_visit *visit = &pattern->visits[i];
        bool in_a_row = is_one(view, visit->site, visit[1].site);
        bool round_the_corner = i + 2 < pattern->visit_count &&
                                class_of(view, visit->site) != HS_AREA_OTHER &&
                                class_of(view, visit[1].site) == HS_AREA_OTHER &&
                                is_one(view, visit->site, visit[2].site);
        if (in_a_row || round_the_corner) {
            visit->last_ms = visit[in_a_row ? 1 : 2].last_ms;
            remove_visits(pattern, i + 1, in_a_row ? 1 : 2);
            return true;
        }
    }
    return false;
}

// The first visit leaves; what it was part of is kept. HS_ENOMEM.
static int settle_first(struct hs_pattern *pattern, const struct hs_pattern_view *view)
{
    struct hs_pattern_stay stay;
    const struct hs_pattern_visit *first = &pattern->visits[0];
    enum hs_area_class class = class_of(view, first->site);
    bool begins = begins_stay(pattern, view, 0, &stay);
    stay.under_way = false; // nobody will know any more
    int rc = begins ? keep_stay(pattern, &stay) : 0;
    if (class == HS_AREA_HUB) {
        pattern->hub = *first;
        pattern->market.site = 0;
    } else if (class == HS_AREA_MARKET) {
        pattern->market = *first;
    }
    remove_visits(pattern, 0, 1);
    return rc;
}

// Makes room for two more visits. HS_ENOMEM.
static int make_room(struct hs_pattern *pattern, const struct hs_pattern_view *view)
{
    int rc = 0;
    while (rc == 0 && pattern->visit_count + 2 > HS_PATTERN_VISITS_MAX) {
        rc = join_visits(pattern, view) ? 0 : settle_first(pattern, view);
    }
    return rc;
}

// Whether the read is one more of a visit that is known.
static bool is_again(struct hs_pattern *pattern, const struct hs_pattern_view *view, size_t index,
                     uint32_t site, int64_t at_ms)
{
    struct hs_pattern_visit *before = index > 0 ? &pattern->visits[index - 1] : NULL;
    struct hs_pattern_visit *after = index < pattern->visit_count ? &pattern->visits[index] : NULL;
    int64_t apart_ms = view->rules->pattern_dwell_min_ms; // a pause: another visit
    if (before && at_ms - before->last_ms <= apart_ms && is_one(view, before->site, site)) {
        before->last_ms = at_ms > before->last_ms ? at_ms : before->last_ms;
        return true;
    }
    if (after && after->first_ms - at_ms <= apart_ms && is_one(view, after->site, site)) {
        after->first_ms = at_ms;
        after->site = site;
        return true;
    }
    return false;
}

static void insert_visit(struct hs_pattern *pattern, size_t index, uint32_t site, int64_t at_ms)
{
    memmove(&pattern->visits[index + 1], &pattern->visits[index],
            (pattern->visit_count - index) * sizeof(pattern->visits[0]));
    pattern->visits[index] =
        (struct hs_pattern_visit){.site = site, .first_ms = at_ms, .last_ms = at_ms};
    pattern->visit_count++;
}

static size_t place_of(const struct hs_pattern *pattern, int64_t at_ms)
{
    size_t index = pattern->visit_count;
    while (index > 0 && pattern->visits[index - 1].first_ms > at_ms) {
        index--;
    }
    return index;
}

static int note_read(struct hs_pattern *pattern, const struct hs_pattern_view *view, uint32_t site,
                     int64_t at_ms)
{
    bool settled = (pattern->hub.site && at_ms < pattern->hub.last_ms) ||
                   (pattern->market.site && at_ms < pattern->market.last_ms);
    if (settled || is_again(pattern, view, place_of(pattern, at_ms), site, at_ms)) {
        return 0;
    }
    int rc = make_room(pattern, view);
    if (rc != 0) {
        return rc;
    }
    size_t index = place_of(pattern, at_ms);
    struct hs_pattern_visit *before = index > 0 ? &pattern->visits[index - 1] : NULL;
    if (before && before->last_ms > at_ms) { // it was elsewhere between the first and the last read
        insert_visit(pattern, index, before->site, before->last_ms);
        pattern->visits[index - 1].last_ms = pattern->visits[index - 1].first_ms;
    }
    insert_visit(pattern, index, site, at_ms);
    return 0;
}

// The visit that begins the newest journey; NULL: none.
static struct hs_pattern_visit *newest_run(struct hs_pattern *pattern,
                                           const struct hs_pattern_view *view)
{
    struct hs_pattern_stay stay;
    for (size_t i = pattern->visit_count; i > 0; i--) {
        if (begins_stay(pattern, view, i - 1, &stay) && hs_pattern_is_run(view, &stay)) {
            return &pattern->visits[i - 1];
        }
    }
    return NULL;
}

static int64_t newest_run_ms(struct hs_pattern *pattern, const struct hs_pattern_view *view)
{
    const struct hs_pattern_visit *visit = newest_run(pattern, view);
    return visit ? visit->first_ms : 0;
}

bool hs_pattern_is_run(const struct hs_pattern_view *view, const struct hs_pattern_stay *stay)
{
    return stay->hub && (stay->back_ms || stay->under_way) &&
           stay->left_ms - stay->arrived_ms <= view->rules->pattern_dwell_max_ms;
}

int hs_pattern_on_hit(struct hs_pattern *pattern, const struct hs_pattern_view *view,
                      const Hitstream__V1__Hit *hit, int64_t at_ms, bool *ret_again)
{
    const struct hs_camera *camera = hs_cameras_site(view->cameras, hs_str(hit->place->site_id));
    *ret_again = false;
    if (view->rules->pattern_runs == 0 || hs_cameras_markets(view->cameras) == 0 || !camera ||
        hit->place->camera_unknown) {
        return 0; // off, or nobody knows where
    }
    if (camera->area_class == HS_AREA_OTHER && pattern->visit_count == 0) {
        return 0; // nothing began yet
    }
    int64_t before_ms = newest_run_ms(pattern, view);
    int rc = note_read(pattern, view, hs_site_hash(camera->site_id), at_ms);
    *ret_again = rc == 0 && newest_run_ms(pattern, view) > before_ms;
    return rc;
}

void hs_pattern_note_companions(struct hs_pattern *pattern, const struct hs_pattern_view *view,
                                const uint64_t *marks, size_t count)
{
    struct hs_pattern_visit *last =
        pattern->visit_count ? &pattern->visits[pattern->visit_count - 1] : NULL;
    bool arrived = last && class_of(view, last->site) == HS_AREA_MARKET;
    struct hs_pattern_visit *visit = arrived ? last : newest_run(pattern, view);
    if (count == 0 || !visit || visit->companions[0] != 0) {
        return;
    }
    size_t kept = count < HS_PATTERN_COMPANIONS_MAX ? count : HS_PATTERN_COMPANIONS_MAX;
    memcpy(visit->companions, marks, kept * sizeof(*marks));
}

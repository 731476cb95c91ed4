// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/border.h"

#include "base/error.h"
#include "correlate/rules/camera.h"

typedef Hitstream__V1__Place pb_place; // long names of the contract, short in this file
typedef Hitstream__V1__Border pb_border;

enum { SPEED_MIN_M_S = 3, SPEED_MAX_M_S = 60 }; // beyond these it rested, or a clock is wrong

static bool same_force(const struct hs_interned *a, const struct hs_interned *b)
{
    return strcmp(hs_place_of(a)->force, hs_place_of(b)->force) == 0;
}

// ---------------------------------------------------------------- entered

// The vehicle at a place, as it counts for borders.
struct visit {
    const struct hs_interned *place;
    int64_t at_ms;
    bool new_site;      // another one than before
    size_t trail_count; // points of the trail up to here
};

// The newest place of the trail in the area that the vehicle was in.
static const struct hs_interned *last_there(const struct hs_incident *incident,
                                            const struct visit *visit, const struct hs_interned *in)
{
    for (size_t i = visit->trail_count; i > 0; i--) {
        const struct hs_trail_point *point = &incident->trail[i - 1];
        if (!point->misplaced && same_force(point->place, in)) {
            return point->place;
        }
    }
    return in;
}

static void forget_back(struct hs_rule_scope *scope, struct hs_border_state *border)
{
    hs_place_set(scope->pool, &border->back, NULL);
    border->back_since_ms = 0;
    border->back_sites = 0;
}

static void begin_area(struct hs_rule_scope *scope, struct hs_border_state *border,
                       const struct hs_interned *from, const struct hs_interned *place,
                       int64_t since_ms, uint32_t sites)
{
    const struct hs_interned *left = from ? hs_intern_ref(from) : NULL;
    const struct hs_interned *in = hs_intern_ref(place);
    forget_back(scope, border);
    hs_place_set(scope->pool, &border->from, left);
    hs_place_set(scope->pool, &border->in, in);
    border->since_ms = since_ms;
    border->sites = sites;
}

static bool is_settled(const struct hs_rules *rules, int64_t since_ms, uint32_t sites,
                       int64_t at_ms)
{
    return at_ms - since_ms >= rules->border_settle_ms || sites >= rules->border_settle_sites;
}

// Whether the hit's place is another site than the point of the trail before it.
static bool is_new_site(const struct hs_incident *incident)
{
    return incident->trail_count > 0 && incident->trail[incident->trail_count - 1].reads == 1;
}

// Back in the area it came from, before it was settled in this one: whether it counts now.
static bool is_back(struct hs_rule_scope *scope, struct hs_border_state *border,
                    const struct visit *visit)
{
    if (!border->back) {
        hs_place_set(scope->pool, &border->back, hs_intern_ref(visit->place));
        border->back_since_ms = visit->at_ms;
        border->back_sites = 1;
    } else {
        border->back_sites += visit->new_site;
    }
    return is_settled(scope->rules, border->back_since_ms, border->back_sites, visit->at_ms);
}

// Whether it entered another area, by what was told before.
static bool has_entered(struct hs_rule_scope *scope, struct hs_incident *incident,
                        const struct visit *visit, const struct hs_interned **ret_from)
{
    struct hs_border_state *border = &incident->border;
    if (!border->in) {
        begin_area(scope, border, NULL, visit->place, visit->at_ms, 1);
        return false;
    }
    if (same_force(border->in, visit->place)) {
        border->sites += visit->new_site;
        forget_back(scope, border);
        return false;
    }
    bool zigzag = border->from && same_force(border->from, visit->place) &&
                  !is_settled(scope->rules, border->since_ms, border->sites,
                              border->back ? border->back_since_ms : visit->at_ms);
    if (zigzag && !is_back(scope, border, visit)) {
        return false;
    }
    const struct hs_interned *from = last_there(incident, visit, border->in);
    begin_area(scope, border, from, visit->place,
               border->back ? border->back_since_ms : visit->at_ms,
               border->back ? border->back_sites : 1);
    *ret_from = border->from;
    return true;
}

// Whether a place says in whose area the vehicle is.
static bool says_area(const pb_place *place, Hitstream__V1__Lateness lateness)
{
    return *place->force && !place->camera_unknown &&
           lateness != HITSTREAM__V1__LATENESS__LATENESS_STALE;
}

static const pb_border *make_border(struct hs_rule_scope *scope, const pb_place *from,
                                    const pb_place *to)
{
    pb_border *border = hs_bump_alloc(scope->bump, sizeof(*border));
    if (border) {
        hitstream__v1__border__init(border);
        border->from_force = from->force;
        border->to_force = to->force;
        border->to_area = to->area;
    }
    return border;
}

// ---------------------------------------------------------------- about to

static bool position_of(const pb_place *place, struct hs_point *ret_point)
{
    if (!place->position) {
        return false;
    }
    *ret_point = (struct hs_point){place->position->latitude_deg, place->position->longitude_deg};
    return true;
}

// Metres a second from the place before to this one; 0: not known.
static double speed_of(const struct hs_incident *incident, int64_t at_ms)
{
    struct hs_point here, before;
    if (incident->trail_count < 2) {
        return 0;
    }
    const struct hs_trail_point *last = &incident->trail[incident->trail_count - 1];
    const struct hs_trail_point *previous = last - 1;
    if (at_ms <= previous->last_at_ms || last->misplaced || previous->misplaced ||
        !position_of(hs_place_of(last->place), &here) ||
        !position_of(hs_place_of(previous->place), &before)) {
        return 0;
    }
    double speed =
        hs_point_distance_m(before, here) * 1000 / (double)(at_ms - previous->last_at_ms);
    return speed >= SPEED_MIN_M_S && speed <= SPEED_MAX_M_S ? speed : 0;
}

// Whether that force was told of it lately; notes it if not. HS_ENOMEM.
static int note_approach(struct hs_rule_scope *scope, struct hs_border_state *border, char *force,
                         int64_t at_ms, bool *ret_told)
{
    size_t i = 0;
    while (i < border->approached_count &&
           strcmp(hs_place_of(border->approached[i].place)->force, force) != 0) {
        i++;
    }
    *ret_told = i < border->approached_count &&
                at_ms - border->approached[i].at_ms <= scope->rules->approaching_again_ms;
    if (*ret_told) {
        return 0;
    }
    pb_place named = HITSTREAM__V1__PLACE__INIT;
    named.force = force;
    const struct hs_interned *place = hs_intern_get(scope->pool, &named.base);
    if (!place) {
        return HS_ENOMEM;
    }
    if (i == border->approached_count && i == HS_APPROACHED_MAX) {
        i = 0; // the one told first in the incident
    }
    if (i < border->approached_count) {
        hs_intern_put(scope->pool, border->approached[i].place);
        border->approached_count--;
        memmove(&border->approached[i], &border->approached[i + 1],
                (border->approached_count - i) * sizeof(border->approached[0]));
    }
    border->approached[border->approached_count].place = place;
    border->approached[border->approached_count++].at_ms = at_ms;
    return 0;
}

static char *text_of(struct hs_rule_scope *scope, struct hs_str text)
{
    return hs_bump_copy(scope->bump, text.ptr ? text.ptr : "", text.len);
}

static int add_ahead(struct hs_rule_scope *scope, const struct hs_incident *incident,
                     const pb_place *here, const struct hs_camera *next, int64_t at_ms,
                     struct hs_crossing *crossing)
{
    struct hs_ahead *ahead = &crossing->ahead[crossing->ahead_count];
    double speed = speed_of(incident, at_ms);
    struct hs_point from;
    *ahead = (struct hs_ahead){.place = HITSTREAM__V1__PLACE__INIT,
                               .border = HITSTREAM__V1__BORDER__INIT};
    ahead->place.force = text_of(scope, next->force);
    ahead->place.area = text_of(scope, next->area);
    ahead->place.site_id = text_of(scope, next->site_id);
    if (!ahead->place.force || !ahead->place.area || !ahead->place.site_id) {
        return HS_ENOMEM;
    }
    ahead->border.from_force = here->force;
    ahead->border.to_force = ahead->place.force;
    ahead->border.to_area = ahead->place.area;
    ahead->border.next_site = ahead->place.site_id;
    if (next->has_position && position_of(here, &from)) {
        double distance_m = hs_point_distance_m(from, next->position);
        ahead->distance_m = (int64_t)distance_m;
        ahead->border.expected_at_ms = speed > 0 ? at_ms + (int64_t)(distance_m * 1000 / speed) : 0;
    }
    crossing->ahead_count++;
    return 0;
}

// The next site, if it lies in another force's area that does not know yet.
static int look_at(struct hs_rule_scope *scope, struct hs_incident *incident, const pb_place *here,
                   struct hs_str site, int64_t at_ms, struct hs_crossing *crossing)
{
    const struct hs_camera *next = hs_cameras_site(scope->cameras, site);
    bool told;
    if (!next || next->force.len == 0 || hs_str_is(next->force, here->force)) {
        return 0;
    }
    char *force = text_of(scope, next->force);
    int rc = force ? note_approach(scope, &incident->border, force, at_ms, &told) : HS_ENOMEM;
    return rc != 0 || told ? rc : add_ahead(scope, incident, here, next, at_ms, crossing);
}

static int look_ahead(struct hs_rule_scope *scope, struct hs_incident *incident,
                      const pb_place *here, int64_t at_ms, struct hs_crossing *crossing)
{
    const struct hs_camera *camera = hs_cameras_find(scope->cameras, hs_str(here->camera_id));
    int rc = 0;
    if (!camera || camera->next_count == 0 || !hs_str_is(camera->direction, here->direction)) {
        return 0; // nothing is known, or it went the other way
    }
    crossing->ahead = hs_bump_alloc(scope->bump, HS_AHEAD_MAX * sizeof(*crossing->ahead));
    if (!crossing->ahead) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; rc == 0 && i < camera->next_count && crossing->ahead_count < HS_AHEAD_MAX;
         i++) {
        rc = look_at(scope, incident, here, camera->next_sites[i], at_ms, crossing);
    }
    return rc;
}

int hs_border_on_hit(struct hs_rule_scope *scope, struct hs_incident *incident,
                     const Hitstream__V1__Hit *hit, const struct hs_interned *place, int64_t at_ms,
                     struct hs_crossing *ret_crossing)
{
    const pb_place *here = hs_place_of(place);
    *ret_crossing = (struct hs_crossing){0};
    if (!says_area(here, hit->lateness) || hs_camera_is_misplaced(hit)) {
        return 0;
    }
    const struct visit visit = {.place = place,
                                .at_ms = at_ms,
                                .new_site = is_new_site(incident),
                                .trail_count = incident->trail_count};
    ret_crossing->entered = has_entered(scope, incident, &visit, &ret_crossing->from);
    if (ret_crossing->entered) {
        ret_crossing->border = make_border(scope, hs_place_of(ret_crossing->from), here);
        if (!ret_crossing->border) {
            return HS_ENOMEM;
        }
    }
    return look_ahead(scope, incident, here, at_ms, ret_crossing);
}

// ---------------------------------------------------------------- a camera that stands elsewhere

// Who was told of its coming by a hit of that point does not know any more.
static void forget_approaches(struct hs_rule_scope *scope, struct hs_border_state *border,
                              const struct hs_trail_point *point)
{
    size_t kept = 0;
    for (size_t i = 0; i < border->approached_count; i++) {
        if (border->approached[i].at_ms >= point->captured_at_ms &&
            border->approached[i].at_ms <= point->last_at_ms) {
            hs_intern_put(scope->pool, border->approached[i].place);
        } else {
            border->approached[kept++] = border->approached[i];
        }
    }
    border->approached_count = kept;
}

void hs_border_retrace(struct hs_rule_scope *scope, struct hs_incident *incident)
{
    struct hs_border_state *border = &incident->border;
    const struct hs_interned *before = NULL, *from;
    forget_back(scope, border);
    hs_place_set(scope->pool, &border->from, NULL);
    hs_place_set(scope->pool, &border->in, NULL);
    border->since_ms = 0;
    border->sites = 0;
    for (size_t i = 0; i < incident->trail_count; i++) {
        const struct hs_trail_point *point = &incident->trail[i];
        if (point->misplaced) {
            forget_approaches(scope, border, point);
            continue;
        }
        if (!says_area(hs_place_of(point->place), (Hitstream__V1__Lateness)point->lateness)) {
            continue;
        }
        struct visit visit = {.place = point->place,
                              .at_ms = point->captured_at_ms,
                              .new_site = !before || !hs_place_same_site(before, point->place),
                              .trail_count = i + 1};
        has_entered(scope, incident, &visit, &from);
        if (point->last_at_ms > point->captured_at_ms) { // it stayed there
            visit.at_ms = point->last_at_ms;
            visit.new_site = false;
            has_entered(scope, incident, &visit, &from);
        }
        before = point->place;
    }
}

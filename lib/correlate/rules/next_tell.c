// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/next_tell.h"

#include "base/error.h"
#include "correlate/rules/camera.h"
#include "correlate/rules/findings.h"

enum { TENTHS = 5 }; // in a half of a time

// Register and road table outlive the event, and so their texts.
static char *borrow(struct hs_str text)
{
    return (char *)(uintptr_t)(text.len ? text.ptr : "");
}

static void fill_place(const struct hs_next_place *place, Hitstream__V1__NextPlace *row)
{
    hitstream__v1__next_place__init(row);
    row->site_id = borrow(place->camera->site_id);
    row->road = borrow(place->camera->road);
    row->force = borrow(place->camera->force);
    row->area = borrow(place->camera->area);
    row->probability_permille = place->ppm / 1000;
    row->earliest_at_ms = place->earliest_ms;
    row->expected_at_ms = place->expected_ms;
    row->latest_at_ms = place->latest_ms;
    row->distance_m = place->distance_m;
    row->own_tenths = place->own_halves * TENTHS;
}

static Hitstream__V1__Forecast *make(struct hs_bump *bump, const struct hs_forecast *forecast)
{
    Hitstream__V1__Forecast *message = hs_bump_alloc(bump, sizeof(*message));
    Hitstream__V1__NextPlace *rows = hs_bump_alloc(bump, forecast->count * sizeof(*rows));
    Hitstream__V1__NextPlace **pointers = hs_bump_alloc(bump, forecast->count * sizeof(*pointers));
    if (!message || !rows || !pointers) {
        return NULL;
    }
    hitstream__v1__forecast__init(message);
    for (size_t i = 0; i < forecast->count; i++) {
        fill_place(&forecast->places[i], &rows[i]);
        pointers[i] = &rows[i];
    }
    message->order = forecast->order;
    message->own_tenths = forecast->own_halves * TENTHS;
    message->goes_on_permille = forecast->goes_on_permille;
    message->n_places = forecast->count;
    message->places = pointers;
    return message;
}

int hs_next_message(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, int64_t at_ms,
                    const Hitstream__V1__Forecast **ret)
{
    const struct hs_next_view view = {.rules = scope->rules,
                                      .roads = hs_controls_roads(scope->desk->controls),
                                      .cameras = scope->cameras};
    struct hs_forecast forecast;
    *ret = NULL;
    bool timely = hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_LIVE ||
                  hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_RECENT;
    if (!timely || hs_camera_misleads(hit)) {
        return 0;
    }
    hs_next_forecast(vehicle->findings ? &vehicle->findings->next : NULL, &view, hit, at_ms,
                     &forecast);
    if (forecast.count == 0) {
        return 0;
    }
    *ret = make(scope->bump, &forecast);
    return *ret ? 0 : HS_ENOMEM;
}

// SPDX-License-Identifier: Apache-2.0
#include "findings/pattern_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "findings/shares.h"

struct told {
    int64_t at_ms; // first; 0: never
    uint32_t times;
    int64_t hub_ms;    // last read in the hub since its last journey that was seen; 0: none
    uint32_t seen;     // journeys on which it was read in the hub, and within hours in a market
    int64_t fourth_ms; // it was read in the market on the fourth of them; 0: not yet
};

#define JOURNEY_MAX_MS INT64_C(10800000)

struct pattern_tally {
    const struct sim *sim;
    const struct hs_cameras *cameras;
    struct told *rows;
};

struct pattern_tally *pattern_tally_new(const struct sim *sim, const struct hs_controls *controls)
{
    struct pattern_tally *tally = calloc(1, sizeof(*tally));
    if (tally) {
        tally->sim = sim;
        tally->cameras = hs_controls_cameras(controls);
        tally->rows = calloc(sim_plan_of(sim)->listed + 1, sizeof(*tally->rows));
    }
    if (tally && !tally->rows) {
        free(tally);
        return NULL;
    }
    return tally;
}

void pattern_tally_free(struct pattern_tally *tally)
{
    if (tally) {
        free(tally->rows);
        free(tally);
    }
}

void pattern_tally_hit(struct pattern_tally *tally, const struct sim_read *read, unsigned site)
{
    struct told *told = &tally->rows[read->mark];
    const struct hs_camera *camera =
        hs_cameras_site(tally->cameras, hs_str(sim_net(tally->sim)->sites[site].site_id));
    if (camera->area_class == HS_AREA_HUB) {
        told->hub_ms = read->captured_at_ms;
    } else if (camera->area_class == HS_AREA_MARKET && told->hub_ms &&
               read->captured_at_ms - told->hub_ms <= JOURNEY_MAX_MS) {
        told->hub_ms = 0;
        told->fourth_ms = ++told->seen == 4 ? read->captured_at_ms : told->fourth_ms;
    }
}

void pattern_tally_alert(struct pattern_tally *tally, uint32_t mark,
                         const Hitstream__V1__Alert *alert, int64_t at_ms)
{
    if (alert->finding && strcmp(alert->finding->rule, "pattern") == 0 &&
        mark < sim_plan_of(tally->sim)->listed) {
        struct told *told = &tally->rows[mark];
        told->at_ms = told->times++ ? told->at_ms : at_ms;
    }
}

bool pattern_tally_print(const struct pattern_tally *tally, const char *base)
{
    const struct sim_plan *plan = sim_plan_of(tally->sim);
    size_t said = 0, times = 0, right = 0, actual = 0, by_third = 0, found = 0;
    size_t seen = 0, seen_by_third = 0;
    char text[280];
    for (uint32_t i = 0; i < plan->listed; i++) {
        said += tally->rows[i].times > 0;
        times += tally->rows[i].times;
    }
    for (uint32_t i = 0; i < plan->couriers; i++) {
        const struct courier *courier = drivers_courier(sim_drivers(tally->sim), i);
        const struct told *told = &tally->rows[courier->vehicle];
        bool is_told = told->times > 0;
        right += is_told;
        actual += courier->runs >= 3;
        found += courier->runs >= 3 && is_told;
        by_third += courier->runs >= 3 && is_told &&
                    told->at_ms <= sim_time_ms(tally->sim, courier->third_s);
        seen += told->seen >= 3;
        seen_by_third +=
            is_told && told->seen >= 3 && (told->fourth_ms == 0 || told->at_ms < told->fourth_ms);
    }
    snprintf(text, sizeof(text), "%zu couriers of three journeys, %.2f times told each; %s", actual,
             said ? (double)times / (double)said : 0, base);
    bool holds = share_print("find-pattern", "precision", right, said, 0.9, 0, text);
    holds =
        share_print("find-pattern", "recall by the third journey that was seen in hub and market",
                    seen_by_third, seen, 0.8, 0, text) &&
        holds;
    share_print("find-pattern", "recall by the third journey, seen or not", by_third, actual, 0, 0,
                text);
    share_print("find-pattern", "recall by the end", found, actual, 0, 0, text);
    return holds;
}

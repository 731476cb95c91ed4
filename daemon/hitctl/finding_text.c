// SPDX-License-Identifier: Apache-2.0
#include "hitctl/finding_text.h"

#include "hitctl/text_parts.h"

static void add_meeting(struct hs_buf *out, const Hitstream__V1__Meeting *meeting)
{
    hs_buf_add_text(out, "    together: ");
    hitctl_text_time(out, meeting->at_ms);
    hs_buf_add_text(out, "  site ");
    hitctl_text_safe(out, meeting->site_id);
    double gap_s = meeting->gap_ms / 1000.0;
    hs_buf_printf(out, ", %.1f s %s\n", gap_s < 0 ? -gap_s : gap_s,
                  gap_s < 0 ? "before it" : "behind it");
}

static void add_sighting(struct hs_buf *out, const Hitstream__V1__Sighting *sighting)
{
    hs_buf_printf(out, "    track %u: ", sighting->track);
    hitctl_text_time(out, sighting->at_ms);
    hs_buf_add_text(out, "  site ");
    hitctl_text_safe(out, sighting->site_id);
    if (sighting->seen_colour[0] || sighting->seen_make[0]) {
        hs_buf_add_text(out, ", ");
        hitctl_text_safe(out, sighting->seen_colour);
        hs_buf_add_text(out, sighting->seen_colour[0] && sighting->seen_make[0] ? " " : "");
        hitctl_text_safe(out, sighting->seen_make);
    }
    hs_buf_add_char(out, '\n');
}

static void add_run(struct hs_buf *out, const Hitstream__V1__CourierRun *run)
{
    hs_buf_add_text(out, "    journey: left ");
    hitctl_text_safe(out, run->hub_area);
    hs_buf_add_char(out, ' ');
    hitctl_text_time(out, run->left_hub_ms);
    hs_buf_add_text(out, ", in ");
    hitctl_text_safe(out, run->market_area);
    hs_buf_add_char(out, ' ');
    hitctl_text_time(out, run->arrived_ms);
    hs_buf_add_text(out, " to ");
    hitctl_text_time(out, run->left_ms);
    if (run->back_ms > 0) {
        hs_buf_add_text(out, ", back ");
        hitctl_text_time(out, run->back_ms);
    }
    hs_buf_add_text(out, run->at_night ? ", by night\n" : "\n");
}

void hitctl_text_finding(struct hs_buf *out, const Hitstream__V1__Finding *finding)
{
    hs_buf_add_text(out, "    found: ");
    hitctl_text_safe(out, finding->explanation);
    hs_buf_add_char(out, '\n');
    for (size_t i = 0; i < finding->n_rivals; i++) {
        const Hitstream__V1__Rival *rival = finding->rivals[i];
        hs_buf_add_text(out, "    may be: ");
        hitctl_text_safe(out, rival->explanation);
        hs_buf_printf(out, ", %u in 1000: ", rival->weight_permille);
        hitctl_text_safe(out, rival->because);
        hs_buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < finding->n_meetings; i++) {
        add_meeting(out, finding->meetings[i]);
    }
    for (size_t i = 0; i < finding->n_sightings; i++) {
        add_sighting(out, finding->sightings[i]);
    }
    for (size_t i = 0; i < finding->n_runs; i++) {
        add_run(out, finding->runs[i]);
    }
    for (size_t i = 0; i < finding->n_companions; i++) {
        hs_buf_add_text(out, "    along: ");
        hitctl_text_safe(out, finding->companions[i]->vehicle);
        hs_buf_printf(out, " on %u journeys\n", finding->companions[i]->runs);
    }
}

void hitctl_text_forecast(struct hs_buf *out, const Hitstream__V1__Forecast *forecast)
{
    hs_buf_printf(out, "    next: %u %% that it is read again", forecast->goes_on_permille / 10);
    for (size_t i = 0; i < forecast->n_places; i++) {
        const Hitstream__V1__NextPlace *place = forecast->places[i];
        hs_buf_printf(out, "; %u %% at site ", place->probability_permille / 10);
        hitctl_text_safe(out, place->site_id);
        if (place->force[0]) {
            hs_buf_add_text(out, " (");
            hitctl_text_safe(out, place->force);
            hs_buf_add_char(out, ')');
        }
        hs_buf_add_text(out, " between ");
        hitctl_text_time(out, place->earliest_at_ms);
        hs_buf_add_text(out, " and ");
        hitctl_text_time(out, place->latest_at_ms);
    }
    hs_buf_add_char(out, '\n');
}

// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/findings.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "correlate/hit_route.h"
#include "correlate/rules/camera.h"
#include "correlate/rules/findings_tell.h"
#include "correlate/rules/pattern_tell.h"
#include "correlate/rules/together.h"
#include "vrm/vrm.h"

void hs_findings_free(struct hs_findings *findings)
{
    if (findings) {
        hs_convoy_fini(&findings->convoy);
        hs_next_fini(&findings->next);
        hs_pattern_fini(&findings->pattern);
        free(findings);
    }
}

bool hs_findings_is_kept(const struct hs_findings *findings)
{
    return findings &&
           (hs_convoy_is_kept(&findings->convoy) || hs_journey_is_kept(&findings->journey) ||
            hs_next_is_kept(&findings->next) || hs_pattern_is_kept(&findings->pattern));
}

static void add_evidence(struct hs_finding_draft *draft, const char *name, int64_t value,
                         int64_t threshold, const char *unit)
{
    draft->evidence[draft->evidence_count++] = (struct hs_evidence){name, unit, value, threshold};
}

// ------------------------------------------------------------------ convoy

static void fill_meetings(const struct hs_convoy_found *found, Hitstream__V1__Meeting *rows,
                          Hitstream__V1__Meeting **pointers, Hitstream__V1__Finding *finding)
{
    for (size_t i = 0; i < found->meeting_count; i++) {
        const struct hs_convoy_meeting *meeting = &found->meetings[i];
        hitstream__v1__meeting__init(&rows[i]);
        rows[i].site_id = (char *)(uintptr_t)meeting->stop->site;
        rows[i].at_ms = meeting->stop->at_ms;
        rows[i].gap_ms = meeting->gap_ms;
        rows[i].chance_ppm = meeting->chance_ppm;
        rows[i].journey = found->journeys;
        pointers[i] = &rows[i];
    }
    finding->meetings = pointers;
    finding->n_meetings = found->meeting_count;
}

static int tell_convoy(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit, const struct hs_id *event,
                       const struct hs_convoy_found *found)
{
    Hitstream__V1__Finding finding = HITSTREAM__V1__FINDING__INIT;
    Hitstream__V1__Meeting rows[HS_CONVOY_STOPS_MAX];
    Hitstream__V1__Meeting *pointers[HS_CONVOY_STOPS_MAX];
    struct hs_finding_draft draft = {.rule = HS_RULE_CONVOY, .event = *event, .finding = &finding};
    char text[160];
    struct hs_vrm vrm;
    if (hs_vrm_unpack(found->mark, &vrm) != 0) {
        return 0;
    }
    uint64_t odds = hs_odds_exp2(found->bits, 1);
    odds = odds < 1000000000 ? odds : 1000000000;
    snprintf(text, sizeof(text),
             "travels with %s: beside it at %u sites of this journey, on %u journeys; %llu times "
             "likelier in company than by chance",
             vrm.text, found->sites, found->journeys, (unsigned long long)odds);
    finding.rule = (char *)(uintptr_t)HS_RULE_CONVOY;
    finding.explanation = text;
    finding.other_vehicle = vrm.text;
    fill_meetings(found, rows, pointers, &finding);
    add_evidence(&draft, "sites", found->sites, scope->rules->convoy_sites, "sites");
    add_evidence(&draft, "journeys", found->journeys, scope->rules->convoy_journeys, "journeys");
    add_evidence(&draft, "likelier_than_chance", (int64_t)odds, scope->rules->convoy_odds, "to 1");
    add_evidence(&draft, "cameras_missed", found->missed, 0, "cameras");
    draft.subject = hs_vrm_str(&vrm);
    return hs_finding_tell(scope, vehicle, hit, &draft);
}

static int find_convoys(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        const Hitstream__V1__Hit *hit, const struct hs_id *event,
                        const struct hs_convoy_view *view)
{
    struct hs_convoy_found found;
    int rc = 0;
    while (rc == 0 && hs_convoy_next(&vehicle->findings->convoy, view, &found)) {
        rc = tell_convoy(scope, vehicle, hit, event, &found);
    }
    return rc;
}

// ------------------------------------------------------------------ journey

static void fill_sightings(const struct hs_journey *journey, Hitstream__V1__Sighting *rows,
                           Hitstream__V1__Sighting **pointers, Hitstream__V1__Finding *finding)
{
    for (size_t i = 0; i < journey->shown_count; i++) {
        const struct hs_journey_sighting *sighting = &journey->shown[i];
        hitstream__v1__sighting__init(&rows[i]);
        rows[i].site_id = (char *)(uintptr_t)sighting->site; // read only, like the rest
        rows[i].camera_id = (char *)(uintptr_t)sighting->camera;
        rows[i].seen_colour = (char *)(uintptr_t)sighting->colour;
        rows[i].seen_make = (char *)(uintptr_t)sighting->make;
        rows[i].at_ms = sighting->at_ms;
        rows[i].least_ms = sighting->least_ms;
        rows[i].track = sighting->track;
        pointers[i] = &rows[i];
    }
    finding->sightings = pointers;
    finding->n_sightings = journey->shown_count;
}

enum { RIVALS = 3, BECAUSE_BYTES = 160 };

static void fill_rivals(const struct hs_journey_verdict *verdict,
                        char because[RIVALS][BECAUSE_BYTES], Hitstream__V1__Rival *rows,
                        Hitstream__V1__Rival **pointers, Hitstream__V1__Finding *finding)
{
    static const char *const names[RIVALS] = {"clone", "misread", "camera clock or place"};
    const uint32_t weights[RIVALS] = {verdict->clone_permille, verdict->misread_permille,
                                      verdict->camera_permille};
    snprintf(because[0], BECAUSE_BYTES,
             "%zu contradictions, %u sightings on a second track, %u of them look unlike the first",
             verdict->clashes, verdict->second_track, verdict->looks_differ);
    snprintf(because[1], BECAUSE_BYTES, "%u reads would each have to be another plate's",
             verdict->second_track);
    snprintf(because[2], BECAUSE_BYTES,
             "camera '%s' is part of %zu contradictions; %zu are without it", verdict->camera,
             verdict->clashes - verdict->clashes_elsewhere, verdict->clashes_elsewhere);
    for (size_t i = 0; i < RIVALS; i++) {
        hitstream__v1__rival__init(&rows[i]);
        rows[i].explanation = (char *)(uintptr_t)names[i];
        rows[i].weight_permille = weights[i];
        rows[i].because = because[i];
        pointers[i] = &rows[i];
    }
    finding->rivals = pointers;
    finding->n_rivals = RIVALS;
}

static int tell_clone(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                      const Hitstream__V1__Hit *hit, const struct hs_id *event,
                      const struct hs_journey_verdict *verdict)
{
    Hitstream__V1__Finding finding = HITSTREAM__V1__FINDING__INIT;
    Hitstream__V1__Sighting sightings[HS_JOURNEY_SHOWN_MAX];
    Hitstream__V1__Sighting *shown[HS_JOURNEY_SHOWN_MAX];
    Hitstream__V1__Rival rivals[RIVALS];
    Hitstream__V1__Rival *pointers[RIVALS];
    char because[RIVALS][BECAUSE_BYTES];
    char text[160];
    struct hs_finding_draft draft = {.rule = HS_RULE_JOURNEY, .event = *event, .finding = &finding};
    snprintf(text, sizeof(text),
             "is at two places at once: a clone, more likely than a misread or a camera (%u in "
             "1000)",
             verdict->clone_permille);
    finding.rule = (char *)(uintptr_t)HS_RULE_JOURNEY;
    finding.explanation = text;
    fill_sightings(&vehicle->findings->journey, sightings, shown, &finding);
    fill_rivals(verdict, because, rivals, pointers, &finding);
    add_evidence(&draft, "contradictions", (int64_t)verdict->clashes, 2, "pairs of sightings");
    add_evidence(&draft, "contradictions_without_camera", (int64_t)verdict->clashes_elsewhere, 1,
                 "pairs of sightings");
    add_evidence(&draft, "second_track", verdict->second_track, 2, "sightings");
    add_evidence(&draft, "looks_differ", verdict->looks_differ, 0, "sightings");
    struct hs_journey_told *told = &vehicle->findings->journey.told;
    if (!hs_finding_told(scope, vehicle, hit, &draft, &told->cause, &told->incident)) {
        memset(told, 0, sizeof(*told));
    }
    return hs_finding_tell(scope, vehicle, hit, &draft);
}

static int judge_journey(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                         const Hitstream__V1__Hit *hit, const struct hs_id *event)
{
    const struct hs_journey_view view = {.rules = scope->rules,
                                         .roads = hs_controls_roads(scope->desk->controls)};
    struct hs_journey *journey = &vehicle->findings->journey;
    struct hs_journey_observed observed;
    struct hs_journey_verdict verdict;
    bool clash;
    hs_journey_on_hit(journey, &view, hit, &clash, &observed);
    scope->stats->impossible_journeys += clash;
    return clash && hs_journey_is_due(journey, &view, hit->captured_at_ms, &verdict)
               ? tell_clone(scope, vehicle, hit, event, &verdict)
               : 0;
}

// ------------------------------------------------------------------ events

// What the vehicle remembers, made when it is missing. NULL: out of memory.
static struct hs_findings *findings_of(struct hs_vehicle *vehicle)
{
    if (!vehicle->findings) {
        vehicle->findings = calloc(1, sizeof(*vehicle->findings));
    }
    return vehicle->findings;
}

int hs_findings_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                       const Hitstream__V1__Hit *hit)
{
    const struct hs_convoy_view view = {.rules = scope->rules,
                                        .roads = hs_controls_roads(scope->desk->controls)};
    const struct hs_next_view next = {view.rules, view.roads, scope->cameras};
    struct hs_id event;
    if (!*hit->place->site_id) {
        return 0; // nobody knows where
    }
    int rc = findings_of(vehicle) ? hs_camera_on_hit(scope, vehicle, hit) : HS_ENOMEM;
    if (rc != 0 || hit->lateness == HITSTREAM__V1__LATENESS__LATENESS_FUTURE ||
        hs_camera_misleads(hit)) {
        return rc; // nobody knows when, or the camera is known to be wrong
    }
    memcpy(event.bytes, hit->hit_id.data, HS_ID_BYTES);
    rc = hs_next_on_hit(&vehicle->findings->next, &next, hit, hs_hit_event_time_ms(hit));
    rc = rc ? rc
            : hs_convoy_on_hit(&vehicle->findings->convoy, &view, hit, hs_hit_event_time_ms(hit));
    rc = rc ? rc : find_convoys(scope, vehicle, hit, &event, &view);
    rc = rc ? rc : hs_together_on_hit(scope, vehicle, hit);
    rc = rc ? rc : hs_pattern_tell(scope, vehicle, hit, &event);
    return rc ? rc : judge_journey(scope, vehicle, hit, &event);
}

int hs_findings_on_companions(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                              const Hitstream__V1__Companions *companions, bool *ret_changed)
{
    const struct hs_convoy_view view = {.rules = scope->rules,
                                        .roads = hs_controls_roads(scope->desk->controls)};
    struct hs_id event;
    *ret_changed = false;
    if (!vehicle->findings) {
        return 0;
    }
    memcpy(event.bytes, companions->hit_id.data, HS_ID_BYTES);
    event.bytes[0] ^= 1; // another event than the hit itself
    int rc = hs_convoy_on_companions(&vehicle->findings->convoy, &view, companions, ret_changed);
    rc = rc || !*ret_changed ? rc : find_convoys(scope, vehicle, NULL, &event, &view);
    return rc || !*ret_changed ? rc : hs_together_on_companions(scope, vehicle, companions);
}

// ------------------------------------------------------------------ state

bool hs_findings_pack(const struct hs_findings *findings, struct hs_bump *bump,
                      Hitstream__V1__VehicleState *state)
{
    if (!findings) {
        return true;
    }
    state->convoy = hs_convoy_pack(&findings->convoy, bump);
    state->journey = hs_journey_pack(&findings->journey, bump);
    state->next = hs_next_pack(&findings->next, bump);
    state->pattern = hs_pattern_pack(&findings->pattern, bump);
    return state->convoy && state->journey && state->next && state->pattern;
}

int hs_findings_unpack(const Hitstream__V1__VehicleState *state, struct hs_findings **ret_findings)
{
    if (!state->convoy && !state->journey && !state->next && !state->pattern) {
        *ret_findings = NULL;
        return 0;
    }
    struct hs_findings *findings = calloc(1, sizeof(*findings));
    int rc = findings ? 0 : HS_ENOMEM;
    rc = rc == 0 && state->convoy ? hs_convoy_unpack(&findings->convoy, state->convoy) : rc;
    rc = rc == 0 && state->journey ? hs_journey_unpack(&findings->journey, state->journey) : rc;
    rc = rc == 0 && state->next ? hs_next_unpack(&findings->next, state->next) : rc;
    rc = rc == 0 && state->pattern ? hs_pattern_unpack(&findings->pattern, state->pattern) : rc;
    if (rc != 0) {
        hs_findings_free(findings);
        return rc;
    }
    *ret_findings = findings;
    return 0;
}

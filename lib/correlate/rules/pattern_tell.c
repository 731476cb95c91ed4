// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/pattern_tell.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "correlate/hit_route.h"
#include "correlate/rules/findings_tell.h"
#include "correlate/rules/pattern_stays.h"
#include "vrm/vrm.h"

enum { RIVALS = 3, BECAUSE_BYTES = 160, SITES_SURE = 3, MS_PER_MINUTE = 60000 };

// ------------------------------------------------------------------ companions

// Those of the present journey, by the convoy rule's count: who was met at most sites first.
static size_t find_companions(const struct hs_convoy *convoy,
                              uint64_t ret_marks[HS_PATTERN_COMPANIONS_MAX])
{
    int sites[HS_PATTERN_COMPANIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < convoy->companion_count; i++) {
        const struct hs_convoy_companion *companion = &convoy->companions[i];
        int seen = __builtin_popcount(companion->seen) + (int)companion->carried_sites;
        size_t at = count;
        while (at > 0 && sites[at - 1] < seen) {
            at--;
        }
        if (seen < SITES_SURE || at == HS_PATTERN_COMPANIONS_MAX) {
            continue;
        }
        count += count < HS_PATTERN_COMPANIONS_MAX;
        for (size_t later = count - 1; later > at; later--) {
            sites[later] = sites[later - 1];
            ret_marks[later] = ret_marks[later - 1];
        }
        sites[at] = seen;
        ret_marks[at] = companion->mark;
    }
    return count;
}

// ------------------------------------------------------------------ the finding

struct courier_message {
    Hitstream__V1__Finding finding;
    Hitstream__V1__CourierRun runs[HS_PATTERN_SHOWN_MAX];
    Hitstream__V1__CourierRun *run_pointers[HS_PATTERN_SHOWN_MAX];
    Hitstream__V1__CourierCompanion companions[HS_PATTERN_SHOWN_MAX];
    Hitstream__V1__CourierCompanion *companion_pointers[HS_PATTERN_SHOWN_MAX];
    struct hs_vrm marks[HS_PATTERN_SHOWN_MAX];
    Hitstream__V1__Rival rivals[RIVALS];
    Hitstream__V1__Rival *rival_pointers[RIVALS];
    char because[RIVALS][BECAUSE_BYTES];
    char text[200];
    Hitstream__V1__Place places[2 * HS_PATTERN_SHOWN_MAX]; // hubs and markets, each area once
    size_t place_count;
};

// Register texts are terminated and outlive the event.
static char *borrow(struct hs_str text)
{
    return (char *)(uintptr_t)(text.len ? text.ptr : "");
}

static void add_place(struct courier_message *message, const struct hs_camera *camera)
{
    for (size_t i = 0; i < message->place_count; i++) {
        if (hs_str_is(camera->force, message->places[i].force) &&
            hs_str_is(camera->area, message->places[i].area)) {
            return;
        }
    }
    Hitstream__V1__Place *place = &message->places[message->place_count++];
    hitstream__v1__place__init(place);
    place->site_id = borrow(camera->site_id);
    place->road = borrow(camera->road);
    place->force = borrow(camera->force);
    place->area = borrow(camera->area);
}

static void fill_runs(const struct hs_rule_scope *scope, const struct hs_pattern_verdict *verdict,
                      struct courier_message *message)
{
    for (size_t i = 0; i < verdict->shown_count; i++) {
        const struct hs_pattern_stay *stay = &verdict->shown[i];
        const struct hs_camera *hub = hs_cameras_hashed_site(scope->cameras, stay->hub);
        const struct hs_camera *market = hs_cameras_hashed_site(scope->cameras, stay->market);
        Hitstream__V1__CourierRun *run = &message->runs[i];
        hitstream__v1__courier_run__init(run);
        if (hub) {
            run->hub_force = borrow(hub->force);
            run->hub_area = borrow(hub->area);
            add_place(message, hub);
        }
        run->market_force = borrow(market->force);
        run->market_area = borrow(market->area);
        add_place(message, market);
        run->left_hub_ms = stay->left_hub_ms;
        run->arrived_ms = stay->arrived_ms;
        run->left_ms = stay->left_ms;
        run->back_ms = stay->back_ms;
        run->at_night = hs_pattern_is_night(scope->rules, stay->arrived_ms);
        message->run_pointers[i] = run;
    }
    message->finding.runs = message->run_pointers;
    message->finding.n_runs = verdict->shown_count;
}

static void fill_companions(const struct hs_pattern_verdict *verdict,
                            struct courier_message *message)
{
    for (size_t i = 0; i < verdict->companion_count; i++) {
        if (hs_vrm_unpack(verdict->companions[i].mark, &message->marks[i]) == 0) {
            size_t at = message->finding.n_companions++;
            hitstream__v1__courier_companion__init(&message->companions[at]);
            message->companions[at].vehicle = message->marks[i].text;
            message->companions[at].runs = verdict->companions[i].runs;
            message->companion_pointers[at] = &message->companions[at];
        }
    }
    message->finding.companions = message->companion_pointers;
}

static void fill_rivals(const struct hs_pattern_verdict *verdict, struct courier_message *message)
{
    static const char *const names[RIVALS] = {"courier", "errands", "a job, a family, a round"};
    const uint32_t weights[RIVALS] = {verdict->courier_permille, verdict->errands_permille,
                                      verdict->habit_permille};
    snprintf(message->because[0], BECAUSE_BYTES,
             "%u of %u stays in markets were straight there and back", verdict->runs,
             verdict->stays);
    snprintf(message->because[1], BECAUSE_BYTES, "%u stays in markets were no such journey",
             verdict->stays - verdict->runs);
    snprintf(message->because[2], BECAUSE_BYTES,
             "%u journeys by day, %u stays longer than a courier's", verdict->runs - verdict->night,
             verdict->long_stays);
    for (size_t i = 0; i < RIVALS; i++) {
        hitstream__v1__rival__init(&message->rivals[i]);
        message->rivals[i].explanation = (char *)(uintptr_t)names[i];
        message->rivals[i].weight_permille = weights[i];
        message->rivals[i].because = message->because[i];
        message->rival_pointers[i] = &message->rivals[i];
    }
    message->finding.rivals = message->rival_pointers;
    message->finding.n_rivals = RIVALS;
}

static void explain(const struct hs_pattern_verdict *verdict, struct courier_message *message)
{
    const Hitstream__V1__CourierRun *last = &message->runs[verdict->shown_count - 1];
    snprintf(message->text, sizeof(message->text),
             "goes from %.40s to %.40s and back like a courier: %u journeys to %u market%s, %u by "
             "night (%u in 1000)",
             last->hub_area, last->market_area, verdict->runs, verdict->markets,
             verdict->markets == 1 ? "" : "s", verdict->night, verdict->courier_permille);
    message->finding.rule = (char *)(uintptr_t)HS_RULE_PATTERN;
    message->finding.explanation = message->text;
}

static void add_evidence(struct hs_finding_draft *draft, const char *name, int64_t value,
                         int64_t threshold, const char *unit)
{
    draft->evidence[draft->evidence_count++] = (struct hs_evidence){name, unit, value, threshold};
}

static void fill_evidence(const struct hs_rules *rules, const struct hs_pattern_verdict *verdict,
                          struct hs_finding_draft *draft)
{
    add_evidence(draft, "journeys", verdict->runs, rules->pattern_runs, "there and back");
    add_evidence(draft, "courier", verdict->courier_permille, rules->pattern_sure_permille,
                 "permille");
    add_evidence(draft, "dwell", verdict->dwell_ms / MS_PER_MINUTE,
                 rules->pattern_dwell_max_ms / MS_PER_MINUTE, "minutes");
    add_evidence(draft, "by_night", verdict->night, 0, "journeys");
    add_evidence(draft, "hour_differs", verdict->hour_spread_min, 0, "minutes");
    add_evidence(draft, "markets", verdict->markets, 0, "areas");
    add_evidence(draft, "other_stays", verdict->stays - verdict->runs, 0, "stays in markets");
    add_evidence(draft, "companions", (int64_t)verdict->companion_count, 0, "vehicles");
}

// The same for a vehicle and audience, whenever it is told.
static struct hs_id finding_id(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle)
{
    const struct hs_str parts[] = {HS_STR(HS_RULE_PATTERN), vehicle->mark, vehicle->audience};
    return hs_id_make(&scope->desk->id_key, "standing finding", parts, 3);
}

int hs_pattern_tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                    const Hitstream__V1__Hit *hit, const struct hs_id *event)
{
    const struct hs_pattern_view view = {scope->rules, scope->cameras};
    struct hs_pattern *pattern = &vehicle->findings->pattern;
    struct hs_pattern_verdict verdict;
    uint64_t marks[HS_PATTERN_COMPANIONS_MAX];
    bool again;
    int rc = hs_pattern_on_hit(pattern, &view, hit, hs_hit_event_time_ms(hit), &again);
    if (rc == 0 && pattern->visit_count > 0) {
        hs_pattern_note_companions(pattern, &view, marks,
                                   find_companions(&vehicle->findings->convoy, marks));
    }
    if (rc != 0 || !again) {
        return rc;
    }
    if (!hs_pattern_is_due(pattern, &view, hs_hit_event_time_ms(hit), &verdict)) {
        return 0;
    }
    struct courier_message *message = hs_bump_alloc(scope->bump, sizeof(*message));
    if (!message) {
        return HS_ENOMEM;
    }
    struct hs_finding_draft draft = {
        .rule = HS_RULE_PATTERN, .event = *event, .finding = &message->finding};
    struct hs_id id = finding_id(scope, vehicle);
    hitstream__v1__finding__init(&message->finding);
    message->place_count = 0;
    fill_runs(scope, &verdict, message);
    fill_companions(&verdict, message);
    fill_rivals(&verdict, message);
    explain(&verdict, message);
    message->finding.finding_id = (ProtobufCBinaryData){HS_ID_BYTES, id.bytes};
    message->finding.times_told = pattern->times_told;
    fill_evidence(scope->rules, &verdict, &draft);
    draft.places = message->places;
    draft.place_count = message->place_count;
    return hs_finding_tell(scope, vehicle, hit, &draft);
}

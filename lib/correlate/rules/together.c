// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/together.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "correlate/hit_route.h"
#include "correlate/rules/findings.h"
#include "correlate/rules/findings_tell.h"
#include "vrm/vrm.h"

typedef Hitstream__V1__Hit pb_hit; // long name of the contract, short in this file

enum { LISTS_MAX = 8 }; // of the other that are asked for, as many as matchers stamp

// Two that were met, as one of them is told of it.
struct pair {
    const struct hs_incident *incident;
    struct hs_convoy_companion *companion;
    const Hitstream__V1__Companion *stamp; // of the other, as it was met now
    struct hs_vrm other;
    const struct hs_convoy_stop *stops[HS_CONVOY_STOPS_MAX]; // where, in order of time
    int32_t gaps_ms[HS_CONVOY_STOPS_MAX];
    size_t stop_count;
    uint32_t sites; // different ones
};

// Queues that hear of the pair without this telling.
struct elsewhere {
    const struct hs_queue *queues[(LISTS_MAX + HS_INCIDENT_ENTRIES_MAX) * HS_ROUTE_MAX];
    size_t count;
    bool unrouted;
};

// Where the two were met in this incident.
static void count_sites(const struct hs_convoy *convoy, struct pair *pair)
{
    for (size_t i = 0; i < convoy->stop_count; i++) {
        const struct hs_convoy_stop *stop = &convoy->stops[i];
        bool again = false;
        if (!(pair->companion->seen >> i & 1) || stop->at_ms < pair->incident->opened_at_ms) {
            continue;
        }
        for (size_t k = 0; k < pair->stop_count; k++) {
            again = again || strcmp(pair->stops[k]->site, stop->site) == 0;
        }
        pair->sites += !again;
        pair->stops[pair->stop_count] = stop;
        pair->gaps_ms[pair->stop_count++] = pair->companion->gaps_ms[i];
    }
}

// False: this companion is not listed, not remembered, or was not met often enough.
static bool find_pair(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                      const Hitstream__V1__Companion *stamp, struct pair *ret_pair)
{
    *ret_pair = (struct pair){.incident = vehicle->open, .stamp = stamp};
    if (stamp->n_listed_on == 0 ||
        hs_vrm_normalise(hs_str(stamp->vrm), &ret_pair->other, NULL) != 0) {
        return false;
    }
    const struct hs_convoy *convoy = &vehicle->findings->convoy;
    ret_pair->companion = hs_convoy_find(convoy, hs_vrm_pack(&ret_pair->other));
    if (!ret_pair->companion) {
        return false;
    }
    count_sites(convoy, ret_pair);
    return ret_pair->sites >= scope->rules->together_sites;
}

// ------------------------------------------------------------------ who hears it elsewhere

// `hit` lends place and time; what else is asked by is the entry's that is meant.
static void ask_routes(struct hs_rule_scope *scope, const pb_hit *hit,
                       const Hitstream__V1__ListInfo *list,
                       const Hitstream__V1__WatchlistEntry *entry, struct elsewhere *elsewhere)
{
    pb_hit asked = *hit;
    asked.list = (Hitstream__V1__ListInfo *)(uintptr_t)list; // read only, like the entry
    asked.entry = (Hitstream__V1__WatchlistEntry *)(uintptr_t)entry;
    size_t count = hs_tell_route(scope, &asked, hit->place, elsewhere->queues + elsewhere->count);
    elsewhere->count += count;
    elsewhere->unrouted = elsewhere->unrouted || count == 0;
}

// The other's own incident tells, if its mark is the lower.
static void ask_other(struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                      const pb_hit *hit, const struct pair *pair, struct elsewhere *elsewhere)
{
    if (hs_str_cmp(hs_vrm_str(&pair->other), vehicle->mark) > 0) {
        return;
    }
    for (size_t i = 0; i < pair->stamp->n_listed_on && i < LISTS_MAX; i++) {
        const Hitstream__V1__ListedOn *on = pair->stamp->listed_on[i];
        Hitstream__V1__ListInfo list = HITSTREAM__V1__LIST_INFO__INIT;
        Hitstream__V1__WatchlistEntry entry = HITSTREAM__V1__WATCHLIST_ENTRY__INIT;
        list.list_id = on->list_id;
        list.owner_force = on->owner_force;
        entry.handling = on->handling;
        entry.safeguarding = on->safeguarding;
        ask_routes(scope, hit, &list, &entry, elsewhere);
    }
}

// Other entries of the vehicle have told theirs.
static void ask_told(struct hs_rule_scope *scope, const pb_hit *hit, const struct pair *pair,
                     struct elsewhere *elsewhere)
{
    for (size_t i = 0; i < pair->incident->entry_count; i++) {
        const struct hs_incident_entry *entry = &pair->incident->entries[i];
        if (pair->companion->together_told >> entry->number & 1) {
            ask_routes(scope, hit, hs_list_of(entry), hs_entry_of(entry), elsewhere);
        }
    }
}

// ------------------------------------------------------------------ telling

static int64_t widest_gap_ms(const struct pair *pair)
{
    int64_t widest_ms = 0;
    for (size_t i = 0; i < pair->stop_count; i++) {
        int64_t gap_ms = llabs(pair->gaps_ms[i]);
        widest_ms = gap_ms > widest_ms ? gap_ms : widest_ms;
    }
    return widest_ms;
}

static void fill_meetings(const struct pair *pair, Hitstream__V1__Meeting *rows,
                          Hitstream__V1__Meeting **pointers, Hitstream__V1__Finding *finding)
{
    for (size_t i = 0; i < pair->stop_count; i++) {
        hitstream__v1__meeting__init(&rows[i]);
        rows[i].site_id = (char *)(uintptr_t)pair->stops[i]->site;
        rows[i].at_ms = pair->stops[i]->at_ms;
        rows[i].gap_ms = pair->gaps_ms[i];
        rows[i].journey = 1;
        pointers[i] = &rows[i];
    }
    finding->meetings = pointers;
    finding->n_meetings = pair->stop_count;
}

static void add_evidence(struct hs_finding_draft *draft, const char *name, int64_t value,
                         int64_t threshold, const char *unit)
{
    draft->evidence[draft->evidence_count++] = (struct hs_evidence){name, unit, value, threshold};
}

// One entry of the vehicle tells; `hit` is that entry's.
static int tell(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit,
                const struct hs_incident_entry *entry, const struct pair *pair)
{
    const struct hs_rules *rules = scope->rules;
    Hitstream__V1__Finding finding = HITSTREAM__V1__FINDING__INIT;
    Hitstream__V1__Meeting rows[HS_CONVOY_STOPS_MAX], *pointers[HS_CONVOY_STOPS_MAX];
    struct elsewhere elsewhere = {.count = 0};
    char text[160], subject[64];
    snprintf(text, sizeof(text), "is together with %s, listed too: beside it at %u sites",
             pair->other.text, pair->sites);
    snprintf(subject, sizeof(subject), "%s/%u", pair->other.text, entry->number);
    finding.rule = (char *)(uintptr_t)HS_RULE_TOGETHER;
    finding.explanation = text;
    finding.other_vehicle = (char *)(uintptr_t)pair->other.text;
    fill_meetings(pair, rows, pointers, &finding);
    ask_other(scope, vehicle, hit, pair, &elsewhere);
    ask_told(scope, hit, pair, &elsewhere);
    struct hs_finding_draft draft = {
        .rule = HS_RULE_TOGETHER,
        .event = pair->incident->id, // once an incident, whichever event it was
        .subject = hs_str(subject),
        .finding = &finding,
        .without = elsewhere.queues,
        .without_count = elsewhere.count,
        .without_unrouted = elsewhere.unrouted,
    };
    int64_t window_ms = rules->companions_before_ms > rules->companions_after_ms
                            ? rules->companions_before_ms
                            : rules->companions_after_ms;
    add_evidence(&draft, "sites", pair->sites, rules->together_sites, "sites");
    add_evidence(&draft, "widest_gap", widest_gap_ms(pair), window_ms, "ms");
    return hs_finding_tell(scope, vehicle, hit, &draft);
}

// Of the pair in this incident; true: this entry was not told of it yet, and counts as told now.
static bool note_told(const struct pair *pair, const struct hs_incident_entry *entry)
{
    struct hs_convoy_companion *companion = pair->companion;
    uint64_t incident = 0;
    for (size_t i = sizeof(incident); i > 0; i--) {
        incident = incident << 8 | (uint8_t)pair->incident->id.bytes[i - 1];
    }
    if (companion->together_incident != incident) {
        companion->together_incident = incident;
        companion->together_told = 0;
    }
    return !(companion->together_told >> entry->number & 1);
}

static int tell_once(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit,
                     const struct hs_incident_entry *entry, const struct pair *pair)
{
    if (!entry || !hs_incident_entry_stands(entry) || !note_told(pair, entry)) {
        return 0;
    }
    int rc = tell(scope, vehicle, hit, entry, pair);
    pair->companion->together_told |= UINT32_C(1) << entry->number;
    return rc;
}

static bool is_asked(const struct hs_rule_scope *scope, const struct hs_vehicle *vehicle,
                     const Hitstream__V1__Company *company)
{
    return scope->rules->together_sites > 0 && company && vehicle->open &&
           vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
}

// ------------------------------------------------------------------ events

int hs_together_on_hit(struct hs_rule_scope *scope, struct hs_vehicle *vehicle, const pb_hit *hit)
{
    int rc = 0;
    if (!is_asked(scope, vehicle, hit->before) ||
        hs_hit_event_time_ms(hit) < vehicle->open->opened_at_ms) {
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < hit->before->n_companions; i++) {
        struct pair pair;
        if (find_pair(scope, vehicle, hit->before->companions[i], &pair)) {
            rc = tell_once(
                scope, vehicle, hit,
                hs_incident_entry(vehicle->open, hit->list->list_id, hit->entry->entry_id), &pair);
        }
    }
    return rc;
}

// Every entry that was read since the last of their meetings: one stop has one record of company.
static int tell_entries(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                        const struct pair *pair)
{
    int64_t met_ms = pair->stops[pair->stop_count - 1]->at_ms;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < vehicle->open->entry_count; i++) {
        const struct hs_incident_entry *entry = &vehicle->open->entries[i];
        const pb_hit *hit = NULL;
        if (entry->last_at_ms >= met_ms) {
            rc = hs_finding_hit_of(scope, vehicle, entry, &hit);
        }
        rc = rc == 0 && hit ? tell_once(scope, vehicle, hit, entry, pair) : rc;
    }
    return rc;
}

int hs_together_on_companions(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                              const Hitstream__V1__Companions *companions)
{
    int rc = 0;
    if (!is_asked(scope, vehicle, companions->after)) {
        return 0;
    }
    for (size_t i = 0; rc == 0 && i < companions->after->n_companions; i++) {
        struct pair pair;
        if (find_pair(scope, vehicle, companions->after->companions[i], &pair)) {
            rc = tell_entries(scope, vehicle, &pair);
        }
    }
    return rc;
}

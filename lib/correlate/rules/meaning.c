// SPDX-License-Identifier: Apache-2.0
#include "correlate/rules/meaning.h"

#include <stdlib.h>

// The compass point's number, clockwise from north; -1: not known.
static int compass(const char *direction)
{
    static const char *const points[] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};
    for (int i = 0; i < 8; i++) {
        if (strcmp(points[i], direction) == 0) {
            return i;
        }
    }
    return -1;
}

bool hs_meaning_turned(const Hitstream__V1__Place *from, const Hitstream__V1__Place *to)
{
    int before = compass(from->direction);
    int now = compass(to->direction);
    if (before < 0 || now < 0 || strcmp(from->road, to->road) != 0) {
        return false;
    }
    int apart = (now - before + 8) % 8;
    return apart >= 3 && apart <= 5; // roads bend: 135 degrees and more
}

static void add(struct hs_changes *changes, Hitstream__V1__Change change, bool speak)
{
    changes->rows[changes->count++] = change;
    changes->speak = changes->speak || speak;
}

static bool differs(const char *before, const char *now)
{
    return *before && *now && strcmp(before, now) != 0;
}

// Whether `by` says all that `entry` would make a desk do.
static bool covers(const struct hs_incident_entry *by, const struct hs_incident_entry *entry)
{
    const Hitstream__V1__WatchlistEntry *strong = hs_entry_of(by);
    const Hitstream__V1__WatchlistEntry *weak = hs_entry_of(entry);
    return strong->priority >= weak->priority && strong->safeguarding >= weak->safeguarding &&
           strong->harm_score >= weak->harm_score && strong->handling <= weak->handling;
}

// Whether the queue was told of this site within the window, by another entry that covers this one.
static bool is_covered(const struct hs_news *news)
{
    const struct hs_incident_entry *entry = hs_incident_entry_at(news->incident, news->number);
    for (size_t i = 0; i < news->told->place_count; i++) {
        const struct hs_told_place *row = &news->told->places[i];
        if (row->number == news->number ||
            llabs(news->at_ms - row->event_at_ms) > news->repeat_window_ms ||
            !hs_place_same_site(row->place, news->place)) {
            continue;
        }
        const struct hs_incident_entry *by = hs_incident_entry_at(news->incident, row->number);
        if (by && entry && hs_incident_entry_stands(by) && covers(by, entry)) {
            return true;
        }
    }
    return false;
}

// What the place itself brings, whatever the order of arrival.
static void place_changes(const struct hs_news *news, bool quiet, struct hs_changes *changes)
{
    const struct hs_told *told = news->told;
    bool known = told->known & (UINT64_C(1) << news->number);
    bool here = hs_told_find(told, news->place, news->number, news->at_ms, &changes->told_here_ms);
    if (!known) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_ENTRY, true);
    }
    if (!here && !hs_told_site(told, news->place)) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_PLACE, !quiet);
    } else if (here && llabs(news->at_ms - changes->told_here_ms) > news->repeat_window_ms) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_REPEAT, !quiet && !is_covered(news));
    } else if (!here && known && !is_covered(news)) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_ENTRY, !quiet); // here it says more than others
    }
}

// What is different from where the queue was told that it is.
static void journey_changes(const struct hs_news *news, bool quiet, struct hs_changes *changes)
{
    const Hitstream__V1__Place *before = hs_place_of(news->told->place);
    const Hitstream__V1__Place *now = hs_place_of(news->place);
    if (hs_meaning_turned(before, now)) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_DIRECTION, !quiet);
    }
    if (differs(before->force, now->force)) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_FORCE, false); // a new place at any rate, and
    }                                                             // the border rule's to tell
    if (differs(before->area, now->area)) {
        add(changes, HITSTREAM__V1__CHANGE__CHANGE_AREA, false); // likewise a new place, or back
    }
}

struct hs_changes hs_meaning_changes(const struct hs_news *news)
{
    struct hs_changes changes = {.told_here_ms = INT64_MAX};
    const struct hs_told *told = news->told;
    if (!told) {
        changes.speak = true;
        return changes;
    }
    bool quiet = told->stood_down || told->silenced_until_ms > news->at_ms;
    place_changes(news, quiet, &changes);
    if (news->at_ms < told->event_at_ms) {
        return changes;
    }
    if (told->place) {
        journey_changes(news, quiet, &changes);
    }
    if (news->view->priority != (Hitstream__V1__Priority)told->priority) {
        add(&changes, HITSTREAM__V1__CHANGE__CHANGE_PRIORITY,
            news->view->priority > (Hitstream__V1__Priority)told->priority);
    }
    if (news->view->safeguarding != (Hitstream__V1__Safeguarding)told->safeguarding) {
        add(&changes, HITSTREAM__V1__CHANGE__CHANGE_SAFEGUARDING,
            news->view->safeguarding > (Hitstream__V1__Safeguarding)told->safeguarding);
    }
    return changes;
}

// SPDX-License-Identifier: Apache-2.0
#include "correlate/desks.h"

#include "correlate/priority.h"

static bool names(const struct hs_str *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_is(list[i], name)) {
            return true;
        }
    }
    return false;
}

bool hs_desk_may_receive(const struct hs_queue *queue, const struct hs_vehicle *vehicle,
                         const struct hs_incident_entry *entry)
{
    const Hitstream__V1__ListInfo *list = hs_list_of(entry);
    unsigned handling = hs_entry_of(entry)->handling == HITSTREAM__V1__HANDLING__HANDLING_STOP
                            ? HS_ROUTE_HANDLING_STOP
                            : HS_ROUTE_HANDLING_MONITOR;
    if (queue->kind == HS_QUEUE_OPS || !(queue->handling & handling)) {
        return false;
    }
    if (vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT) {
        return hs_str_is(queue->owner_force, list->owner_force) &&
               names(queue->covert_lists, queue->covert_list_count, list->list_id);
    }
    return vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN &&
           (names(queue->lists, queue->list_count, "*") ||
            names(queue->lists, queue->list_count, list->list_id));
}

bool hs_desk_may_know_entry(const struct hs_queue *queue, const struct hs_vehicle *vehicle,
                            const struct hs_incident *incident,
                            const struct hs_incident_entry *entry)
{
    const struct hs_told *told = hs_incident_told(incident, queue->name);
    bool covert = vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    if (hs_desk_may_receive(queue, vehicle, entry)) {
        return true;
    }
    return told && told->known & (UINT64_C(1) << entry->number) &&
           (!covert || hs_str_is(queue->owner_force, hs_list_of(entry)->owner_force));
}

struct hs_view hs_desk_view(const struct hs_rules *rules, const struct hs_vehicle *vehicle,
                            const struct hs_incident *incident, const struct hs_queue *queue,
                            uint8_t also)
{
    struct hs_view view = {.priority = HITSTREAM__V1__PRIORITY__PRIORITY_LOW};
    Hitstream__V1__Priority highest = HITSTREAM__V1__PRIORITY__PRIORITY_UNSPECIFIED;
    for (size_t i = 0; i < incident->entry_count; i++) {
        const struct hs_incident_entry *entry = &incident->entries[i];
        if (!hs_incident_entry_stands(entry) ||
            (queue && entry->number != also &&
             !hs_desk_may_know_entry(queue, vehicle, incident, entry))) {
            continue;
        }
        const Hitstream__V1__WatchlistEntry *said = hs_entry_of(entry);
        Hitstream__V1__Priority priority = hs_entry_priority(rules, said);
        view.entries++;
        view.safeguarding =
            said->safeguarding > view.safeguarding ? said->safeguarding : view.safeguarding;
        view.harm_score = said->harm_score > view.harm_score ? said->harm_score : view.harm_score;
        if (priority > highest ||
            (priority == highest && entry->last_at_ms > view.worst->last_at_ms)) {
            view.worst = entry;
            highest = priority;
        }
    }
    view.priority = highest > view.priority ? highest : view.priority;
    view.priority = hs_priority_raised(rules, view.priority, incident->unattended);
    return view;
}

bool hs_desk_may_know(const struct hs_queue *queue, const struct hs_queue *other,
                      const struct hs_vehicle *vehicle, const struct hs_incident *incident)
{
    for (size_t i = 0; i < incident->entry_count; i++) {
        if (hs_desk_may_know_entry(queue, vehicle, incident, &incident->entries[i]) &&
            hs_desk_may_know_entry(other, vehicle, incident, &incident->entries[i])) {
            return true;
        }
    }
    return false;
}

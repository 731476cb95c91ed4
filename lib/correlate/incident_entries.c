// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "base/error.h"
#include "correlate/incident_state.h"

const Hitstream__V1__WatchlistEntry *hs_entry_of(const struct hs_incident_entry *entry)
{
    return (const Hitstream__V1__WatchlistEntry *)entry->entry->message;
}

const Hitstream__V1__ListInfo *hs_list_of(const struct hs_incident_entry *entry)
{
    return (const Hitstream__V1__ListInfo *)entry->list->message;
}

bool hs_incident_entry_stands(const struct hs_incident_entry *entry)
{
    return entry->withdrawn == 0 && !entry->excluded;
}

void hs_incident_entry_fini(struct hs_incident_entry *entry, struct hs_intern_pool *pool)
{
    hs_intern_put(pool, entry->entry);
    hs_intern_put(pool, entry->list);
    hs_intern_put(pool, entry->place);
    hs_intern_put(pool, entry->last_place);
    free((char *)(uintptr_t)entry->shown.ptr);
}

struct hs_incident_entry *hs_incident_entry(const struct hs_incident *incident, const char *list_id,
                                            const char *entry_id)
{
    for (size_t i = 0; i < incident->entry_count; i++) {
        struct hs_incident_entry *row = &incident->entries[i];
        if (strcmp(hs_entry_of(row)->entry_id, entry_id) == 0 &&
            strcmp(hs_list_of(row)->list_id, list_id) == 0) {
            return row;
        }
    }
    return NULL;
}

struct hs_incident_entry *hs_incident_entry_at(const struct hs_incident *incident, uint8_t number)
{
    for (size_t i = 0; i < incident->entry_count; i++) {
        if (incident->entries[i].number == number) {
            return &incident->entries[i];
        }
    }
    return NULL;
}

int hs_incident_append_entry(struct hs_incident *incident, const struct hs_incident_entry *entry)
{
    if (entry->number == 0 || entry->number > HS_INCIDENT_ENTRIES_MAX ||
        hs_incident_entry_at(incident, entry->number)) {
        return HS_EFORMAT;
    }
    if (incident->entry_count == incident->entry_capacity) {
        size_t wanted = incident->entry_capacity ? incident->entry_capacity * 2 : 1;
        struct hs_incident_entry *grown = realloc(incident->entries, wanted * sizeof(*grown));
        if (!grown) {
            return HS_ENOMEM;
        }
        incident->entries = grown;
        incident->entry_capacity = wanted;
    }
    incident->entries[incident->entry_count++] = *entry;
    return 0;
}

static void forget_first(struct hs_incident *incident, struct hs_intern_pool *pool)
{
    hs_incident_forget_number(incident, pool, incident->entries[0].number);
    hs_incident_entry_fini(&incident->entries[0], pool);
    incident->entry_count--;
    memmove(&incident->entries[0], &incident->entries[1],
            incident->entry_count * sizeof(incident->entries[0]));
}

static uint8_t free_number(const struct hs_incident *incident)
{
    uint8_t number = 1;
    while (hs_incident_entry_at(incident, number)) {
        number++;
    }
    return number;
}

static bool same_revision(const Hitstream__V1__ListInfo *a, const Hitstream__V1__ListInfo *b)
{
    return a->revision && b->revision && a->revision->generation == b->revision->generation &&
           a->revision->sequence == b->revision->sequence;
}

// The entry as it is now, in place of what was held; one revision holds one text.
static int renew(struct hs_incident_entry *row, struct hs_intern_pool *pool,
                 const Hitstream__V1__WatchlistEntry *entry, const Hitstream__V1__ListInfo *list)
{
    if (row->entry && same_revision(hs_list_of(row), list)) {
        return 0;
    }
    const struct hs_interned *new_entry = hs_intern_get(pool, &entry->base);
    const struct hs_interned *new_list = new_entry ? hs_intern_get(pool, &list->base) : NULL;
    if (!new_list) {
        hs_intern_put(pool, new_entry);
        return HS_ENOMEM;
    }
    hs_intern_put(pool, row->entry);
    hs_intern_put(pool, row->list);
    row->entry = new_entry;
    row->list = new_list;
    return 0;
}

struct hs_incident_entry *hs_incident_note_entry(struct hs_incident *incident,
                                                 struct hs_intern_pool *pool,
                                                 const Hitstream__V1__WatchlistEntry *entry,
                                                 const Hitstream__V1__ListInfo *list)
{
    struct hs_incident_entry *held = hs_incident_entry(incident, list->list_id, entry->entry_id);
    if (held) {
        return renew(held, pool, entry, list) == 0 ? held : NULL;
    }
    if (incident->entry_count == HS_INCIDENT_ENTRIES_MAX) {
        forget_first(incident, pool);
    }
    struct hs_incident_entry row = {.number = free_number(incident)};
    if (renew(&row, pool, entry, list) != 0) {
        return NULL;
    }
    if (hs_incident_append_entry(incident, &row) != 0) {
        hs_incident_entry_fini(&row, pool);
        return NULL;
    }
    return &incident->entries[incident->entry_count - 1];
}

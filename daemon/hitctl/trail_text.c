// SPDX-License-Identifier: Apache-2.0
#include "hitctl/trail_text.h"

#include <inttypes.h>

#include "hitctl/text_parts.h"
#include "wire/audience.h"
#include "wire/ids.h"

typedef Hitstream__V1__Incident pb_incident; // long names of the contract, short in this file
typedef Hitstream__V1__Timer pb_timer;

enum { ID_SHOWN_BYTES = 8 };

static void add_id(struct hs_buf *out, ProtobufCBinaryData id)
{
    char text[2 * ID_SHOWN_BYTES + 1];
    hs_hex_encode(id.data, id.len < ID_SHOWN_BYTES ? id.len : ID_SHOWN_BYTES, text);
    hs_buf_add_text(out, text);
}

static void add_lists(struct hs_buf *out, const Hitstream__V1__VehicleState *state,
                      const pb_incident *incident)
{
    for (size_t i = 0; i < incident->n_entries; i++) {
        uint32_t number = incident->entries[i]->entry_number;
        const Hitstream__V1__EntryOnList *row =
            number > 0 && number <= state->n_entries ? state->entries[number - 1] : NULL;
        if (!row || !row->list || !row->entry) {
            continue;
        }
        hs_buf_add_text(out, i > 0 ? ", " : "; list ");
        hitctl_text_safe(out, row->list->list_id);
        if (row->list->revision) {
            hs_buf_printf(out, " %" PRIu64 ".%" PRIu64, row->list->revision->generation,
                          row->list->revision->sequence);
        }
        hs_buf_add_text(out, " entry ");
        hitctl_text_safe(out, row->entry->entry_id);
        hs_buf_add_text(out, incident->entries[i]->withdrawn  ? " (withdrawn)"
                             : incident->entries[i]->excluded ? " (not this vehicle)"
                                                              : "");
    }
    for (size_t i = 0; i < incident->n_lists; i++) {
        const Hitstream__V1__ListInfo *list = incident->lists[i];
        hs_buf_add_text(out, i > 0 ? ", " : "; list ");
        hitctl_text_safe(out, list->list_id);
        if (list->revision) {
            hs_buf_printf(out, " %" PRIu64 ".%" PRIu64, list->revision->generation,
                          list->revision->sequence);
        }
    }
}

// A state holds its places once and refers to them by number; what most points say is left out.
static void add_trail(struct hs_buf *out, const Hitstream__V1__VehicleState *state,
                      const pb_incident *incident)
{
    if (incident->trail_dropped > 0) {
        hs_buf_printf(out, "    %u earlier places are no longer kept\n", incident->trail_dropped);
    }
    for (size_t i = 0; i < incident->n_trail; i++) {
        const Hitstream__V1__TrailPoint *point = incident->trail[i];
        const Hitstream__V1__Place *place = point->place;
        uint32_t reads = point->reads ? point->reads : 1;
        int tier = point->tier ? (int)point->tier : HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT;
        if (!place && point->place_number > 0 && point->place_number <= state->n_places) {
            place = state->places[point->place_number - 1];
        }
        hs_buf_add_text(out, "    ");
        hitctl_text_time(out, point->captured_at_ms);
        hs_buf_add_text(out, "  ");
        hitctl_text_place(out, place);
        hs_buf_printf(
            out, ", %u read%s, %s", reads, reads == 1 ? "" : "s",
            hitctl_text_enum(&hitstream__v1__match_tier__descriptor, tier, strlen("MATCH_TIER_")));
        if (point->last_at_ms > point->captured_at_ms) {
            hs_buf_add_text(out, ", until ");
            hitctl_text_time(out, point->last_at_ms);
        }
        if (point->misplaced) {
            hs_buf_add_text(out, ", but its camera stands elsewhere");
        }
        hs_buf_add_char(out, '\n');
    }
}

// It stands among the recent ones, unless it is none of them: as rows that end with an id, or as
// messages in older states.
static ProtobufCBinaryData last_alert(const Hitstream__V1__Told *told)
{
    if (told->alert_id.len > 0) {
        return told->alert_id;
    }
    if (told->recent_rows.len >= HS_ID_BYTES) {
        return (ProtobufCBinaryData){HS_ID_BYTES,
                                     told->recent_rows.data + told->recent_rows.len - HS_ID_BYTES};
    }
    return told->n_recent > 0 ? told->recent[told->n_recent - 1]->alert_id : told->alert_id;
}

static void add_told(struct hs_buf *out, const pb_incident *incident)
{
    for (size_t i = 0; i < incident->n_told; i++) {
        const Hitstream__V1__Told *told = incident->told[i];
        hs_buf_add_text(out, "    told ");
        hitctl_text_safe(out, told->queue);
        hs_buf_printf(out, ": %u alert%s, the last ", told->alerts, told->alerts == 1 ? "" : "s");
        add_id(out, last_alert(told));
        hs_buf_add_text(out, " of ");
        hitctl_text_time(out, told->event_at_ms);
        hs_buf_add_char(out, '\n');
    }
    if (incident->n_told == 0) {
        hs_buf_add_text(out, "    told nobody\n");
    }
}

static void add_timers(struct hs_buf *out, const Hitstream__V1__VehicleState *state,
                       const pb_incident *incident)
{
    for (size_t i = 0; i < state->n_timers; i++) {
        const pb_timer *timer = state->timers[i];
        ProtobufCBinaryData of = timer->incident_id.len == 0 && state->incident
                                     ? state->incident->incident_id // the open one's
                                     : timer->incident_id;
        if (of.len != incident->incident_id.len ||
            memcmp(of.data, incident->incident_id.data, of.len) != 0) {
            continue;
        }
        hs_buf_printf(out, "    timer %s, due ",
                      hitctl_text_enum(&hitstream__v1__timer_kind__descriptor, timer->kind,
                                       strlen("TIMER_KIND_")));
        hitctl_text_time(out, timer->due_at_ms);
        hs_buf_add_char(out, '\n');
    }
}

static void add_incident(struct hs_buf *out, const Hitstream__V1__VehicleState *state,
                         const pb_incident *incident, const char *what)
{
    hs_buf_printf(out, "  %s incident ", what);
    add_id(out, incident->incident_id);
    hs_buf_printf(out, ": %u hit%s from ", incident->hits, incident->hits == 1 ? "" : "s");
    hitctl_text_time(out, incident->opened_at_ms);
    hs_buf_add_text(out, " to ");
    hitctl_text_time(out, incident->last_at_ms);
    hs_buf_printf(out, ", priority %s",
                  hitctl_text_enum(&hitstream__v1__priority__descriptor, incident->priority,
                                   strlen("PRIORITY_")));
    add_lists(out, state, incident);
    hs_buf_add_char(out, '\n');
    add_trail(out, state, incident);
    add_told(out, incident);
    add_timers(out, state, incident);
}

void hitctl_trail_text(const Hitstream__V1__VehicleState *state, struct hs_buf *out)
{
    struct hs_audience audience;
    hitctl_text_safe(out, state->vehicle);
    hs_buf_add_text(out, ", audience ");
    if (hs_audience_of(state->audience, &audience) == 0) {
        hs_audience_print(&audience, out);
    } else {
        hs_buf_add_char(out, '?');
    }
    hs_buf_add_char(out, '\n');
    if (state->incident) {
        add_incident(out, state, state->incident, "open");
    }
    for (size_t i = state->n_ended; i > 0; i--) {
        add_incident(out, state, state->ended[i - 1], "ended");
    }
    if (!state->incident && state->n_ended == 0) {
        hs_buf_add_text(out, "  no incident is kept\n");
    }
}

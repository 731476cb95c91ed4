// SPDX-License-Identifier: Apache-2.0
#include "correlate/alert.h"

const char *hs_priority_text(Hitstream__V1__Priority priority)
{
    switch (priority) {
    case HITSTREAM__V1__PRIORITY__PRIORITY_IMMEDIATE:
        return "immediate";
    case HITSTREAM__V1__PRIORITY__PRIORITY_HIGH:
        return "high";
    case HITSTREAM__V1__PRIORITY__PRIORITY_MEDIUM:
        return "medium";
    default:
        return "low";
    }
}

const char *hs_handling_text(Hitstream__V1__Handling handling)
{
    return handling == HITSTREAM__V1__HANDLING__HANDLING_STOP ? "STOP" : "MONITOR";
}

static void add_place(const Hitstream__V1__Place *place, struct hs_buf *out)
{
    if (*place->road) {
        hs_buf_printf(out, " on %s", place->road);
        if (*place->direction) {
            hs_buf_printf(out, " %s", place->direction);
        }
    }
    hs_buf_printf(out, " at %s", place->site_id);
    if (*place->force) {
        hs_buf_printf(out, " (%s%s%s)", place->force, *place->area ? ", " : "", place->area);
    } else if (place->camera_unknown) {
        hs_buf_printf(out, " (camera '%s' is not in the register)", place->camera_id);
    }
}

void hs_alert_headline(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    const Hitstream__V1__Hit *hit = draft->hit;
    hs_buf_printf(out, "%s %.*s", hs_handling_text(hit->entry->handling),
                  HS_STR_ARG(draft->vehicle->mark));
    add_place(hit->place, out);
    hs_buf_printf(out, ", %s priority", hs_priority_text(draft->priority));
    hs_buf_printf(out, ", list '%s'", *hit->list->title ? hit->list->title : hit->list->list_id);
    if (*hit->list->owner_force) {
        hs_buf_printf(out, " of %s", hit->list->owner_force);
    }
    if (draft->stale) {
        hs_buf_add_text(out, "; late, for intelligence");
    }
    if (hit->tier != HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT) {
        hs_buf_printf(out, "; read as '%s': verify the image", hit->read_vrm);
    }
}

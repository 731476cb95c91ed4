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

static const char *stand_down_text(Hitstream__V1__StandDownReason reason)
{
    switch (reason) {
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WITHDRAWN:
        return "it stands on the list no more";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_WEEDED:
        return "its weed date is past";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_RESOURCED:
        return "another desk sent a unit";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_STOPPED:
        return "the vehicle was stopped";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_NOT_THIS_VEHICLE:
        return "it is not the vehicle that is meant";
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_HANDED_OVER:
        return "another desk has it now";
    default:
        return "what was found is taken back";
    }
}

// What is to be done, or why nothing is.
static void add_kind(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    switch (draft->kind) {
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED:
        hs_buf_printf(out, "NOBODY ANSWERED at %s: ", draft->escalation->from_queue);
        break;
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER:
        hs_buf_printf(out, "HANDED OVER by %s: ", draft->handed_over_by);
        break;
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED:
        hs_buf_printf(out, "NOW IN %s, from %s: ", draft->border->to_force,
                      draft->border->from_force);
        break;
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING:
        hs_buf_printf(out, "HEADING FOR %s, from %s: ", draft->border->to_force,
                      draft->border->from_force);
        break;
    default:
        break;
    }
}

static void add_list(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    const Hitstream__V1__ListInfo *list = draft->hit->list;
    hs_buf_printf(out, ", list '%s'", *list->title ? list->title : list->list_id);
    if (*list->owner_force) {
        hs_buf_printf(out, " of %s", list->owner_force);
    }
}

void hs_alert_headline(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    const Hitstream__V1__Hit *hit = draft->hit;
    if (draft->stand_down) {
        hs_buf_printf(out, "STAND DOWN %.*s: %s", HS_STR_ARG(draft->vehicle->mark),
                      stand_down_text(draft->stand_down->reason));
        add_list(draft, out);
        return;
    }
    add_kind(draft, out);
    hs_buf_printf(out, "%s %.*s", hs_handling_text(hit->entry->handling),
                  HS_STR_ARG(draft->vehicle->mark));
    if (draft->finding) {
        hs_buf_printf(out, " %s", draft->finding->explanation);
    }
    add_place(hit->place, out);
    hs_buf_printf(out, ", %s priority", hs_priority_text(draft->priority));
    add_list(draft, out);
    if (draft->stale) {
        hs_buf_add_text(out, "; late, for intelligence");
    }
    if (hit->tier != HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT) {
        hs_buf_printf(out, "; read as '%s': verify the image", hit->read_vrm);
    }
}

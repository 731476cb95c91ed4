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
        hs_buf_add_texts(out, " on ", place->road, *place->direction ? " " : "", place->direction,
                         NULL);
    }
    hs_buf_add_texts(out, " at ", place->site_id, NULL);
    if (*place->force) {
        hs_buf_add_texts(out, " (", place->force, *place->area ? ", " : "", place->area, ")", NULL);
    } else if (place->camera_unknown) {
        hs_buf_add_texts(out, " (camera '", place->camera_id, "' is not in the register)", NULL);
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
    case HITSTREAM__V1__STAND_DOWN_REASON__STAND_DOWN_REASON_CAMERA_WRONG:
        return "the camera that saw it has a wrong place or clock";
    default:
        return "what was found is taken back";
    }
}

// What is to be done, or why nothing is.
static void add_kind(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    switch (draft->kind) {
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ESCALATED:
        hs_buf_add_texts(out, "NOBODY ANSWERED at ", draft->escalation->from_queue, ": ", NULL);
        break;
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_HANDED_OVER:
        hs_buf_add_texts(out, "HANDED OVER by ", draft->handed_over_by, ": ", NULL);
        break;
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_ENTERED:
        hs_buf_add_texts(out, "NOW IN ", draft->border->to_force, ", from ",
                         draft->border->from_force, ": ", NULL);
        break;
    case HITSTREAM__V1__ALERT_KIND__ALERT_KIND_APPROACHING:
        hs_buf_add_texts(out, "HEADING FOR ", draft->border->to_force, ", from ",
                         draft->border->from_force, ": ", NULL);
        break;
    default:
        break;
    }
}

static void add_list(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    const Hitstream__V1__ListInfo *list = draft->hit->list;
    hs_buf_add_texts(out, ", list '", *list->title ? list->title : list->list_id, "'", NULL);
    if (*list->owner_force) {
        hs_buf_add_texts(out, " of ", list->owner_force, NULL);
    }
}

// The owner's: that the list matches too much.
static void say_flooding(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    const struct hs_evidence *sightings = &draft->evidence[0];
    hs_buf_printf(out, "FLOODING: entry '%s'", draft->hit->entry->entry_id);
    add_list(draft, out);
    hs_buf_printf(out, ", was seen more often than %lld times in one window, last",
                  (long long)sightings->threshold);
    add_place(draft->hit->place, out);
    hs_buf_add_text(out, "; is it what was meant? what it brings is held and told by urgency");
}

void hs_alert_headline(const struct hs_alert_draft *draft, struct hs_buf *out)
{
    const Hitstream__V1__Hit *hit = draft->hit;
    if (draft->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_FLOODING) {
        say_flooding(draft, out);
        return;
    }
    if (draft->stand_down) {
        hs_buf_add_text(out, "STAND DOWN ");
        hs_buf_add_str(out, draft->vehicle->mark);
        hs_buf_add_texts(out, ": ", stand_down_text(draft->stand_down->reason), NULL);
        add_list(draft, out);
        return;
    }
    add_kind(draft, out);
    hs_buf_add_texts(out, hs_handling_text(hit->entry->handling), " ", NULL);
    hs_buf_add_str(out, draft->vehicle->mark);
    if (draft->finding) {
        hs_buf_add_texts(out, " ", draft->finding->explanation, NULL);
    }
    add_place(hit->place, out);
    hs_buf_add_texts(out, ", ", hs_priority_text(draft->priority), " priority", NULL);
    add_list(draft, out);
    if (draft->stale) {
        hs_buf_add_text(out, "; late, for intelligence");
    }
    if (hit->tier != HITSTREAM__V1__MATCH_TIER__MATCH_TIER_EXACT) {
        hs_buf_add_texts(out, "; read as '", hit->read_vrm, "': verify the image", NULL);
    }
}

// SPDX-License-Identifier: Apache-2.0
//
// Field numbers are the contract's: proto/hitstream/v1/event.proto, feedback.proto, watchlist.proto.
#include "report/view.h"

#include "base/error.h"
#include "report/fields.h"
#include "report/view_parts.h"

// ------------------------------------------------------------------ parts

bool hs_view_place(struct hs_str packed, struct hs_place_view *ret_place)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    *ret_place = (struct hs_place_view){.known = true};
    while (hs_fields_next(&fields, &field)) {
        switch (field.number) {
        case 2:
            ret_place->site_id = hs_fields_text(&fields, &field);
            break;
        case 3:
            ret_place->road = hs_fields_text(&fields, &field);
            break;
        case 5:
            ret_place->force = hs_fields_text(&fields, &field);
            break;
        case 6:
            ret_place->area = hs_fields_text(&fields, &field);
            break;
        case 9:
            ret_place->camera_unknown = hs_fields_number(&fields, &field) != 0;
            break;
        default:
            break;
        }
    }
    return !fields.bad;
}

bool hs_view_entry(struct hs_str packed, struct hs_entry_view *ret_entry)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    *ret_entry = (struct hs_entry_view){0};
    while (hs_fields_next(&fields, &field)) {
        switch (field.number) {
        case 2:
            ret_entry->entry_id = hs_fields_text(&fields, &field);
            break;
        case 7:
            ret_entry->handling = (unsigned)hs_fields_number(&fields, &field);
            break;
        case 24:
            ret_entry->harm_score = (uint32_t)hs_fields_number(&fields, &field);
            break;
        case 25:
            ret_entry->safeguarding = (unsigned)hs_fields_number(&fields, &field);
            break;
        case 26:
            ret_entry->group_id = hs_fields_text(&fields, &field);
            break;
        case 29:
            ret_entry->county_line = hs_fields_text(&fields, &field);
            break;
        default:
            break;
        }
    }
    return !fields.bad;
}

bool hs_view_list(struct hs_str packed, struct hs_str *ret_id, struct hs_str *ret_owner)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    while (hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            *ret_id = hs_fields_text(&fields, &field);
        } else if (field.number == 3) {
            *ret_owner = hs_fields_text(&fields, &field);
        }
    }
    return !fields.bad;
}

static bool view_audience(struct hs_str packed, struct hs_audience *ret_audience)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    *ret_audience = (struct hs_audience){.kind = 0};
    while (hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            ret_audience->kind = (Hitstream__V1__AudienceKind)hs_fields_number(&fields, &field);
        } else if (field.number == 2) {
            ret_audience->list_id = hs_fields_text(&fields, &field);
        }
    }
    return !fields.bad;
}

static bool view_flow(struct hs_str packed, struct hs_hit_view *hit)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    hit->flow_vehicles = hit->flow_window_ms = 0;
    while (hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            hit->flow_vehicles = (uint32_t)hs_fields_number(&fields, &field);
        } else if (field.number == 2) {
            hit->flow_window_ms = (uint32_t)hs_fields_number(&fields, &field);
        }
    }
    return !fields.bad;
}

// ------------------------------------------------------------------ hits

static bool view_hit(struct hs_str packed, struct hs_hit_view *hit)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    bool ok = true, has_id = false;
    while (ok && hs_fields_next(&fields, &field)) {
        switch (field.number) {
        case 1:
            hs_fields_id(&fields, &field, &hit->id);
            has_id = true;
            break;
        case 3:
            ok = hs_view_entry(hs_fields_message(&fields, &field), &hit->entry);
            break;
        case 4:
            ok = hs_view_list(hs_fields_message(&fields, &field), &hit->list_id, &hit->list_owner);
            break;
        case 6:
            ok = view_audience(hs_fields_message(&fields, &field), &hit->audience);
            break;
        case 13:
            hit->captured_at_ms = (int64_t)hs_fields_number(&fields, &field);
            break;
        case 17:
            ok = hs_view_place(hs_fields_message(&fields, &field), &hit->place);
            break;
        case 26:
            ok = view_flow(hs_fields_message(&fields, &field), hit);
            break;
        case 40:
            hit->test = hs_fields_text(&fields, &field).len > 0;
            break;
        default:
            break;
        }
    }
    return ok && has_id && !fields.bad;
}

// ------------------------------------------------------------------ feedback

// Counts are the fields 1 to HS_OUTCOME_COUNTS, in order of the table.
static bool view_outcome(struct hs_str packed, struct hs_feedback_view *feedback)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    feedback->has_outcome = true;
    while (hs_fields_next(&fields, &field)) {
        if (field.number <= HS_OUTCOME_COUNTS) {
            feedback->counts[field.number - 1] = hs_fields_number(&fields, &field);
        } else if (field.number == 10 && field.len > 0) {
            hs_fields_id(&fields, &field, &feedback->replaces);
            feedback->replaces_any = true;
        }
    }
    return !fields.bad;
}

static bool view_said(struct hs_str packed, struct hs_feedback_view *feedback)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    bool ok = true, has_id = false;
    while (ok && hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            hs_fields_id(&fields, &field, &feedback->id);
            has_id = true;
        } else if (field.number == 3) {
            feedback->kind = (Hitstream__V1__FeedbackKind)hs_fields_number(&fields, &field);
        } else if (field.number == 9) {
            ok = view_outcome(hs_fields_message(&fields, &field), feedback);
        }
    }
    return ok && has_id && !fields.bad;
}

static bool view_feedback(struct hs_str packed, struct hs_feedback_view *feedback)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    bool ok = true;
    while (ok && hs_fields_next(&fields, &field)) {
        switch (field.number) {
        case 1:
            ok = view_said(hs_fields_message(&fields, &field), feedback);
            break;
        case 2:
            ok = view_audience(hs_fields_message(&fields, &field), &feedback->audience);
            break;
        case 3:
            hs_fields_id(&fields, &field, &feedback->incident);
            break;
        case 4:
            feedback->queue = hs_fields_text(&fields, &field);
            break;
        default:
            break;
        }
    }
    return ok && !fields.bad;
}

int hs_event_view(struct hs_str packed, struct hs_event_view *ret_view)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    struct hs_str vehicle = HS_STR("");
    bool ok = true;
    ret_view->kind = HS_VIEW_OTHER;
    while (ok && hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            vehicle = hs_fields_text(&fields, &field);
        } else if (field.number == 2) {
            ret_view->kind = HS_VIEW_HIT;
            ret_view->hit = (struct hs_hit_view){.test = false};
            ok = view_hit(hs_fields_message(&fields, &field), &ret_view->hit);
        } else if (field.number == 4) {
            ret_view->kind = HS_VIEW_FEEDBACK;
            ret_view->feedback = (struct hs_feedback_view){.kind = 0};
            ok = view_feedback(hs_fields_message(&fields, &field), &ret_view->feedback);
        } else {
            ret_view->kind = HS_VIEW_OTHER; // the last of a oneof wins
        }
    }
    ret_view->hit.vehicle = ret_view->feedback.vehicle = vehicle;
    return ok && !fields.bad ? 0 : HS_EFORMAT;
}

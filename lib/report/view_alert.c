// SPDX-License-Identifier: Apache-2.0
//
// Field numbers are the contract's: proto/hitstream/v1/alert.proto.
#include "base/error.h"
#include "report/fields.h"
#include "report/view_parts.h"

// The first field of a sub-message: a text.
static struct hs_str first_text(struct hs_fields *outer, struct hs_str packed)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    struct hs_str text = HS_STR("");
    while (hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            text = hs_fields_text(&fields, &field);
        }
    }
    outer->bad |= fields.bad;
    return text;
}

// The first field of a sub-message: a number.
static uint64_t first_number(struct hs_fields *outer, struct hs_str packed)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    uint64_t number = 0;
    while (hs_fields_next(&fields, &field)) {
        if (field.number == 1) {
            number = hs_fields_number(&fields, &field);
        }
    }
    outer->bad |= fields.bad;
    return number;
}

static void add_operation(struct hs_alert_view *alert, struct hs_str id)
{
    if (alert->operation_count < HS_REPORT_VIEW_OPERATIONS) {
        alert->operations[alert->operation_count++] = id;
    }
}

// What an alert says of the vehicle and of its entry.
static bool take_meaning(struct hs_fields *fields, const struct hs_field *field,
                         struct hs_alert_view *alert)
{
    switch (field->number) {
    case 9:
        alert->handling = (unsigned)hs_fields_number(fields, field);
        return true;
    case 11:
        alert->covert = hs_fields_number(fields, field) != 0;
        return true;
    case 14:
        alert->vehicle = hs_fields_text(fields, field);
        return true;
    case 20:
        return hs_view_entry(hs_fields_message(fields, field), &alert->entry);
    case 21:
        return hs_view_list(hs_fields_message(fields, field), &alert->list_id, &alert->list_owner);
    case 23:
        alert->captured_at_ms = (int64_t)hs_fields_number(fields, field);
        return true;
    case 24:
        alert->lateness = (Hitstream__V1__Lateness)hs_fields_number(fields, field);
        return true;
    case 25:
        return hs_view_place(hs_fields_message(fields, field), &alert->place);
    case 43:
        alert->harm_score = (uint32_t)hs_fields_number(fields, field);
        return true;
    case 44:
        alert->safeguarding = (unsigned)hs_fields_number(fields, field);
        return true;
    default:
        return true;
    }
}

int hs_alert_view(struct hs_str packed, struct hs_alert_view *ret_view)
{
    struct hs_fields fields = hs_fields_of(packed);
    struct hs_field field;
    bool ok = true, has_id = false;
    *ret_view = (struct hs_alert_view){.kind = 0};
    while (ok && hs_fields_next(&fields, &field)) {
        switch (field.number) {
        case 1:
            hs_fields_id(&fields, &field, &ret_view->id);
            has_id = true;
            break;
        case 2:
            if (field.len > 0) { // of the system's own there is none
                hs_fields_id(&fields, &field, &ret_view->incident);
            }
            break;
        case 4:
            ret_view->kind = (Hitstream__V1__AlertKind)hs_fields_number(&fields, &field);
            break;
        case 37:
            ret_view->stand_down = (Hitstream__V1__StandDownReason)first_number(
                &fields, hs_fields_message(&fields, &field));
            break;
        case 45:
            ret_view->test = hs_fields_number(&fields, &field) != 0;
            break;
        case 80:
            add_operation(ret_view, first_text(&fields, hs_fields_message(&fields, &field)));
            break;
        default:
            ok = take_meaning(&fields, &field, ret_view);
            break;
        }
    }
    return ok && has_id && !fields.bad ? 0 : HS_EFORMAT;
}

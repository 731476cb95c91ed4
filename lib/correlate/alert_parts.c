// SPDX-License-Identifier: Apache-2.0
#include "correlate/alert.h"
#include "correlate/desks.h"

typedef Hitstream__V1__Answered pb_answered; // long name of the contract, short in this file

// Whether people are shown that it was said: what still says who deals with the vehicle.
static bool is_shown(const struct hs_given *given)
{
    return given->result == HITSTREAM__V1__FEEDBACK_RESULT__FEEDBACK_RESULT_DONE &&
           given->kind != HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_NOTE &&
           given->kind != HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_INTELLIGENCE &&
           given->kind != HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_OUTCOME &&
           given->kind != HITSTREAM__V1__FEEDBACK_KIND__FEEDBACK_KIND_SILENCED;
}

static bool may_know(const struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                     const char *queue)
{
    const struct hs_queue *other =
        hs_routes_find(hs_controls_routes(desk->controls), hs_str(queue));
    return draft->queue && other &&
           (other == draft->queue ||
            hs_desk_may_know(draft->queue, other, draft->vehicle, draft->incident));
}

bool hs_alert_fill_answered(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                            Hitstream__V1__Alert *alert)
{
    const struct hs_incident *incident = draft->incident;
    if (incident->given_count == 0) {
        return true;
    }
    pb_answered *rows = hs_bump_alloc(&desk->bump, HS_ANSWERED_MAX * sizeof(*rows));
    alert->answered = hs_bump_alloc(&desk->bump, HS_ANSWERED_MAX * sizeof(*alert->answered));
    if (!rows || !alert->answered) {
        return false;
    }
    for (size_t i = incident->given_count; i > 0 && alert->n_answered < HS_ANSWERED_MAX; i--) {
        const struct hs_given *given = &incident->given[i - 1];
        if (!is_shown(given)) {
            continue;
        }
        pb_answered *row = &rows[alert->n_answered];
        hitstream__v1__answered__init(row);
        row->kind = given->kind;
        row->at_ms = given->at_ms;
        row->until_ms = given->until_ms;
        if (may_know(desk, draft, given->queue)) {
            row->queue = given->queue;
            row->person = given->person;
        }
        alert->answered[alert->n_answered++] = row;
    }
    return true;
}

bool hs_alert_fill_flood(struct hs_alert_desk *desk, const struct hs_alert_draft *draft,
                         Hitstream__V1__Alert *alert)
{
    const struct hs_flood *flood = desk->flood.flood;
    if (!flood) {
        return true;
    }
    Hitstream__V1__Flood *said = hs_bump_alloc(&desk->bump, sizeof(*said));
    struct hs_id *id = hs_bump_alloc(&desk->bump, sizeof(*id));
    if (!said || !id) {
        return false;
    }
    hs_flood_fill(flood, draft->hit, said);
    struct hs_str parts[] = {draft->vehicle->audience, hs_str(said->list_id),
                             hs_str(said->entry_id)};
    *id = hs_id_make(&desk->id_key, "flood", parts, 3);
    said->flood_id = (ProtobufCBinaryData){HS_ID_BYTES, id->bytes};
    said->hits = desk->flood.hits;
    said->held_ms = desk->flood.held_ms;
    alert->flood = said;
    return true;
}

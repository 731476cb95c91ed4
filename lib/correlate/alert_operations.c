// SPDX-License-Identifier: Apache-2.0
#include "correlate/alert_operations.h"

#include "correlate/hit_route.h"

static Hitstream__V1__AlertOperation *make_row(const struct hs_operation *operation,
                                               struct hs_bump *bump)
{
    Hitstream__V1__AlertOperation *row = hs_bump_alloc(bump, sizeof(*row));
    if (!row) {
        return NULL;
    }
    hitstream__v1__alert_operation__init(row);
    row->operation_id = hs_bump_copy(bump, operation->id.ptr, operation->id.len);
    row->name = hs_bump_copy(bump, operation->name.ptr, operation->name.len);
    row->lead_force = hs_bump_copy(bump, operation->lead_force.ptr, operation->lead_force.len);
    row->authority = hs_bump_copy(bump, operation->authority.ptr, operation->authority.len);
    return row->operation_id && row->name && row->lead_force && row->authority ? row : NULL;
}

bool hs_alert_fill_operations(const struct hs_controls *controls,
                              const struct hs_alert_draft *draft, struct hs_bump *bump,
                              Hitstream__V1__Alert *alert)
{
    const struct hs_routes *routes = hs_controls_routes(controls);
    if (!draft->queue || hs_routes_operation_count(routes) == 0) {
        return true;
    }
    struct hs_route_terms terms;
    struct hs_route_query query = hs_hit_route_query(
        draft->hit, draft->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT);
    hs_route_terms(routes, &query, draft->queue, &terms);
    alert->operations =
        hs_bump_alloc(bump, (terms.operation_count + 1) * sizeof(*alert->operations));
    if (!alert->operations) {
        return false;
    }
    for (size_t i = 0; i < terms.operation_count; i++) {
        alert->operations[i] = make_row(terms.operations[i], bump);
        if (!alert->operations[i]) {
            return false;
        }
    }
    alert->n_operations = terms.operation_count;
    return true;
}

void hs_alert_fill_safeguarding(Hitstream__V1__Alert *alert)
{
    alert->occupants_may_be_victims =
        alert->safeguarding != HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_NONE ||
        (alert->entry &&
         alert->entry->safeguarding != HITSTREAM__V1__SAFEGUARDING__SAFEGUARDING_NONE);
}

bool hs_alert_fill_group(struct hs_bump *bump, Hitstream__V1__Alert *alert)
{
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    if (!entry || (*entry->group_id == '\0' && *entry->county_line == '\0')) {
        return true;
    }
    Hitstream__V1__AlertGroup *group = hs_bump_alloc(bump, sizeof(*group));
    if (!group) {
        return false;
    }
    hitstream__v1__alert_group__init(group);
    group->group_id = entry->group_id;
    group->lead_responsible = entry->lead_responsible;
    group->four_p = entry->four_p;
    group->county_line = entry->county_line;
    alert->group = group;
    return true;
}

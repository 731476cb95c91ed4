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

// What the controls say of the group: nothing of one that nobody has accepted, or that is known with
// another list's hits alone.
static const struct hs_group *find_group(const struct hs_controls *controls,
                                         const struct hs_alert_draft *draft,
                                         const Hitstream__V1__WatchlistEntry *entry)
{
    const struct hs_group *group =
        hs_groups_find(hs_controls_groups(controls), hs_str(entry->group_id));
    if (!group || group->state == HS_GROUP_NOMINATED) {
        return NULL;
    }
    bool covert = draft->vehicle->who.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT;
    bool known = group->covert_list.len == 0 ||
                 (covert && hs_str_is(group->covert_list, draft->hit->list->list_id));
    return known ? group : NULL;
}

// A text of the controls where they have one, else what the entry says.
static char *either(struct hs_bump *bump, struct hs_str text, char *otherwise)
{
    return text.len > 0 ? hs_bump_copy(bump, text.ptr, text.len) : otherwise;
}

static bool describe(const struct hs_group *group, struct hs_bump *bump,
                     Hitstream__V1__AlertGroup *row)
{
    char *empty = (char *)(uintptr_t)protobuf_c_empty_string;
    row->name = either(bump, group->name, empty);
    row->lead_responsible = either(bump, group->lead, row->lead_responsible);
    row->owner_force = either(bump, group->owner_force, empty);
    row->district = either(bump, group->district, empty);
    row->plan_reference = either(bump, group->plan_reference, empty);
    row->county_line = either(bump, group->county_line, row->county_line);
    row->hub = either(bump, group->hub, empty);
    row->four_p = group->four_p ? (Hitstream__V1__FourP)group->four_p : row->four_p;
    row->markets = hs_bump_alloc(bump, (group->market_count + 1) * sizeof(*row->markets));
    bool good = row->name && row->lead_responsible && row->owner_force && row->district &&
                row->plan_reference && row->county_line && row->hub && row->markets;
    for (size_t i = 0; good && i < group->market_count; i++) {
        row->markets[i] = hs_bump_copy(bump, group->markets[i].ptr, group->markets[i].len);
        good = row->markets[i] != NULL;
        row->n_markets++;
    }
    return good;
}

bool hs_alert_fill_group(const struct hs_controls *controls, const struct hs_alert_draft *draft,
                         struct hs_bump *bump, Hitstream__V1__Alert *alert)
{
    const Hitstream__V1__WatchlistEntry *entry = alert->entry;
    if (!entry || (*entry->group_id == '\0' && *entry->county_line == '\0')) {
        return true;
    }
    Hitstream__V1__AlertGroup *row = hs_bump_alloc(bump, sizeof(*row));
    if (!row) {
        return false;
    }
    hitstream__v1__alert_group__init(row);
    row->group_id = entry->group_id;
    row->lead_responsible = entry->lead_responsible;
    row->four_p = entry->four_p;
    row->county_line = entry->county_line;
    alert->group = row;
    const struct hs_group *group = find_group(controls, draft, entry);
    return !group || describe(group, bump, row);
}

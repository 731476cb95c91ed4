// SPDX-License-Identifier: Apache-2.0
//
// Which hits and alerts belong to a report.
#include "base/clock.h"
#include "report/tally.h"

bool hs_scope_sees(const struct hs_report *report, const struct hs_audience *audience)
{
    switch (audience->kind) {
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN:
    case HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT:
        break;
    default:
        return false; // a trial, a test, or of a later version
    }
    return report->config.sees ? report->config.sees(report->config.ctx, audience)
                               : audience->kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN;
}

// What the rule looks at, of a hit or an alert.
struct question {
    struct hs_str list_id;
    struct hs_str list_owner;
    bool covert;
    const struct hs_place_view *place;
    struct hs_str group_id;
    int64_t at_ms;
};

static bool covers(const struct hs_report_config *config, const struct question *question)
{
    const struct hs_route_query query = {
        .list_id = question->list_id,
        .list_owner = question->list_owner,
        .covert = question->covert,
        .force = question->place->force,
        .area = question->place->area,
        .road = question->place->road,
        .site = question->place->site_id,
        .at_ms = question->at_ms,
        .camera_unknown = question->place->camera_unknown,
    };
    return hs_route_covers(hs_controls_routes(config->controls), &query, config->operation);
}

static bool is_of_district(const struct hs_report_config *config, const struct question *question)
{
    const struct hs_group *group =
        question->group_id.len > 0
            ? hs_groups_find(hs_controls_groups(config->controls), question->group_id)
            : NULL;
    // a group of a covert list is known with that list's hits alone
    bool known = group && (group->covert_list.len == 0 ||
                           (question->covert && hs_str_eq(group->covert_list, question->list_id)));
    return (known && hs_str_eq(group->district, config->district)) ||
           (!question->place->camera_unknown && question->place->area.len > 0 &&
            hs_str_eq(question->place->area, config->district));
}

static bool belongs(const struct hs_report *report, const struct question *question)
{
    const struct hs_report_config *config = &report->config;
    if (question->at_ms < config->from_ms || question->at_ms >= config->to_ms) {
        return false;
    }
    return config->operation ? covers(config, question) : is_of_district(config, question);
}

bool hs_scope_hit(const struct hs_report *report, const struct hs_hit_view *hit)
{
    const struct question question = {
        .list_id = hit->list_id,
        .list_owner = hit->list_owner,
        .covert = hit->audience.kind == HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT,
        .place = &hit->place,
        .group_id = hit->entry.group_id,
        .at_ms = hit->captured_at_ms,
    };
    return !hit->test && hs_scope_sees(report, &hit->audience) && belongs(report, &question);
}

// A field policy may keep the time back (0), or tell the quarter of an hour that it fell in.
static bool may_be_of_the_time(const struct hs_report_config *config, int64_t said_ms)
{
    return said_ms == 0 ||
           (said_ms < config->to_ms && said_ms > config->from_ms - 15 * HS_MS_PER_MINUTE);
}

enum hs_scope hs_scope_alert(const struct hs_report *report, const struct hs_alert_view *alert)
{
    const struct hs_audience audience = {
        .kind = alert->covert ? HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_COVERT
                              : HITSTREAM__V1__AUDIENCE_KIND__AUDIENCE_KIND_OPEN,
        .list_id = alert->covert ? alert->list_id : HS_STR(""),
    };
    if (alert->test || alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_SYSTEM ||
        alert->kind == HITSTREAM__V1__ALERT_KIND__ALERT_KIND_TEST ||
        !hs_scope_sees(report, &audience)) {
        return HS_SCOPE_OUT;
    }
    if (alert->entry.entry_id.len == 0) { // reduced: what it says is not enough to judge by
        return may_be_of_the_time(&report->config, alert->captured_at_ms) ? HS_SCOPE_UNJUDGED
                                                                          : HS_SCOPE_OUT;
    }
    const struct question question = {
        .list_id = alert->list_id,
        .list_owner = alert->list_owner,
        .covert = alert->covert,
        .place = &alert->place,
        .group_id = alert->entry.group_id,
        .at_ms = alert->captured_at_ms,
    };
    return belongs(report, &question) ? HS_SCOPE_IN : HS_SCOPE_OUT;
}

// SPDX-License-Identifier: Apache-2.0
#include "hitctl/profile_partner.h"

#include <inttypes.h>

#include "hitctl/report_json.h"
#include "hitctl/report_text.h"

enum { NAME_WIDTH = 24 };

// ------------------------------------------------------------------ JSON

static void set_told(json_t *object, const char *key, struct hs_told_count count)
{
    if (count.told != HS_TOLD_NEVER) {
        json_object_set_new(object, key,
                            count.told == HS_TOLD_COUNT ? json_integer((json_int_t)count.count)
                                                        : json_null());
    }
}

static void set_row(json_t *object, const struct hs_report_row *row, const struct hs_queue *policy)
{
    struct hs_reduced_row reduced;
    hs_reduce_row(row, policy, &reduced);
    set_told(object, "vehicles", reduced.vehicles);
    set_told(object, "incidents", reduced.incidents);
    set_told(object, "unattended", reduced.unattended);
    set_told(object, "safeguarding", reduced.safeguarding);
    set_told(object, "safeguarding_unattended", reduced.safeguarding_unattended);
    set_told(object, "harm", reduced.harm);
    for (size_t i = 0; i < HS_OUTCOME_COUNTS; i++) {
        set_told(object, hs_outcome_rows[i].name, reduced.outcomes[i]);
    }
}

// An open group's name as people call it; a covert one is not told to partners at all.
static bool may_name(const struct hs_groups *groups, enum hs_report_by by, struct hs_str id,
                     struct hs_str *ret_name)
{
    const struct hs_group *group = by == HS_BY_GROUP ? hs_groups_find(groups, id) : NULL;
    *ret_name = group ? group->name : id;
    return by != HS_BY_GROUP ||
           (group && group->covert_list.len == 0 && group->state != HS_GROUP_NOMINATED);
}

static json_t *rows_json(const struct hs_report *report, const struct hs_groups *groups,
                         const struct hs_queue *policy, enum hs_report_by by)
{
    json_t *array = json_array();
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    for (size_t i = 0; i < count; i++) {
        struct hs_str name;
        if (may_name(groups, by, rows[i].name, &name)) {
            json_t *object = json_object();
            json_object_set_new(object, by == HS_BY_GROUP ? "group" : "line",
                                report_text_json(name));
            set_row(object, &rows[i], policy);
            json_array_append_new(array, object);
        }
    }
    return array;
}

void profile_partner_json(const struct hs_report *report, const struct hs_groups *groups,
                          const struct hs_queue *policy, json_t *object)
{
    json_t *totals = json_object();
    set_row(totals, hs_report_total(report), policy);
    json_object_set_new(object, "partner", report_text_json(policy->name));
    json_object_set_new(object, "least", json_integer((json_int_t)hs_reduce_least(policy)));
    json_object_set_new(object, "totals", totals);
    if (policy->disclose & HS_DISCLOSE_GROUP) {
        json_object_set_new(object, "groups", rows_json(report, groups, policy, HS_BY_GROUP));
        json_object_set_new(object, "lines", rows_json(report, groups, policy, HS_BY_LINE));
    }
}

// ------------------------------------------------------------------ text

static void put_told(FILE *out, const char *what, struct hs_told_count count, uint64_t least)
{
    if (count.told == HS_TOLD_COUNT) {
        fprintf(out, "  %s %" PRIu64, what, count.count);
    } else if (count.told == HS_TOLD_SMALL) {
        fprintf(out, "  %s fewer than %" PRIu64 " here or in the rest", what, least);
    }
}

static void put_row(FILE *out, struct hs_str name, const struct hs_report_row *row,
                    const struct hs_queue *policy)
{
    struct hs_reduced_row reduced;
    uint64_t least = hs_reduce_least(policy);
    hs_reduce_row(row, policy, &reduced);
    report_put(out, name, NAME_WIDTH);
    put_told(out, "vehicles", reduced.vehicles, least);
    put_told(out, "incidents", reduced.incidents, least);
    put_told(out, "unattended", reduced.unattended, least);
    put_told(out, "safeguarding", reduced.safeguarding, least);
    put_told(out, "harm", reduced.harm, least);
    for (size_t i = 0; i < HS_OUTCOME_COUNTS; i++) {
        if (row->outcomes[i] > 0) {
            put_told(out, hs_outcome_rows[i].text, reduced.outcomes[i], least);
        }
    }
    fputc('\n', out);
}

static void put_rows(FILE *out, const struct hs_report *report, const struct hs_groups *groups,
                     const struct hs_queue *policy, enum hs_report_by by)
{
    size_t count;
    const struct hs_report_row *rows = hs_report_rows(report, by, &count);
    for (size_t i = 0; i < count; i++) {
        struct hs_str name;
        if (may_name(groups, by, rows[i].name, &name)) {
            put_row(out, name, &rows[i], policy);
        }
    }
}

void profile_partner_text(const struct hs_report *report, const struct hs_groups *groups,
                          const struct hs_queue *policy, FILE *out)
{
    put_row(out, HS_STR("all"), hs_report_total(report), policy);
    if (policy->disclose & HS_DISCLOSE_GROUP) {
        fputs("GROUPS\n", out);
        put_rows(out, report, groups, policy, HS_BY_GROUP);
        fputs("COUNTY LINES\n", out);
        put_rows(out, report, groups, policy, HS_BY_LINE);
    }
}

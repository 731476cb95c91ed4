// SPDX-License-Identifier: Apache-2.0
#include "hitctl/group_text.h"

#include "hitctl/rights.h"
#include "hitctl/yaml_text.h"

enum { DATE_BYTES = 16, FIELDS = 13 };

// A field of a group with the name that groups.yaml has for it.
struct field {
    const char *key;
    struct hs_str value;
};

static void say_date(uint32_t date, char ret_text[DATE_BYTES])
{
    ret_text[0] = '\0';
    if (date != 0) {
        snprintf(ret_text, DATE_BYTES, "%04u-%02u-%02u", date / 10000 % 10000, date / 100 % 100,
                 date % 100);
    }
}

// All fields but the markets, in the order in which they are shown.
static void list_fields(const struct hs_group *group, char date[DATE_BYTES],
                        struct field ret_fields[FIELDS])
{
    say_date(group->review_date, date);
    const struct field fields[FIELDS] = {
        {"name", hs_str_eq(group->name, group->id) ? HS_STR("") : group->name},
        {"state", hs_str(hs_group_state_text(group->state))},
        {"lead", group->lead},
        {"owner", group->owner_force},
        {"district", group->district},
        {"four_p", hs_str(hs_group_four_p_text(group->four_p))},
        {"plan", group->plan_reference},
        {"review_date", hs_str(date)},
        {"county_line", group->county_line},
        {"hub", group->hub},
        {"covert_list", group->covert_list},
        {"authority", group->authority},
        {"nominated_by", group->nominated_by},
    };
    memcpy(ret_fields, fields, sizeof(fields));
}

void group_yaml(struct hs_buf *out, const struct hs_group *group)
{
    char date[DATE_BYTES];
    struct field fields[FIELDS];
    list_fields(group, date, fields);
    yaml_row(out, group->id);
    for (size_t i = 0; i < FIELDS; i++) {
        yaml_text(out, fields[i].key, fields[i].value);
    }
    yaml_text(out, "accepted_by", group->accepted_by);
    yaml_names(out, "markets", group->markets, group->market_count);
}

void groups_yaml_without(struct hs_buf *out, const struct hs_groups *groups, struct hs_str left_out)
{
    yaml_begin(out, "groups");
    for (size_t i = 0; i < hs_groups_count(groups); i++) {
        const struct hs_group *group = hs_groups_at(groups, i);
        if (!hs_str_eq(group->id, left_out)) {
            group_yaml(out, group);
        }
    }
}

bool group_visible(const struct hitctl *ctl, const struct hs_group *group)
{
    return group->covert_list.len == 0 || hitctl_sees(ctl, group->covert_list, true);
}

void group_print_head(FILE *out)
{
    fprintf(out, "%-20s %-11s %-14s %-20s %-16s %s\n", "GROUP", "STATE", "OWNER", "LEAD",
            "COUNTY LINE", "NAME");
}

void group_print_line(const struct hs_group *group, FILE *out)
{
    fprintf(out, "%-20.*s %-11s %-14.*s %-20.*s %-16.*s %.*s\n", HS_STR_ARG(group->id),
            hs_group_state_text(group->state), HS_STR_ARG(group->owner_force),
            HS_STR_ARG(group->lead), HS_STR_ARG(group->county_line), HS_STR_ARG(group->name));
}

void group_print(const struct hs_group *group, FILE *out)
{
    char date[DATE_BYTES];
    struct field fields[FIELDS];
    list_fields(group, date, fields);
    fprintf(out, "%.*s\n", HS_STR_ARG(group->id));
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].value.len > 0) {
            fprintf(out, "  %-14s %.*s\n", fields[i].key, HS_STR_ARG(fields[i].value));
        }
    }
    if (group->accepted_by.len > 0) {
        fprintf(out, "  %-14s %.*s\n", "accepted_by", HS_STR_ARG(group->accepted_by));
    }
    for (size_t i = 0; i < group->market_count; i++) {
        fprintf(out, "  %-14s %.*s\n", i == 0 ? "markets" : "", HS_STR_ARG(group->markets[i]));
    }
}

static json_t *json_text(struct hs_str text)
{
    return json_stringn(text.ptr ? text.ptr : "", text.len);
}

json_t *group_json(const struct hs_group *group)
{
    char date[DATE_BYTES];
    struct field fields[FIELDS];
    json_t *object = json_object();
    json_t *markets = json_array();
    list_fields(group, date, fields);
    json_object_set_new(object, "id", json_text(group->id));
    for (size_t i = 0; i < FIELDS; i++) {
        json_object_set_new(object, fields[i].key, json_text(fields[i].value));
    }
    json_object_set_new(object, "accepted_by", json_text(group->accepted_by));
    for (size_t i = 0; i < group->market_count; i++) {
        json_array_append_new(markets, json_text(group->markets[i]));
    }
    json_object_set_new(object, "markets", markets);
    return object;
}

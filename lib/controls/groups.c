// SPDX-License-Identifier: Apache-2.0
#include "controls/groups.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/error.h"
#include "config/rows.h"

static const char section[] = "groups";
static const char *const group_keys[] = {
    "name",      "state",        "lead",        "owner", "district", "four_p",
    "plan",      "review_date",  "county_line", "hub",   "markets",  "covert_list",
    "authority", "nominated_by", "accepted_by", NULL};
static const char *const state_words[] = {"nominated", "active", "disrupted", "dismantled",
                                          NULL}; // as enum hs_group_state
// As the contract's enum FourP, from 1 on.
static const char *const four_p_words[] = {"pursue", "prevent", "protect", "prepare", NULL};

struct hs_groups {
    struct hs_yaml *document; // owns the texts
    struct hs_bump bump;
    struct hs_group *rows; // in order of id
    size_t count;
};

const char *hs_group_state_text(enum hs_group_state state)
{
    return state_words[state];
}

const char *hs_group_four_p_text(unsigned four_p)
{
    return four_p >= 1 && four_p <= 4 ? four_p_words[four_p - 1] : "";
}

// ------------------------------------------------------------------ one group

static void read_plan(const struct hs_row_reader *reader, struct hs_group *group)
{
    struct hs_str date = {0};
    size_t index;
    if (hs_row_choice(reader, "four_p", four_p_words, &index)) {
        group->four_p = (unsigned)index + 1;
    }
    hs_row_text(reader, "plan", &group->plan_reference);
    if (hs_row_text(reader, "review_date", &date) &&
        hs_civil_parse_date(date, &group->review_date) != 0) {
        hs_row_fault(&reader->row, "review_date", HS_DIAG_ERROR, reader->diags,
                     "not a date, allowed: 2026-12-31, 20261231 or 31/12/2026");
    }
}

static void read_line(const struct hs_row_reader *reader, struct hs_group *group)
{
    hs_row_text(reader, "county_line", &group->county_line);
    hs_row_text(reader, "hub", &group->hub);
    hs_row_names(reader, "markets", &group->markets, &group->market_count);
    if (group->county_line.len == 0 && (group->hub.len > 0 || group->market_count > 0)) {
        hs_row_fault(&reader->row, group->hub.len > 0 ? "hub" : "markets", HS_DIAG_ERROR,
                     reader->diags, "of which line? The key 'county_line' is missing");
    }
}

// What a group needs depends on whether an officer has said yes to it.
static void check_complete(const struct hs_row_reader *reader, const struct hs_group *group)
{
    if (group->state == HS_GROUP_NOMINATED) {
        hs_row_needs(reader, "nominated_by", group->nominated_by,
                     "a nomination needs 'nominated_by': which partner speaks");
        return;
    }
    hs_row_needs(reader, "authority", group->authority,
                 "a group needs an authority: who allowed it, under which reference");
    hs_row_needs(reader, "lead", group->lead,
                 "a group needs a lead: the responsible officer or agency");
    hs_row_needs(reader, "owner", group->owner_force, "a group needs an owner: a force");
    if (!hs_yaml_get(reader->row.node, "review_date")) {
        hs_row_fault(&reader->row, "review_date", HS_DIAG_ERROR, reader->diags,
                     "the key 'review_date' is missing: when it is looked at again");
    }
    if (group->nominated_by.len > 0) {
        hs_row_needs(reader, "accepted_by", group->accepted_by,
                     "this group was nominated: 'accepted_by' says which officer said yes");
    }
}

static void read_group(const struct hs_row_reader *reader, struct hs_group *group)
{
    size_t state = HS_GROUP_ACTIVE;
    if (!hs_row_is_id(group->id)) {
        hs_row_fault(&reader->row, "", HS_DIAG_ERROR, reader->diags,
                     "not a group's id, allowed are up to %d lower-case letters, digits, '-', '_' "
                     "and '.', beginning with a letter or digit",
                     HS_ROW_NAME_MAX_BYTES);
    }
    if (reader->row.node->kind != HS_YAML_MAPPING) {
        hs_row_fault(&reader->row, "", HS_DIAG_ERROR, reader->diags,
                     "the group's keys are expected below it: name, lead, owner, ...");
        return;
    }
    hs_row_check_keys(reader, group_keys);
    hs_row_choice(reader, "state", state_words, &state);
    group->state = (enum hs_group_state)state;
    group->name = group->id;
    hs_row_text(reader, "name", &group->name);
    hs_row_text(reader, "lead", &group->lead);
    hs_row_text(reader, "owner", &group->owner_force);
    hs_row_text(reader, "district", &group->district);
    hs_row_text(reader, "covert_list", &group->covert_list);
    hs_row_text(reader, "authority", &group->authority);
    hs_row_text(reader, "nominated_by", &group->nominated_by);
    hs_row_text(reader, "accepted_by", &group->accepted_by);
    read_plan(reader, group);
    read_line(reader, group);
    check_complete(reader, group);
}

// ------------------------------------------------------------------ all groups

static int by_id(const void *a, const void *b)
{
    return hs_str_cmp(((const struct hs_group *)a)->id, ((const struct hs_group *)b)->id);
}

static int read_all(struct hs_groups *groups, struct hs_diags *diags)
{
    const struct hs_yaml_node *node =
        hs_rows_section(hs_yaml_root(groups->document), section, HS_GROUPS_MAX, diags);
    groups->count = node ? node->count : 0;
    groups->rows = hs_bump_alloc(&groups->bump, (groups->count + 1) * sizeof(*groups->rows));
    if (!groups->rows) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < groups->count; i++) {
        const struct hs_yaml_item *item = &node->items[i];
        groups->rows[i].id = item->key->text;
        read_group(&(struct hs_row_reader){{section, item->key->text, item->key, item->value},
                                           diags,
                                           &groups->bump},
                   &groups->rows[i]);
    }
    qsort(groups->rows, groups->count, sizeof(*groups->rows), by_id);
    return 0;
}

int hs_groups_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                    struct hs_groups **ret_groups)
{
    size_t errors = diags->errors;
    struct hs_groups *groups = calloc(1, sizeof(*groups));
    if (!groups) {
        return HS_ENOMEM;
    }
    int rc = hs_yaml_parse(text, name, diags, &groups->document);
    rc = rc ? rc : read_all(groups, diags);
    rc = rc ? rc : diags->errors == errors ? 0 : HS_EFORMAT;
    if (rc != 0) {
        hs_groups_free(groups);
        return rc;
    }
    *ret_groups = groups;
    return 0;
}

void hs_groups_free(struct hs_groups *groups)
{
    if (groups) {
        hs_yaml_free(groups->document);
        hs_bump_fini(&groups->bump);
        free(groups);
    }
}

size_t hs_groups_count(const struct hs_groups *groups)
{
    return groups->count;
}

const struct hs_group *hs_groups_at(const struct hs_groups *groups, size_t index)
{
    return index < groups->count ? &groups->rows[index] : NULL;
}

const struct hs_group *hs_groups_find(const struct hs_groups *groups, struct hs_str id)
{
    struct hs_group key = {.id = id};
    return bsearch(&key, groups->rows, groups->count, sizeof(key), by_id);
}

// ------------------------------------------------------------------ the canonical text

// Lengths stand before texts, so that nothing in them can look like another field.
static void add_text(struct hs_buf *out, struct hs_str text)
{
    hs_buf_printf(out, " %zu:", text.len);
    hs_buf_add_str(out, text);
}

void hs_groups_canonical(const struct hs_groups *groups, struct hs_str audience, struct hs_buf *out)
{
    static const char covert[] = "covert:";
    size_t prefix = sizeof(covert) - 1;
    bool is_covert = audience.len > prefix && memcmp(audience.ptr, covert, prefix) == 0;
    struct hs_str list =
        is_covert ? hs_str_n(audience.ptr + prefix, audience.len - prefix) : HS_STR("");
    for (size_t i = 0; i < groups->count; i++) {
        const struct hs_group *group = &groups->rows[i];
        if (group->covert_list.len > 0 && !hs_str_eq(group->covert_list, list)) {
            continue;
        }
        hs_buf_printf(out, "group %s four_p %u review %u", state_words[group->state], group->four_p,
                      group->review_date);
        const struct hs_str texts[] = {
            group->id,          group->name,           group->lead,         group->owner_force,
            group->district,    group->plan_reference, group->county_line,  group->hub,
            group->covert_list, group->authority,      group->nominated_by, group->accepted_by};
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
            add_text(out, texts[t]);
        }
        for (size_t m = 0; m < group->market_count; m++) {
            add_text(out, group->markets[m]);
        }
        hs_buf_add_char(out, '\n');
    }
}

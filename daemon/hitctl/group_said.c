// SPDX-License-Identifier: Apache-2.0
#include "hitctl/group_said.h"

#include <stdio.h>

#include "base/civil.h"
#include "base/error.h"
#include "hitctl/consult.h"
#include "hitctl/controls_edit.h"
#include "hitctl/controls_text.h"
#include "hitctl/group_text.h"
#include "hitctl/list_common.h"
#include "hitctl/store_open.h"
#include "hitctl/text_parts.h"

int group_said_read(struct hs_store *store, struct hs_said_rows *ret_rows)
{
    int rc = hs_store_said(store, ret_rows);
    return rc == 0 ? HITCTL_OK : hitctl_store_failed(store, rc, "what partners said");
}

// ------------------------------------------------------------------ nominations

static bool is_same(const struct hs_said *a, const struct hs_said *b)
{
    return b->feedback->nomination && hs_str_eq(a->queue, b->queue) &&
           hs_str_eq(a->group_id, b->group_id);
}

// "<queue>: <person>"; empty: out of memory.
static struct hs_str nominator(const struct hs_said *said, struct hs_bump *bump)
{
    struct hs_buf text = {0};
    hs_buf_printf(&text, "%.*s: %s", HS_STR_ARG(said->queue), said->feedback->person);
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    struct hs_str result = copy ? hs_str_n(copy, text.len) : HS_STR("");
    hs_buf_fini(&text);
    return result;
}

bool group_said_waits(const struct hs_said_rows *rows, size_t index, const struct hs_groups *groups,
                      struct hs_bump *bump, struct hs_group *ret_group)
{
    const struct hs_said *said = &rows->rows[index];
    const Hitstream__V1__Nomination *nomination = said->feedback->nomination;
    if (!nomination || said->declined || hs_groups_find(groups, said->group_id)) {
        return false;
    }
    for (size_t i = index + 1; i < rows->count; i++) {
        if (is_same(said, &rows->rows[i])) {
            return false;
        }
    }
    *ret_group = (struct hs_group){.id = said->group_id,
                                   .name = hs_str(nomination->name),
                                   .state = HS_GROUP_NOMINATED,
                                   .district = hs_str(nomination->district),
                                   .county_line = hs_str(nomination->county_line),
                                   .hub = hs_str(nomination->hub),
                                   .nominated_by = nominator(said, bump)};
    if (ret_group->name.len == 0) {
        ret_group->name = said->group_id;
    }
    return true;
}

int group_said_find(const struct hs_said_rows *rows, const struct hs_groups *groups, const char *id,
                    const char *queue, struct hs_bump *bump, struct hs_group *ret_group,
                    size_t *ret_index)
{
    size_t found = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct hs_group group;
        if (hs_str_is(rows->rows[i].group_id, id) &&
            (!queue || hs_str_is(rows->rows[i].queue, queue)) &&
            group_said_waits(rows, i, groups, bump, &group)) {
            *ret_group = group;
            if (ret_index) {
                *ret_index = i;
            }
            found++;
        }
    }
    if (found == 0) {
        hitctl_error("there is no group '%s'", id);
    } else if (found > 1) {
        hitctl_error("%zu queues nominate '%s': say which one with --queue", found, id);
    }
    return found == 1 ? HITCTL_OK : HITCTL_REFUSED;
}

// ------------------------------------------------------------------ group said

static const char *kind_of(const struct hs_said *said)
{
    if (!said->feedback->nomination) {
        return "intelligence";
    }
    return said->declined ? "declined" : "nomination";
}

static void print_row(const struct hs_said *said)
{
    char at[HS_CIVIL_TEXT_BYTES];
    struct hs_buf text = {0};
    const Hitstream__V1__Nomination *nomination = said->feedback->nomination;
    hs_civil_format(said->feedback->at_ms, at);
    hitctl_text_safe(&text, said->feedback->person);
    hs_buf_add_text(&text, nomination && nomination->vehicle[0] ? ", vehicle " : "");
    hitctl_text_safe(&text, nomination ? nomination->vehicle : "");
    hs_buf_add_text(&text, "\n    ");
    hitctl_text_safe(&text, said->feedback->note);
    printf("%.19sZ  %-12s %.*s  %.*s: %s\n", at, kind_of(said), HS_STR_ARG(said->group_id),
           HS_STR_ARG(said->queue), hs_buf_text(&text));
    hs_buf_fini(&text);
}

static json_t *json_row(const struct hs_said *said)
{
    const Hitstream__V1__Nomination *nomination = said->feedback->nomination;
    return json_pack("{s:o, s:s, s:o, s:o, s:I, s:s, s:s, s:s}", "feedback",
                     hitctl_json_text(said->feedback_id), "kind", kind_of(said), "group",
                     hitctl_json_text(said->group_id), "queue", hitctl_json_text(said->queue),
                     "at_ms", (json_int_t)said->feedback->at_ms, "person", said->feedback->person,
                     "vehicle", nomination ? nomination->vehicle : "", "note",
                     said->feedback->note);
}

// What is said of a covert list's group is for those who may know of the group.
static bool is_visible(const struct hitctl *ctl, const struct hs_groups *groups,
                       struct hs_str group_id)
{
    const struct hs_group *group = hs_groups_find(groups, group_id);
    return !group || group_visible(ctl, group);
}

static int show(const struct hitctl *ctl, const struct hs_said_rows *said,
                const struct hs_groups *groups, const char *id)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < said->count; i++) {
        const struct hs_said *row = &said->rows[i];
        if ((id && !hs_str_is(row->group_id, id)) || !is_visible(ctl, groups, row->group_id)) {
            continue;
        }
        if (ctl->json) {
            json_array_append_new(rows, json_row(row));
        } else {
            print_row(row);
        }
    }
    if (ctl->json) {
        return controls_print_json(rows);
    }
    json_decref(rows);
    return HITCTL_OK;
}

int group_said_run(struct hitctl *ctl, int argc, char **argv)
{
    struct controls_edit edit = {0};
    struct hs_said_rows said = {0};
    const char *id = argc > 1 ? argv[1] : NULL;
    if (argc > 2) {
        hitctl_error("at most one group's id is expected");
        return HITCTL_USAGE;
    }
    int code = controls_edit_begin(ctl, NULL, &edit);
    code = code ? code : hitctl_consulted(ctl, edit.store, &(struct hitctl_subject){.about = id});
    code = code ? code : group_said_read(edit.store, &said);
    code = code ? code : show(ctl, &said, hs_controls_groups(edit.head.controls), id);
    hs_said_rows_fini(&said);
    controls_edit_end(&edit);
    return code;
}

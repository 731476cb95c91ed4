// SPDX-License-Identifier: Apache-2.0
// What hs:changes says: changes of lists and controls, consultations, refusals.
#include <stdlib.h>

#include "base/error.h"
#include "hitctl/audit_collect.h"
#include "hitctl/rights.h"
#include "hitctl/store_open.h"
#include "watchlist/entry.h"

// What is known of a list by the trail.
struct known_list {
    char list_id[HS_LIST_ID_MAX + 1];
    bool covert;
    bool has_vehicle; // the vehicle asked for stands or stood on it
};

struct gathering {
    const struct hitctl *ctl;
    const struct hitctl_audit_query *query;
    struct hitctl_audit_rows *rows;
    struct known_list *lists;
    size_t count, capacity;
};

static struct known_list *find_list(struct gathering *all, struct hs_str list_id)
{
    for (size_t i = 0; i < all->count; i++) {
        if (hs_str_is(list_id, all->lists[i].list_id)) {
            return &all->lists[i];
        }
    }
    if (all->count == all->capacity) {
        size_t capacity = all->capacity ? 2 * all->capacity : 32;
        void *grown = reallocarray(all->lists, capacity, sizeof(*all->lists));
        if (!grown) {
            return NULL;
        }
        all->lists = grown;
        all->capacity = capacity;
    }
    struct known_list *list = &all->lists[all->count++];
    *list = (struct known_list){.covert = false};
    snprintf(list->list_id, sizeof(list->list_id), "%.*s", HS_STR_ARG(list_id));
    return list;
}

static bool is_vehicle(const struct gathering *all, struct hs_str packed)
{
    struct hs_vrm vrm;
    return packed.len > 0 && hs_entry_vrm(packed, &vrm) == 0 &&
           hs_str_is(hs_vrm_str(&vrm), all->query->vehicle);
}

static bool is_spec(enum hs_change_op op)
{
    return op == HS_OP_CREATE || op == HS_OP_SET || op == HS_OP_LOAD || op == HS_OP_ROLLBACK;
}

// First walk: which lists are covert, which bear the vehicle.
static int learn(void *ctx, const struct hs_change *change)
{
    struct gathering *all = ctx;
    if (change->list.list_id.len == 0) {
        return 0;
    }
    struct known_list *list = find_list(all, change->list.list_id);
    if (!list) {
        return HS_ENOMEM;
    }
    list->covert = is_spec(change->op) ? change->list.covert : list->covert;
    list->has_vehicle |=
        all->query->vehicle && (is_vehicle(all, change->entry) || is_vehicle(all, change->before));
    return 0;
}

// The lists as they are now.
static int learn_live(struct gathering *all, struct hs_store *store)
{
    struct hs_bump bump = {0};
    struct hs_store_list *rows;
    size_t count = 0;
    int rc = hs_store_lists(store, &bump, &rows, &count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct hs_str entry;
        struct known_list *list = find_list(all, rows[i].list_id);
        if (!list) {
            rc = HS_ENOMEM;
            break;
        }
        list->covert = rows[i].covert;
        if (all->query->vehicle) {
            int found =
                hs_store_entry_get(store, &rows[i], hs_str(all->query->vehicle), &bump, &entry);
            list->has_vehicle |= found == 0;
            rc = found == HS_ENOTFOUND ? 0 : found;
        }
    }
    hs_bump_fini(&bump);
    return rc;
}

static bool about_vehicle(struct gathering *all, const struct hs_change *change,
                          struct hs_str list_id)
{
    struct hs_str vehicle = hs_str(all->query->vehicle);
    bool entry = change->op == HS_OP_PUT || change->op == HS_OP_DROP;
    if (entry) {
        return is_vehicle(all, change->entry) || is_vehicle(all, change->before);
    }
    if (change->looked.vehicle.len > 0) {
        return hs_str_eq(change->looked.vehicle, vehicle);
    }
    return list_id.len > 0 && find_list(all, list_id) && find_list(all, list_id)->has_vehicle;
}

static bool is_wanted(struct gathering *all, const struct hs_change *change, struct hs_str list_id)
{
    const struct hitctl_audit_query *query = all->query;
    struct known_list *list = list_id.len > 0 ? find_list(all, list_id) : NULL;
    if (change->at_ms < query->from_ms || change->at_ms >= query->to_ms ||
        (list && !hitctl_sees(all->ctl, list_id, list->covert))) {
        return false;
    }
    return (!query->person || hs_str_is(change->who, query->person)) &&
           (!query->queue || hs_str_is(change->looked.queue, query->queue)) &&
           (!query->vehicle || about_vehicle(all, change, list_id));
}

static void say_detail(const struct hs_change *change, struct hs_buf *out)
{
    if (change->looked.command.len > 0) {
        hs_buf_add_str(out, change->looked.command);
        if (change->note.len > 0) { // what a partner said
            hs_buf_printf(out, ": %.*s", HS_STR_ARG(change->note));
        }
    } else if (change->op == HS_OP_CONTROLS) {
        hs_buf_printf(out, "%.*s from %.*s to %.*s", HS_STR_ARG(change->note),
                      (int)(change->controls_before.len < 12 ? change->controls_before.len : 12),
                      change->controls_before.ptr,
                      (int)(change->controls_hash.len < 12 ? change->controls_hash.len : 12),
                      change->controls_hash.ptr);
    } else if (change->list.list_id.len > 0) {
        hs_buf_printf(out, "revision %llu.%llu, %llu entries%s%.*s",
                      (unsigned long long)change->list.generation,
                      (unsigned long long)change->list.sequence,
                      (unsigned long long)change->list.size, change->note.len ? ", " : "",
                      HS_STR_ARG(change->note));
    } else {
        hs_buf_add_str(out, change->note);
    }
}

static int take(void *ctx, const struct hs_change *change)
{
    struct gathering *all = ctx;
    struct hs_vrm vrm;
    struct hs_buf detail = {0};
    struct hs_str list_id =
        change->list.list_id.len > 0 ? change->list.list_id : change->looked.list_id;
    struct hs_str packed = change->entry.len > 0 ? change->entry : change->before;
    struct hs_str vehicle = change->looked.vehicle;
    if (!is_wanted(all, change, list_id)) {
        return 0;
    }
    if (packed.len > 0 && hs_entry_vrm(packed, &vrm) == 0) {
        vehicle = hs_vrm_str(&vrm);
    }
    say_detail(change, &detail);
    const struct hitctl_audit_row row = {
        .at_ms = change->at_ms,
        .texts = {[HITCTL_AUDIT_WHAT] = hs_str(hs_change_op_name(change->op)),
                  [HITCTL_AUDIT_WHO] = change->who,
                  [HITCTL_AUDIT_AUTHORITY] = change->authority,
                  [HITCTL_AUDIT_LIST] = list_id,
                  [HITCTL_AUDIT_ENTRY] = change->entry_id,
                  [HITCTL_AUDIT_VEHICLE] = vehicle,
                  [HITCTL_AUDIT_RECIPIENT] = change->looked.queue,
                  [HITCTL_AUDIT_DETAIL] = hs_buf_str(&detail),
                  [HITCTL_AUDIT_ID] = hs_str(change->at.id)}};
    int rc = hitctl_audit_rows_add(all->rows, &row);
    hs_buf_fini(&detail);
    return rc;
}

int hitctl_audit_changes(const struct hitctl *ctl, struct hs_store *store,
                         const struct hitctl_audit_query *query, struct hitctl_audit_rows *rows)
{
    struct gathering all = {.ctl = ctl, .query = query, .rows = rows};
    int rc = hs_store_history(store, hs_str(""), learn, &all);
    rc = rc ? rc : learn_live(&all, store);
    rc = rc ? rc : hs_store_history(store, hs_str(""), take, &all);
    free(all.lists);
    return rc == 0 ? HITCTL_OK : hitctl_store_failed(store, rc, "the audit trail does not hold");
}

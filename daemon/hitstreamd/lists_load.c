// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/lists_load.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"

enum { ALIVE_EVERY_ENTRIES = 4096, ROWS_AT_FIRST = 64 };

void hs_lists_mark(const struct hs_position *position, char ret_mark[HS_LISTS_MARK_BYTES])
{
    snprintf(ret_mark, HS_LISTS_MARK_BYTES, "%s %s", position->id, position->hash);
}

int hs_lists_unmark(struct hs_str mark, struct hs_position *ret_position)
{
    struct hs_str rest = mark, id;
    if (!hs_str_split(&rest, ' ', &id) || id.len == 0 || id.len >= HS_CHANGE_ID_BYTES ||
        rest.len != HS_CHANGE_HASH_BYTES - 1) {
        return HS_EFORMAT;
    }
    memset(ret_position, 0, sizeof(*ret_position));
    memcpy(ret_position->id, id.ptr, id.len);
    memcpy(ret_position->hash, rest.ptr, rest.len);
    return 0;
}

// As the engine sees a list; texts stay borrowed.
static struct hs_list_spec spec_of(const struct hs_store_list *list)
{
    return (struct hs_list_spec){
        .list_id = list->list_id,
        .title = list->title,
        .owner_force = list->owner_force,
        .covert = list->covert,
        .status = (enum hs_list_status)list->status, // the same numbers, as the contract has them
        .policy = list->policy,
        .generation = list->generation,
        .sequence = list->sequence,
    };
}
_Static_assert((int)HS_LIST_LIVE == (int)HS_STORE_LIVE &&
                   (int)HS_LIST_TRIAL == (int)HS_STORE_TRIAL &&
                   (int)HS_LIST_SUSPENDED == (int)HS_STORE_SUSPENDED,
               "the engine's and the store's status are ListStatus");

// ---- reading everything ----

struct loading {
    struct hs_snapshot_builder *builder; // owned
    const struct hs_snapshot *current;   // whose lists are kept but for `without`; NULL: none is
    const struct hs_str *without;
    size_t without_count;
    bool (*alive)(void *ctx);
    void *ctx;
    size_t entries;
    bool covert;                      // the list being read
    char list_id[HS_LIST_ID_MAX + 1]; // the list being read
    char *why;
};

static int on_begin(void *ctx)
{
    struct loading *loading = ctx;
    hs_snapshot_builder_free(loading->builder);
    loading->builder = NULL;
    return loading->current ? hs_snapshot_builder_from(loading->current, loading->without,
                                                       loading->without_count, &loading->builder)
                            : hs_snapshot_builder_new(&loading->builder);
}

static int on_list(void *ctx, const struct hs_store_list *list)
{
    struct loading *loading = ctx;
    struct hs_list_spec spec = spec_of(list);
    snprintf(loading->list_id, sizeof(loading->list_id), "%.*s", HS_STR_ARG(list->list_id));
    loading->covert = list->covert;
    int rc = hs_snapshot_builder_list(loading->builder, &spec);
    if (rc < 0) {
        snprintf(loading->why, HS_LISTS_WHY_BYTES, "list '%s' cannot be used: %s",
                 loading->covert ? "(covert)" : loading->list_id, hs_strerror(rc));
    }
    return rc;
}

static int on_entry(void *ctx, struct hs_str entry_id, struct hs_str entry)
{
    struct loading *loading = ctx;
    if (++loading->entries % ALIVE_EVERY_ENTRIES == 0 && !loading->alive(loading->ctx)) {
        return HS_ECANCELED;
    }
    int rc = hs_snapshot_builder_entry(loading->builder, entry);
    if (rc < 0 && loading->covert) {
        snprintf(loading->why, HS_LISTS_WHY_BYTES, "an entry of a covert list cannot be used: %s",
                 hs_strerror(rc));
    } else if (rc < 0) {
        snprintf(loading->why, HS_LISTS_WHY_BYTES, "list '%s': entry '%.*s' cannot be used: %s",
                 loading->list_id, (int)(entry_id.len < 64 ? entry_id.len : 64),
                 entry_id.ptr ? entry_id.ptr : "", hs_strerror(rc));
    }
    return rc;
}

// What the store says may name a list: only one that is known to be open may be named to
// administrators.
static void say_why(struct loading *loading, const struct hs_store *store, int rc)
{
    const char *why = hs_store_why(store);
    bool names_a_list = strstr(why, "hs:list:") || strstr(why, "list '");
    if (loading->covert) {
        snprintf(loading->why, HS_LISTS_WHY_BYTES, "a covert list cannot be read: %s",
                 hs_strerror(rc));
    } else if (names_a_list && (!loading->list_id[0] || !strstr(why, loading->list_id))) {
        snprintf(loading->why, HS_LISTS_WHY_BYTES, "a list cannot be read: %s", hs_strerror(rc));
    } else {
        snprintf(loading->why, HS_LISTS_WHY_BYTES, "%s", why[0] ? why : hs_strerror(rc));
    }
}

// Builds of what was read, or says why not.
static int build(struct loading *loading, const struct hs_store *store, int rc, const char *mark,
                 struct hs_snapshot **ret_snapshot)
{
    if (rc == 0) {
        rc = hs_snapshot_builder_build(loading->builder, hs_clock_realtime_ms(), hs_str(mark),
                                       ret_snapshot);
        loading->builder = NULL; // used up
        if (rc < 0) {
            snprintf(loading->why, HS_LISTS_WHY_BYTES, "lists cannot be built: %s",
                     hs_strerror(rc));
        }
    } else if (!loading->why[0]) {
        say_why(loading, store, rc);
    }
    hs_snapshot_builder_free(loading->builder);
    return rc;
}

int hs_lists_load(struct hs_store *store, bool (*alive)(void *ctx), void *ctx,
                  struct hs_snapshot **ret_snapshot, struct hs_position *ret_position,
                  char ret_why[HS_LISTS_WHY_BYTES])
{
    struct loading loading = {.alive = alive, .ctx = ctx, .why = ret_why};
    const struct hs_store_sink sink = {
        .ctx = &loading, .begin = on_begin, .list = on_list, .entry = on_entry};
    struct hs_position position;
    char mark[HS_LISTS_MARK_BYTES] = "";
    ret_why[0] = '\0';
    int rc = hs_store_load(store, &sink, &position);
    if (rc == 0) {
        hs_lists_mark(&position, mark);
    }
    rc = build(&loading, store, rc, mark, ret_snapshot);
    if (rc == 0) {
        *ret_position = position;
    }
    return rc;
}

int hs_lists_load_some(struct hs_store *store, const struct hs_snapshot *current,
                       const struct hs_lists_wanted *wanted, size_t count, bool (*alive)(void *ctx),
                       void *ctx, const char *mark, struct hs_snapshot **ret_snapshot,
                       char ret_why[HS_LISTS_WHY_BYTES])
{
    struct hs_str ids[HS_LISTS_LOADS_MAX];
    for (size_t i = 0; i < count; i++) {
        ids[i] = hs_str(wanted[i].list_id);
    }
    struct loading loading = {.current = current,
                              .without = ids,
                              .without_count = count,
                              .alive = alive,
                              .ctx = ctx,
                              .why = ret_why};
    const struct hs_store_sink sink = {
        .ctx = &loading, .begin = on_begin, .list = on_list, .entry = on_entry};
    ret_why[0] = '\0';
    int rc = hs_store_load_lists(store, ids, count, &sink);
    return build(&loading, store, rc, mark, ret_snapshot);
}

// ---- changes ----

void hs_lists_batch_fini(struct hs_lists_batch *batch)
{
    hs_bump_fini(&batch->bump);
    free(batch->rows);
    *batch = (struct hs_lists_batch){0};
}

void hs_lists_batch_clear(struct hs_lists_batch *batch)
{
    hs_bump_reset(&batch->bump);
    batch->count = 0;
    batch->seen = 0;
    batch->passed = 0;
    batch->load = false;
    batch->load_count = 0;
    batch->controls = false;
    batch->oldest_at_ms = 0;
}

static struct hs_str copied(struct hs_bump *bump, struct hs_str text)
{
    const char *copy = hs_bump_copy(bump, text.ptr, text.len);
    return copy ? hs_str_n(copy, text.len) : (struct hs_str){0};
}

static int add_row(struct hs_lists_batch *batch, const struct hs_snapshot_change *row)
{
    if (batch->count == batch->capacity) {
        size_t capacity = batch->capacity ? 2 * batch->capacity : ROWS_AT_FIRST;
        void *grown = realloc(batch->rows, capacity * sizeof(*batch->rows));
        if (!grown) {
            return HS_ENOMEM;
        }
        batch->rows = grown;
        batch->capacity = capacity;
    }
    struct hs_snapshot_change *to = &batch->rows[batch->count++];
    *to = *row;
    to->spec.list_id = copied(&batch->bump, row->spec.list_id);
    to->spec.title = copied(&batch->bump, row->spec.title);
    to->spec.owner_force = copied(&batch->bump, row->spec.owner_force);
    to->spec.policy = copied(&batch->bump, row->spec.policy);
    to->entry = copied(&batch->bump, row->entry);
    to->entry_id = copied(&batch->bump, row->entry_id);
    return to->spec.list_id.ptr ? 0 : HS_ENOMEM;
}

static void want_list(struct hs_lists_batch *batch, const struct hs_store_list *list)
{
    struct hs_lists_wanted *wanted = NULL;
    for (size_t i = 0; i < batch->load_count; i++) {
        if (hs_str_is(list->list_id, batch->loads[i].list_id)) {
            wanted = &batch->loads[i];
        }
    }
    if (!wanted &&
        (batch->load_count == HS_LISTS_LOADS_MAX || list->list_id.len > HS_LIST_ID_MAX)) {
        batch->load = true;
        return;
    }
    wanted = wanted ? wanted : &batch->loads[batch->load_count++];
    snprintf(wanted->list_id, sizeof(wanted->list_id), "%.*s", HS_STR_ARG(list->list_id));
    wanted->generation = list->generation;
}

static bool is_known(const struct hs_snapshot *snapshot, const struct hs_list_spec *change)
{
    struct hs_list_spec spec;
    return hs_snapshot_list_by_id(snapshot, change->list_id, &spec, NULL) == 0 &&
           (change->generation < spec.generation ||
            (change->generation == spec.generation && change->sequence <= spec.sequence));
}

void hs_lists_batch_skip_known(struct hs_lists_batch *batch, const struct hs_snapshot *snapshot)
{
    size_t rows = 0, loads = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!is_known(snapshot, &batch->rows[i].spec)) {
            batch->rows[rows++] = batch->rows[i];
        }
    }
    batch->count = rows;
    for (size_t i = 0; i < batch->load_count; i++) {
        struct hs_list_spec spec;
        struct hs_str list_id = hs_str(batch->loads[i].list_id);
        if (hs_snapshot_list_by_id(snapshot, list_id, &spec, NULL) != 0 ||
            spec.generation < batch->loads[i].generation) {
            batch->loads[loads++] = batch->loads[i];
        }
    }
    batch->load_count = loads;
}

int hs_lists_batch_take(void *ctx, const struct hs_change *change)
{
    struct hs_lists_batch *batch = ctx;
    struct hs_snapshot_change row = {
        .spec = spec_of(&change->list), .entry = change->entry, .entry_id = change->entry_id};
    batch->seen++;
    if (hs_change_op_is_aside(change->op)) {
        batch->passed++;
        return 0;
    }
    if (batch->oldest_at_ms == 0) {
        batch->oldest_at_ms = change->at_ms;
    }
    switch (change->op) {
    case HS_OP_CREATE:
    case HS_OP_SET:
        row.kind = HS_CHANGE_LIST;
        return add_row(batch, &row);
    case HS_OP_PUT:
        row.kind = HS_CHANGE_PUT;
        return add_row(batch, &row);
    case HS_OP_DROP:
        row.kind = HS_CHANGE_DROP;
        return add_row(batch, &row);
    case HS_OP_REMOVE:
        row.kind = HS_CHANGE_REMOVE;
        return add_row(batch, &row);
    case HS_OP_LOAD:
    case HS_OP_ROLLBACK:
        want_list(batch, &change->list);
        return 0;
    case HS_OP_CONTROLS:
        batch->controls = true;
        return 0;
    case HS_OP_CONFIRM:
    case HS_OP_CONSULTED:
    case HS_OP_REFUSED:
    case HS_OP_NOMINATED:
    case HS_OP_INTELLIGENCE:
    case HS_OP_DECLINED:
    case HS_OP_CAMERA:
        return 0;
    }
    return 0;
}

int hs_lists_batch_append(struct hs_lists_batch *to, const struct hs_lists_batch *from)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < from->count; i++) {
        rc = add_row(to, &from->rows[i]);
    }
    return rc;
}

// SPDX-License-Identifier: Apache-2.0
#include "hitctl/list_common.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/hash.h"
#include "controls/controls.h"
#include "hitstream/v1/watchlist.pb-c.h"
#include "match/pattern.h"

struct hs_actor hitctl_list_actor(const struct hitctl *ctl)
{
    return (struct hs_actor){ctl->who, ctl->authority};
}

int hitctl_list_open(const struct hitctl *ctl, enum hitctl_verb verb, const char *list_id,
                     struct hitctl_list *ret_list)
{
    *ret_list = (struct hitctl_list){0};
    if (!hs_store_list_id_ok(hs_str(list_id))) {
        hitctl_error("'%s' is no list id: small letters, digits, '-', '_' and '.', at most %d",
                     list_id, HS_LIST_ID_MAX);
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &ret_list->store);
    if (code != HITCTL_OK) {
        return code;
    }
    int rc = hs_store_list_get(ret_list->store, hs_str(list_id), &ret_list->bump, &ret_list->list);
    return rc == 0 ? hitctl_may_list(ctl, verb, &ret_list->list)
                   : hitctl_store_failed(ret_list->store, rc, "cannot read the list");
}

void hitctl_list_close(struct hitctl_list *list)
{
    hs_store_free(list->store);
    hs_bump_fini(&list->bump);
}

// ---- covert lists ----

static bool has_queue(const struct hs_routes *routes, const struct hs_store_list *list)
{
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        for (size_t c = 0; c < queue->covert_list_count; c++) {
            if (hs_str_eq(queue->covert_lists[c], list->list_id) &&
                hs_str_eq(queue->owner_force, list->owner_force)) {
                return true;
            }
        }
    }
    return false;
}

int hitctl_list_check_covert(struct hs_store *store, const struct hs_store_list *list)
{
    char hash[HS_CHANGE_HASH_BYTES];
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    int code = HITCTL_REFUSED;
    if (!list->covert) {
        return HITCTL_OK;
    }
    int rc = hs_store_controls_head(store, hash, &packed);
    if (rc != 0) {
        code = hitctl_store_failed(store, rc, "cannot read the controls");
        goto out;
    }
    if (hash[0] && hs_controls_unpack(hs_buf_str(&packed), &diags, &controls) != 0) {
        hitctl_error("the active controls cannot be read: see 'hitctl controls show'");
        goto out;
    }
    if (controls && has_queue(hs_controls_routes(controls), list)) {
        code = HITCTL_OK;
    } else {
        hitctl_error("covert list '%.*s' has no queue of its own: name it under 'covert_lists' of "
                     "a queue of "
                     "force '%.*s' and activate the controls first",
                     HS_STR_ARG(list->list_id), HS_STR_ARG(list->owner_force));
    }
out:
    hs_controls_unref(controls);
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    return code;
}

static bool names_list(const struct hs_str *names, size_t count, struct hs_str list_id)
{
    for (size_t i = 0; i < count; i++) {
        if (hs_str_eq(names[i], list_id)) {
            return true;
        }
    }
    return false;
}

int hitctl_list_queues(struct hs_store *store, const struct hs_store_list *list,
                       struct hs_buf *ret_names)
{
    char hash[HS_CHANGE_HASH_BYTES];
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    int code = HITCTL_OK;
    int rc = hs_store_controls_head(store, hash, &packed);
    if (rc == 0 && hash[0]) {
        rc = hs_controls_unpack(hs_buf_str(&packed), &diags, &controls);
    }
    if (rc != 0) {
        code = hitctl_store_failed(store, rc, "cannot read the controls");
    }
    const struct hs_routes *routes = controls ? hs_controls_routes(controls) : NULL;
    for (size_t i = 0; routes && i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (names_list(queue->lists, queue->list_count, list->list_id) ||
            names_list(queue->covert_lists, queue->covert_list_count, list->list_id)) {
            hs_buf_printf(ret_names, "%s'%.*s'", ret_names->len > 0 ? ", " : "",
                          HS_STR_ARG(queue->name));
        }
    }
    hs_controls_unref(controls);
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    return code;
}

unsigned hitctl_list_masks_max(const struct hs_store_list *list)
{
    return list->covert || list->status == HS_STORE_TRIAL ? HS_PATTERN_MASKS_LIST_MAX
                                                          : HS_PATTERN_MASKS_OPEN_MAX;
}

// ---- printing ----

void hitctl_list_revision(const struct hs_store_list *list, char ret_text[HITCTL_REVISION_BYTES])
{
    snprintf(ret_text, HITCTL_REVISION_BYTES, "%llu.%llu", (unsigned long long)list->generation,
             (unsigned long long)list->sequence);
}

void hitctl_print_json(json_t *value)
{
    json_dumpf(value, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(value);
}

json_t *hitctl_json_text(struct hs_str text)
{
    json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);
    return value ? value : json_string("");
}

json_t *hitctl_entry_json(struct hs_str packed)
{
    json_t *object = json_object();
    struct hs_buf text = {0};
    struct Hitstream__V1__WatchlistEntry *entry = hs_entry_unpack(packed);
    for (int column = 0; entry && column < HS_COLUMN_COUNT; column++) {
        hs_buf_clear(&text);
        hs_entry_print(entry, (enum hs_column)column, &text);
        if (text.len > 0) {
            json_object_set_new(object, hs_column_name((enum hs_column)column),
                                hitctl_json_text(hs_buf_str(&text)));
        }
    }
    hs_entry_free(entry);
    hs_buf_fini(&text);
    return object;
}

// ---- entries in memory ----

void hitctl_entries_fini(struct hitctl_entries *entries)
{
    free(entries->rows);
    free(entries->slots);
    hs_bump_fini(&entries->bump);
}

static uint32_t *slot_of(uint32_t *slots, size_t slot_count, const struct hitctl_entry_row *rows,
                         struct hs_str entry_id)
{
    size_t i = hs_hash_bytes(entry_id.ptr, entry_id.len, 0) & (slot_count - 1);
    while (slots[i] != 0 && !hs_str_eq(rows[slots[i] - 1].entry_id, entry_id)) {
        i = (i + 1) & (slot_count - 1);
    }
    return &slots[i];
}

static int index_rows(struct hitctl_entries *entries, size_t slot_count)
{
    uint32_t *slots = calloc(slot_count, sizeof(*slots));
    if (!slots) {
        return HS_ENOMEM;
    }
    for (size_t i = 0; i < entries->count; i++) {
        *slot_of(slots, slot_count, entries->rows, entries->rows[i].entry_id) = (uint32_t)i + 1;
    }
    free(entries->slots);
    entries->slots = slots;
    entries->slot_count = slot_count;
    return 0;
}

static int grow(struct hitctl_entries *entries)
{
    size_t capacity = entries->capacity ? entries->capacity * 2 : 1024;
    struct hitctl_entry_row *rows = reallocarray(entries->rows, capacity, sizeof(*rows));
    if (!rows) {
        return HS_ENOMEM;
    }
    entries->rows = rows;
    entries->capacity = capacity;
    return index_rows(entries, capacity * 2);
}

int hitctl_entries_add(struct hitctl_entries *entries, struct hs_str entry_id, struct hs_str packed)
{
    if (entries->count == entries->capacity && grow(entries) != 0) {
        return HS_ENOMEM;
    }
    const char *bytes = hs_bump_copy(&entries->bump, packed.ptr, packed.len);
    uint32_t *slot = slot_of(entries->slots, entries->slot_count, entries->rows, entry_id);
    if (*slot != 0) {
        entries->rows[*slot - 1].packed = hs_str_n(bytes, packed.len);
        return bytes ? 0 : HS_ENOMEM;
    }
    const char *id = hs_bump_copy(&entries->bump, entry_id.ptr, entry_id.len);
    entries->rows[entries->count++] = (struct hitctl_entry_row){
        .entry_id = hs_str_n(id, entry_id.len), .packed = hs_str_n(bytes, packed.len)};
    *slot = (uint32_t)entries->count;
    return bytes && id ? 0 : HS_ENOMEM;
}

struct hitctl_entry_row *hitctl_entries_find(const struct hitctl_entries *entries,
                                             struct hs_str entry_id)
{
    if (entries->count == 0) {
        return NULL;
    }
    uint32_t slot = *slot_of(entries->slots, entries->slot_count, entries->rows, entry_id);
    return slot ? &entries->rows[slot - 1] : NULL;
}

static int take_entry(void *ctx, struct hs_str entry_id, struct hs_str packed)
{
    return hitctl_entries_add(ctx, entry_id, packed);
}

int hitctl_entries_read(struct hitctl_entries *entries, struct hs_store *store,
                        const struct hs_store_list *list, uint64_t generation, uint64_t size,
                        uint64_t checksum)
{
    int rc = hs_store_entries(store, list, generation, take_entry, entries);
    if (rc != 0) {
        return rc;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < entries->count; i++) {
        sum += hs_store_entry_sum(entries->rows[i].entry_id, entries->rows[i].packed);
    }
    return entries->count == size && sum == checksum ? 0 : HS_ECHECKSUM;
}

static int by_entry_id(const void *a, const void *b)
{
    const struct hitctl_entry_row *x = a, *y = b;
    return hs_str_cmp(x->entry_id, y->entry_id);
}

void hitctl_entries_sort(struct hitctl_entries *entries)
{
    if (entries->count > 0) {
        qsort(entries->rows, entries->count, sizeof(*entries->rows), by_entry_id);
        memset(entries->slots, 0, entries->slot_count * sizeof(*entries->slots));
        for (size_t i = 0; i < entries->count; i++) {
            *slot_of(entries->slots, entries->slot_count, entries->rows,
                     entries->rows[i].entry_id) = (uint32_t)i + 1;
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
// A list as it was at a revision: a generation's last state, less what the stream says has changed
// since.
#include "hitctl/list_revision.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

int hitctl_revision_parse(const char *word, struct hitctl_revision *ret_revision)
{
    struct hs_str rest = hs_str(word), generation, sequence = {0};
    hs_str_split(&rest, '.', &generation);
    bool exact = hs_str_split(&rest, '.', &sequence);
    struct hitctl_revision revision = {.exact = exact};
    if (rest.ptr || hs_str_to_u64(generation, &revision.generation) != 0 ||
        (exact && hs_str_to_u64(sequence, &revision.sequence) != 0)) {
        return HS_EFORMAT;
    }
    *ret_revision = revision;
    return 0;
}

static int find_generation(struct hitctl_list *list, uint64_t wanted,
                           struct hs_store_generation *ret_row)
{
    struct hs_store_generation *rows = NULL;
    size_t count = 0;
    if (wanted == list->list.generation) {
        *ret_row = (struct hs_store_generation){wanted, list->list.sequence, list->list.size,
                                                list->list.checksum, 0};
        return HITCTL_OK;
    }
    int rc = hs_store_generations(list->store, list->list.list_id, &list->bump, &rows, &count);
    if (rc != 0) {
        return hitctl_store_failed(list->store, rc, "cannot read the list");
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].generation == wanted) {
            *ret_row = rows[i];
            return HITCTL_OK;
        }
    }
    hitctl_error(
        "generation %llu of list '%.*s' is not kept; 'hitctl list show' names those that are",
        (unsigned long long)wanted, HS_STR_ARG(list->list.list_id));
    return HITCTL_REFUSED;
}

// ---- back from a generation's last state ----

// What each entry was at the revision, of those that have changed since: the first change after it
// says.
struct undo {
    const struct hitctl_list *list;
    const struct hitctl_revision *revision;
    struct hitctl_entries before; // an empty 'packed': was not there
};

static int note_change(void *ctx, const struct hs_change *change)
{
    struct undo *undo = ctx;
    bool entry = change->op == HS_OP_PUT || change->op == HS_OP_DROP;
    if (!entry || change->list.generation != undo->revision->generation ||
        change->list.sequence <= undo->revision->sequence ||
        hitctl_entries_find(&undo->before, change->entry_id)) {
        return 0;
    }
    return hitctl_entries_add(&undo->before, change->entry_id, change->before);
}

static int rebuild(const struct undo *undo, struct hitctl_entries *entries)
{
    struct hitctl_entries rebuilt = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < entries->count; i++) {
        const struct hitctl_entry_row *row = &entries->rows[i];
        if (!hitctl_entries_find(&undo->before, row->entry_id)) {
            rc = hitctl_entries_add(&rebuilt, row->entry_id, row->packed);
        }
    }
    for (size_t i = 0; rc == 0 && i < undo->before.count; i++) {
        const struct hitctl_entry_row *row = &undo->before.rows[i];
        rc = row->packed.len > 0 ? hitctl_entries_add(&rebuilt, row->entry_id, row->packed) : 0;
    }
    hitctl_entries_fini(entries);
    *entries = rebuilt;
    return rc;
}

static int go_back(struct hitctl_list *list, const struct hitctl_revision *revision,
                   struct hitctl_entries *entries)
{
    struct undo undo = {list, revision, {0}};
    int code = HITCTL_OK;
    int rc = hs_store_history(list->store, list->list.list_id, note_change, &undo);
    if (rc != 0) {
        code = hitctl_store_failed(list->store, rc, "the audit trail does not hold");
    } else if (undo.before.count > 0 && rebuild(&undo, entries) != 0) {
        hitctl_error("out of memory");
        code = HITCTL_FAILED;
    }
    hitctl_entries_fini(&undo.before);
    return code;
}

int hitctl_revision_read(struct hitctl_list *list, const struct hitctl_revision *revision,
                         struct hitctl_entries *entries)
{
    struct hs_store_generation row = {0};
    int code = find_generation(list, revision->generation, &row);
    if (code != HITCTL_OK) {
        return code;
    }
    if (revision->exact && revision->sequence > row.sequence) {
        hitctl_error("there is no revision %llu.%llu: the generation's last is %llu.%llu",
                     (unsigned long long)row.generation, (unsigned long long)revision->sequence,
                     (unsigned long long)row.generation, (unsigned long long)row.sequence);
        return HITCTL_REFUSED;
    }
    int rc = hitctl_entries_read(entries, list->store, &list->list, row.generation, row.size,
                                 row.checksum);
    if (rc == HS_ECHECKSUM) {
        hitctl_error("generation %llu does not hold with its size and checksum (%zu entries read, "
                     "%llu written)",
                     (unsigned long long)row.generation, entries->count,
                     (unsigned long long)row.size);
        return HITCTL_REFUSED;
    }
    if (rc != 0) {
        return hitctl_store_failed(list->store, rc, "cannot read the entries");
    }
    return revision->exact && revision->sequence < row.sequence ? go_back(list, revision, entries)
                                                                : HITCTL_OK;
}

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_SNAPSHOT_H
#define HS_MATCH_SNAPSHOT_H
/*
 * The snapshot: all watchlists as matchers see them, immutable, in one arena; plus a small
 * immutable overlay of changes since, so that one change is live in milliseconds.
 *
 * Threads: one builds; once returned a snapshot is const and any may read. Publish it with
 * hs_rcu_publish(), free the one before after hs_rcu_synchronize(). Ownership: a snapshot shares
 * its base with those derived from it (counted inside); hs_snapshot_free() gives back one.
 */

#include "base/str.h"

enum hs_list_status {
    HS_LIST_LIVE = 1,
    HS_LIST_TRIAL = 2,
    HS_LIST_SUSPENDED = 3,
};

// A list as a whole. Texts are copied by the builder.
struct hs_list_spec {
    struct hs_str list_id;
    struct hs_str title;
    struct hs_str owner_force;
    bool covert;
    enum hs_list_status status;
    struct hs_str policy; // packed MatchPolicy; may be empty
    uint64_t generation;
    uint64_t sequence;
};

enum { HS_OVERLAY_CHANGES_MAX = 4096 };

struct hs_snapshot;
struct hs_snapshot_builder;

int hs_snapshot_builder_new(struct hs_snapshot_builder **ret_builder);
void hs_snapshot_builder_free(struct hs_snapshot_builder *builder);
// A builder that holds what `old` holds, but for the lists named: those are to be added anew.
int hs_snapshot_builder_from(const struct hs_snapshot *old, const struct hs_str *without,
                             size_t without_count, struct hs_snapshot_builder **ret_builder);
// Begins a list; entries added after it are its own. HS_EEXIST for a list twice.
int hs_snapshot_builder_list(struct hs_snapshot_builder *builder, const struct hs_list_spec *spec);
// One packed WatchlistEntry, copied. HS_EFORMAT when it cannot be decoded or its VRM is not usable.
// Entry ids are unique within a list: the caller's care.
int hs_snapshot_builder_entry(struct hs_snapshot_builder *builder, struct hs_str entry);
// Builds; the builder is used up, also when it fails. `as_of_ms`: when the lists were known to be
// current. `change_id`: where the change stream stood ("1700000000000-0"), for the file on disk.
int hs_snapshot_builder_build(struct hs_snapshot_builder *builder, int64_t as_of_ms,
                              struct hs_str change_id, struct hs_snapshot **ret_snapshot);

// One change; applied in order.
enum hs_change_kind {
    HS_CHANGE_LIST,   // the list's spec (status, policy, revision); creates the list when it is new
                      // and empty
    HS_CHANGE_PUT,    // `entry` replaces or adds the one with its entry id
    HS_CHANGE_DROP,   // `entry_id` is gone
    HS_CHANGE_REMOVE, // the whole list is gone
};
struct hs_snapshot_change {
    enum hs_change_kind kind;
    struct hs_list_spec
        spec;            // list_id always; generation and sequence with PUT and DROP; all with LIST
    struct hs_str entry; // packed WatchlistEntry, with PUT
    struct hs_str entry_id; // with DROP
};
// A new snapshot that differs by these changes. HS_ELIMIT: the overlay is full, rebuild with
// hs_snapshot_rebuild() and apply again (more than HS_OVERLAY_CHANGES_MAX changes at once never
// fit: apply them in parts). HS_ENOTFOUND: an entry for a list that is not there. HS_EFORMAT: an
// entry that is not usable; apply the others without it. To drop an entry that is not there changes
// nothing. No changes at all: the same lists, known to be current at `as_of_ms`, at next to no
// cost. `old` stays valid.
int hs_snapshot_apply(const struct hs_snapshot *old, const struct hs_snapshot_change *changes,
                      size_t count, int64_t as_of_ms, struct hs_str change_id,
                      struct hs_snapshot **ret_snapshot);
// The same lists with the overlay folded in: off-thread, the time of a build.
int hs_snapshot_rebuild(const struct hs_snapshot *old, struct hs_snapshot **ret_snapshot);
void hs_snapshot_free(struct hs_snapshot *snapshot);

// The file on disk: versioned, checksummed, written beside and renamed; refused whole if anything
// is off.
int hs_snapshot_save(const struct hs_snapshot *snapshot, const char *path);
int hs_snapshot_load(const char *path, struct hs_snapshot **ret_snapshot);

struct hs_snapshot_stats {
    uint64_t lists;
    uint64_t entries;
    uint64_t overlay_changes;
    uint64_t memory_bytes;
    int64_t as_of_ms;
};
void hs_snapshot_stats(const struct hs_snapshot *snapshot, struct hs_snapshot_stats *ret_stats);
struct hs_str hs_snapshot_change_id(const struct hs_snapshot *snapshot);
// The list as it stands now, or HS_ENOTFOUND; `ret_entries` may be NULL. Borrowed from the
// snapshot.
int hs_snapshot_list_by_id(const struct hs_snapshot *snapshot, struct hs_str list_id,
                           struct hs_list_spec *ret_spec, uint64_t *ret_entries);
// Whether an entry stands on a list now, whatever its terms. HS_ENOTFOUND: no such list, or entry.
int hs_snapshot_entry(const struct hs_snapshot *snapshot, struct hs_str list_id,
                      struct hs_str entry_id);
int hs_snapshot_list(const struct hs_snapshot *snapshot, size_t index,
                     struct hs_list_spec *ret_spec, uint64_t *ret_entries);

#endif

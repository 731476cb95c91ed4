// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_STORE_H
#define HS_WATCHLIST_STORE_H
/*
 * Lists and controls in Redis (design 3.2): every change is one script call that checks what it was
 * made against (the list's revision, the last record of hs:changes), writes, and appends to the
 * stream, or does nothing.
 *
 * A daemon: hs_store_open(), hs_store_load() once, then for ever hs_store_follow(); each second
 * hs_store_check(); hs_store_register() after each change and each second. HS_ELOST from follow or
 * check: what it stands on is no longer true, load again. HS_EUNREACHABLE or HS_ETIMEDOUT: free the
 * store, open a new one, check the position, go on following (or load).
 *
 * Threads: a store belongs to one. Ownership: what callbacks get is borrowed for the call; what
 * functions return lives in the caller's bump. Blocking, each call bounded by the connection's
 * timeouts. Trusts Redis to be ours but checks every reply's type and length (HS_EPROTO,
 * hs_store_why() says which key).
 */

#include "base/arena.h"
#include "watchlist/changes.h"
#include "watchlist/redis.h"

struct hs_store;

// Who makes a change, for the audit trail.
struct hs_actor {
    const char *who;
    const char *authority; // reference; may be ""
};

int hs_store_open(const struct hs_redis_config *config, struct hs_store **ret_store,
                  struct hs_buf *ret_why);
void hs_store_free(struct hs_store *store);
// What went wrong last, for a person. Valid until the next call.
const char *hs_store_why(const struct hs_store *store);
// The last change failed after it was sent: it may have been made all the same.
bool hs_store_uncertain(const struct hs_store *store);

// What one entry adds to its list's checksum; sums are modulo 2^64.
uint64_t hs_store_entry_sum(struct hs_str entry_id, struct hs_str entry);

// ---- reading everything, and following ----

// Gets all lists and entries. An entry follows its list; nothing is live before hs_store_load() has
// returned 0.
struct hs_store_sink {
    void *ctx;
    // A reading begins, perhaps again after a list changed under it: forget what came before.
    int (*begin)(void *ctx);
    // A list; 1: its entries are not wanted (and not verified).
    int (*list)(void *ctx, const struct hs_store_list *list);
    int (*entry)(void *ctx, struct hs_str entry_id, struct hs_str entry);
};
// Reads every list, verifies each one's size and checksum, and says where following must go on.
// Reads again when a list changed under it. A change made while it read may come again when
// following: skip records of a list whose revision is not newer than the list's as read.
// HS_ECHECKSUM: a list does not hold (hs_store_why() names it): keep what is live.
int hs_store_load(struct hs_store *store, const struct hs_store_sink *sink,
                  struct hs_position *ret_position);

// The same for these lists alone, beside others that are known; one that is gone is left out.
// Follow from where you stand: records not newer than what was read are to be skipped.
int hs_store_load_lists(struct hs_store *store, const struct hs_str *list_ids, size_t count,
                        const struct hs_store_sink *sink);

// Gets each change in order; not 0 stops.
typedef int hs_store_change_fn(void *ctx, const struct hs_change *change);
// Waits up to `block_ms` for records after *position and hands over what there is (at most a few
// hundred); *position moves with each change that was handed over. 0 also when nothing came.
// HS_ELOST: gap or broken chain.
int hs_store_follow(struct hs_store *store, struct hs_position *position, int64_t block_ms,
                    hs_store_change_fn *change, void *ctx);
// Does the stream still hold this record, with the same hash? HS_ELOST.
int hs_store_check(struct hs_store *store, const struct hs_position *position);
// The stream's last record.
int hs_store_head(struct hs_store *store, struct hs_position *ret_position);
// Walks the records of the stream, oldest first, verifying the chain: HS_ELOST names the first
// break. `list_id` "" : all.
int hs_store_history(struct hs_store *store, struct hs_str list_id, hs_store_change_fn *change,
                     void *ctx);
// 'I know that this Redis is behind `anchor_id`; it is right': for a daemon that refuses a restored
// backup.
int hs_store_confirm(struct hs_store *store, const struct hs_actor *actor, const char *anchor_id,
                     struct hs_position *ret_position);
// Whether a record HS_OP_CONFIRM for this anchor stands in the stream. HS_ENOTFOUND.
int hs_store_confirmed(struct hs_store *store, const char *anchor_id);

// A person looks at personal data: a record of the same chain, `actor`'s authority says why. It is
// appended before anything is shown: no record, nothing to see.
int hs_store_consulted(struct hs_store *store, const struct hs_actor *actor,
                       const struct hs_consultation *looked);
// The same for what a person was refused.
int hs_store_refused(struct hs_store *store, const struct hs_actor *actor,
                     const struct hs_consultation *looked);

// A person found a camera sound: recorded before it is done.
int hs_store_camera_cleared(struct hs_store *store, const struct hs_actor *actor,
                            const struct hs_consultation *looked);

// ---- instances ----

// What a daemon has live.
struct hs_instance {
    struct hs_str instance_id;
    struct hs_str change_id;     // last change applied
    struct hs_str controls_hash; // "" : none
    struct hs_str state;         // one word: "live", "loading", "stale"
    uint64_t lists;
    uint64_t entries;
    int64_t as_of_ms;
    int64_t started_at_ms;
    int64_t last_seen_ms;
};
// One small pipelined write.
int hs_store_register(struct hs_store *store, const struct hs_instance *instance);
int hs_store_deregister(struct hs_store *store, struct hs_str instance_id);
// All registered instances; texts and rows live in `bump`.
int hs_store_instances(struct hs_store *store, struct hs_bump *bump, struct hs_instance **ret_rows,
                       size_t *ret_count);

// ---- lists ----

enum { HS_LIST_ID_MAX = 64 };
// Lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit; at most
// HS_LIST_ID_MAX.
bool hs_store_list_id_ok(struct hs_str list_id);

// One list's state; texts live in `bump`. HS_ENOTFOUND.
int hs_store_list_get(struct hs_store *store, struct hs_str list_id, struct hs_bump *bump,
                      struct hs_store_list *ret_list);
// All lists, by id.
int hs_store_lists(struct hs_store *store, struct hs_bump *bump, struct hs_store_list **ret_rows,
                   size_t *ret_count);
// An earlier generation that is kept.
struct hs_store_generation {
    uint64_t generation;
    uint64_t sequence; // its last
    uint64_t size;
    uint64_t checksum;
    int64_t retired_at_ms; // when another went live
};
int hs_store_generations(struct hs_store *store, struct hs_str list_id, struct hs_bump *bump,
                         struct hs_store_generation **ret_rows, size_t *ret_count);

// HS_EEXIST. Generation, sequence, size and checksum of `list` are ignored.
int hs_store_list_create(struct hs_store *store, const struct hs_actor *actor,
                         const struct hs_store_list *list, struct hs_position *ret_position);
// Properties of `list` as they shall be, made against its generation and sequence: HS_ECONFLICT.
int hs_store_list_set(struct hs_store *store, const struct hs_actor *actor,
                      const struct hs_store_list *list, struct hs_position *ret_position);

// The list and all its generations are gone, if it still is at the revision of `list`:
// HS_ECONFLICT. Its last revision is kept, so that a later list of this id goes on from there.
int hs_store_list_remove(struct hs_store *store, const struct hs_actor *actor,
                         const struct hs_store_list *list, struct hs_str note,
                         struct hs_position *ret_position);

// One entry as packed, into `bump`. HS_ENOTFOUND.
int hs_store_entry_get(struct hs_store *store, const struct hs_store_list *list,
                       struct hs_str entry_id, struct hs_bump *bump, struct hs_str *ret_entry);
// All entries of a generation, unverified; `generation` 0: the live one.
int hs_store_entries(struct hs_store *store, const struct hs_store_list *list, uint64_t generation,
                     hs_redis_pair_fn *pair, void *ctx);
// Adds or replaces one entry; *list is the state it is made against and gets the new one.
// HS_ECONFLICT.
int hs_store_put(struct hs_store *store, const struct hs_actor *actor, struct hs_store_list *list,
                 struct hs_str entry_id, struct hs_str entry, struct hs_str before,
                 struct hs_position *ret_position);
int hs_store_drop(struct hs_store *store, const struct hs_actor *actor, struct hs_store_list *list,
                  struct hs_str entry_id, struct hs_str before, struct hs_position *ret_position);

// 'Not this vehicle': a plate that is not meant by an entry.
struct hs_store_exclusion {
    struct hs_str list_id;
    struct hs_str entry_id;
    struct hs_str plate;  // normalised
    struct hs_str owner;  // who decided it
    struct hs_str mark;   // names the decision: the same plate and mark is stored once
    struct hs_str reason; // free text; stands behind the mark
    int64_t expires_at_ms;
};
#define HS_EXCLUSION_MARK "feedback "  // begins the mark of a desk's decision
enum { HS_ENTRY_EXCLUSIONS_MAX = 64 }; // of one entry; those over leave, then what expires first
// Adds it to the entry, in one change against the entry as it stands. 0 also when it stands there
// already. HS_ENOTFOUND: no such list or entry (any more).
int hs_store_exclude(struct hs_store *store, const struct hs_actor *actor,
                     const struct hs_store_exclusion *exclusion, struct hs_position *ret_position);

// What desks have excluded outlives a load or a rollback: 'not this vehicle' is no business of a
// file. These are the live entries in which such exclusions last; a load does it by itself, a dry
// run asks here. To take one away, put the entry without it.
struct hs_store_kept;
int hs_store_kept_new(struct hs_store *store, const struct hs_store_list *list,
                      struct hs_store_kept **ret_kept);
// The entry with the exclusions that it keeps: itself, or borrowed until the next call.
int hs_store_kept_into(struct hs_store_kept *kept, struct hs_str entry_id, struct hs_str entry,
                       struct hs_str *ret_entry);
void hs_store_kept_free(struct hs_store_kept *kept);

// A load: a new generation is written beside the live one and goes live in one step, or not at all.
struct hs_store_loading;
int hs_store_loading_new(struct hs_store *store, const struct hs_store_list *against,
                         struct hs_store_loading **ret_loading);
// Pipelined; each entry id once.
int hs_store_loading_add(struct hs_store_loading *loading, struct hs_str entry_id,
                         struct hs_str entry);
// Goes live, and frees the loading; whatever fails leaves it to be aborted. HS_ECONFLICT: the list
// is no longer at the revision it was made against.
int hs_store_loading_commit(struct hs_store_loading *loading, const struct hs_actor *actor,
                            enum hs_change_op op, struct hs_str note,
                            struct hs_store_list *ret_list, struct hs_position *ret_position);
// Takes away what was written. NULL is legal.
void hs_store_loading_abort(struct hs_store_loading *loading);

// ---- controls ----

enum { HS_STORE_CONTROLS_KEPT = 32 }; // sources kept for history and rollback; older ones go

// The head's hash (64 hex digits) and, unless `ret_packed` is NULL, its packed ControlsSource
// appended; hash "" and nothing appended before the first activation.
int hs_store_controls_head(struct hs_store *store, char ret_hash[HS_CHANGE_HASH_BYTES],
                           struct hs_buf *ret_packed);
// Appends the packed source of a hash that was activated once. HS_ENOTFOUND.
int hs_store_controls_get(struct hs_store *store, const char *hash, struct hs_buf *ret_packed);
// Makes `hash` the head if the head still is `expected_head` ("": none), in one script call with
// its record; `operation` is "activate" or "rollback". HS_ECONFLICT: nothing is written.
int hs_store_controls_activate(struct hs_store *store, const char *expected_head, const char *hash,
                               struct hs_str packed, const char *operation,
                               const struct hs_actor *actor);

// One activation. Borrowed for the call.
struct hs_controls_activation {
    const char *change_id;
    const char *hash;
    const char *predecessor; // "": none
    const char *operation;
    const char *who;
    const char *authority;
    int64_t at_ms;
};
// Newest first, at most `max`.
int hs_store_controls_history(struct hs_store *store, size_t max,
                              void (*row)(void *ctx, const struct hs_controls_activation *row),
                              void *ctx);

#endif

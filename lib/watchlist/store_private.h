// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_STORE_PRIVATE_H
#define HS_WATCHLIST_STORE_PRIVATE_H
/*
 * Inside the store: its connection, keys, and the one script that makes changes. Not for other
 * modules.
 *
 * A change is a proposal: what must still be true (checks), what is to be done (commands), and its
 * record. The script checks everything, the types of all keys too, before it writes anything.
 *
 * Threads: the one that owns the store. Ownership: a store owns its connection and texts.
 */

#include <hiredis/hiredis.h>

#include "watchlist/keys.h"
#include "watchlist/store.h"

struct hs_store {
    struct hs_redis *redis; // owned
    struct hs_buf why;      // last fault, terminated
    struct hs_position
        tail; // the stream's last record as last seen: saves a read before each change
    bool tail_known;
    bool uncertain; // the last change was sent, and nobody said what became of it
};

// Says what went wrong and returns `code`.
int hs_store_fail(struct hs_store *store, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The connection's own words for a code it returned.
int hs_store_redis_failed(struct hs_store *store, int code, const char *doing);

// "hs:list:<id>" and "hs:list:<id>:g<generation>", in `bump`; an empty text when out of memory.
struct hs_str hs_store_list_key(struct hs_bump *bump, struct hs_str list_id);
struct hs_str hs_store_generation_key(struct hs_bump *bump, struct hs_str list_id,
                                      uint64_t generation);
// A formatted text in `bump`.
struct hs_str hs_store_text(struct hs_bump *bump, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A text of a reply, or the empty one; HS_EPROTO unless it is a string (nil counts as empty).
int hs_store_reply_text(const redisReply *reply, struct hs_str *ret_text);

// Decodes one [id, [field, value, ...]] of the stream.
int hs_store_decode_record(struct hs_store *store, const redisReply *reply,
                           struct hs_change *ret_change,
                           char ret_previous_hash[HS_CHANGE_HASH_BYTES]);

enum { HS_PROPOSAL_KEYS_MAX = 48, HS_PROPOSAL_TEXTS_MAX = 256 };

struct hs_proposal {
    struct hs_str keys[HS_PROPOSAL_KEYS_MAX]; // keys[0] is hs:changes
    size_t key_count;
    struct hs_str checks[48]; // key's number, field, wanted value, ...
    size_t check_texts;
    struct hs_str
        commands[HS_PROPOSAL_TEXTS_MAX]; // texts' count, command, key's number, arguments; ...
    size_t command_texts;
    size_t command_count;
    struct hs_bump bump; // texts made on the way
    bool overflow;       // more than fits: a programming error or a store that is not ours
};

void hs_proposal_init(struct hs_proposal *proposal);
void hs_proposal_fini(struct hs_proposal *proposal);
// The field of this hash must have this value; an empty one: must not be there.
void hs_proposal_check(struct hs_proposal *proposal, struct hs_str key, const char *field,
                       struct hs_str value);
void hs_proposal_command(struct hs_proposal *proposal, const char *command, struct hs_str key,
                         size_t count, const struct hs_str *arguments);
// Makes the change and appends its record; tries again as long as only the chain has moved on.
// HS_ECONFLICT: a check does not hold.
int hs_proposal_send(struct hs_proposal *proposal, struct hs_store *store,
                     const struct hs_change *change, struct hs_position *ret_position);

// What every change of a list proposes: its properties as they shall be; that it still is at this
// revision.
void hs_store_propose_list(struct hs_proposal *proposal, const struct hs_store_list *list);
void hs_store_propose_revision(struct hs_proposal *proposal, const struct hs_store_list *against);
// Whether an entry goes by another id than its mark.
bool hs_store_own_id(struct hs_str entry_id, struct hs_str entry);
// kept.c: feedback gives the entry an exclusion; noted before it does.
int hs_store_note_excluded(struct hs_store *store, struct hs_bump *bump, struct hs_str list_id,
                           struct hs_str entry_id);
// The list goes, and with it the names of such entries.
void hs_store_propose_forget_excluded(struct hs_proposal *proposal, struct hs_str list_id);
// A record's beginning: who, when (the list's changed_at_ms), the list.
struct hs_change hs_store_change_of(enum hs_change_op op, const struct hs_actor *actor,
                                    const struct hs_store_list *list);

#endif

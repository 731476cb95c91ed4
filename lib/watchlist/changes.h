// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_CHANGES_H
#define HS_WATCHLIST_CHANGES_H
/*
 * Records of the stream hs:changes: every change of a list or of the controls, every consultation
 * (who looked at what, and why) and every refusal, chained by hash. It is what daemons follow and
 * what an audit reads. Nobody may trim it: no XTRIM, no MAXLEN, no eviction; a record that is gone
 * breaks the chain, and 'hitctl audit verify' says so.
 *
 * A record holds the hash of the record before it. Its own hash is BLAKE2b-256 over its stream id
 * and all its fields in order, each with its length; Redis cannot compute that, so who writes reads
 * the last record, names it, and the script refuses when it is no longer the last. So no record can
 * be taken out, put in or altered without breaking the chain, and a reader who knows one record's
 * hash knows that all before it are as they were.
 *
 * Threads: any. Ownership: a decoded record borrows from what it was decoded from.
 */

#include "base/str.h"

enum { HS_CHANGE_ID_BYTES = 42, HS_CHANGE_HASH_BYTES = 65 };

// A place in the stream: a record's id ("1700000000000-0") and hash (64 hex digits), both
// terminated. Before the first record: "0-0" and 64 zeros, see hs_position_start().
struct hs_position {
    char id[HS_CHANGE_ID_BYTES];
    char hash[HS_CHANGE_HASH_BYTES];
};

struct hs_position hs_position_start(void);
// Order of two stream ids: < 0, 0, > 0. A malformed one is before all others.
int hs_change_id_cmp(const char *a, const char *b);

enum hs_store_status { // as ListStatus in the contract
    HS_STORE_LIVE = 1,
    HS_STORE_TRIAL = 2,
    HS_STORE_SUSPENDED = 3,
};

// "live", "trial", "suspended".
const char *hs_store_status_name(enum hs_store_status status);
int hs_store_status_parse(struct hs_str text, enum hs_store_status *ret_status);
// A checksum from its 16 hex digits.
int hs_store_sum_parse(struct hs_str text, uint64_t *ret_sum);

// A list as a whole, as the store holds it.
struct hs_store_list {
    struct hs_str list_id;
    struct hs_str title;
    struct hs_str owner_force;
    struct hs_str purpose;
    bool covert;
    enum hs_store_status status;
    struct hs_str policy;      // packed MatchPolicy; may be empty
    uint32_t review_days;      // entries are to be reviewed this often; 0: not asked
    uint32_t shrink_pct;       // a load that takes more than this share away needs --force
    uint32_t keep_generations; // earlier generations kept for rollback
    uint64_t generation;       // 0: created, never loaded
    uint64_t sequence;
    uint64_t size;     // entries
    uint64_t checksum; // sum of hs_store_entry_sum() over all entries
    bool own_ids;      // an entry's id may be other than its mark; not in records
    int64_t created_at_ms;
    int64_t changed_at_ms;
};

enum hs_change_op {
    HS_OP_CREATE, // a new, empty list; `list` says all
    HS_OP_SET,  // status, policy or another property; `list` says all, its entries are as they were
    HS_OP_LOAD, // a new generation is live: its entries are to be read; `list` says all
    HS_OP_ROLLBACK, // the same, made from an earlier generation
    HS_OP_PUT,      // one entry added or replaced; next sequence
    HS_OP_DROP,     // one entry gone; next sequence
    HS_OP_REMOVE,   // the whole list gone
    HS_OP_CONTROLS, // controls activated: controls_hash, controls_before
    HS_OP_CONFIRM,  // a person says that this Redis is right although an anchor ('note': its id) is
                    // missing
    HS_OP_CONSULTED, // a person looked: 'looked' says at what; nothing is changed
    HS_OP_REFUSED,   // a person was refused: 'looked' says what; nothing is changed
    HS_OP_NOMINATED, // a partner proposes a group: 'looked' says which, vehicle and queue; 'note' all
    HS_OP_INTELLIGENCE, // a partner knows of a group: 'looked' says which, by which queue; 'note' what
    HS_OP_DECLINED,     // an officer's no to a nomination: 'looked' says which, and of which queue
    HS_OP_CAMERA,       // a person found a camera sound: 'looked' says which
};

// What a person looked at, or was refused; what does not apply is empty. The vehicle stands as it
// is, not as a keyed id: the trail must answer by vehicle, and Redis is open to few.
struct hs_consultation {
    struct hs_str command; // "list show"
    struct hs_str list_id;
    struct hs_str vehicle; // plate as asked for, normalised when it can be
    struct hs_str queue;
};

// One decoded record. Texts are borrowed.
struct hs_change {
    enum hs_change_op op;
    struct hs_position at; // this record
    struct hs_store_list
        list; // list_id, generation and sequence with all list changes; the rest where op says so
    struct hs_str entry_id; // put, drop
    struct hs_str entry;    // put: packed WatchlistEntry
    struct hs_str before;   // put, drop: the entry it replaced or took away; empty: none
    struct hs_str controls_hash;
    struct hs_str controls_before;
    struct hs_consultation looked; // consulted, refused, nominated, intelligence, camera
    struct hs_str who;
    struct hs_str authority;
    struct hs_str note; // free text: file name, counts
    int64_t at_ms;
};

// Whether the record leaves lists and controls as they were, but for what a daemon does not follow.
bool hs_change_op_is_aside(enum hs_change_op op);
// Name of an operation as it stands in the record: "put".
const char *hs_change_op_name(enum hs_change_op op);

// Decodes a record of the stream from its fields and values in order (`count` texts, an even
// number), computes its hash, and gives the hash it holds of the record before. HS_EFORMAT.
int hs_change_decode(struct hs_str id, const struct hs_str *texts, size_t count,
                     struct hs_change *ret_change, char ret_previous_hash[HS_CHANGE_HASH_BYTES]);
// The record's fields and values in order, but for 'prev', which must come first; numbers go to
// `storage`. Returns how many texts, at most HS_CHANGE_TEXTS_MAX.
enum { HS_CHANGE_TEXTS_MAX = 64 };
size_t hs_change_encode(const struct hs_change *change, struct hs_buf *storage,
                        struct hs_str texts[HS_CHANGE_TEXTS_MAX]);
// Hash of a record from its id and texts.
void hs_change_hash(struct hs_str id, const struct hs_str *texts, size_t count,
                    char ret_hash[HS_CHANGE_HASH_BYTES]);

#endif

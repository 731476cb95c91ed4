// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_RIGHTS_H
#define HS_WATCHLIST_RIGHTS_H
/*
 * What each user of Redis needs, made of the table of keys (watchlist/keys.h) and the commands that
 * the store sends, as rules of Redis' ACL; and how the rules in Redis differ from it.
 *
 * Threads: one. Ownership: rules and rows live in the caller's bump. Bounds: HS_REDIS_USERS_MAX
 * users of Redis, beyond it HS_ELIMIT.
 */

#include "base/arena.h"
#include "watchlist/redis.h"

enum { HS_REDIS_USERS_MAX = 10000, HS_REDIS_CATEGORIES_MAX = 64 };

// Who somebody is.
struct hs_redis_needs {
    unsigned roles;             // bits of enum hs_access_role
    bool all_lists;             // a lead may change every list; else
    const struct hs_str *lists; // these alone
    size_t list_count;
    bool sentinels; // the primary is found by Sentinels, and asked whether it is one
};

struct hs_redis_rules {
    const char **texts; // "+hget", "%R~hs:lists", "~hs:changes"; keys behind commands
    size_t count;       // 0: needs nothing of Redis
};
// Rules as Redis itself prints them. HS_ENOMEM.
int hs_redis_rights_needed(const struct hs_redis_needs *needs, struct hs_bump *bump,
                           struct hs_redis_rules *ret_rules);

// A user as Redis has it.
struct hs_redis_user {
    const char *name;
    bool on;
    bool nopass;                 // no password is asked for
    struct hs_redis_rules rules; // commands, keys and channels that are given; behind "+@all" also
                                 // what is taken of it: "-flushall"
};
// All users. HS_EPERM: this user may not ask.
int hs_redis_rights_held(struct hs_redis *redis, struct hs_bump *bump,
                         struct hs_redis_user **ret_users, size_t *ret_count);
// Commands of a category, as ACL CAT says: Redis prints "+@hash -hvals" where that is shorter.
struct hs_redis_category {
    const char *name; // "hash"
    const char **commands;
    size_t count;
};
struct hs_redis_categories {
    struct hs_redis_category rows[HS_REDIS_CATEGORIES_MAX];
    size_t count;
};
// One line of ACL LIST: "user hitstream on #... ~hs:* resetchannels -@all +hget". A category that is
// not among these stays a rule of its own. HS_EFORMAT, HS_ENOMEM.
int hs_redis_rights_parse(struct hs_str line, const struct hs_redis_categories *categories,
                          struct hs_bump *bump, struct hs_redis_user *ret_user);

// A user and what it needs, for a comparison.
struct hs_redis_principal {
    const char *name;
    struct hs_redis_needs needs;
};
enum hs_redis_fault {
    HS_REDIS_NO_USER,  // there is none of that name
    HS_REDIS_USER_OFF, // or it is switched off
    HS_REDIS_OPEN,     // it is on without a password, and reaches our keys
    HS_REDIS_MISSING,  // a rule that is needed
    HS_REDIS_TOO_MUCH, // a rule that is not
    HS_REDIS_STRANGER, // nobody of ours, but its keys reach ours
};
// Gets the user's name, and the rule where one is meant (else NULL).
typedef void hs_redis_difference_fn(void *ctx, enum hs_redis_fault fault, const char *user,
                                    const char *rule);
// Returns how many were told, strangers not counted: whoever administers Redis is one. HS_ENOMEM.
int hs_redis_rights_compare(const struct hs_redis_principal *principals, size_t principal_count,
                            const struct hs_redis_user *users, size_t user_count,
                            hs_redis_difference_fn *difference, void *ctx, size_t *ret_told);

#endif

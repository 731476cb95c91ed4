// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WATCHLIST_KEYS_H
#define HS_WATCHLIST_KEYS_H
/*
 * The names of all keys in Redis (design 3.2), and who reads and writes them. Code makes its keys of
 * these names; rights come from the rows. Threads: any; constants only.
 */

#include <stdbool.h>

#define HS_KEY_CHANGES   "hs:changes"
#define HS_KEY_LISTS     "hs:lists"
#define HS_KEY_LIST      "hs:list:" // <id>, <id>:g<generation>, <id>:excluded
#define HS_KEY_CONTROLS  "hs:controls"
#define HS_KEY_INSTANCES "hs:instances"
#define HS_KEY_INSTANCE  "hs:instance:" // <id>
#define HS_KEY_SAID      "hs:said"      // also with ':<queue>' and ':<queue>:declined'

struct hs_key_rule {
    const char *key;  // whole, or its beginning
    bool more;        // others begin with it, too
    bool per_list;    // a list's id stands behind it: writers may be kept to their own lists
    unsigned readers; // bits of enum hs_access_role
    unsigned writers; // the same; who writes reads as well: the change script does both
};
// The table; ends with a row whose key is NULL.
const struct hs_key_rule *hs_keys_rules(void);

#endif

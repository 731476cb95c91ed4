// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_LISTED_H
#define HS_MATCH_LISTED_H
/*
 * Which of a hit's companions stand on open live lists themselves.
 *
 * Asked of the engine as if each companion had been read at the hit's camera: terms, places and
 * exclusions count as they do for a read. Only exact marks count: what may be another vehicle is not
 * called listed. Covert lists, and those on trial, are never told, and neither order nor bounds
 * depend on them: without them the answer is the same.
 *
 * Threads: a listing belongs to one; hs_listing_find() is called inside a read section and takes no
 * lock, allocates nothing. Ownership: answers are copies. Bounds: HS_LISTED_MAX lists a companion,
 * the first by name; a list whose names are longer than HS_LISTED_TEXT_MAX is not told.
 */

#include "match/companions.h"
#include "match/matcher.h"

enum {
    HS_LISTED_MAX = 8,       // lists of one companion
    HS_LISTED_TEXT_MAX = 64, // bytes of a list's id and owner
};

// An entry of an open live list, as routing asks for it.
struct hs_listed_on {
    char list_id[HS_LISTED_TEXT_MAX + 1];
    char owner_force[HS_LISTED_TEXT_MAX + 1];
    uint32_t handling;     // Handling of the contract
    uint32_t safeguarding; // Safeguarding of the contract
};

// For each companion of a company, in its order.
struct hs_listed {
    struct hs_listed_on on[HS_COMPANIONS_MAX][HS_LISTED_MAX]; // in order of list
    uint8_t counts[HS_COMPANIONS_MAX];
};

// The hit whose company is asked about.
struct hs_listed_beside {
    struct hs_str camera_id;
    int64_t captured_at_ms;
    bool after; // they passed after it
};

struct hs_listing;

int hs_listing_new(struct hs_listing **ret_listing); // HS_ENOMEM
void hs_listing_free(struct hs_listing *listing);
void hs_listing_find(struct hs_listing *listing, const struct hs_snapshot *snapshot,
                     const struct hs_match_context *context, const struct hs_listed_beside *beside,
                     const struct hs_company *company, struct hs_listed *ret_listed);

#endif

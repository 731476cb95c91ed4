// SPDX-License-Identifier: Apache-2.0
#ifndef HS_MATCH_TERMS_H
#define HS_MATCH_TERMS_H
/*
 * The terms of an entry, read from its packed form when a mark has matched: which tiers it permits,
 * from when to when, at what hours and where it applies, which plates are not meant, and what is to
 * be done.
 *
 * Nothing of it is kept in the index: a hit is rare, and a walk over a packed entry takes about 100
 * ns. Threads: any; pure. Ownership: texts borrow from the packed entry. No allocation.
 */

#include "geo/cameras.h"
#include "match/tiers.h"

struct hs_terms {
    struct hs_str entry_id;
    struct hs_str vrm;     // as it stands in the entry
    int64_t valid_from_ms; // 0: from the beginning
    uint32_t weed_date;    // yyyymmdd
    uint32_t days;         // bit 0 Monday; 0: every day
    uint32_t from_minute;
    uint32_t to_minute;
    hs_tier_bits permitted; // 0: as the list says
    bool restricted_forces; // it names forces, areas, roads where it applies ...
    bool restricted_areas;
    bool restricted_roads;
    bool here_force; // ... and the place asked about is one of them
    bool here_area;
    bool here_road;
    uint32_t handling; // Handling and Safeguarding of the contract
    uint32_t safeguarding;
    bool excluded; // one of the marks asked about is not meant at that time
};

// What an entry's terms are asked for; zero-initialised asks nothing.
struct hs_terms_question {
    const struct hs_camera *camera; // NULL: the place is not known
    const struct hs_vrm *marks[2];  // the read's own, and what matched; may be NULL
    int64_t at_ms;                  // the read's own time
};

// HS_EFORMAT when protobuf-c would refuse the entry.
int hs_terms_read(struct hs_str packed_entry, const struct hs_terms_question *question,
                  struct hs_terms *ret_terms);

// Whether they hold for what was asked: not excluded, valid, at these hours, at this place. What
// the register does not know of the place limits nothing.
bool hs_terms_hold(const struct hs_terms *terms, const struct hs_terms_question *question);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONTROLS_GROUPS_H
#define HS_CONTROLS_GROUPS_H
/*
 * Organised-crime groups, from groups.yaml: who leads against them, by which plan, and their county
 * line. Entries name their group, alerts carry what stands here.
 *
 * A group that a partner nominated says nothing on alerts until an officer has accepted it. A group
 * that names a covert list is known with that list's hits alone. Immutable once parsed. Threads: any
 * may read. Ownership: the object owns its texts. Bounds: HS_GROUPS_MAX groups.
 */

#include "base/diag.h"

enum { HS_GROUPS_MAX = 4096 };

enum hs_group_state {
    HS_GROUP_NOMINATED, // waits for an officer's yes
    HS_GROUP_ACTIVE,
    HS_GROUP_DISRUPTED,
    HS_GROUP_DISMANTLED,
};

struct hs_group {
    struct hs_str id;
    struct hs_str name; // the id when none is given
    enum hs_group_state state;
    struct hs_str lead; // responsible officer or agency
    struct hs_str owner_force;
    struct hs_str district;
    unsigned four_p; // strand of the plan, as the contract's FourP; 0: none
    struct hs_str plan_reference;
    uint32_t review_date;         // yyyymmdd; 0: none, of a nominated one only
    struct hs_str county_line;    // the line's brand name; empty: none
    struct hs_str hub;            // of the line
    const struct hs_str *markets; // of the line, in bytewise order
    size_t market_count;
    struct hs_str covert_list;  // empty: open
    struct hs_str authority;    // who allowed it, under which reference; empty while nominated
    struct hs_str nominated_by; // partner; empty: none
    struct hs_str accepted_by;  // officer
};

struct hs_groups;

// Parses groups.yaml; every fault to `diags`. HS_EFORMAT when there was an error. An empty text is
// no group.
int hs_groups_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                    struct hs_groups **ret_groups);
void hs_groups_free(struct hs_groups *groups);
size_t hs_groups_count(const struct hs_groups *groups);
// In order of id; NULL beyond the last.
const struct hs_group *hs_groups_at(const struct hs_groups *groups, size_t index);
const struct hs_group *hs_groups_find(const struct hs_groups *groups, struct hs_str id);
// The canonical text of what an audience ("open", "covert:<list>") may know; nothing of none.
void hs_groups_canonical(const struct hs_groups *groups, struct hs_str audience,
                         struct hs_buf *out);

// "active", "pursue"; static, "" of 0.
const char *hs_group_state_text(enum hs_group_state state);
const char *hs_group_four_p_text(unsigned four_p);

#endif

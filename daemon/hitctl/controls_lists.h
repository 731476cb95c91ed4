// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_CONTROLS_LISTS_H
#define HITCTL_CONTROLS_LISTS_H
/*
 * The controls against the lists that stand in Redis: what one of them says of the other must hold.
 * Threads: one.
 */

#include "controls/controls.h"
#include "hitctl/store_open.h"

// Faults to `diags`: a covert list that no queue of its owner may receive, a list named as covert
// that is open or the other way round, a queue of another owner for a covert list. Names that are
// no list yet are warnings.
int controls_check_lists(struct hs_store *store, const struct hs_controls *controls,
                         struct hs_diags *diags);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_ALERT_OPERATIONS_H
#define HS_CORRELATE_ALERT_OPERATIONS_H
/*
 * What an alert says of operations, groups and safeguarding. Threads: one. What is filled in borrows from
 * the controls and stands in the bump. Bounds: HS_ROUTE_OPERATIONS_MAX operations.
 */

#include "base/arena.h"
#include "correlate/alert.h"

// Names the operations by which the draft's queue is told. False: out of memory.
bool hs_alert_fill_operations(const struct hs_controls *controls,
                              const struct hs_alert_draft *draft, struct hs_bump *bump,
                              Hitstream__V1__Alert *alert);
// 'Occupants may be victims' where the entry is a safeguarding one.
void hs_alert_fill_safeguarding(Hitstream__V1__Alert *alert);

// The organised-crime group that the entry names, as far as the draft's audience may know of it.
// False: out of memory.
bool hs_alert_fill_group(const struct hs_controls *controls, const struct hs_alert_draft *draft,
                         struct hs_bump *bump, Hitstream__V1__Alert *alert);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_REPORT_VIEW_PARTS_H
#define HS_REPORT_VIEW_PARTS_H
/*
 * Sub-messages that events and alerts share. False: malformed. Private to lib/report. Threads: any.
 */

#include "report/view.h"

bool hs_view_place(struct hs_str packed, struct hs_place_view *ret_place);
bool hs_view_entry(struct hs_str packed, struct hs_entry_view *ret_entry);
// Of a ListInfo; what it does not say stays as it was.
bool hs_view_list(struct hs_str packed, struct hs_str *ret_id, struct hs_str *ret_owner);

#endif

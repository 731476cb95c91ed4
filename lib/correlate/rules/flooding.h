// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CORRELATE_RULES_FLOODING_H
#define HS_CORRELATE_RULES_FLOODING_H
/*
 * A list's owner is told that the list, or one of its entries, floods.
 *
 * Every partition that sees it begin appends 'list floods' under the key "list:<list id>", so that
 * all of them meet in one partition. There a flood is an incident like a vehicle's, with the list in
 * place of the mark: the owner's desk is told once while it is open, can answer it, and is told to
 * stand down when the entry is withdrawn. It is over when no partition's flood began within the
 * quiet time; time is the log's.
 *
 * The desk is the first in order of name of the list's owner that may receive the entry and has
 * alerts whole: a live one, or else an intelligence queue. An open list without one goes to
 * 'unrouted'; a covert one is counted.
 *
 * Threads: one at a time. Pure but for the sink.
 */

#include "correlate/rules/scope.h"

#define HS_RULE_FLOODING "flooding"
#define HS_FLOOD_VEHICLE "list:" // before the list's id, in place of a mark: no mark has a colon

// HS_EFORMAT: it lacks what an alert needs; HS_ENOMEM.
int hs_flooding_on(struct hs_rule_scope *scope, struct hs_vehicle *vehicle,
                   const Hitstream__V1__ListFloods *floods);

#endif

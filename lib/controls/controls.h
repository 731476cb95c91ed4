// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONTROLS_CONTROLS_H
#define HS_CONTROLS_CONTROLS_H
/*
 * The controls: what is decided by, apart from lists. Camera register, queues, operations, rules: one immutable
 * object, named by the hash of its source; made by a person with `hitctl controls`, kept in Redis
 * and anpr.controls.
 *
 * Threads: any may read. Ownership: the object owns everything it returns; it is reference-counted
 * so that a correlator, a matcher and the store can hold it (ref and unref are atomic).
 */

#include "base/diag.h"
#include "controls/groups.h"
#include "controls/rules.h"
#include "geo/cameras.h"
#include "geo/roads.h"
#include "route/route.h"

enum { HS_CONTROLS_HASH_BYTES = 65 }; // 64 hex digits, terminated

// A source file of the controls: "cameras.csv", "queues.yaml", "rules.yaml", and where there are
// some "groups.yaml", "operations.yaml", "roads.csv".
struct hs_controls_file {
    struct hs_str name;
    struct hs_str text;
};

struct hs_controls;

// Parses and checks all files together; every fault goes to `diags`. Takes copies. A missing file
// is an error.
int hs_controls_parse(const struct hs_controls_file *files, size_t file_count,
                      struct hs_diags *diags, struct hs_controls **ret_controls);
// From the packed ControlsSource of hs_controls_pack(); checked as strictly.
int hs_controls_unpack(struct hs_str packed, struct hs_diags *diags,
                       struct hs_controls **ret_controls);
// The packed source (files in order of name): its BLAKE2b-256 is the object's hash. Borrowed from
// the object.
struct hs_str hs_controls_packed(const struct hs_controls *controls);
// The source's files, one by one, by their known names only; not 0 ends the walk. HS_EFORMAT when
// it is none.
int hs_controls_each_file(struct hs_str packed,
                          int (*file)(void *ctx, struct hs_str name, struct hs_str text),
                          void *ctx);
// What decides before any controls were activated: no cameras, no queues, default rules. Its hash
// is "".
struct hs_controls *hs_controls_empty(void);

struct hs_controls *hs_controls_ref(struct hs_controls *controls);
void hs_controls_unref(struct hs_controls *controls); // NULL is legal

const char *hs_controls_hash(const struct hs_controls *controls);
const struct hs_cameras *hs_controls_cameras(const struct hs_controls *controls);
const struct hs_groups *hs_controls_groups(const struct hs_controls *controls);
const struct hs_routes *hs_controls_routes(const struct hs_controls *controls);
// The road table; without links where there is no roads.csv.
const struct hs_roads *hs_controls_roads(const struct hs_controls *controls);
const struct hs_rules *hs_controls_rules(const struct hs_controls *controls);
// Hash of the part that concerns an audience ("open", "covert:<list>", "trial:<list>"), 64 hex
// digits. HS_ENOMEM.
int hs_controls_audience_hash(const struct hs_controls *controls, struct hs_str audience,
                              char ret_hash[HS_CONTROLS_HASH_BYTES]);

#endif

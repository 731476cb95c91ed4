// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_AUDIT_VERIFY_H
#define HITCTL_AUDIT_VERIFY_H
/*
 * hitctl audit verify: does hs:changes hold, record by record, and does it hold what its anchors
 * outside Redis have seen? Threads: one. Bounds: HITCTL_ANCHORS_MAX anchors.
 */

#include "hitctl/command.h"

enum { HITCTL_ANCHORS_MAX = 65536 };

extern const struct hitctl_option hitctl_audit_verify_options[];
int hitctl_audit_verify(struct hitctl *ctl, int argc, char **argv);

#endif

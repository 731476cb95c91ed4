// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_GROUP_TRAIL_H
#define HITCTL_GROUP_TRAIL_H
/*
 * hitctl group trail: where a group's vehicles were, in one view. Threads: one.
 */

#include "hitctl/command.h"

extern const struct hitctl_option group_trail_options[];
int group_trail_run(struct hitctl *ctl, int argc, char **argv);

#endif

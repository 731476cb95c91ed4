// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_GROUP_DECLINE_H
#define HITCTL_GROUP_DECLINE_H
/*
 * hitctl group decline: an officer's no to a nomination, whichever way it came. Threads: one.
 */

#include "hitctl/command.h"

int group_decline_run(struct hitctl *ctl, int argc, char **argv);
extern const struct hitctl_option group_decline_options[];

#endif

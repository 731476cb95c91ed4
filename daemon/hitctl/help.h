// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_HELP_H
#define HITCTL_HELP_H
/*
 * What hitctl says of itself, all of it from the command tables: --help, and the commands of
 * hitctl(1).
 *
 * Threads: one.
 */

#include <stdio.h>

#include "hitctl/command.h"

void hitctl_help_overview(FILE *out);
// One command's words and options.
void hitctl_help_command(const struct hitctl_command *command);
// The commands of one group; false when there is no such group.
bool hitctl_help_group(const char *group);

#endif

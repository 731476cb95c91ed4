// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_OPERATION_REPORT_H
#define HITCTL_OPERATION_REPORT_H
/*
 * hitctl operation report: what came of an operation. Threads: one.
 */

#include "hitctl/command.h"

extern const struct hitctl_option operation_report_options[];
int operation_report_run(struct hitctl *ctl, int argc, char **argv);

#endif

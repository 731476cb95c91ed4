// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_SAY_H
#define HITCTL_SAY_H
/*
 * What hitctl says besides its results, on stderr, and under which command's name.
 *
 * Threads: one.
 */

#include "base/diag.h"

// Messages name this command from now on; `group` is NULL for a command of one word.
void hitctl_run_as(const char *group, const char *name);
// Its words, "list load"; "" before.
const char *hitctl_running(void);

// "hitctl list load: <text>" on stderr.
void hitctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
// All diagnostics to stderr, one a line.
void hitctl_print_diags(const struct hs_diags *diags);

#endif

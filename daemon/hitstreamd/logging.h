// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_LOGGING_H
#define HITSTREAMD_LOGGING_H
/*
 * Where the daemon's log ends: in the journal, with fields, when stderr is connected to it; else as
 * text on stderr.
 *
 * Threads: open before others start; records come from any.
 */

#include "base/log.h"

void hs_logging_open(enum hs_log_level level);
// "error", "warning", "notice", "info", "debug"; INFO for anything else.
enum hs_log_level hs_logging_level(const char *name);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_WATCH_H
#define HITSTREAMD_WATCH_H
/*
 * Who makes progress: systemd's watchdog is fed only while every thread's counter moves.
 *
 * Threads: main. Bounds: HS_WATCH_MAX threads.
 */

#include <stddef.h>
#include <stdint.h>

enum { HS_WATCH_MAX = 80 };

struct hs_watch;

// A thread whose counter stands still for `stuck_ms` is stuck.
int hs_watch_new(int64_t stuck_ms, struct hs_watch **ret_watch);
void hs_watch_free(struct hs_watch *watch);
// `name` is kept. HS_ELIMIT.
int hs_watch_add(struct hs_watch *watch, const char *name,
                 uint64_t (*progress)(void *ctx, size_t index), void *ctx, size_t index);
// Looks at all counters; the name of a thread that is stuck, or NULL.
const char *hs_watch_look(struct hs_watch *watch, int64_t now_ms);
// As of the last look.
const char *hs_watch_stuck(const struct hs_watch *watch);

#endif

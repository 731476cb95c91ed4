// SPDX-License-Identifier: Apache-2.0
#ifndef HS_HITSTREAMD_CORRELATE_NOTICES_H
#define HS_HITSTREAMD_CORRELATE_NOTICES_H
/*
 * What other threads want the administrators told on queue 'ops': they leave it here, the correlate
 * stage sends it when it can. A daemon without that stage has no way to ops: its log and metrics
 * tell.
 *
 * Threads: any may leave, one takes; a mutex orders them. Bounds: HS_NOTICES_MAX wait; when more
 * come the oldest is dropped, the log has each.
 */

#include <stdbool.h>

enum { HS_NOTICES_MAX = 32, HS_NOTICE_BYTES = 384, HS_NOTICE_WHAT_BYTES = 32 };

struct hs_notices;

// One notice.
struct hs_notice {
    char what[HS_NOTICE_WHAT_BYTES]; // its kind: "lists"
    char text[HS_NOTICE_BYTES];      // for a person; longer ones are cut
};

struct hs_notices *hs_notices_new(void); // NULL: out of memory
void hs_notices_free(struct hs_notices *notices);
// `notices` NULL: nothing happens.
void hs_notices_leave(struct hs_notices *notices, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// The oldest; false: none waits. `notices` NULL: none ever does.
bool hs_notices_take(struct hs_notices *notices, struct hs_notice *ret_notice);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_NOTIFY_H
#define HITSTREAMD_NOTIFY_H
/*
 * What systemd is told, by sd_notify; nothing happens when NOTIFY_SOCKET is not set.
 *
 * Threads: main.
 */

#include <stdint.h>

void hs_notify_ready(const char *status);
// Not ready yet: why, and that the start may take `extend_ms` more from now.
void hs_notify_waiting(const char *why, int64_t extend_ms);
void hs_notify_status(const char *status);
void hs_notify_reloading(void);
// Stopping may take `extend_ms` from now.
void hs_notify_stopping(int64_t extend_ms);
void hs_notify_watchdog(void);
// The watchdog's limit as systemd has it, ms; 0: none.
int64_t hs_notify_watchdog_ms(void);

#endif

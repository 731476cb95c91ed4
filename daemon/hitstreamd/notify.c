// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/notify.h"

#include <inttypes.h>

#include <systemd/sd-daemon.h>

#include "base/clock.h"

void hs_notify_ready(const char *status)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void hs_notify_waiting(const char *why, int64_t extend_ms)
{
    sd_notifyf(0, "STATUS=waiting: %s\nEXTEND_TIMEOUT_USEC=%" PRId64, why, extend_ms * 1000);
}

void hs_notify_status(const char *status)
{
    sd_notifyf(0, "STATUS=%s", status);
}

void hs_notify_reloading(void)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, hs_clock_monotonic_ns() / 1000);
}

void hs_notify_stopping(int64_t extend_ms)
{
    sd_notifyf(0, "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=%" PRId64, extend_ms * 1000);
}

void hs_notify_watchdog(void)
{
    sd_notify(0, "WATCHDOG=1");
}

int64_t hs_notify_watchdog_ms(void)
{
    uint64_t limit_us = 0;
    return sd_watchdog_enabled(0, &limit_us) > 0 ? (int64_t)(limit_us / 1000) : 0;
}

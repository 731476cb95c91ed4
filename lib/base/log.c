// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"

enum { TEXT_MAX_BYTES = 2048 };

static void log_to_stderr(void *ctx, enum hs_log_level level, const struct hs_log_event *event,
                          const char *text)
{
    static const char *const names[] = {[HS_LOG_ERROR] = "error",
                                        [HS_LOG_WARNING] = "warning",
                                        [HS_LOG_NOTICE] = "notice",
                                        [HS_LOG_INFO] = "info",
                                        [HS_LOG_DEBUG] = "debug"};
    char at[HS_CIVIL_TEXT_BYTES];
    (void)ctx;
    hs_civil_format(hs_clock_realtime_ms(), at);
    fprintf(stderr, "%s %s %s: %s\n", at, names[level], event->name, text);
}

static struct {
    hs_log_sink *sink;
    void *ctx;
    _Atomic int level; // relaxed: a thread may see a new level a record late
} out = {.sink = log_to_stderr, .level = HS_LOG_INFO};

void hs_log_open(hs_log_sink *sink, void *ctx, enum hs_log_level level)
{
    out.sink = sink ? sink : log_to_stderr;
    out.ctx = ctx;
    hs_log_set_level(level);
}

void hs_log_set_level(enum hs_log_level level)
{
    atomic_store_explicit(&out.level, (int)level, memory_order_relaxed);
}

bool hs_log_enabled(enum hs_log_level level)
{
    return (int)level <= atomic_load_explicit(&out.level, memory_order_relaxed);
}

// True when this record may pass; then *ret_left_out says how many before it did not.
static bool passes_rate(struct hs_log_event *event, uint32_t *ret_left_out)
{
    int64_t now_ms = hs_clock_monotonic_ns() / 1000000;
    int64_t from_ms = atomic_load_explicit(&event->interval_from_ms, memory_order_relaxed);
    *ret_left_out = 0;
    if (from_ms == 0 || now_ms - from_ms >= HS_LOG_INTERVAL_MS) {
        atomic_store_explicit(&event->interval_from_ms, now_ms, memory_order_relaxed);
        atomic_store_explicit(&event->in_interval, 0, memory_order_relaxed);
        *ret_left_out = atomic_exchange_explicit(&event->left_out, 0, memory_order_relaxed);
    }
    if (atomic_fetch_add_explicit(&event->in_interval, 1, memory_order_relaxed) >= HS_LOG_BURST) {
        atomic_fetch_add_explicit(&event->left_out, 1, memory_order_relaxed);
        return false;
    }
    return true;
}

void hs_log(enum hs_log_level level, struct hs_log_event *event, const char *format, ...)
{
    uint32_t left_out;
    if (!hs_log_enabled(level) || !passes_rate(event, &left_out)) {
        return;
    }
    char text[TEXT_MAX_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (left_out > 0 && len >= 0 && (size_t)len < sizeof(text)) {
        snprintf(text + len, sizeof(text) - (size_t)len, " (and %u more like it before)", left_out);
    }
    out.sink(out.ctx, level, event, text);
}

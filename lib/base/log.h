// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BASE_LOG_H
#define HS_BASE_LOG_H
/*
 * Logging: one event, one message id, a rate limit for each id.
 *
 * Libraries return errors; the daemon logs each once. Plates never stand above HS_LOG_DEBUG.
 * Threads: any; a record goes to the sink whole. Where it ends is the sink's matter (stderr, the
 * journal): hs_log_open() takes one, the default writes text to stderr. Rate: at most HS_LOG_BURST
 * records of one message id in HS_LOG_INTERVAL_MS; what was left out is said by count with the next
 * that passes.
 */

#include <stdbool.h>
#include <stdint.h>

enum hs_log_level { // syslog's numbers
    HS_LOG_ERROR = 3,
    HS_LOG_WARNING = 4,
    HS_LOG_NOTICE = 5,
    HS_LOG_INFO = 6,
    HS_LOG_DEBUG = 7,
};

enum { HS_LOG_BURST = 10, HS_LOG_INTERVAL_MS = 10000 };

// An event that can be logged: define one static object for each event of a file with HS_LOG_EVENT.
struct hs_log_event {
    const char *name;                 // "lists-live": stable, searched for by administrators
    const char *message_id;           // 32 hex digits (sd-id128), stable
    _Atomic int64_t interval_from_ms; // relaxed: a lost update costs at most a burst
    _Atomic uint32_t in_interval;     // relaxed
    _Atomic uint32_t left_out;        // relaxed
};
#define HS_LOG_EVENT(variable, event_name, id128)                                                  \
    static struct hs_log_event variable = {.name = (event_name), .message_id = (id128)}

// Gets each record that passes level and rate. `text` has no line feed. Called from any thread.
typedef void hs_log_sink(void *ctx, enum hs_log_level level, const struct hs_log_event *event,
                         const char *text);

// From here on records up to `level` go to `sink` (NULL: text to stderr). Call before threads
// start.
void hs_log_open(hs_log_sink *sink, void *ctx, enum hs_log_level level);
void hs_log_set_level(enum hs_log_level level);
bool hs_log_enabled(enum hs_log_level level);

// Lower case, no full stop, values in single quotes.
void hs_log(enum hs_log_level level, struct hs_log_event *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

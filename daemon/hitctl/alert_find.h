// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_ALERT_FIND_H
#define HITCTL_ALERT_FIND_H
/*
 * One alert of a dispatch queue by its id, as a person has it from 'alerts tail' or a header.
 *
 * Threads: one. Ownership: the alert is the caller's. Bounds: reads no further back than asked.
 */

#include "hitctl/command.h"
#include "hitstream/v1/alert.pb-c.h"

struct hitctl_alert_query {
    const char *queue;
    const char *id;   // 8 to 32 hex digits: the id or its beginning
    int64_t since_ms; // Unix: look no further back
};

// "north-live" as "dispatch.north-live"; a whole topic's name stays.
void hitctl_alert_topic(const char *queue, char *ret_topic, size_t size);
// An exit code, after saying what is wrong; HITCTL_OK with the alert, freed with
// hitstream__v1__alert__free_unpacked().
int hitctl_alert_find(const struct hitctl *ctl, const struct hitctl_alert_query *query,
                      Hitstream__V1__Alert **ret_alert);
// "30m", "2h", "45s", "1d" or "90" (minutes) in milliseconds; false after saying what is allowed.
bool hitctl_duration(const char *option, const char *text, int64_t *ret_ms);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_CONTROLS_TOPIC_H
#define HITSTREAMD_CONTROLS_TOPIC_H
/*
 * The topic anpr.controls: objects by hash in parts with a manifest, and the audit anchor.
 *
 * Threads: one. Ownership: borrows the settings. Bounds: each call ends within its time; parts and
 * objects as in controls_feed.h; HS_CONTROLS_TOPIC_HASHES_MAX hashes are remembered, others are
 * written again.
 */

#include "config/settings.h"
#include "hitstreamd/controls_feed.h"

enum { HS_CONTROLS_TOPIC_HASHES_MAX = 100000 };

struct hs_controls_topic;

// `alive` is called at least each 100 ms while a call waits; false ends it with HS_ECANCELED.
int hs_controls_topic_new(const struct hs_settings *settings, bool (*alive)(void *ctx), void *ctx,
                          struct hs_controls_topic **ret_topic);
void hs_controls_topic_free(struct hs_controls_topic *topic);

// Reads the topic whole: which objects stand there, and the anchor. HS_EUNREACHABLE, HS_ENOTFOUND,
// HS_ETIMEDOUT.
int hs_controls_topic_scan(struct hs_controls_topic *topic, int64_t timeout_ms);
// After a scan, or after it was written.
bool hs_controls_topic_holds(const struct hs_controls_topic *topic, const char *hash);
// False: there is none.
bool hs_controls_topic_anchor(const struct hs_controls_topic *topic,
                              struct hs_position *ret_anchor);

// Appends the packed object of a hash. HS_ENOTFOUND: it does not stand there whole.
int hs_controls_topic_fetch(struct hs_controls_topic *topic, const char *hash, int64_t timeout_ms,
                            struct hs_buf *out);
// Writes the parts, and when all are acknowledged the manifest.
int hs_controls_topic_write(struct hs_controls_topic *topic, const char *hash, struct hs_str packed,
                            int64_t timeout_ms);
int hs_controls_topic_write_anchor(struct hs_controls_topic *topic,
                                   const struct hs_position *anchor, int64_t at_ms,
                                   int64_t timeout_ms);

#endif

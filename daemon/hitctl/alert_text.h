// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_ALERT_TEXT_H
#define HITCTL_ALERT_TEXT_H
/*
 * An alert as a person reads it in a terminal: what must be known first stands first.
 *
 * Threads: any. Ownership: appends to the caller's buffer.
 */

#include "base/str.h"
#include "hitstream/v1/alert.pb-c.h"

// A few lines, the first of them whole in itself; each ends with a line feed. Control characters of
// the alert's texts come out as '?', so that no text of a list can steer a terminal.
void hitctl_alert_text(const Hitstream__V1__Alert *alert, struct hs_buf *out);
// The same and all that stands behind it, a line each.
void hitctl_alert_text_full(const Hitstream__V1__Alert *alert, struct hs_buf *out);

#endif

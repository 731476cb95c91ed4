// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_FINDING_TEXT_H
#define HITCTL_FINDING_TEXT_H
/*
 * What rules found and expect, as a person reads it in a terminal. Threads: any. Ownership: appends
 * to the caller's buffer.
 */

#include "base/str.h"
#include "hitstream/v1/alert.pb-c.h"

// What was found, what else it may be, and the evidence, a line each.
void hitctl_text_finding(struct hs_buf *out, const Hitstream__V1__Finding *finding);
// One line: where it is likely to be read next, and when.
void hitctl_text_forecast(struct hs_buf *out, const Hitstream__V1__Forecast *forecast);

#endif

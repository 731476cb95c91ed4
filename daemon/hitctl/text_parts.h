// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_TEXT_PARTS_H
#define HITCTL_TEXT_PARTS_H
/*
 * Pieces of the contract's messages as a person reads them in a terminal: enums, times, places.
 *
 * Threads: any. Ownership: appends to the caller's buffer.
 */

#include "base/str.h"
#include "hitstream/v1/event.pb-c.h"

// "PRIORITY_HIGH" as "HIGH": what stands behind the enum's own name; "?" for a value of a later
// version.
const char *hitctl_text_enum(const ProtobufCEnumDescriptor *type, int value, size_t prefix_len);
// Text of a list or a camera, without what could steer a terminal.
void hitctl_text_safe(struct hs_buf *out, const char *text);
// "28 May 20:26:40", London time.
void hitctl_text_time(struct hs_buf *out, int64_t at_ms);
// "A36 N, site s1 (Avonbridge, Bath)"; NULL: not known.
void hitctl_text_place(struct hs_buf *out, const Hitstream__V1__Place *place);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_WIRE_AUDIENCE_H
#define HS_WIRE_AUDIENCE_H
/*
 * Audiences as text: "open", "covert:<list>", "trial:<list>" or, for test reads, "test:<queue>".
 * Keys, ids and hashes are made of this text.
 *
 * Threads: any. Ownership: views borrow.
 */

#include "base/str.h"
#include "hitstream/v1/event.pb-c.h"

// An audience of the contract whose texts are borrowed.
struct hs_audience {
    Hitstream__V1__AudienceKind kind;
    struct hs_str list_id; // the queue of a test; empty for open
};

// HS_EFORMAT for anything but the four forms.
int hs_audience_parse(struct hs_str text, struct hs_audience *ret_audience);
// From a message; HS_EFORMAT when its kind is not known, or it has a list where none belongs or
// none where one does.
int hs_audience_of(const Hitstream__V1__Audience *message, struct hs_audience *ret_audience);
// Appends the text.
void hs_audience_print(const struct hs_audience *audience, struct hs_buf *out);

#endif

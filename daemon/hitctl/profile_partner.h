// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_PROFILE_PARTNER_H
#define HITCTL_PROFILE_PARTNER_H
/*
 * A profile for a partner outside the police: by its queue's field policy, without plates, free
 * text, persons and places. Threads: one.
 */

#include <stdio.h>

#include <jansson.h>

#include "report/reduce.h"

// Adds what the partner may know to the object; a count that is too small is null, one that its
// policy does not allow is not there.
void profile_partner_json(const struct hs_report *report, const struct hs_groups *groups,
                          const struct hs_queue *policy, json_t *object);
void profile_partner_text(const struct hs_report *report, const struct hs_groups *groups,
                          const struct hs_queue *policy, FILE *out);

#endif

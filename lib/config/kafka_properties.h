// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_KAFKA_PROPERTIES_H
#define HS_CONFIG_KAFKA_PROPERTIES_H
/*
 * librdkafka properties that a person may not set, each with the reason: they would break a
 * guarantee, have a key of their own, or are secrets. All others pass through. Pure; threads: any.
 */

#include "base/str.h"

// Why the property is refused, or NULL when it may be set. Static storage.
const char *hs_kafka_property_refusal(struct hs_str name);
// man(7) source: one .TP paragraph for each.
void hs_kafka_properties_reference(struct hs_buf *out);

#endif

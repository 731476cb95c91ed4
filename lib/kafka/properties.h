// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_PROPERTIES_H
#define HS_KAFKA_PROPERTIES_H
/*
 * kafka.properties against what the client library knows, before any client is made. Threads: one.
 */

#include "base/diag.h"
#include "config/settings.h"

// Every property that librdkafka does not know or whose value it does not take goes to `diags` with
// its place and the nearest known name. HS_EFORMAT when there was one.
int hs_kafka_properties_check(const struct hs_settings *settings, struct hs_diags *diags);

#endif

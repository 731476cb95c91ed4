// SPDX-License-Identifier: Apache-2.0
#ifndef HS_TEST_KAFKA_ADMIN_H
#define HS_TEST_KAFKA_ADMIN_H
/*
 * What somebody with rights over the brokers asks and does, with plain librdkafka.
 *
 * Threads: any. Errors are said on stderr and returned.
 */

#include "base/str.h"

// Waits until the brokers know of each other to be so many.
int hs_test_brokers_await(const char *bootstrap, int count, int timeout_ms);
// The id of the broker that leads a partition now; HS_ENOTFOUND when none does.
int hs_test_leader(const char *bootstrap, const char *topic, int32_t partition, int32_t *ret_id);
// Deletes a topic and waits until no broker names it.
int hs_test_topic_delete(const char *bootstrap, const char *topic);
// Gives a topic these settings, "name", "value", ..., NULL, and no others beyond the brokers' own.
int hs_test_topic_configure(const char *bootstrap, const char *topic, const char *const *config);
// This user may not do this with a topic any more ("read" or "write"); everybody everything again.
// The brokers have an authorizer, and allow what nobody has said anything about.
int hs_test_topic_deny(const char *bootstrap, const char *topic, const char *user,
                       const char *operation);
int hs_test_topic_allow(const char *bootstrap, const char *topic);
// Produces one message compressed by gzip, of any size, and waits until it was acknowledged.
int hs_test_produce_packed(const char *bootstrap, const char *topic, struct hs_str value);

#endif

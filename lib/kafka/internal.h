// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_INTERNAL_H
#define HS_KAFKA_INTERNAL_H
/*
 * What the files of this module share: one way to configure a client, one table of errors.
 *
 * Every client's opaque is a struct hs_kafka_events (or a struct that begins with one).
 * Threads: the one that owns the client. Ownership: a configuration is the caller's until
 * hs_kafka_client_new() takes it.
 */

#include <librdkafka/rdkafka.h>

#include "kafka/client.h"

// A configuration for `role`; `group` for consumers, else NULL.
int hs_kafka_conf_new(const struct hs_settings *settings, enum hs_kafka_role role,
                      const char *group, rd_kafka_conf_t **ret_conf);
// Adds the callbacks; `events` becomes the client's opaque and must outlive it.
void hs_kafka_conf_events(rd_kafka_conf_t *conf, struct hs_kafka_events *events);
// A client of that configuration, which it takes.
int hs_kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret_client);
int hs_kafka_error(rd_kafka_resp_err_t error);
// Shows a message in our form.
void hs_kafka_message_view(const rd_kafka_message_t *native, struct hs_kafka_message *ret_message);
// Partitions of a topic as the cluster knows it now.
int hs_kafka_count_partitions(rd_kafka_t *client, const char *topic, int64_t timeout_ms,
                              int32_t *ret_count);
// The same; HS_EAGAIN when one of them has no leader.
int hs_kafka_count_led(rd_kafka_t *client, const char *topic, int64_t timeout_ms,
                       int32_t *ret_count);
// Both ends of a partition, asked for now. On failure it is also asked who leads the partition, so
// that the next question goes there: up to a second more. HS_EAGAIN, HS_EUNREACHABLE: not now.
int hs_kafka_ends(rd_kafka_t *client, const char *topic, int32_t partition, int64_t timeout_ms,
                  int64_t *ret_low, int64_t *ret_high);

#endif

// SPDX-License-Identifier: Apache-2.0
#ifndef HS_BENCH_STAGE_CLIENTS_H
#define HS_BENCH_STAGE_CLIENTS_H
/*
 * The clients of a bench beside a site: who writes reads and answers, who reads what desks are told. Plain librdkafka.
 *
 * What goes wrong ends the program with a message. Threads: one for each client. Ownership: rd_kafka_destroy().
 */

#include <librdkafka/rdkafka.h>

#include "hitstream/v1/alert.pb-c.h"
#include "stage/site.h"

// acks=all, idempotent, nothing lingers.
rd_kafka_t *site_writer_new(const struct site *site);
// One message, copied; its errors show in what does not come.
void site_send(rd_kafka_t *writer, const char *topic, const char *key, const void *value,
               size_t len_bytes);
// One read of this plate by camera number `camera`, into anpr.reads or a topic like it; its id is
// SITE_READ and `number` in ten digits.
void site_send_read(rd_kafka_t *writer, const char *topic, size_t number, const char *vrm,
                    unsigned camera);

// A test read of a desk, as a daemon makes it; its id is SITE_TEST_READ and `number` in ten digits.
#define SITE_TEST_READ "test#"
void site_send_test_read(rd_kafka_t *writer, const char *topic, size_t number, const char *queue);

enum site_from { SITE_FROM_BEGINNING, SITE_FROM_END };
// All partitions of these topics (ends with NULL); a member of no group.
rd_kafka_t *site_reader_new(const struct site *site, const char *const *topics,
                            enum site_from from);
// The next alert; NULL: none within `timeout_ms`. Freed by the caller.
Hitstream__V1__Alert *site_next_alert(rd_kafka_t *reader, int timeout_ms);

#endif

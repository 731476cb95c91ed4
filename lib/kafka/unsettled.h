// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_UNSETTLED_H
#define HS_KAFKA_UNSETTLED_H
/*
 * Where a producing client may still write: partitions to which a request was sent that nobody
 * answered. Private to lib/kafka.
 *
 * Such a partition is settled by asking for its end over the connection that produced to it: what
 * was sent before is written by then, or never is. Threads: the producer's. Ownership: of its rows.
 * Bounds: a row a partition that was produced to.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

struct hs_unsettled_row {
    char *topic;       // owned
    int32_t partition; // of it
};

// Zeroed is empty and valid.
struct hs_unsettled {
    struct hs_unsettled_row *rows; // in no order; owned
    size_t count;                  // rows used
    size_t capacity;               // and there
    bool lost;                     // one could not be noted: it is never settled
};

void hs_unsettled_fini(struct hs_unsettled *list);
// A partition below 0 is none: nothing was sent.
void hs_unsettled_add(struct hs_unsettled *list, const char *topic, int32_t partition);
// Asks for the ends of that topic's partitions (NULL: of all), by CLOCK_MONOTONIC until then. 0: all
// of them are settled, and taken out; an enum hs_error: not all.
int hs_unsettled_settle(rd_kafka_t *client, struct hs_unsettled *list, const char *topic,
                        int64_t until_ns);

#endif

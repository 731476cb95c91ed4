// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_EXPLAIN_FIND_H
#define HITCTL_EXPLAIN_FIND_H
/*
 * An alert by its id, wherever it stands: on a queue, in undelivered.<queue>, or unrouted.
 *
 * Threads: one. Ownership: what is found is the caller's. Bounds: reads topics whole, ten minutes.
 */

#include "hitctl/command.h"
#include "hitstream/v1/alert.pb-c.h"
#include "kafka/tail.h"
#include "wire/ids.h"

// Zero-initialised is empty and valid.
struct alert_found {
    char topic[HS_KAFKA_TOPIC_TEXT_BYTES]; // "" when there is none
    int32_t partition;
    int64_t offset;
    int64_t appended_at_ms;
    bool json;                   // how its queue wants it
    struct hs_buf payload;       // as it stands there
    struct hs_buf traceparent;   // its header
    Hitstream__V1__Alert *alert; // unpacked
};

// 32 hex digits, or at least 8 of them (its beginning); or base64, as its JSON has it.
// HITCTL_USAGE after saying so.
struct alert_id {
    struct hs_id id;
    size_t bytes; // known
};
int alert_id_parse(const char *word, struct alert_id *ret_id);

// `queue` NULL: the queues of the controls in force and 'unrouted' are searched. HITCTL_OK, also
// when there is none, or the exit code after saying why.
int alert_find(const struct hitctl *ctl, struct hs_kafka_tail *tail, const char *queue,
               const struct alert_id *id, struct alert_found *found);
void alert_found_fini(struct alert_found *found);

#endif

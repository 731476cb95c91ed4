// SPDX-License-Identifier: Apache-2.0
#include "config/kafka_properties.h"

#define COMMITS                                                                                    \
    "offsets are committed by hitstream, behind what follows from them: nothing may be lost"
#define ACKS     "every write waits for all in-sync replicas and keeps its order: nothing may be lost"
#define OWN_IDS  "guarantees rest on ids, acknowledged writes and read-back, not on transactions"
#define POINTERS "it cannot be set by a text"

static const struct {
    const char *name;   // as librdkafka spells it
    const char *reason; // completes "refused: "
} refused[] = {
    // keys of their own
    {"bootstrap.servers", "use 'kafka.bootstrap'"},
    {"metadata.broker.list", "use 'kafka.bootstrap'"},
    {"session.timeout.ms", "use 'kafka.session_timeout_ms', which is checked against the lease"},
    {"message.timeout.ms", "use 'kafka.message_timeout_ms': it must end before the lease does"},
    {"delivery.timeout.ms", "use 'kafka.message_timeout_ms': it must end before the lease does"},
    // secrets
    {"sasl.password", "secrets come from files only, use 'kafka.sasl_password_file'"},
    {"ssl.key.password", "secrets come from files only, use 'kafka.ssl_key_password_file'"},
    {"ssl.keystore.password", "secrets come from files only, use 'ssl.key.location' with "
                              "'kafka.ssl_key_password_file'"},
    {"ssl.key.pem", "secrets come from files only, use 'ssl.key.location'"},
    {"sasl.oauthbearer.client.secret", "secrets come from files only, it has no file form"},
    {"sasl.oauthbearer.config", "secrets come from files only, it has no file form"},
    // nothing is lost
    {"enable.auto.commit", COMMITS},
    {"auto.commit.enable", COMMITS},
    {"auto.commit.interval.ms", COMMITS},
    {"enable.auto.offset.store", COMMITS},
    {"offset.store.method", COMMITS},
    {"offset.store.path", COMMITS},
    {"offset.store.sync.interval.ms", COMMITS},
    {"auto.offset.reset",
     "a partition without an offset is an operator's decision: any default skips or "
     "repeats reads in silence"},
    {"acks", ACKS},
    {"request.required.acks", ACKS},
    {"enable.idempotence", ACKS},
    {"enable.gapless.guarantee", ACKS},
    {"max.in.flight", ACKS},
    {"max.in.flight.requests.per.connection", ACKS},
    {"retries", ACKS},
    {"message.send.max.retries", ACKS},
    {"retry.backoff.ms", ACKS},
    {"delivery.report.only.error",
     "an offset is committed behind acknowledgements: all must be seen"},
    {"queuing.strategy", ACKS},
    {"allow.auto.create.topics", "a typo would make a queue that nobody reads"},
    {"test.mock.num.brokers", "alerts would go to a broker that does not exist"},
    {"enable.partition.eof", "read-back of queues' tails depends on it"},
    // told once, in order, by one owner
    {"group.id", "stages have groups of their own, so that one does not rebalance the other"},
    {"group.instance.id",
     "static members leave their partitions unattended for the session timeout at "
     "each clean stop"},
    {"group.protocol", "an owner's epoch and lease rest on the classic protocol"},
    {"partition.assignment.strategy", "eager 'range' gives co-partitioned topics to one owner; "
                                      "cooperative assignment has bugs in librdkafka before 2.10"},
    {"partitioner", "a vehicle's events must meet in one partition whoever wrote them: "
                    "'murmur2_random' everywhere"},
    {"partitioner_cb", POINTERS},
    {"isolation.level", OWN_IDS},
    {"transactional.id", OWN_IDS},
    {"transaction.timeout.ms", OWN_IDS},
    // foreign code
    {"plugin.library.paths", "it loads foreign code into the daemon"},
    {"enable.sasl.oauthbearer.unsecure.jwt", "it lets anyone in"},
};

const char *hs_kafka_property_refusal(struct hs_str name)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (hs_str_is(name, refused[i].name)) {
            return refused[i].reason;
        }
    }
    return NULL;
}

void hs_kafka_properties_reference(struct hs_buf *out)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        hs_buf_printf(out, ".TP\n.B %s\n", refused[i].name);
        for (const char *c = refused[i].reason; *c; c++) {
            hs_buf_add_text(out, *c == '-' ? "\\-" : (const char[]){*c, '\0'});
        }
        hs_buf_add_char(out, '\n');
    }
}

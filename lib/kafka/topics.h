// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_TOPICS_H
#define HS_KAFKA_TOPICS_H
/*
 * The topics an installation needs (design 3.3): one table says what each must be; it is made and
 * checked by it.
 *
 * Threads: any; each call uses a client of its own and blocks at most its timeout. Ownership: plain
 * values.
 */

#include "kafka/client.h"

// What an installation decides about its topics.
struct hs_topics_plan {
    int32_t reads_partitions;    // of anpr.reads
    int32_t hits_partitions;     // of anpr.hits and anpr.vehicles
    int32_t replication;         // of all; 0: three, or as many as there are brokers
    int32_t min_in_sync;         // of all; 0: one less than the replication, at least one
    int64_t hits_retention_ms;   // anpr.hits reaches back so far at least; 0: as its rule says
    const struct hs_str *queues; // names of all dispatch queues; 'ops' is added by itself
    size_t queue_count;
};
void hs_topics_plan_defaults(struct hs_topics_plan *ret_plan);

// What a topic must be. Retention -1: as the installation sets.
struct hs_topic_rule {
    const char *name; // whole, or the part before the queue's name when `per_queue`
    bool per_queue;
    bool compacted;           // cleanup.policy is compact; else delete, and never compact
    bool append_time;         // message.timestamp.type is LogAppendTime
    int64_t retention_ms;     // made with
    int64_t min_retention_ms; // at least, or what depends on it breaks
    int64_t max_retention_ms; // at most, data protection; -1: no limit
    enum {
        HS_TOPIC_PARTITIONS_ONE,    // made with one; more do no harm
        HS_TOPIC_PARTITIONS_SINGLE, // never more: one order of all that stands there
        HS_TOPIC_PARTITIONS_READS,
        HS_TOPIC_PARTITIONS_HITS
    } partitions;
    const char *why; // what breaks without it, for a person
    // Access, bits of enum hs_access_role.
    unsigned writers;
    unsigned readers;
    unsigned own_writers; // per_queue: who writes those of its own queues only
    unsigned own_readers; // the same for reading
};
// The table; ends with a row whose name is NULL.
const struct hs_topic_rule *hs_topics_rules(void);

// Who needs which consumer group; bits of enum hs_access_role.
struct hs_group_rule {
    const char *name;
    unsigned members; // join it, or commit for it
    unsigned askers;  // ask about it only
};
// The table; ends with a row whose name is NULL.
const struct hs_group_rule *hs_topics_groups(void);

// A topic as a broker describes it.
struct hs_topic_facts {
    const char *name;
    int32_t partitions;
    int32_t replication; // of its thinnest partition
    int32_t min_in_sync;
    bool compacted;
    bool deleted; // cleanup.policy contains delete
    bool append_time;
    int64_t retention_ms;  // -1: without end
    bool unclean_election; // a lagging replica may lead: acknowledged messages are lost
};

// Gets one line a topic and fault: the rule's name ("cleanup") and what is wrong.
typedef void hs_topics_report(void *ctx, const char *topic, const char *rule, const char *text);
// Checks one topic against its rule; returns faults. Pure.
size_t hs_topics_check_one(const struct hs_topic_rule *rule, const struct hs_topics_plan *plan,
                           const struct hs_topic_facts *facts, hs_topics_report *report, void *ctx);
// How far back a topic of that rule must reach by this plan; 0: as the installation sets.
int64_t hs_topics_least_retention_ms(const struct hs_topic_rule *rule,
                                     const struct hs_topics_plan *plan);
// The rule of a topic's name, or NULL.
const struct hs_topic_rule *hs_topics_find(const char *topic);

// Makes what is missing, and returns when brokers know what was made; `report` gets each topic made
// (rule "created") or there already ("exists"). HS_EIO, HS_EUNREACHABLE.
int hs_topics_create(const struct hs_settings *settings, const struct hs_topics_plan *plan,
                     int64_t timeout_ms, hs_topics_report *report, void *ctx);
// Asks the broker about all of them. 0 when no rule is broken, HS_EREFUSED when one is,
// HS_EUNREACHABLE.
int hs_topics_check(const struct hs_settings *settings, const struct hs_topics_plan *plan,
                    int64_t timeout_ms, hs_topics_report *report, void *ctx);

// Where a group stands on one partition.
struct hs_topic_standing {
    int64_t committed; // next offset to be read; HS_KAFKA_OFFSET_COMMITTED: none
    int64_t low;       // first offset in the log
    int64_t high;      // the log's end
};
// Of all partitions, in order; the caller frees *ret_rows. Asks without joining the group.
int hs_topics_standing(const struct hs_settings *settings, const char *group, const char *topic,
                       int64_t timeout_ms, struct hs_topic_standing **ret_rows, size_t *ret_count);

// Where a group begins, before its first start: the offsets of all partitions at
// HS_KAFKA_OFFSET_BEGINNING, HS_KAFKA_OFFSET_END or (time_ms >= 0) a time. HS_EEXIST: it has
// offsets already (nothing is changed unless `force`); HS_EREFUSED: it has members.
int hs_topics_read_from(const struct hs_settings *settings, const char *group, const char *topic,
                        int64_t where, int64_t time_ms, bool force, int64_t timeout_ms);

#endif

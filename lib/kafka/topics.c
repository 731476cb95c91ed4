// SPDX-License-Identifier: Apache-2.0
#include "kafka/topics.h"

#include <stdio.h>

#include "base/clock.h"
#include "config/access.h"

#define DAYS(n) ((n)*HS_MS_PER_DAY)
#define ANY     INT64_C(-1)

// What hitctl's people read, each by its commands: see hitctl's own table of rights.
#define SEEING        HS_ACCESS_SEEING
#define ADMINISTRATOR HS_ACCESS_ADMINISTRATOR

static const struct hs_topic_rule rules[] = {
    {.name = HS_KAFKA_READS,
     .append_time = true,
     .retention_ms = ANY,
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_READS,
     .why = "lateness is measured by the broker's clock",
     .writers = HS_ACCESS_GATEWAY | HS_ACCESS_CORRELATE | ADMINISTRATOR,
     .readers = HS_ACCESS_MATCH | ADMINISTRATOR},
    {.name = HS_KAFKA_HITS,
     .append_time = true,
     .retention_ms = DAYS(30),
     .min_retention_ms = DAYS(2),
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_HITS,
     .why = "correlation is a function of this log, from the longest window of the rules before",
     .writers = HS_ACCESS_MATCH | HS_ACCESS_CORRELATE | HS_ACCESS_INTAKE,
     .readers = HS_ACCESS_CORRELATE | SEEING | ADMINISTRATOR},
    {.name = HS_KAFKA_VEHICLES,
     .compacted = true,
     .retention_ms = ANY,
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_HITS,
     .why = "the state of vehicles stands only here",
     .writers = HS_ACCESS_CORRELATE,
     .readers = HS_ACCESS_CORRELATE | SEEING},
    {.name = HS_KAFKA_CONTROLS,
     .compacted = true,
     .retention_ms = ANY,
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "the log names controls by hash and needs them as long as it reaches back",
     .writers = HS_ACCESS_MATCH | HS_ACCESS_CORRELATE,
     .readers = HS_ACCESS_MATCH | HS_ACCESS_CORRELATE | SEEING},
    {.name = HS_KAFKA_UNROUTED,
     .append_time = true,
     .retention_ms = DAYS(30),
     .min_retention_ms = DAYS(1),
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "a new owner reads back what was told",
     .writers = HS_ACCESS_CORRELATE,
     .readers = HS_ACCESS_CORRELATE | SEEING},
    {.name = HS_KAFKA_REJECTED,
     .retention_ms = DAYS(3),
     .max_retention_ms = DAYS(7),
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "reads that match nothing leave no trace; a bad one is kept only as long as it helps",
     .writers = HS_ACCESS_MATCH,
     .readers = ADMINISTRATOR},
    {.name = HS_KAFKA_FEEDBACK_REJECTED,
     .retention_ms = DAYS(3),
     .max_retention_ms = DAYS(7),
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "what cannot be used is kept only as long as it helps",
     .writers = HS_ACCESS_INTAKE,
     .readers = HS_ACCESS_CONTROLLER | HS_ACCESS_LEAD | ADMINISTRATOR},
    {.name = HS_KAFKA_OBSERVATIONS,
     .retention_ms = DAYS(7),
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_SINGLE,
     .why = "observations of cameras are gathered by one instance, in one order",
     .writers = HS_ACCESS_MATCH | HS_ACCESS_CORRELATE | ADMINISTRATOR,
     .readers = HS_ACCESS_CORRELATE},
    {.name = HS_KAFKA_CAMERAS,
     .compacted = true,
     .retention_ms = ANY,
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_SINGLE,
     .why = "every daemon reads the findings about cameras whole",
     .writers = HS_ACCESS_CORRELATE,
     .readers = HS_ACCESS_MATCH | HS_ACCESS_CORRELATE | SEEING | ADMINISTRATOR},
    {.name = HS_KAFKA_DISPATCH,
     .per_queue = true,
     .append_time = true,
     .retention_ms = DAYS(7),
     .min_retention_ms = DAYS(1),
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "a new owner reads back what was told, by the broker's clock",
     .writers = HS_ACCESS_CORRELATE | ADMINISTRATOR,
     .readers = HS_ACCESS_CORRELATE | SEEING | ADMINISTRATOR,
     .own_readers = HS_ACCESS_DESK},
    {.name = HS_KAFKA_UNDELIVERED,
     .per_queue = true,
     .append_time = true,
     .retention_ms = DAYS(30),
     .min_retention_ms = DAYS(1),
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "a person sends these again; a new owner reads them back",
     .writers = HS_ACCESS_CORRELATE,
     .readers = HS_ACCESS_CORRELATE | SEEING | ADMINISTRATOR},
    {.name = HS_KAFKA_FEEDBACK,
     .per_queue = true,
     .append_time = true,
     .retention_ms = DAYS(7),
     .min_retention_ms = DAYS(1),
     .max_retention_ms = ANY,
     .partitions = HS_TOPIC_PARTITIONS_ONE,
     .why = "feedback waits here while the intake is down, and is counted by the broker's clock",
     .readers = HS_ACCESS_INTAKE,
     .own_writers = HS_ACCESS_DESK | HS_ACCESS_CONTROLLER | HS_ACCESS_LEAD},
    {0},
};

static const struct hs_group_rule groups[] = {
    // the administrator says where reading begins
    {HS_KAFKA_GROUP_MATCH, HS_ACCESS_MATCH | ADMINISTRATOR, 0},
    {HS_KAFKA_GROUP_CORRELATE, HS_ACCESS_CORRELATE, 0},
    {HS_KAFKA_GROUP_INTAKE, HS_ACCESS_INTAKE, 0},
    {HS_KAFKA_GROUP_CAMERAS, HS_ACCESS_CORRELATE, 0},
    {HS_KAFKA_GROUP_TAIL, 0,
     HS_ACCESS_MATCH | HS_ACCESS_CORRELATE | HS_ACCESS_INTAKE | HS_ACCESS_PEOPLE},
    {0},
};

const struct hs_topic_rule *hs_topics_rules(void)
{
    return rules;
}

const struct hs_group_rule *hs_topics_groups(void)
{
    return groups;
}

void hs_topics_plan_defaults(struct hs_topics_plan *ret_plan)
{
    *ret_plan = (struct hs_topics_plan){.reads_partitions = 12, .hits_partitions = 12};
}

const struct hs_topic_rule *hs_topics_find(const char *topic)
{
    for (const struct hs_topic_rule *rule = rules; rule->name; rule++) {
        if (!rule->per_queue && strcmp(rule->name, topic) == 0) {
            return rule;
        }
    }
    for (const struct hs_topic_rule *rule = rules; rule->name; rule++) {
        size_t len = strlen(rule->name);
        if (rule->per_queue && strncmp(rule->name, topic, len) == 0 && topic[len] != '\0') {
            return rule;
        }
    }
    return NULL;
}

// The check of one topic under way.
struct check {
    const struct hs_topic_facts *facts;
    hs_topics_report *report;
    void *ctx;
    size_t faults;
};

static void fault(struct check *check, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void fault(struct check *check, const char *rule, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    check->faults++;
    check->report(check->ctx, check->facts->name, rule, text);
}

static void check_cleanup(struct check *check, const struct hs_topic_rule *rule)
{
    const struct hs_topic_facts *facts = check->facts;
    if (rule->compacted && (!facts->compacted || facts->deleted)) {
        fault(check, "cleanup", "cleanup.policy is '%s', must be 'compact': %s",
              facts->compacted ? "compact,delete" : "delete", rule->why);
    } else if (!rule->compacted && facts->compacted) {
        fault(check, "cleanup",
              "cleanup.policy contains 'compact', must be 'delete': messages of one key are "
              "not replacements of each other");
    }
}

int64_t hs_topics_least_retention_ms(const struct hs_topic_rule *rule,
                                     const struct hs_topics_plan *plan)
{
    int64_t wanted_ms = strcmp(rule->name, HS_KAFKA_HITS) == 0 ? plan->hits_retention_ms : 0;
    return wanted_ms > rule->min_retention_ms ? wanted_ms : rule->min_retention_ms;
}

static void check_time(struct check *check, const struct hs_topic_rule *rule,
                       const struct hs_topics_plan *plan)
{
    const struct hs_topic_facts *facts = check->facts;
    if (rule->append_time && !facts->append_time) {
        fault(check, "timestamps",
              "message.timestamp.type is 'CreateTime', must be 'LogAppendTime': %s", rule->why);
    }
    if (rule->compacted) {
        return;
    }
    int64_t least_ms = hs_topics_least_retention_ms(rule, plan);
    if (least_ms > 0 && facts->retention_ms >= 0 && facts->retention_ms < least_ms) {
        fault(check, "retention", "retention.ms is %lld, must be at least %lld: %s",
              (long long)facts->retention_ms, (long long)least_ms, rule->why);
    }
    if (rule->max_retention_ms >= 0 &&
        (facts->retention_ms < 0 || facts->retention_ms > rule->max_retention_ms)) {
        fault(check, "retention", "retention.ms is %lld, must be at most %lld: %s",
              (long long)facts->retention_ms, (long long)rule->max_retention_ms, rule->why);
    }
}

static void check_replicas(struct check *check, const struct hs_topics_plan *plan)
{
    const struct hs_topic_facts *facts = check->facts;
    if (facts->replication < plan->replication) {
        fault(check, "replication",
              "a partition has %d replicas, must have %d: an acknowledged message must "
              "outlive a broker",
              facts->replication, plan->replication);
    }
    if (facts->min_in_sync < plan->min_in_sync) {
        fault(check, "in-sync",
              "min.insync.replicas is %d, must be at least %d: acks=all means no more than this",
              facts->min_in_sync, plan->min_in_sync);
    }
    if (facts->replication > 1 && facts->min_in_sync >= facts->replication) {
        fault(check, "in-sync",
              "min.insync.replicas is %d of %d replicas, must be smaller: one broker away would "
              "stop everything",
              facts->min_in_sync, facts->replication);
    }
    if (facts->unclean_election) {
        fault(check, "election",
              "unclean.leader.election.enable is 'true', must be 'false': acknowledged "
              "messages would be lost");
    }
}

static void check_partitions(struct check *check, const struct hs_topic_rule *rule,
                             const struct hs_topics_plan *plan)
{
    int32_t wanted = rule->partitions == HS_TOPIC_PARTITIONS_HITS ? plan->hits_partitions : 0;
    if (rule->partitions == HS_TOPIC_PARTITIONS_SINGLE && check->facts->partitions != 1) {
        fault(check, "partitions", "has %d partitions, must have 1: %s", check->facts->partitions,
              rule->why);
    }
    if (wanted > 0 && check->facts->partitions != wanted) {
        fault(check, "partitions",
              "has %d partitions, must have %d: anpr.hits and anpr.vehicles go partition by "
              "partition",
              check->facts->partitions, wanted);
    }
}

size_t hs_topics_check_one(const struct hs_topic_rule *rule, const struct hs_topics_plan *plan,
                           const struct hs_topic_facts *facts, hs_topics_report *report, void *ctx)
{
    struct check check = {.facts = facts, .report = report, .ctx = ctx};
    check_cleanup(&check, rule);
    check_time(&check, rule, plan);
    check_replicas(&check, plan);
    check_partitions(&check, rule, plan);
    return check.faults;
}

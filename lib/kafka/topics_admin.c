// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "kafka/internal.h"
#include "kafka/topics.h"

enum { TOPICS_MAX = 4096, NAME_BYTES = HS_KAFKA_TOPIC_TEXT_BYTES, KNOWN_STEP_MS = 20 };

// A topic of the plan.
struct wanted {
    char name[NAME_BYTES];
    const struct hs_topic_rule *rule;
    bool created; // by this call
};

// One call under way: its client and what is wanted.
struct admin {
    struct hs_kafka_events events; // first: the client's opaque
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    int64_t timeout_ms;
    struct hs_topics_plan plan; // with replication resolved
    struct wanted *wanted;
    size_t wanted_count;
    const struct rd_kafka_metadata *metadata;
    hs_topics_report *report;
    void *ctx;
};

static void wanted_add(struct admin *admin, const struct hs_topic_rule *rule, struct hs_str queue)
{
    struct wanted *w = &admin->wanted[admin->wanted_count++];
    w->rule = rule;
    snprintf(w->name, sizeof(w->name), "%s%.*s", rule->name, HS_STR_ARG(queue));
}

static int list_wanted(struct admin *admin)
{
    const struct hs_topics_plan *plan = &admin->plan;
    size_t rules = 0;
    bool ops = false;
    while (hs_topics_rules()[rules].name) {
        rules++;
    }
    for (size_t i = 0; i < plan->queue_count; i++) {
        ops = ops || hs_str_is(plan->queues[i], "ops");
    }
    admin->wanted = calloc(rules * (plan->queue_count + 2), sizeof(*admin->wanted));
    if (!admin->wanted) {
        return HS_ENOMEM;
    }
    for (size_t k = 0; k < rules; k++) {
        const struct hs_topic_rule *rule = &hs_topics_rules()[k];
        if (!rule->per_queue) {
            wanted_add(admin, rule, hs_str(""));
            continue;
        }
        for (size_t i = 0; i < plan->queue_count; i++) {
            wanted_add(admin, rule, plan->queues[i]);
        }
        if (!ops) {
            wanted_add(admin, rule, hs_str("ops"));
        }
    }
    return admin->wanted_count <= TOPICS_MAX ? 0 : HS_ELIMIT;
}

static int look_around(struct admin *admin)
{
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(admin->client, 1, NULL, &admin->metadata, (int)admin->timeout_ms);
    if (error) {
        return HS_EUNREACHABLE;
    }
    struct hs_topics_plan *plan = &admin->plan;
    if (plan->replication <= 0) {
        plan->replication = admin->metadata->broker_cnt < 3 ? admin->metadata->broker_cnt : 3;
    }
    if (plan->min_in_sync <= 0) {
        plan->min_in_sync = plan->replication > 1 ? plan->replication - 1 : 1;
    }
    return 0;
}

static const rd_kafka_metadata_topic_t *topic_in(const struct rd_kafka_metadata *metadata,
                                                 const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, name) == 0 && !metadata->topics[i].err) {
            return &metadata->topics[i];
        }
    }
    return NULL;
}

static int admin_open(struct admin *admin, const struct hs_settings *settings,
                      const struct hs_topics_plan *plan, int64_t timeout_ms,
                      hs_topics_report *report, void *ctx)
{
    rd_kafka_conf_t *conf;
    *admin = (struct admin){.timeout_ms = timeout_ms, .plan = *plan, .report = report, .ctx = ctx};
    int r = hs_kafka_conf_new(settings, HS_KAFKA_ROLE_ADMIN, NULL, &conf);
    if (r < 0) {
        return r;
    }
    hs_kafka_conf_events(conf, &admin->events);
    r = hs_kafka_client_new(RD_KAFKA_PRODUCER, conf, &admin->client);
    if (r < 0) {
        return r;
    }
    admin->queue = rd_kafka_queue_new(admin->client);
    r = look_around(admin);
    return r < 0 ? r : list_wanted(admin);
}

static void admin_close(struct admin *admin)
{
    if (admin->metadata) {
        rd_kafka_metadata_destroy(admin->metadata);
    }
    if (admin->queue) {
        rd_kafka_queue_destroy(admin->queue);
    }
    if (admin->client) {
        rd_kafka_destroy(admin->client);
    }
    free(admin->wanted);
}

static rd_kafka_event_t *await(struct admin *admin, rd_kafka_event_type_t type)
{
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(admin->queue, (int)admin->timeout_ms))) {
        if (rd_kafka_event_type(event) == type) {
            return event;
        }
        rd_kafka_event_destroy(event);
    }
    return NULL;
}

static void config_ms(rd_kafka_NewTopic_t *topic, const char *name, int64_t ms)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)ms);
    rd_kafka_NewTopic_set_config(topic, name, text);
}

static rd_kafka_NewTopic_t *new_topic(const struct admin *admin, const struct wanted *wanted)
{
    const struct hs_topic_rule *rule = wanted->rule;
    const struct hs_topics_plan *plan = &admin->plan;
    int32_t partitions = rule->partitions == HS_TOPIC_PARTITIONS_READS  ? plan->reads_partitions
                         : rule->partitions == HS_TOPIC_PARTITIONS_HITS ? plan->hits_partitions
                                                                        : 1;
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(wanted->name, partitions, plan->replication, NULL, 0);
    if (!topic) {
        return NULL;
    }
    rd_kafka_NewTopic_set_config(topic, "cleanup.policy", rule->compacted ? "compact" : "delete");
    rd_kafka_NewTopic_set_config(topic, "message.timestamp.type",
                                 rule->append_time ? "LogAppendTime" : "CreateTime");
    rd_kafka_NewTopic_set_config(topic, "unclean.leader.election.enable", "false");
    config_ms(topic, "min.insync.replicas", plan->min_in_sync);
    if (rule->retention_ms >= 0) {
        int64_t least_ms = hs_topics_least_retention_ms(rule, plan);
        config_ms(topic, "retention.ms",
                  least_ms > rule->retention_ms ? least_ms : rule->retention_ms);
    }
    return topic;
}

static struct wanted *wanted_find(const struct admin *admin, const char *name)
{
    for (size_t i = 0; i < admin->wanted_count; i++) {
        if (strcmp(admin->wanted[i].name, name) == 0) {
            return &admin->wanted[i];
        }
    }
    return NULL;
}

static int tell_created(struct admin *admin, const rd_kafka_event_t *event)
{
    // the event is ours to read; the accessor is not const
    union {
        const rd_kafka_event_t *in;
        rd_kafka_event_t *out;
    } e = {.in = event};
    size_t count;
    int r = 0;
    const rd_kafka_topic_result_t **rows =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(e.out), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t error = rd_kafka_topic_result_error(rows[i]);
        const char *name = rd_kafka_topic_result_name(rows[i]);
        struct wanted *wanted = wanted_find(admin, name);
        if (!error) {
            admin->report(admin->ctx, name, "created", "created");
            if (wanted) {
                wanted->created = true;
            }
        } else if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            admin->report(admin->ctx, name, "exists", "is there already");
        } else {
            const char *text = rd_kafka_topic_result_error_string(rows[i]);
            admin->report(admin->ctx, name, "failed", text ? text : rd_kafka_err2str(error));
            r = HS_EIO;
        }
    }
    return r;
}

static bool is_led(const rd_kafka_metadata_topic_t *topic)
{
    bool led = topic && topic->partition_cnt > 0;
    for (int i = 0; led && i < topic->partition_cnt; i++) {
        led = topic->partitions[i].leader >= 0;
    }
    return led;
}

static bool all_created_are_known(const struct admin *admin,
                                  const struct rd_kafka_metadata *metadata)
{
    for (size_t i = 0; i < admin->wanted_count; i++) {
        if (admin->wanted[i].created && !is_led(topic_in(metadata, admin->wanted[i].name))) {
            return false;
        }
    }
    return true;
}

// The controller answers a moment before its brokers know the topics: whoever looks at once would
// find them missing. HS_EUNREACHABLE: they do not know them in time.
static int await_created(struct admin *admin)
{
    const struct timespec step = {.tv_nsec = KNOWN_STEP_MS * 1000000L};
    int64_t until_ms = hs_clock_boottime_ms() + admin->timeout_ms;
    for (;;) {
        const struct rd_kafka_metadata *metadata;
        bool known = false;
        if (!rd_kafka_metadata(admin->client, 1, NULL, &metadata, (int)admin->timeout_ms)) {
            known = all_created_are_known(admin, metadata);
            rd_kafka_metadata_destroy(metadata);
        }
        if (known) {
            return 0;
        }
        if (hs_clock_boottime_ms() >= until_ms) {
            return HS_EUNREACHABLE;
        }
        nanosleep(&step, NULL);
    }
}

static int create_missing(struct admin *admin)
{
    rd_kafka_NewTopic_t **rows = calloc(admin->wanted_count, sizeof(rd_kafka_NewTopic_t *));
    size_t count = 0;
    int r = rows ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < admin->wanted_count && r == 0; i++) {
        if (topic_in(admin->metadata, admin->wanted[i].name)) {
            admin->report(admin->ctx, admin->wanted[i].name, "exists", "is there already");
            continue;
        }
        rows[count] = new_topic(admin, &admin->wanted[i]);
        r = rows[count] ? 0 : HS_ENOMEM;
        count += r == 0;
    }
    if (r == 0 && count > 0) {
        rd_kafka_CreateTopics(admin->client, rows, count, NULL, admin->queue);
        rd_kafka_event_t *event = await(admin, RD_KAFKA_EVENT_CREATETOPICS_RESULT);
        r = !event                        ? HS_EUNREACHABLE
            : rd_kafka_event_error(event) ? HS_EIO
                                          : tell_created(admin, event);
        r = r ? r : await_created(admin);
        if (event) {
            rd_kafka_event_destroy(event);
        }
    }
    for (size_t i = 0; i < count; i++) {
        rd_kafka_NewTopic_destroy(rows[i]);
    }
    free(rows);
    return r;
}

int hs_topics_create(const struct hs_settings *settings, const struct hs_topics_plan *plan,
                     int64_t timeout_ms, hs_topics_report *report, void *ctx)
{
    struct admin admin;
    int r = admin_open(&admin, settings, plan, timeout_ms, report, ctx);
    if (r == 0) {
        r = create_missing(&admin);
    }
    admin_close(&admin);
    return r;
}

static void facts_from_metadata(const rd_kafka_metadata_topic_t *topic,
                                struct hs_topic_facts *facts)
{
    facts->partitions = topic->partition_cnt;
    for (int i = 0; i < topic->partition_cnt; i++) {
        int32_t replicas = topic->partitions[i].replica_cnt;
        if (i == 0 || replicas < facts->replication) {
            facts->replication = replicas;
        }
    }
}

static void facts_from_config(struct hs_topic_facts *facts, const char *name, const char *value)
{
    if (!value) {
        return;
    }
    if (strcmp(name, "cleanup.policy") == 0) {
        facts->compacted = strstr(value, "compact") != NULL;
        facts->deleted = strstr(value, "delete") != NULL;
    } else if (strcmp(name, "message.timestamp.type") == 0) {
        facts->append_time = strcmp(value, "LogAppendTime") == 0;
    } else if (strcmp(name, "retention.ms") == 0) {
        hs_str_to_i64(hs_str(value), &facts->retention_ms);
    } else if (strcmp(name, "min.insync.replicas") == 0) {
        facts->min_in_sync = (int32_t)strtol(value, NULL, 10);
    } else if (strcmp(name, "unclean.leader.election.enable") == 0) {
        facts->unclean_election = strcmp(value, "true") == 0;
    }
}

static size_t check_described(struct admin *admin, const rd_kafka_ConfigResource_t *resource)
{
    const char *name = rd_kafka_ConfigResource_name(resource);
    const struct wanted *wanted = wanted_find(admin, name);
    const rd_kafka_metadata_topic_t *topic = topic_in(admin->metadata, name);
    if (!wanted || !topic) {
        return 0;
    }
    if (rd_kafka_ConfigResource_error(resource)) {
        admin->report(admin->ctx, name, "access", rd_kafka_ConfigResource_error_string(resource));
        return 1;
    }
    struct hs_topic_facts facts = {.name = name, .retention_ms = -1};
    size_t count;
    const rd_kafka_ConfigEntry_t **rows = rd_kafka_ConfigResource_configs(resource, &count);
    facts_from_metadata(topic, &facts);
    for (size_t i = 0; i < count; i++) {
        facts_from_config(&facts, rd_kafka_ConfigEntry_name(rows[i]),
                          rd_kafka_ConfigEntry_value(rows[i]));
    }
    return hs_topics_check_one(wanted->rule, &admin->plan, &facts, admin->report, admin->ctx);
}

// How many partitions anpr.hits has decides for anpr.vehicles when the plan leaves it open.
static void resolve_partitions(struct admin *admin)
{
    const rd_kafka_metadata_topic_t *hits = topic_in(admin->metadata, HS_KAFKA_HITS);
    if (hits && admin->plan.hits_partitions <= 0) {
        admin->plan.hits_partitions = hits->partition_cnt;
    }
}

static int check_all(struct admin *admin)
{
    rd_kafka_ConfigResource_t **rows =
        calloc(admin->wanted_count, sizeof(rd_kafka_ConfigResource_t *));
    size_t count = 0, faults = 0;
    int r = rows ? 0 : HS_ENOMEM;
    resolve_partitions(admin);
    for (size_t i = 0; i < admin->wanted_count && r == 0; i++) {
        if (!topic_in(admin->metadata, admin->wanted[i].name)) {
            admin->report(admin->ctx, admin->wanted[i].name, "missing",
                          "does not exist; make it with 'hitctl topics create'");
            faults++;
            continue;
        }
        rows[count++] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, admin->wanted[i].name);
    }
    if (r == 0 && count > 0) {
        rd_kafka_DescribeConfigs(admin->client, rows, count, NULL, admin->queue);
        rd_kafka_event_t *event = await(admin, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT);
        r = !event ? HS_EUNREACHABLE : rd_kafka_event_error(event) ? HS_EIO : 0;
        if (r == 0) {
            size_t described;
            const rd_kafka_ConfigResource_t **answers = rd_kafka_DescribeConfigs_result_resources(
                rd_kafka_event_DescribeConfigs_result(event), &described);
            for (size_t i = 0; i < described; i++) {
                faults += check_described(admin, answers[i]);
            }
        }
        if (event) {
            rd_kafka_event_destroy(event);
        }
    }
    for (size_t i = 0; i < count; i++) {
        rd_kafka_ConfigResource_destroy(rows[i]);
    }
    free(rows);
    return r < 0 ? r : faults > 0 ? HS_EREFUSED : 0;
}

int hs_topics_check(const struct hs_settings *settings, const struct hs_topics_plan *plan,
                    int64_t timeout_ms, hs_topics_report *report, void *ctx)
{
    struct admin admin;
    int r = admin_open(&admin, settings, plan, timeout_ms, report, ctx);
    if (r == 0) {
        r = check_all(&admin);
    }
    admin_close(&admin);
    return r;
}

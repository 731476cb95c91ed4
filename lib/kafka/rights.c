// SPDX-License-Identifier: Apache-2.0
#include "kafka/rights.h"

#include <stdio.h>

#include "config/access.h"

const char *const hs_kafka_operation_words[] = {
    "Read", "Write", "Describe", "Create", "DescribeConfigs", "Other", "All", NULL};

#define CLUSTER_NAME "kafka-cluster" // Kafka's own name for it
#define USER         "User:"

// ---- what is needed ----

// One principal's telling under way.
struct telling {
    const struct hs_kafka_needs *needs;
    hs_kafka_right_fn *right;
    void *ctx;
};

static void tell(const struct telling *telling, enum hs_kafka_resource resource,
                 unsigned operations, const char *name, struct hs_str queue)
{
    struct hs_kafka_right right = {.resource = resource, .operations = operations};
    if (operations) {
        snprintf(right.name, sizeof(right.name), "%s%.*s", name, HS_STR_ARG(queue));
        telling->right(telling->ctx, &right);
    }
}

static bool is_own(const struct hs_kafka_needs *needs, struct hs_str queue)
{
    for (size_t i = 0; i < needs->queue_count; i++) {
        if (hs_str_eq(needs->queues[i], queue)) {
            return true;
        }
    }
    return false;
}

// An administrator makes and checks every topic.
static unsigned topic_operations(const struct hs_topic_rule *rule, unsigned roles, bool own)
{
    unsigned readers = rule->readers | (own ? rule->own_readers : 0);
    unsigned writers = rule->writers | (own ? rule->own_writers : 0);
    unsigned operations =
        (readers & roles ? HS_KAFKA_MAY_READ : 0) | (writers & roles ? HS_KAFKA_MAY_WRITE : 0);
    if (roles & HS_ACCESS_ADMINISTRATOR) {
        operations |= HS_KAFKA_MAY_CREATE | HS_KAFKA_MAY_DESCRIBE_CONFIGS;
        // the others imply it
        operations |=
            operations & (HS_KAFKA_MAY_READ | HS_KAFKA_MAY_WRITE) ? 0 : HS_KAFKA_MAY_DESCRIBE;
    }
    return operations;
}

static void tell_queues(const struct telling *telling, const struct hs_topic_rule *rule,
                        const struct hs_topics_plan *plan)
{
    const struct hs_kafka_needs *needs = telling->needs;
    bool ops = false;
    for (size_t i = 0; i <= plan->queue_count; i++) {
        bool last = i == plan->queue_count; // then 'ops', unless the plan has it
        struct hs_str queue = last ? HS_STR("ops") : plan->queues[i];
        if (last && ops) {
            break;
        }
        ops = ops || hs_str_is(queue, "ops");
        tell(telling, HS_KAFKA_RESOURCE_TOPIC,
             topic_operations(rule, needs->roles, is_own(needs, queue)), rule->name, queue);
    }
}

void hs_kafka_rights_needed(const struct hs_kafka_needs *needs, const struct hs_topics_plan *plan,
                            hs_kafka_right_fn *right, void *ctx)
{
    const struct telling telling = {needs, right, ctx};
    const struct hs_str none = {0};
    for (const struct hs_topic_rule *rule = hs_topics_rules(); rule->name; rule++) {
        if (rule->per_queue) {
            tell_queues(&telling, rule, plan);
        } else {
            tell(&telling, HS_KAFKA_RESOURCE_TOPIC, topic_operations(rule, needs->roles, false),
                 rule->name, none);
        }
    }
    for (const struct hs_group_rule *rule = hs_topics_groups(); rule->name; rule++) {
        unsigned operations = rule->members & needs->roles  ? HS_KAFKA_MAY_READ
                              : rule->askers & needs->roles ? HS_KAFKA_MAY_DESCRIBE
                                                            : 0;
        tell(&telling, HS_KAFKA_RESOURCE_GROUP, operations, rule->name, none);
    }
    for (size_t i = 0; i < needs->queue_count && (needs->roles & HS_ACCESS_DESK); i++) {
        // a control room's consumers are a group that is named as its topic
        tell(&telling, HS_KAFKA_RESOURCE_GROUP, HS_KAFKA_MAY_READ, HS_KAFKA_DISPATCH,
             needs->queues[i]);
    }
    if (needs->roles & HS_ACCESS_ADMINISTRATOR) { // asks about rights
        tell(&telling, HS_KAFKA_RESOURCE_CLUSTER, HS_KAFKA_MAY_DESCRIBE, CLUSTER_NAME, none);
    }
}

// ---- the difference ----

struct comparison {
    const struct hs_kafka_principal *principals;
    size_t principal_count;
    const struct hs_topics_plan *plan;
    const struct hs_kafka_acl *held;
    size_t held_count;
    hs_kafka_difference_fn *difference;
    void *ctx;
    size_t told;
    const struct hs_kafka_principal *principal; // whose rights are looked at
    const struct hs_kafka_acl *row;             // and which row
    unsigned row_needed;                        // operations that are needed of what it names
};

static bool is_principal(const char *held, const char *name)
{
    return strncmp(held, USER, sizeof(USER) - 1) == 0 && strcmp(held + sizeof(USER) - 1, name) == 0;
}

static bool names(const struct hs_kafka_acl *row, const struct hs_kafka_right *right)
{
    if (row->resource != right->resource) {
        return false;
    }
    return row->prefixed ? strncmp(row->name, right->name, strlen(row->name)) == 0
                         : strcmp(row->name, "*") == 0 || strcmp(row->name, right->name) == 0;
}

static bool row_counts(const struct hs_kafka_acl *row, const struct hs_kafka_right *right,
                       const char *principal)
{
    bool whom = is_principal(row->principal, principal) || is_principal(row->principal, "*");
    return whom && names(row, right) && (row->operation & (right->operations | HS_KAFKA_MAY_ALL));
}

// Allowed from any host, and denied from none.
static void judge_one(struct comparison *c, const struct hs_kafka_right *right)
{
    bool allowed = false, denied = false;
    for (size_t i = 0; i < c->held_count; i++) {
        const struct hs_kafka_acl *row = &c->held[i];
        if (row_counts(row, right, c->principal->name)) {
            allowed = allowed || (!row->deny && strcmp(row->host, "*") == 0);
            denied = denied || row->deny;
        }
    }
    if (!allowed || denied) {
        const struct hs_kafka_difference difference = {
            .missing = true, .denied = denied, .principal = c->principal->name, .right = *right};
        c->told++;
        c->difference(c->ctx, &difference);
    }
}

static void judge_needed(void *ctx, const struct hs_kafka_right *right)
{
    for (unsigned bit = 1; bit <= right->operations; bit <<= 1) {
        struct hs_kafka_right one = *right;
        one.operations = bit;
        if (right->operations & bit) {
            judge_one(ctx, &one);
        }
    }
}

static void gather_needed(void *ctx, const struct hs_kafka_right *right)
{
    struct comparison *c = ctx;
    bool whole = !c->row->prefixed && strcmp(c->row->name, right->name) == 0;
    if (c->row->resource == right->resource && whole) {
        // Kafka's Read and Write include Describe: said or not makes no difference
        bool seen = right->operations & (HS_KAFKA_MAY_READ | HS_KAFKA_MAY_WRITE);
        c->row_needed |= right->operations | (seen ? HS_KAFKA_MAY_DESCRIBE : 0);
    }
}

// Does it reach a topic or group of the installation?
struct reach {
    const struct hs_kafka_acl *row;
    bool reaches;
};

static void note_reach(void *ctx, const struct hs_kafka_right *right)
{
    struct reach *reach = ctx;
    reach->reaches = reach->reaches || names(reach->row, right);
}

static bool reaches_us(const struct comparison *c, const struct hs_kafka_acl *row)
{
    // the roles that need every topic and group between them
    const struct hs_kafka_needs all = {HS_ACCESS_ADMINISTRATOR | HS_ACCESS_MATCH |
                                           HS_ACCESS_CORRELATE | HS_ACCESS_INTAKE | HS_ACCESS_DESK,
                                       c->plan->queues, c->plan->queue_count};
    struct reach reach = {.row = row};
    if (row->resource == HS_KAFKA_RESOURCE_CLUSTER) {
        return false;
    }
    hs_kafka_rights_needed(&all, c->plan, note_reach, &reach);
    return reach.reaches;
}

static void judge_row(struct comparison *c, const struct hs_kafka_acl *row)
{
    c->row = row;
    c->row_needed = 0;
    bool known = false;
    for (size_t i = 0; i < c->principal_count; i++) {
        if (is_principal(row->principal, c->principals[i].name)) {
            known = true;
            hs_kafka_rights_needed(&c->principals[i].needs, c->plan, gather_needed, c);
        }
    }
    if (row->deny || (row->operation & c->row_needed) || (!known && !reaches_us(c, row))) {
        return; // a denial takes nothing that is not told as missing
    }
    struct hs_kafka_difference difference = {
        .principal = row->principal,
        .right = {.resource = row->resource, .operations = row->operation},
        .held = row};
    snprintf(difference.right.name, sizeof(difference.right.name), "%s", row->name);
    c->told++;
    c->difference(c->ctx, &difference);
}

size_t hs_kafka_rights_compare(const struct hs_kafka_principal *principals, size_t principal_count,
                               const struct hs_topics_plan *plan, const struct hs_kafka_acl *held,
                               size_t held_count, hs_kafka_difference_fn *difference, void *ctx)
{
    struct comparison c = {.principals = principals,
                           .principal_count = principal_count,
                           .plan = plan,
                           .held = held,
                           .held_count = held_count,
                           .difference = difference,
                           .ctx = ctx};
    for (size_t i = 0; i < principal_count; i++) {
        c.principal = &principals[i];
        hs_kafka_rights_needed(&principals[i].needs, plan, judge_needed, &c);
    }
    for (size_t i = 0; i < held_count; i++) {
        judge_row(&c, &held[i]);
    }
    return c.told;
}

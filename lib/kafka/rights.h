// SPDX-License-Identifier: Apache-2.0
#ifndef HS_KAFKA_RIGHTS_H
#define HS_KAFKA_RIGHTS_H
/*
 * What each principal of an installation needs of Kafka, made of the tables of topics and groups
 * (kafka/topics.h), and how the broker's ACLs differ from it.
 *
 * Threads: any; hs_kafka_rights_held() uses a client of its own and blocks at most its timeout.
 * Ownership: rows are the caller's; texts of held rows are copies. Bounds: HS_KAFKA_ROWS_MAX rows of
 * the broker; more is HS_ELIMIT.
 */

#include "base/arena.h"
#include "kafka/topics.h"

enum { HS_KAFKA_ROWS_MAX = 100000 };

enum hs_kafka_resource {
    HS_KAFKA_RESOURCE_TOPIC,
    HS_KAFKA_RESOURCE_GROUP,
    HS_KAFKA_RESOURCE_CLUSTER,
};

enum hs_kafka_operation { // bits
    HS_KAFKA_MAY_READ = 1,
    HS_KAFKA_MAY_WRITE = 2,
    HS_KAFKA_MAY_DESCRIBE = 4,
    HS_KAFKA_MAY_CREATE = 8,
    HS_KAFKA_MAY_DESCRIBE_CONFIGS = 16,
    HS_KAFKA_MAY_OTHER = 32, // what none of ours needs
    HS_KAFKA_MAY_ALL = 64,   // everything, in a row of the broker
};
// Kafka's words for the bits, in their order; ends with NULL.
extern const char *const hs_kafka_operation_words[];

// What somebody may do with one thing.
struct hs_kafka_right {
    enum hs_kafka_resource resource;
    unsigned operations;                  // bits of enum hs_kafka_operation
    char name[HS_KAFKA_TOPIC_TEXT_BYTES]; // "anpr.hits"
};

// Who somebody is.
struct hs_kafka_needs {
    unsigned roles;              // bits of enum hs_access_role
    const struct hs_str *queues; // its own, for desks, controllers and leads
    size_t queue_count;
};

// Gets each right once, in the order of the tables.
typedef void hs_kafka_right_fn(void *ctx, const struct hs_kafka_right *right);
// `plan` has all queues of the installation.
void hs_kafka_rights_needed(const struct hs_kafka_needs *needs, const struct hs_topics_plan *plan,
                            hs_kafka_right_fn *right, void *ctx);

// A row of the broker's ACLs.
struct hs_kafka_acl {
    const char *principal; // "User:hitstream"
    const char *host;      // "*": any
    const char *name;
    enum hs_kafka_resource resource;
    unsigned operation; // one bit of enum hs_kafka_operation
    bool prefixed;      // `name` is a beginning; else whole, "*": all
    bool deny;
};
// All rows for topics, groups and the cluster; rows and texts in `bump`. HS_ENOTFOUND: the broker
// has no authorizer, everybody may do everything; HS_EPERM: these settings may not ask;
// HS_EUNREACHABLE.
int hs_kafka_rights_held(const struct hs_settings *settings, int64_t timeout_ms,
                         struct hs_bump *bump, struct hs_kafka_acl **ret_rows, size_t *ret_count);

// A principal and what it needs, for a comparison.
struct hs_kafka_principal {
    const char *name; // without 'User:'
    struct hs_kafka_needs needs;
};
struct hs_kafka_difference {
    bool missing; // needed, not held; else held, not needed
    bool denied;  // missing because a row denies it
    const char *principal;
    struct hs_kafka_right right;     // with one operation
    const struct hs_kafka_acl *held; // what is too much; NULL when something is missing
};
typedef void hs_kafka_difference_fn(void *ctx, const struct hs_kafka_difference *difference);
// Tells what is missing and what is too much: rows that reach a topic or group of the plan, or any
// of these principals, and that nobody needs. Returns how many were told. Pure.
size_t hs_kafka_rights_compare(const struct hs_kafka_principal *principals, size_t principal_count,
                               const struct hs_topics_plan *plan, const struct hs_kafka_acl *held,
                               size_t held_count, hs_kafka_difference_fn *difference, void *ctx);

#endif

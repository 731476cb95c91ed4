// SPDX-License-Identifier: Apache-2.0
#ifndef HITCTL_RIGHTS_GRANTS_H
#define HITCTL_RIGHTS_GRANTS_H
/*
 * Everybody who needs rights in Kafka and Redis: the daemons, the gateways, each queue's control
 * room, and the persons of the rights file (without one, whoever uses hitctl).
 *
 * Threads: one. Ownership: grants own their rows and texts until hitctl_grants_fini(). Bounds:
 * HITCTL_PERSONS_MAX persons and as many queues as the controls may have.
 */

#include "hitctl/rights_file.h"
#include "kafka/rights.h"
#include "watchlist/rights.h"

struct hitctl;

// How those are called that stand in no file; NULL: by the name behind it.
struct hitctl_grant_names {
    const char *match;       // "hitstream"
    const char *correlate;   // "hitstream"
    const char *gateway;     // "gateway"
    const char *people;      // "hitctl"; without a rights file
    const char *desk_prefix; // before a queue's name; ""
    const char *queues;      // "a,b" instead of those of the controls in force
};

// One login of Kafka and Redis.
struct hitctl_grant {
    const char *name;
    const char *who; // "hitstreamd, roles match and correlate"; for a person who reads it
    unsigned roles;  // bits of enum hs_access_role
    bool all_lists;
    struct hs_str *queues; // own ones
    size_t queue_count;
    struct hs_str *lists; // those it may change, unless all
    size_t list_count;
};

struct hitctl_grants {
    struct hitctl_grant *rows; // each name once
    size_t count, capacity;
    struct hs_str *queues; // all of the installation
    size_t queue_count;
    struct hitctl_rights *rights; // NULL: no rights file
    bool sentinels;               // Redis is found by them
    struct hs_bump bump;
};

// HITCTL_OK, or the exit code after saying why. Finished in any case by hitctl_grants_fini().
int hitctl_grants_read(struct hitctl *ctl, const struct hitctl_grant_names *names,
                       struct hitctl_grants *ret_grants);
void hitctl_grants_fini(struct hitctl_grants *grants);

// The same as the two comparisons need them.
void hitctl_grant_kafka(const struct hitctl_grant *grant, struct hs_kafka_principal *ret);
void hitctl_grant_redis(const struct hitctl_grants *grants, const struct hitctl_grant *grant,
                        struct hs_redis_principal *ret);
void hitctl_grants_plan(const struct hitctl_grants *grants, struct hs_topics_plan *ret_plan);

#endif

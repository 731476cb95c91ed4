// SPDX-License-Identifier: Apache-2.0
// What Kafka's authorizer and Redis give, against what everybody needs.
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "hitctl/list_common.h"
#include "hitctl/rights_access.h"
#include "hitctl/stream.h"

enum { ASK_TIMEOUT_MS = 10000 };

struct checking {
    struct hitctl *ctl;
    struct hitctl_grants grants;
    json_t *rows; // with --json
    size_t told;
};

static void tell(struct checking *checking, const char *system, const char *fault, const char *who,
                 const char *what)
{
    checking->told++;
    if (checking->rows) {
        json_array_append_new(checking->rows,
                              json_pack("{s:s, s:s, s:s, s:s}", "system", system, "fault", fault,
                                        "login", who, "what", what));
    } else {
        printf("%s: %s: '%s' %s\n", system, fault, who, what);
    }
}

// ---- Kafka ----

static const char *operation_word(unsigned operation)
{
    size_t bit = 0;
    while (!(operation & 1u << bit)) {
        bit++;
    }
    return hs_kafka_operation_words[bit];
}

static void on_kafka(void *ctx, const struct hs_kafka_difference *difference)
{
    static const char *const resources[] = {"topic", "group", "cluster"};
    const struct hs_kafka_right *right = &difference->right;
    const struct hs_kafka_acl *held = difference->held;
    struct hs_buf what = {0};
    hs_buf_printf(&what, "%s%s of %s '%s%s'", held ? "may " : "needs ",
                  operation_word(right->operations), resources[right->resource], right->name,
                  held && held->prefixed ? "..." : "");
    if (held && strcmp(held->host, "*") != 0) {
        hs_buf_printf(&what, " from '%s'", held->host);
    }
    tell(ctx, "kafka",
         held                 ? "too much"
         : difference->denied ? "denied"
                              : "missing",
         difference->principal, hs_buf_text(&what));
    hs_buf_fini(&what);
}

static int compare_kafka(struct checking *checking, const struct hs_kafka_acl *rows, size_t count)
{
    const struct hitctl_grants *grants = &checking->grants;
    struct hs_topics_plan plan;
    struct hs_kafka_principal *principals = calloc(grants->count + 1, sizeof(*principals));
    if (!principals) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return HITCTL_FAILED;
    }
    for (size_t i = 0; i < grants->count; i++) {
        hitctl_grant_kafka(&grants->rows[i], &principals[i]);
    }
    hitctl_grants_plan(grants, &plan);
    hs_kafka_rights_compare(principals, grants->count, &plan, rows, count, on_kafka, checking);
    free(principals);
    return HITCTL_OK;
}

static int check_kafka(struct checking *checking)
{
    struct hs_bump bump = {0};
    struct hs_kafka_acl *rows;
    size_t count;
    int rc = hs_kafka_rights_held(checking->ctl->settings, ASK_TIMEOUT_MS, &bump, &rows, &count);
    int code = HITCTL_OK;
    if (rc == 0) {
        if (count == 0) { // librdkafka 2.0 does not pass a refusal on: it looks like this
            fputs("kafka: note: no right is told at all: none is given yet, the brokers have no "
                  "'authorizer.class.name', or these settings may not ask, which needs Describe of "
                  "the cluster\n",
                  stderr);
        }
        code = compare_kafka(checking, rows, count);
    } else if (rc == HS_ENOTFOUND) {
        tell(checking, "kafka", "open", "*",
             "may do everything: the brokers have no 'authorizer.class.name'");
    } else if (rc == HS_EPERM) {
        hitctl_error("Kafka does not say who may do what: that needs Describe of the cluster");
        code = HITCTL_REFUSED;
    } else {
        code = hitctl_kafka_failed(rc, "ACLs");
    }
    hs_bump_fini(&bump);
    return code;
}

// ---- Redis ----

static void on_redis(void *ctx, enum hs_redis_fault fault, const char *user, const char *rule)
{
    struct checking *checking = ctx;
    static const struct {
        const char *fault, *what;
    } texts[] = {
        [HS_REDIS_NO_USER] = {"missing", "is no user"},
        [HS_REDIS_USER_OFF] = {"missing", "is off"},
        [HS_REDIS_OPEN] = {"open", "needs no password, and reaches keys of ours"},
        [HS_REDIS_MISSING] = {"missing", "needs"},
        [HS_REDIS_TOO_MUCH] = {"too much", "has"},
    };
    struct hs_buf what = {0};
    if (fault == HS_REDIS_STRANGER) { // no fault: somebody has to administer Redis
        fprintf(stderr, "redis: note: '%s' reaches keys of ours, too\n", user);
        return;
    }
    hs_buf_printf(&what, "%s%s%s", texts[fault].what, rule ? " " : "", rule ? rule : "");
    tell(checking, "redis", texts[fault].fault, user, hs_buf_text(&what));
    hs_buf_fini(&what);
}

static int compare_redis(struct checking *checking, const struct hs_redis_user *users, size_t count)
{
    const struct hitctl_grants *grants = &checking->grants;
    struct hs_redis_principal *principals = calloc(grants->count + 1, sizeof(*principals));
    size_t told;
    int rc = principals ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < grants->count && rc == 0; i++) {
        hitctl_grant_redis(grants, &grants->rows[i], &principals[i]);
    }
    if (rc == 0) {
        rc = hs_redis_rights_compare(principals, grants->count, users, count, on_redis, checking,
                                     &told);
    }
    free(principals);
    return rc;
}

static int check_redis(struct checking *checking)
{
    const struct hs_redis_config config = hs_redis_config_of(checking->ctl->settings);
    struct hs_bump bump = {0};
    struct hs_buf why = {0};
    struct hs_redis *redis = NULL;
    struct hs_redis_user *users;
    size_t count;
    int code = HITCTL_OK;
    int rc = hs_redis_open(&config, &redis, &why);
    if (rc != 0) {
        hitctl_error("redis: %s", why.len > 0 ? hs_buf_text(&why) : hs_strerror(rc));
        code = HITCTL_UNREACHABLE;
    } else if ((rc = hs_redis_rights_held(redis, &bump, &users, &count)) != 0) {
        hitctl_error("Redis does not say who may do what: %s", hs_redis_why(redis));
        code = rc == HS_EPERM ? HITCTL_REFUSED : HITCTL_UNREACHABLE;
    } else if ((rc = compare_redis(checking, users, count)) != 0) {
        hitctl_error("%s", hs_strerror(rc));
        code = HITCTL_FAILED;
    }
    hs_redis_free(redis);
    hs_buf_fini(&why);
    hs_bump_fini(&bump);
    return code;
}

int hitctl_access_check(struct hitctl *ctl, const struct hitctl_access_options *options)
{
    struct checking checking = {.ctl = ctl, .rows = ctl->json ? json_array() : NULL};
    bool both = options->kafka == options->redis;
    int code = hitctl_grants_read(ctl, &options->names, &checking.grants);
    if (code == HITCTL_OK && (both || options->kafka)) {
        code = check_kafka(&checking);
    }
    if (code == HITCTL_OK && (both || options->redis)) {
        code = check_redis(&checking);
    }
    if (code == HITCTL_OK && checking.rows) {
        hitctl_print_json(json_incref(checking.rows));
    } else if (code == HITCTL_OK && checking.told == 0) {
        puts("everybody has the rights that are needed, and no more");
    }
    json_decref(checking.rows);
    hitctl_grants_fini(&checking.grants);
    return code == HITCTL_OK && checking.told > 0 ? HITCTL_DIFFERS : code;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * hitctl topics create | check: the topics of an installation, made and held to their rules, and
 * where the match stage begins to read.
 */
#include "kafka/topics.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/civil.h"
#include "base/error.h"
#include "controls/controls.h"
#include "hitctl/core_replay.h"
#include "hitctl/store_open.h"
#include "hitctl/stream.h"

enum { QUEUES_MAX = 4096, TIMEOUT_MS = 30000 };

struct topics_options {
    const char *queues;
    const char *reads_from;
    int64_t partitions;
    int64_t hits_partitions;
    int64_t replication;
    int64_t min_in_sync;
    bool force;
};

static const struct hitctl_option create_options[] = {
    {"reads-from", HITCTL_TEXT, offsetof(struct topics_options, reads_from), "beginning|end|TIME",
     "where the match stage begins with anpr.reads (RFC 3339 time)"},
    {"force", HITCTL_FLAG, offsetof(struct topics_options, force), NULL,
     "with --reads-from: also when there are offsets already"},
    {"partitions", HITCTL_NUMBER, offsetof(struct topics_options, partitions), "N",
     "partitions of anpr.reads (12)"},
    {"hits-partitions", HITCTL_NUMBER, offsetof(struct topics_options, hits_partitions), "N",
     "partitions of anpr.hits and anpr.vehicles (12)"},
    {"replication", HITCTL_NUMBER, offsetof(struct topics_options, replication), "N",
     "replicas of each partition (3, or as many as there are brokers)"},
    {"min-in-sync", HITCTL_NUMBER, offsetof(struct topics_options, min_in_sync), "N",
     "replicas that must have a message before it counts (one less than the replicas)"},
    {"queues", HITCTL_TEXT, offsetof(struct topics_options, queues), "A,B",
     "dispatch queues (default: those of the controls in force)"},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

static const struct hitctl_option check_options[] = {
    {"replication", HITCTL_NUMBER, offsetof(struct topics_options, replication), "N",
     "replicas each partition must have (3, or as many as there are brokers)"},
    {"min-in-sync", HITCTL_NUMBER, offsetof(struct topics_options, min_in_sync), "N",
     "replicas that must have a message before it counts (one less than the replicas)"},
    {"queues", HITCTL_TEXT, offsetof(struct topics_options, queues), "A,B",
     "dispatch queues (default: those of the controls in force)"},
    {NULL, HITCTL_FLAG, 0, NULL, NULL},
};

// A run of either command.
struct topics {
    struct hitctl *ctl;
    struct topics_options options;
    struct hs_str queues[QUEUES_MAX];
    size_t queue_count;
    struct hs_controls *controls; // queues may point into it
    json_t *rows;
    size_t made;
    size_t faults;
};

static int queues_from_option(struct topics *run)
{
    struct hs_str rest = hs_str(run->options.queues), name;
    while (hs_str_split(&rest, ',', &name)) {
        name = hs_str_trim(name);
        if (name.len == 0 || run->queue_count == QUEUES_MAX) {
            hitctl_error("--queues: '%s' is not a list of names", run->options.queues);
            return HITCTL_USAGE;
        }
        run->queues[run->queue_count++] = name;
    }
    return HITCTL_OK;
}

static int controls_in_force(struct topics *run, struct hs_store *store)
{
    char hash[HS_CHANGE_HASH_BYTES];
    struct hs_buf packed = {0};
    struct hs_diags diags = {0};
    int r = hs_store_controls_head(store, hash, &packed);
    int result = r < 0 ? hitctl_store_failed(store, r, "controls") : HITCTL_OK;
    if (r == 0 && hash[0] == '\0') {
        fputs("no controls are in force yet: only the queue 'ops' is known\n", stderr);
    } else if (r == 0 && hs_controls_unpack(hs_buf_str(&packed), &diags, &run->controls) < 0) {
        hitctl_print_diags(&diags);
        result = HITCTL_REFUSED;
    }
    hs_diags_fini(&diags);
    hs_buf_fini(&packed);
    return result;
}

static int queues_from_controls(struct topics *run)
{
    struct hs_store *store = NULL;
    int result = hitctl_store_open(run->ctl, &store);
    if (result == HITCTL_OK) {
        result = controls_in_force(run, store);
    }
    hs_store_free(store);
    if (result == HITCTL_UNREACHABLE) {
        hitctl_error(
            "queues come from the controls in Redis; name them with --queues to do without");
    }
    const struct hs_routes *routes = run->controls ? hs_controls_routes(run->controls) : NULL;
    for (size_t i = 0; routes && i < hs_routes_queue_count(routes) && i < QUEUES_MAX; i++) {
        run->queues[run->queue_count++] = hs_routes_queue(routes, i)->name;
    }
    return result;
}

static void on_report(void *ctx, const char *topic, const char *rule, const char *text)
{
    struct topics *run = ctx;
    bool made = strcmp(rule, "created") == 0, fault = !made && strcmp(rule, "exists") != 0;
    run->made += made;
    run->faults += fault;
    if (run->ctl->json) {
        json_array_append_new(
            run->rows, json_pack("{s:s, s:s, s:s}", "topic", topic, "rule", rule, "text", text));
    } else if (fault) {
        fprintf(stderr, "%s: rule '%s': %s\n", topic, rule, text);
    } else {
        printf("%s: %s\n", topic, text);
    }
}

static void plan_of(const struct topics *run, struct hs_topics_plan *plan)
{
    hs_topics_plan_defaults(plan);
    if (run->options.partitions > 0) {
        plan->reads_partitions = (int32_t)run->options.partitions;
    }
    if (run->options.hits_partitions > 0) {
        plan->hits_partitions = (int32_t)run->options.hits_partitions;
    }
    plan->replication = (int32_t)run->options.replication;
    plan->min_in_sync = (int32_t)run->options.min_in_sync;
    if (run->controls) {
        plan->hits_retention_ms = hitctl_log_warm_ms(run->controls);
    }
    plan->queues = run->queues;
    plan->queue_count = run->queue_count;
}

// Where to begin: a special offset, or a time.
static int parse_from(const char *text, int64_t *ret_where, int64_t *ret_time_ms)
{
    *ret_time_ms = -1;
    if (strcmp(text, "beginning") == 0) {
        *ret_where = HS_KAFKA_OFFSET_BEGINNING;
    } else if (strcmp(text, "end") == 0) {
        *ret_where = HS_KAFKA_OFFSET_END;
    } else if (hs_civil_parse(hs_str(text), ret_time_ms) < 0) {
        hitctl_error("--reads-from: value '%s': allowed are 'beginning', 'end' and a time such as "
                     "'2026-11-21T22:00:00Z'",
                     text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int read_from(struct topics *run)
{
    int64_t where = 0, time_ms;
    int result = parse_from(run->options.reads_from, &where, &time_ms);
    if (result != HITCTL_OK) {
        return result;
    }
    int r = hs_topics_read_from(run->ctl->settings, HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS, where,
                                time_ms, run->options.force, TIMEOUT_MS);
    switch (r) {
    case 0:
        if (!run->ctl->json) {
            printf("%s: the match stage begins at '%s'\n", HS_KAFKA_READS, run->options.reads_from);
        }
        return HITCTL_OK;
    case HS_EEXIST:
        hitctl_error(
            "group '%s' has offsets for %s already; nothing was changed, '--force' sets them anew",
            HS_KAFKA_GROUP_MATCH, HS_KAFKA_READS);
        return HITCTL_CONFLICT;
    case HS_EREFUSED:
        hitctl_error("group '%s' has members: stop every hitstreamd with role 'match' first",
                     HS_KAFKA_GROUP_MATCH);
        return HITCTL_REFUSED;
    default:
        return hitctl_kafka_failed(r, HS_KAFKA_READS);
    }
}

static int find_queues(struct topics *run)
{
    return run->options.queues ? queues_from_option(run) : queues_from_controls(run);
}

static int finish(struct topics *run, int result)
{
    if (run->ctl->json) {
        json_dumpf(run->rows, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(run->rows);
    hs_controls_unref(run->controls);
    free(run);
    return result;
}

// A struct topics for the command; NULL after saying what is wrong.
static struct topics *begin(struct hitctl *ctl, const struct hitctl_option *options, int argc,
                            char **argv)
{
    struct topics *run = calloc(1, sizeof(*run));
    if (!run) {
        hitctl_error("%s", hs_strerror(HS_ENOMEM));
        return NULL;
    }
    run->ctl = ctl;
    run->rows = json_array();
    int words = hitctl_options_parse(options, &run->options, argc, argv);
    if (words > 0) {
        hitctl_error("'%s' is not expected here", argv[1]);
    }
    if (words != 0) {
        json_decref(run->rows);
        free(run);
        return NULL;
    }
    return run;
}

static int create_run(struct hitctl *ctl, int argc, char **argv)
{
    struct hs_topics_plan plan;
    int64_t where, time_ms;
    struct topics *run = begin(ctl, create_options, argc, argv);
    if (!run) {
        return HITCTL_USAGE;
    }
    int result =
        run->options.reads_from ? parse_from(run->options.reads_from, &where, &time_ms) : HITCTL_OK;
    if (result == HITCTL_OK) {
        result = find_queues(run);
    }
    if (result == HITCTL_OK) {
        plan_of(run, &plan);
        int r = hs_topics_create(ctl->settings, &plan, TIMEOUT_MS, on_report, run);
        result = r == HS_EIO ? HITCTL_FAILED
                 : r < 0     ? hitctl_kafka_failed(r, HS_KAFKA_READS)
                             : HITCTL_OK;
    }
    if (result == HITCTL_OK && run->options.reads_from) {
        result = read_from(run);
    }
    return finish(run, result);
}

static int check_run(struct hitctl *ctl, int argc, char **argv)
{
    struct hs_topics_plan plan;
    struct topics *run = begin(ctl, check_options, argc, argv);
    if (!run) {
        return HITCTL_USAGE;
    }
    int result = find_queues(run);
    if (result == HITCTL_OK) {
        plan_of(run, &plan);
        plan.hits_partitions = 0; // as many as anpr.hits has
        int r = hs_topics_check(ctl->settings, &plan, TIMEOUT_MS, on_report, run);
        result = r == HS_EREFUSED ? HITCTL_REFUSED
                 : r < 0          ? hitctl_kafka_failed(r, HS_KAFKA_READS)
                                  : HITCTL_OK;
    }
    if (result == HITCTL_OK && !ctl->json) {
        puts("all topics keep their rules");
    }
    return finish(run, result);
}

const struct hitctl_command hitctl_topics_commands[] = {
    {"topics", "create", "[--reads-from beginning|end|TIME] [--queues A,B] [--replication N]",
     "make the topics that are missing; say where reading begins", create_run, create_options},
    {"topics", "check", "[--queues A,B] [--replication N]",
     "name every topic that breaks a rule, and the rule", check_run, check_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

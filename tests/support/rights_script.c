// SPDX-License-Identifier: Apache-2.0
#include "support/rights_script.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <librdkafka/rdkafka.h>

#include "base/error.h"

enum { WORDS_MAX = 1024, LINE_BYTES = 65536, ASK_MS = 30000, OPERATIONS_MAX = 8 };

// A line's words, as a shell sees them.
struct words {
    char text[LINE_BYTES]; // all words, terminated
    const char *rows[WORDS_MAX];
    size_t count;
};

// The script's next line into words; false at its end. Knows plain words and single quotes.
static bool next_line(const char **script, struct words *words)
{
    const char *at = *script;
    char *to = words->text;
    bool quoted = false, inside = false;
    words->count = 0;
    if (!*at) {
        return false;
    }
    for (; *at && (quoted || *at != '\n'); at++) {
        if (!quoted && *at == ' ') {
            inside = false;
            continue;
        }
        if (!inside && words->count < WORDS_MAX && to < words->text + LINE_BYTES - 2) {
            *to++ = '\0'; // ends the word before
            words->rows[words->count++] = to;
            inside = true;
        }
        if (*at == '\'') {
            quoted = !quoted;
        } else if (!quoted && *at == '\\') {
            *to++ = *++at;
        } else if (to < words->text + LINE_BYTES - 1) {
            *to++ = *at;
        }
    }
    *to = '\0';
    *script = *at ? at + 1 : at;
    return true;
}

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "rights script: '%s': %s\n", what, why ? why : "not known");
    return HS_EFORMAT;
}

// ---- Kafka ----

static rd_kafka_AclOperation_t operation_of(const char *word)
{
    static const struct {
        const char *word;
        rd_kafka_AclOperation_t operation;
    } rows[] = {{"Read", RD_KAFKA_ACL_OPERATION_READ},
                {"Write", RD_KAFKA_ACL_OPERATION_WRITE},
                {"Describe", RD_KAFKA_ACL_OPERATION_DESCRIBE},
                {"Create", RD_KAFKA_ACL_OPERATION_CREATE},
                {"DescribeConfigs", RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].word, word) == 0) {
            return rows[i].operation;
        }
    }
    return RD_KAFKA_ACL_OPERATION_UNKNOWN;
}

// Rows on their way to the broker.
struct bindings {
    rd_kafka_AclBinding_t *rows[4096];
    size_t count;
    int status;
};

static void bind_one(struct bindings *all, const char *principal, const char *operation,
                     rd_kafka_ResourceType_t type, const char *name)
{
    char why[128] = "";
    rd_kafka_AclBinding_t *row = rd_kafka_AclBinding_new(
        type, name, RD_KAFKA_RESOURCE_PATTERN_LITERAL, principal, "*", operation_of(operation),
        RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, why, sizeof(why));
    if (!row || all->count == sizeof(all->rows) / sizeof(all->rows[0])) {
        all->status = complain(operation, why);
        return;
    }
    all->rows[all->count++] = row;
}

static void bind_line(struct bindings *all, const struct words *words)
{
    const char *operations[OPERATIONS_MAX];
    const char *principal = NULL;
    size_t operation_count = 0;
    bool adds = false;
    for (size_t i = 1; i < words->count && all->status == 0; i++) {
        const char *word = words->rows[i], *value = i + 1 < words->count ? words->rows[i + 1] : "";
        bool topic = strcmp(word, "--topic") == 0, group = strcmp(word, "--group") == 0;
        bool cluster = strcmp(word, "--cluster") == 0;
        if (strcmp(word, "--add") == 0) {
            adds = true;
            continue;
        } else if (strcmp(word, "--allow-principal") == 0) {
            principal = value;
        } else if (strcmp(word, "--operation") == 0 && operation_count < OPERATIONS_MAX) {
            operations[operation_count++] = value;
        } else if ((topic || group || cluster) && adds && principal) {
            for (size_t k = 0; k < operation_count; k++) {
                bind_one(all, principal, operations[k],
                         topic   ? RD_KAFKA_RESOURCE_TOPIC
                         : group ? RD_KAFKA_RESOURCE_GROUP
                                 : RD_KAFKA_RESOURCE_BROKER,
                         cluster ? "kafka-cluster" : value);
            }
        } else if (strcmp(word, "--bootstrap-server") != 0 &&
                   strcmp(word, "--command-config") != 0) {
            all->status = complain(word, NULL);
        }
        i += !cluster;
    }
}

static int await(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ASK_MS);
    int r = !event ? HS_ETIMEDOUT : rd_kafka_event_error(event) ? HS_EIO : 0;
    if (r != 0) {
        complain("ACLs", event ? rd_kafka_event_error_string(event) : "no answer");
    }
    if (r == 0 && rd_kafka_event_type(event) == RD_KAFKA_EVENT_CREATEACLS_RESULT) {
        size_t count;
        const rd_kafka_acl_result_t **rows =
            rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &count);
        for (size_t i = 0; i < count; i++) {
            r = rd_kafka_acl_result_error(rows[i]) ? HS_EIO : r;
        }
    }
    if (event) {
        rd_kafka_event_destroy(event);
    }
    return r;
}

static rd_kafka_t *client(const char *bootstrap)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, NULL, 0);
    return rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
}

static int send_bindings(const char *bootstrap, struct bindings *all, bool give)
{
    rd_kafka_t *rk = all->status == 0 ? client(bootstrap) : NULL;
    int r = all->status ? all->status : HS_EIO;
    if (rk) {
        rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
        if (give) {
            rd_kafka_CreateAcls(rk, all->rows, all->count, NULL, queue);
        } else {
            rd_kafka_DeleteAcls(rk, all->rows, all->count, NULL, queue);
        }
        r = await(queue);
        rd_kafka_queue_destroy(queue);
        rd_kafka_destroy(rk);
    }
    rd_kafka_AclBinding_destroy_array(all->rows, all->count);
    return r;
}

int hs_test_rights_to_kafka(const char *bootstrap, const char *script)
{
    struct bindings *all = calloc(1, sizeof(*all));
    struct words *words = calloc(1, sizeof(*words));
    while (next_line(&script, words)) {
        if (words->count > 0 && strcmp(words->rows[0], "kafka-acls.sh") == 0) {
            bind_line(all, words);
        }
    }
    int count = (int)all->count;
    int r = send_bindings(bootstrap, all, true);
    free(words);
    free(all);
    return r ? r : count;
}

static int change_one(const char *bootstrap, const char *principal, const char *operation,
                      const char *topic, bool give)
{
    struct bindings *all = calloc(1, sizeof(*all));
    bind_one(all, principal, operation, RD_KAFKA_RESOURCE_TOPIC, topic);
    int r = send_bindings(bootstrap, all, give);
    free(all);
    return r;
}

int hs_test_acl_give(const char *bootstrap, const char *principal, const char *operation,
                     const char *topic)
{
    return change_one(bootstrap, principal, operation, topic, true);
}

int hs_test_acl_take(const char *bootstrap, const char *principal, const char *operation,
                     const char *topic)
{
    return change_one(bootstrap, principal, operation, topic, false);
}

// ---- Redis ----

static int redis_line(redisContext *context, const struct words *words)
{
    size_t first = 0;
    while (first < words->count && strcmp(words->rows[first], "ACL") != 0) {
        first++;
    }
    redisReply *reply = redisCommandArgv(context, (int)(words->count - first),
                                         (const char **)(uintptr_t)(words->rows + first), NULL);
    int r = reply && reply->type != REDIS_REPLY_ERROR
                ? 0
                : complain(words->rows[first + 2], reply ? reply->str : "");
    if (reply) {
        freeReplyObject(reply);
    }
    return r;
}

int hs_test_rights_to_redis(const char *socket_path, const char *script)
{
    redisContext *context = redisConnectUnix(socket_path);
    struct words *words = calloc(1, sizeof(*words));
    int r = context && !context->err ? 0 : HS_EUNREACHABLE, count = 0;
    while (r == 0 && next_line(&script, words)) {
        if (words->count > 0 && strcmp(words->rows[0], "redis-cli") == 0) {
            r = redis_line(context, words);
            count++;
        }
    }
    free(words);
    if (context) {
        redisFree(context);
    }
    return r ? r : count;
}

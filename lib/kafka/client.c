// SPDX-License-Identifier: Apache-2.0
#include "kafka/client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "config/file.h"
#include "kafka/internal.h"
#include "kafka/producer.h"
#include "kafka/trouble.h"

// Local queue of a consumer of anpr.reads: both limits, so that neither small nor large messages
// take more than about 150 MB (the client library spends some 400 bytes a message besides its
// payload).
#define READS_QUEUE_MESSAGES "200000"
#define READS_QUEUE_KBYTES   "65536"

struct property {
    const char *name;
    const char *value;
};

// What a file may override: tuning.
static const struct property common_defaults[] = {
    {"client.id", "hitstream"},
    {"reconnect.backoff.max.ms", "2000"},
    {NULL, NULL},
};
static const struct property consumer_defaults[] = {
    {"fetch.wait.max.ms", "500"},
    {NULL, NULL},
};
static const struct property reads_defaults[] = {
    {"queued.min.messages", READS_QUEUE_MESSAGES},
    {"queued.max.messages.kbytes", READS_QUEUE_KBYTES},
    {NULL, NULL},
};
static const struct property producer_defaults[] = {
    {"linger.ms", "0"},
    {"queue.buffering.max.messages", "100000"},
    {"queue.buffering.max.kbytes", "65536"},
    {NULL, NULL},
};

// What guarantees rest on: set last.
static const struct property common_binding[] = {
    {"socket.nagle.disable", "true"},
    {"allow.auto.create.topics", "false"},
    {NULL, NULL},
};
static const struct property consumer_binding[] = {
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"partition.assignment.strategy", "range"},
    {"check.crcs", "true"},
    {NULL, NULL},
};
static const struct property reads_binding[] = {
    {"auto.offset.reset", "error"},
    {NULL, NULL},
};
static const struct property events_binding[] = {
    {"auto.offset.reset", "earliest"},
    {"isolation.level", "read_uncommitted"},
    {NULL, NULL},
};
static const struct property tail_binding[] = {
    {"auto.offset.reset", "earliest"},
    {"isolation.level", "read_uncommitted"},
    {"enable.partition.eof", "true"},
    {NULL, NULL},
};
static const struct property producer_binding[] = {
    {"acks", "all"},
    {"enable.idempotence", "true"},
    {"max.in.flight.requests.per.connection", "5"},
    {"partitioner", "murmur2_random"},
    // a request that timed out does not end its connection: see hs_kafka_producer_settle()
    {"socket.max.fails", "0"},
    // long enough for us to end what it would send again under a new epoch: see producer.c
    {"retry.backoff.ms", "500"},
    {NULL, NULL},
};

static bool is_consumer(enum hs_kafka_role role)
{
    return role == HS_KAFKA_ROLE_READS || role == HS_KAFKA_ROLE_EVENTS ||
           role == HS_KAFKA_ROLE_TAIL;
}

static int set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    return rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK ? 0
                                                                                      : HS_EINVAL;
}

static int set_ms(rd_kafka_conf_t *conf, const char *name, int64_t ms)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)ms);
    return set(conf, name, text);
}

static int set_all(rd_kafka_conf_t *conf, const struct property *rows)
{
    int r = 0;
    for (; rows->name && r == 0; rows++) {
        r = set(conf, rows->name, rows->value);
    }
    return r;
}

static int set_defaults(rd_kafka_conf_t *conf, enum hs_kafka_role role)
{
    int r = set_all(conf, common_defaults);
    if (r == 0 && is_consumer(role)) {
        r = set_all(conf, consumer_defaults);
    }
    if (r == 0 && role == HS_KAFKA_ROLE_READS) {
        r = set_all(conf, reads_defaults);
    }
    if (r == 0 && role == HS_KAFKA_ROLE_PRODUCER) {
        r = set_all(conf, producer_defaults);
    }
    return r;
}

// Does the client library say that a property is for the other kind of client only?
static bool property_fits(const char *name, enum hs_kafka_role role)
{
    static const char *const consumer_only[] = {
        "queued.", "fetch.", "max.poll.", "max.partition.fetch.", "group.", "receive.queue.", NULL};
    static const char *const producer_only[] = {
        "queue.buffering.", "linger.", "batch.", "compression.", "message.send.", "sticky.", NULL};
    const char *const *others = is_consumer(role) ? producer_only : consumer_only;
    if (role == HS_KAFKA_ROLE_ADMIN) {
        others = NULL;
    }
    for (; others && *others; others++) {
        if (strncmp(name, *others, strlen(*others)) == 0) {
            return false;
        }
    }
    return true;
}

static int set_passed_through(rd_kafka_conf_t *conf, const struct hs_settings *settings,
                              enum hs_kafka_role role)
{
    int r = 0;
    for (size_t i = 0; i < settings->kafka_property_count && r == 0; i++) {
        const struct hs_property *row = &settings->kafka_properties[i];
        if (property_fits(row->name, role)) {
            r = set(conf, row->name, row->value);
        }
    }
    return r;
}

// A secret comes from its file and stays in the client's configuration only.
static int set_secret(rd_kafka_conf_t *conf, const char *name, const char *path)
{
    struct hs_buf secret = {0};
    if (!path || path[0] == '\0') {
        return 0;
    }
    int r = hs_file_read_secret(path, &secret);
    if (r == 0) {
        r = set(conf, name, hs_buf_text(&secret));
    }
    hs_buf_fini(&secret);
    return r;
}

static int set_secrets(rd_kafka_conf_t *conf, const struct hs_settings *settings)
{
    int r = set_secret(conf, "sasl.password", settings->kafka_sasl_password_file);
    return r < 0 ? r : set_secret(conf, "ssl.key.password", settings->kafka_ssl_key_password_file);
}

static int set_consumer(rd_kafka_conf_t *conf, const struct hs_settings *settings,
                        enum hs_kafka_role role, const char *group)
{
    int r = set_all(conf, consumer_binding);
    if (r == 0) {
        r = set_all(conf, role == HS_KAFKA_ROLE_READS    ? reads_binding
                          : role == HS_KAFKA_ROLE_EVENTS ? events_binding
                                                         : tail_binding);
    }
    if (r == 0) {
        r = set(conf, "group.id", group ? group : HS_KAFKA_GROUP_TAIL);
    }
    if (r == 0 && group) {
        r = set_ms(conf, "session.timeout.ms", settings->kafka_session_timeout_ms);
    }
    if (r == 0 && group) {
        r = set_ms(conf, "heartbeat.interval.ms", settings->kafka_session_timeout_ms / 6);
    }
    return r;
}

// A socket as the client library makes it, but that ends by itself, and forgets what it holds, when
// the other side's kernel has not taken what was sent for so long. A broker that is slow or frozen
// has a kernel that does.
static int open_socket(int domain, int type, int protocol, void *opaque)
{
    const struct hs_kafka_events *events = opaque;
    unsigned dead_ms = (unsigned)events->dead_peer_ms;
    int fd = socket(domain, type | SOCK_CLOEXEC, protocol);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
    }
    return fd;
}

int hs_kafka_conf_new(const struct hs_settings *settings, enum hs_kafka_role role,
                      const char *group, rd_kafka_conf_t **ret_conf)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (!conf) {
        return HS_ENOMEM;
    }
    int r = set_defaults(conf, role);
    if (r == 0) {
        r = set_passed_through(conf, settings, role);
    }
    if (r == 0) {
        r = set_secrets(conf, settings);
    }
    if (r == 0) {
        r = set_all(conf, common_binding);
    }
    if (r == 0) {
        r = set(conf, "bootstrap.servers", settings->kafka_bootstrap);
    }
    if (r == 0 && is_consumer(role)) {
        r = set_consumer(conf, settings, role, group);
    }
    if (r == 0 && role == HS_KAFKA_ROLE_PRODUCER) {
        r = set_all(conf, producer_binding);
        rd_kafka_conf_set_socket_cb(conf, open_socket);
        if (r == 0) {
            r = set_ms(conf, "message.timeout.ms", settings->kafka_message_timeout_ms);
        }
    }
    if (r < 0) {
        rd_kafka_conf_destroy(conf);
        return r;
    }
    *ret_conf = conf;
    return 0;
}

static void on_error(rd_kafka_t *client, int error, const char *reason, void *opaque)
{
    struct hs_kafka_events *events = opaque;
    char fatal_text[512];
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_fatal_error(client, fatal_text, sizeof(fatal_text));
        reason = fatal_text;
    }
    if (events->error) {
        events->error(events->ctx, error == RD_KAFKA_RESP_ERR__FATAL,
                      error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, reason);
    }
}

static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    struct hs_kafka_events *events = rd_kafka_opaque(client);
    if (strcmp(facility, "FAIL") == 0) {
        hs_kafka_trouble_failed(text);
    }
    if (events && events->log) {
        events->log(events->ctx, level, text);
    }
}

// Accepts what OpenSSL has found sound; says what is wrong with the rest, which the client library
// keeps to itself.
static int on_certificate(rd_kafka_t *client, const char *broker, int32_t broker_id,
                          int *x509_error, int depth, const char *certificate, size_t len_bytes,
                          char *ret_why, size_t why_size, void *opaque)
{
    (void)client;
    (void)broker_id;
    (void)depth;
    (void)certificate;
    (void)len_bytes;
    (void)opaque;
    if (*x509_error == 0) {
        return 1;
    }
    hs_kafka_trouble_certificate(broker, *x509_error, ret_why, why_size);
    return 0;
}

static int on_stats(rd_kafka_t *client, char *json, size_t len_bytes, void *opaque)
{
    (void)client;
    struct hs_kafka_events *events = opaque;
    if (events->stats) {
        events->stats(events->ctx, hs_str_n(json, len_bytes));
    }
    return 0;
}

void hs_kafka_conf_events(rd_kafka_conf_t *conf, struct hs_kafka_events *events)
{
    rd_kafka_conf_set_opaque(conf, events);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    if (events->stats) {
        rd_kafka_conf_set_stats_cb(conf, on_stats);
        set_ms(conf, "statistics.interval.ms", 1000);
    }
}

int hs_kafka_client_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret_client)
{
    char why[256];
    rd_kafka_t *client = rd_kafka_new(type, conf, why, sizeof(why));
    if (!client) {
        rd_kafka_conf_destroy(conf);
        return HS_EINVAL;
    }
    *ret_client = client;
    return 0;
}

int hs_kafka_error(rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return 0;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return HS_ENOTFOUND;
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return HS_ECONFLICT; // the log is not the one that the offset was committed for
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return HS_ETIMEDOUT;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
        return HS_EUNREACHABLE;
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        return HS_EAGAIN;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        return HS_ELIMIT;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
        return HS_ECANCELED;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
        return HS_ELOST;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        return HS_EPERM;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        return HS_EREFUSED;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        return HS_EEXIST;
    default:
        return HS_EIO;
    }
}

void hs_kafka_message_view(const rd_kafka_message_t *native, struct hs_kafka_message *ret_message)
{
    ret_message->topic = rd_kafka_topic_name(native->rkt);
    ret_message->partition = native->partition;
    ret_message->offset = native->offset;
    ret_message->key = hs_str_n(native->key, native->key_len);
    ret_message->value = hs_str_n(native->payload, native->len);
    ret_message->native = native;
}

int64_t hs_kafka_message_time_ms(const struct hs_kafka_message *message, bool *ret_append_time)
{
    rd_kafka_timestamp_type_t type;
    int64_t at_ms = rd_kafka_message_timestamp(message->native, &type);
    if (ret_append_time) {
        *ret_append_time = type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    }
    return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : at_ms;
}

bool hs_kafka_message_header(const struct hs_kafka_message *message, const char *name,
                             struct hs_str *ret_value)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len_bytes;
    if (rd_kafka_message_headers(message->native, &headers) ||
        rd_kafka_header_get_last(headers, name, &value, &len_bytes)) {
        return false;
    }
    *ret_value = hs_str_n(value, len_bytes);
    return true;
}

bool hs_kafka_message_header_at(const struct hs_kafka_message *message, size_t index,
                                const char **ret_name, struct hs_str *ret_value)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t len_bytes;
    if (rd_kafka_message_headers(message->native, &headers) ||
        rd_kafka_header_get_all(headers, index, ret_name, &value, &len_bytes)) {
        return false;
    }
    *ret_value = hs_str_n(value, len_bytes);
    return true;
}

// A topic as the cluster knows it now, to be freed by rd_kafka_metadata_destroy().
static int ask_topic(rd_kafka_t *client, const char *topic, int64_t timeout_ms,
                     const struct rd_kafka_metadata **ret_metadata)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    if (!handle) {
        return HS_ENOMEM;
    }
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, (int)timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (error) {
        return error == RD_KAFKA_RESP_ERR__TIMED_OUT ? HS_EUNREACHABLE : hs_kafka_error(error);
    }
    hs_kafka_trouble_over();
    int r = metadata->topic_cnt == 1 ? hs_kafka_error(metadata->topics[0].err) : HS_EPROTO;
    if (r < 0) {
        rd_kafka_metadata_destroy(metadata);
        return r;
    }
    *ret_metadata = metadata;
    return 0;
}

int hs_kafka_count_partitions(rd_kafka_t *client, const char *topic, int64_t timeout_ms,
                              int32_t *ret_count)
{
    const struct rd_kafka_metadata *metadata;
    int r = ask_topic(client, topic, timeout_ms, &metadata);
    if (r == 0) {
        *ret_count = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    return r;
}

int hs_kafka_count_led(rd_kafka_t *client, const char *topic, int64_t timeout_ms,
                       int32_t *ret_count)
{
    const struct rd_kafka_metadata *metadata;
    int r = ask_topic(client, topic, timeout_ms, &metadata);
    if (r < 0) {
        return r;
    }
    const struct rd_kafka_metadata_topic *row = &metadata->topics[0];
    for (int i = 0; i < row->partition_cnt; i++) {
        r = row->partitions[i].leader < 0 ? HS_EAGAIN : r;
    }
    if (r == 0) {
        *ret_count = row->partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
    return r;
}

int32_t hs_kafka_partition_of(struct hs_str key, int32_t count)
{
    // as 'murmur2_random' does for a key that is not empty
    return rd_kafka_msg_partitioner_murmur2(NULL, key.ptr, key.len, count, NULL, NULL);
}

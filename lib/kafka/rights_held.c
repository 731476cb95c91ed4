// SPDX-License-Identifier: Apache-2.0
// What the broker's authorizer holds.
#include <stdio.h>

#include "base/clock.h"
#include "kafka/internal.h"
#include "kafka/rights.h"

static bool resource_of(rd_kafka_ResourceType_t type, enum hs_kafka_resource *ret_resource)
{
    switch (type) {
    case RD_KAFKA_RESOURCE_TOPIC:
        *ret_resource = HS_KAFKA_RESOURCE_TOPIC;
        return true;
    case RD_KAFKA_RESOURCE_GROUP:
        *ret_resource = HS_KAFKA_RESOURCE_GROUP;
        return true;
    case RD_KAFKA_RESOURCE_BROKER: // in ACLs this number is the cluster
        *ret_resource = HS_KAFKA_RESOURCE_CLUSTER;
        return true;
    default:
        return false;
    }
}

static unsigned operation_of(rd_kafka_AclOperation_t operation)
{
    switch (operation) {
    case RD_KAFKA_ACL_OPERATION_READ:
        return HS_KAFKA_MAY_READ;
    case RD_KAFKA_ACL_OPERATION_WRITE:
        return HS_KAFKA_MAY_WRITE;
    case RD_KAFKA_ACL_OPERATION_DESCRIBE:
        return HS_KAFKA_MAY_DESCRIBE;
    case RD_KAFKA_ACL_OPERATION_CREATE:
        return HS_KAFKA_MAY_CREATE;
    case RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS:
        return HS_KAFKA_MAY_DESCRIBE_CONFIGS;
    case RD_KAFKA_ACL_OPERATION_ALL:
        return HS_KAFKA_MAY_ALL;
    default:
        return HS_KAFKA_MAY_OTHER;
    }
}

static const char *copied(struct hs_bump *bump, const char *text)
{
    return hs_bump_copy(bump, text ? text : "", text ? strlen(text) : 0);
}

static int take_row(const rd_kafka_AclBinding_t *native, struct hs_bump *bump,
                    struct hs_kafka_acl *row)
{
    row->principal = copied(bump, rd_kafka_AclBinding_principal(native));
    row->host = copied(bump, rd_kafka_AclBinding_host(native));
    row->name = copied(bump, rd_kafka_AclBinding_name(native));
    row->operation = operation_of(rd_kafka_AclBinding_operation(native));
    row->prefixed =
        rd_kafka_AclBinding_resource_pattern_type(native) == RD_KAFKA_RESOURCE_PATTERN_PREFIXED;
    row->deny = rd_kafka_AclBinding_permission_type(native) == RD_KAFKA_ACL_PERMISSION_TYPE_DENY;
    return row->principal && row->host && row->name ? 0 : HS_ENOMEM;
}

static int take_rows(const rd_kafka_DescribeAcls_result_t *result, struct hs_bump *bump,
                     struct hs_kafka_acl **ret_rows, size_t *ret_count)
{
    size_t all, count = 0;
    const rd_kafka_AclBinding_t **natives = rd_kafka_DescribeAcls_result_acls(result, &all);
    if (all > HS_KAFKA_ROWS_MAX) {
        return HS_ELIMIT;
    }
    struct hs_kafka_acl *rows = hs_bump_alloc(bump, (all + 1) * sizeof(*rows));
    int rc = rows ? 0 : HS_ENOMEM;
    for (size_t i = 0; i < all && rc == 0; i++) {
        if (resource_of(rd_kafka_AclBinding_restype(natives[i]), &rows[count].resource)) {
            rc = take_row(natives[i], bump, &rows[count++]);
        }
    }
    if (rc == 0) {
        *ret_rows = rows;
        *ret_count = count;
    }
    return rc;
}

static int error_of(rd_kafka_resp_err_t error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
        return HS_ENOTFOUND;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        return HS_EUNREACHABLE;
    default:
        return hs_kafka_error(error);
    }
}

static int ask(rd_kafka_t *client, int64_t timeout_ms, struct hs_bump *bump,
               struct hs_kafka_acl **ret_rows, size_t *ret_count)
{
    char why[128];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBEACLS);
    rd_kafka_AclBindingFilter_t *filter = rd_kafka_AclBindingFilter_new(
        RD_KAFKA_RESOURCE_ANY, NULL, RD_KAFKA_RESOURCE_PATTERN_ANY, NULL, NULL,
        RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why, sizeof(why));
    int rc = HS_ENOMEM;
    rd_kafka_event_t *event = NULL;
    if (queue && options && filter) {
        rd_kafka_AdminOptions_set_request_timeout(options, (int)timeout_ms, why, sizeof(why));
        rd_kafka_DescribeAcls(client, filter, options, queue);
        event = rd_kafka_queue_poll(queue, (int)timeout_ms + 1000);
        rc = event ? error_of(rd_kafka_event_error(event)) : HS_EUNREACHABLE;
    }
    if (rc == 0) {
        rc = take_rows(rd_kafka_event_DescribeAcls_result(event), bump, ret_rows, ret_count);
    }
    if (event) {
        rd_kafka_event_destroy(event);
    }
    if (filter) {
        rd_kafka_AclBinding_destroy(filter);
    }
    if (options) {
        rd_kafka_AdminOptions_destroy(options);
    }
    if (queue) {
        rd_kafka_queue_destroy(queue);
    }
    return rc;
}

int hs_kafka_rights_held(const struct hs_settings *settings, int64_t timeout_ms,
                         struct hs_bump *bump, struct hs_kafka_acl **ret_rows, size_t *ret_count)
{
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;
    struct hs_kafka_events events = {0};
    int rc = hs_kafka_conf_new(settings, HS_KAFKA_ROLE_ADMIN, NULL, &conf);
    if (rc < 0) {
        return rc;
    }
    hs_kafka_conf_events(conf, &events);
    rc = hs_kafka_client_new(RD_KAFKA_PRODUCER, conf, &client);
    if (rc < 0) {
        return rc;
    }
    rc = ask(client, timeout_ms, bump, ret_rows, ret_count);
    rd_kafka_destroy(client);
    return rc;
}

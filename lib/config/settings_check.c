// SPDX-License-Identifier: Apache-2.0
#include "config/settings_check.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/kafka_properties.h"
#include "config/options.h"

#define PROPERTIES "kafka.properties"

enum { PATH_MAX_BYTES = 256 };

// ------------------------------------------------------------------ kafka.properties

// A value that no message may show.
static bool is_secret(struct hs_str name)
{
    static const char *const marks[] = {"password", "secret", "pem", "config"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (memmem(name.ptr, name.len, marks[i], strlen(marks[i]))) {
            return true;
        }
    }
    return false;
}

static bool read_property(const struct hs_yaml_item *item, struct hs_diags *diags,
                          struct hs_bump *bump, struct hs_property *ret_property)
{
    char path[PATH_MAX_BYTES];
    struct hs_str name = item->key->text;
    struct hs_str value;
    snprintf(path, sizeof(path), PROPERTIES ".%.*s", name.len < 200 ? (int)name.len : 200,
             name.ptr);
    const char *reason = hs_kafka_property_refusal(name);
    if (reason) {
        struct hs_diag_place place = hs_yaml_place(item->key, path);
        place.value = is_secret(name) ? HS_STR("") : item->value->text;
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "refused: %s", reason);
        return false;
    }
    if (!hs_yaml_to_text(item->value, path, diags, &value)) {
        return false;
    }
    ret_property->name = hs_bump_copy(bump, name.ptr, name.len);
    ret_property->value = hs_bump_copy(bump, value.ptr, value.len);
    ret_property->file = hs_bump_copy(bump, item->key->file, strlen(item->key->file));
    ret_property->line = item->key->line;
    ret_property->column = item->key->column;
    return ret_property->name && ret_property->value && ret_property->file;
}

void hs_settings_read_properties(const struct hs_yaml_node *node, struct hs_diags *diags,
                                 struct hs_bump *bump, struct hs_settings *settings)
{
    if (!node || hs_yaml_is_null(node)) {
        return;
    }
    if (node->kind != HS_YAML_MAPPING) {
        hs_yaml_fault(diags, node, PROPERTIES, "names with values are expected");
        return;
    }
    struct hs_property *properties = hs_bump_alloc(bump, (node->count + 1) * sizeof(*properties));
    size_t count = 0;
    for (size_t i = 0; properties && i < node->count; i++) {
        if (read_property(&node->items[i], diags, bump, &properties[count])) {
            count++;
        }
    }
    settings->kafka_properties = properties;
    settings->kafka_property_count = count;
}

// ------------------------------------------------------------------ rules over the whole

// The fault stands at the first of the keys that is written in a file; else at the root.
static void fault(struct hs_diags *diags, const struct hs_yaml_node *root, const char *key,
                  const char *other, const char *message)
{
    const struct hs_yaml_node *at = hs_options_node(root, key);
    if (!at && other) {
        at = hs_options_node(root, other);
        key = other;
    }
    hs_yaml_fault(diags, at ? at : root, key, "%s", message);
}

static void check_order(const struct hs_yaml_node *root, const char *shorter_key,
                        int64_t shorter_ms, const char *longer_key, int64_t longer_ms,
                        struct hs_diags *diags)
{
    char message[PATH_MAX_BYTES];
    if (shorter_ms < longer_ms) {
        return;
    }
    snprintf(message, sizeof(message),
             "%s (%" PRId64 " ms) must be shorter than %s (%" PRId64 " ms)", shorter_key,
             shorter_ms, longer_key, longer_ms);
    fault(diags, root, shorter_key, longer_key, message);
}

static bool is_port(struct hs_str text)
{
    uint64_t port;
    return hs_str_to_u64(text, &port) == 0 && port >= 1 && port <= 65535;
}

// "host:port" or "[v6]:port".
static bool is_host_port(struct hs_str text, struct hs_str *ret_host)
{
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    if (!colon || colon == text.ptr) {
        return false;
    }
    *ret_host = hs_str_n(text.ptr, (size_t)(colon - text.ptr));
    bool bracketed = ret_host->ptr[0] == '[' && ret_host->ptr[ret_host->len - 1] == ']';
    if (!bracketed && memchr(ret_host->ptr, ':', ret_host->len)) {
        return false;
    }
    return is_port(hs_str_n(colon + 1, text.len - ret_host->len - 1));
}

// "host:port,host:port".
static void check_places(const struct hs_yaml_node *root, const char *key, const char *places,
                         struct hs_diags *diags)
{
    struct hs_str rest = hs_str(places);
    struct hs_str place;
    struct hs_str host;
    while (hs_str_split(&rest, ',', &place)) {
        if (!is_host_port(hs_str_trim(place), &host)) {
            fault(diags, root, key, NULL,
                  "allowed: host:port, more than one with commas, ports from 1 to 65535");
            return;
        }
    }
}

static void check_sentinels(const struct hs_yaml_node *root, const struct hs_settings *settings,
                            struct hs_diags *diags)
{
    if (settings->redis_sentinels[0] == '\0') {
        return;
    }
    check_places(root, "redis.sentinels", settings->redis_sentinels, diags);
    if (settings->redis_socket[0] != '\0') {
        fault(diags, root, "redis.socket", NULL,
              "allowed: none beside redis.sentinels, which say where Redis is");
    }
}

static void check_admin(const struct hs_yaml_node *root, const struct hs_settings *settings,
                        struct hs_diags *diags)
{
    struct hs_str host = {NULL, 0};
    if (settings->admin_listen[0] == '\0') {
        return;
    }
    if (!is_host_port(hs_str(settings->admin_listen), &host)) {
        fault(diags, root, "admin.listen", NULL,
              "allowed: host:port with a port from 1 to 65535, or \"\" for none");
    } else if (!hs_str_is(host, "localhost") && !hs_str_is(host, "[::1]") &&
               !(host.len >= 4 && memcmp(host.ptr, "127.", 4) == 0)) {
        fault(diags, root, "admin.listen", NULL,
              "allowed: a loopback address only (127.0.0.1, [::1], localhost): the pages ask "
              "nobody who "
              "they are");
    }
}

static void check_instance(const struct hs_yaml_node *root, const struct hs_settings *settings,
                           struct hs_diags *diags)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (settings->instance_id[strspn(settings->instance_id, allowed)] != '\0') {
        fault(diags, root, "instance", NULL, "allowed: letters, digits, '.', '_' and '-'");
    }
}

void hs_settings_check(const struct hs_yaml_node *root, const struct hs_settings *settings,
                       struct hs_diags *diags)
{
    check_order(root, "kafka.lease_ms", settings->kafka_lease_ms, "kafka.session_timeout_ms",
                settings->kafka_session_timeout_ms, diags);
    check_order(root, "kafka.message_timeout_ms", settings->kafka_message_timeout_ms,
                "kafka.lease_ms", settings->kafka_lease_ms, diags);
    check_places(root, "kafka.bootstrap", settings->kafka_bootstrap, diags);
    check_sentinels(root, settings, diags);
    check_admin(root, settings, diags);
    check_instance(root, settings, diags);
}

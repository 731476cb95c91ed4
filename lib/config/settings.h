// SPDX-License-Identifier: Apache-2.0
#ifndef HS_CONFIG_SETTINGS_H
#define HS_CONFIG_SETTINGS_H
/*
 * What is local to one machine: /etc/hitstream/hitstream.yaml and the yaml files of conf.d, read by
 * daemon and hitctl.
 *
 * One table (settings.c) gives check, defaults, reference page and sample. Threads: one reads it
 * in; the result is const. Ownership: the settings own their texts until hs_settings_free().
 */

#include "base/diag.h"

#define HS_SETTINGS_RIGHTS_FILE "/etc/hitstream/rights.yaml"
enum { HS_SETTINGS_EXIT_CODE = 6 }; // exit status for a refused configuration

// A librdkafka property of kafka.properties.
struct hs_property {
    const char *name;
    const char *value;
    const char *file; // where the name stands
    unsigned line;
    unsigned column;
};

struct hs_settings {
    const char *instance_id; // default: host name
    bool role_match;         // roles: [match, correlate]
    bool role_correlate;
    const char *kafka_bootstrap; // "127.0.0.1:9092"
    const struct hs_property *kafka_properties;
    size_t kafka_property_count;
    const char *kafka_sasl_password_file;    // "" none
    const char *kafka_ssl_key_password_file; // "" none
    int64_t kafka_session_timeout_ms;
    int64_t kafka_lease_ms;           // shorter than the session timeout
    int64_t kafka_message_timeout_ms; // shorter than the lease
    const char *redis_sentinels;      // "host:port,host:port"; "" none
    const char *redis_primary;        // its name among them
    const char *redis_socket;         // path; preferred to host and port when set
    const char *redis_host;
    uint32_t redis_port;
    const char *redis_user;
    const char *redis_password_file;
    int64_t redis_connect_timeout_ms;
    int64_t redis_command_timeout_ms;
    int64_t redis_alarm_after_ms; // ops is told when lists are stale for so long
    const char *id_key_file;      // 64 hex digits
    const char *token_key_file;
    const char *state_dir;            // snapshot and controls on disk
    int64_t correlate_local_state_ms; // local copies of states are brought up to date; 0: none
    const char *admin_listen;         // "127.0.0.1:9187"; "" none
    const char *admin_socket;         // path; "" none
    const char *admin_group;          // whose members may give orders by it; "" the daemon's own
    uint32_t match_workers;
    uint32_t match_reject_max_pct; // more bad reads than this in a window: stop consuming
    uint32_t match_reject_window_reads;
    const char *log_level;
    const char *rights_file; // who may do what with hitctl
};

// Reads files in order, later ones win key by key; every fault to `diags`. HS_EFORMAT when there
// was an error.
int hs_settings_load(const char *const *paths, size_t path_count, struct hs_diags *diags,
                     struct hs_settings **ret_settings);
// The usual places: `main_path` (NULL: /etc/hitstream/hitstream.yaml) and conf.d beside it.
int hs_settings_load_usual(const char *main_path, struct hs_diags *diags,
                           struct hs_settings **ret_settings);
void hs_settings_free(struct hs_settings *settings);

// Tells each option whose value differs, by its key, and whether a reload may take it over.
typedef void hs_settings_difference(void *ctx, const char *key, bool reloadable);
void hs_settings_compare(const struct hs_settings *a, const struct hs_settings *b,
                         hs_settings_difference *difference, void *ctx);

// Takes over the numbers that a reload may change; other threads go on reading them by
// hs_settings_u32().
void hs_settings_take_over(struct hs_settings *live, const struct hs_settings *next);
// A number that a reload may change: a relaxed load, its partner is the store of
// hs_settings_take_over().
static inline uint32_t hs_settings_u32(const uint32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_RELAXED);
}

// The merged result as YAML; secrets are files, so nothing is hidden.
void hs_settings_dump(const struct hs_settings *settings, struct hs_buf *out);
// The annotated sample, and the reference part of hitstream.yaml(5), from the same table.
void hs_settings_sample(struct hs_buf *out);
void hs_settings_reference(struct hs_buf *out);

#endif

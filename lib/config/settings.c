// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "config/file.h"
#include "config/options.h"
#include "config/settings_check.h"

#define DEFAULT_PATH "/etc/hitstream/hitstream.yaml"

enum { FILE_MAX_BYTES = 1 << 20, PATH_MAX_BYTES = 4096, HOST_MAX_BYTES = 256 };

// The settings and what they own; a pointer to `values` is what others see.
struct settings {
    struct hs_settings values; // first member
    struct hs_bump bump;       // texts
};

static const char *const role_words[] = {"match", "correlate", NULL};
static const char *const level_words[] = {"error", "warning", "notice", "info", "debug", NULL};
_Static_assert(offsetof(struct hs_settings, role_correlate) ==
                   offsetof(struct hs_settings, role_match) + sizeof(bool),
               "roles are flags one behind the other");

#define AT(member) .offset = offsetof(struct hs_settings, member)

static const struct hs_option hs_settings_table[] = {
    {"instance", HS_OPTION_TEXT, AT(instance_id), "", .max = 128,
     .help =
         "Name of this daemon among all: what it has live is registered under it. Letters, digits, "
         "'.', '_', '-'; empty: the host's name."},
    {"roles", HS_OPTION_FLAGS, AT(role_match), "match, correlate", .allowed = role_words,
     .help = "Stages this daemon runs."},
    {"state_dir", HS_OPTION_FILE, AT(state_dir), "/var/lib/hitstream", .min = 1,
     .help =
         "Folder of the last good lists and controls, from which it starts while Redis is away."},
    {"log_level", HS_OPTION_CHOICE, AT(log_level), "info", .allowed = level_words,
     .reloadable = true,
     .help = "Least severe log records that are written. Plates stand in 'debug' only."},
    {"rights_file", HS_OPTION_FILE, AT(rights_file), HS_SETTINGS_RIGHTS_FILE, .min = 1,
     .help = "Who may do what with hitctl, see 'hitctl rights check'. Where there is none, "
             "everybody may do everything; another file than the default must be there."},
    {"kafka.bootstrap", HS_OPTION_TEXT, AT(kafka_bootstrap), "127.0.0.1:9092", .min = 1,
     .help = "Brokers to ask first: host:port, more than one with commas."},
    {"kafka.session_timeout_ms", HS_OPTION_I64, AT(kafka_session_timeout_ms), "6000", 1000, 300000,
     .unit = "ms", .help = "A daemon silent for so long loses its partitions to another."},
    {"kafka.lease_ms", HS_OPTION_I64, AT(kafka_lease_ms), "5000", 500, 299000, .unit = "ms",
     .help =
         "After its last acknowledged commit a daemon publishes for so long and no longer. Shorter "
         "than kafka.session_timeout_ms."},
    {"kafka.message_timeout_ms", HS_OPTION_I64, AT(kafka_message_timeout_ms), "4000", 300, 298000,
     .unit = "ms",
     .help =
         "A message not acknowledged for so long has failed, and its source is read again. Shorter "
         "than kafka.lease_ms."},
    {"kafka.sasl_password_file", HS_OPTION_FILE, AT(kafka_sasl_password_file), "",
     .help = "File with the password for SASL; empty: none."},
    {"kafka.ssl_key_password_file", HS_OPTION_FILE, AT(kafka_ssl_key_password_file), "",
     .help = "File with the password of the key in ssl.key.location; empty: none."},
    {"kafka.properties", HS_OPTION_MAP, AT(kafka_properties), "",
     .help = "Properties of librdkafka, passed through as they are, for instance "
             "security.protocol: ssl. "
             "Those that would break a guarantee are refused with the reason."},
    {"redis.sentinels", HS_OPTION_TEXT, AT(redis_sentinels), "", .max = 1023,
     .help = "Redis Sentinels, host:port, more than one with commas: they are asked where the "
             "primary is, at each connection. Empty: none, Redis stays where socket, host and port "
             "say."},
    {"redis.primary", HS_OPTION_TEXT, AT(redis_primary), "mymaster", .min = 1, .max = 255,
     .help = "Name of the primary among the Sentinels."},
    {"redis.socket", HS_OPTION_FILE, AT(redis_socket), "",
     .help = "Unix socket of Redis; preferred to host and port. Empty: none."},
    {"redis.host", HS_OPTION_TEXT, AT(redis_host), "127.0.0.1", .min = 1, .max = 255,
     .help = "Host of Redis, which has no TLS here: use a socket, a private network or stunnel."},
    {"redis.port", HS_OPTION_U32, AT(redis_port), "6379", 1, 65535, .help = "Port of Redis."},
    {"redis.user", HS_OPTION_TEXT, AT(redis_user), "", .max = 255,
     .help = "Redis ACL user; empty: the default user."},
    {"redis.password_file", HS_OPTION_FILE, AT(redis_password_file), "",
     .help = "File with the password for Redis; empty: none."},
    {"redis.connect_timeout_ms", HS_OPTION_I64, AT(redis_connect_timeout_ms), "1000", 10, 60000,
     .unit = "ms", .help = "Longest wait for a connection to Redis."},
    {"redis.command_timeout_ms", HS_OPTION_I64, AT(redis_command_timeout_ms), "5000", 10, 600000,
     .unit = "ms", .help = "Longest wait for an answer of Redis."},
    {"redis.alarm_after_ms", HS_OPTION_I64, AT(redis_alarm_after_ms), "60000", 0, 86400000,
     .unit = "ms",
     .help = "When Redis is away, or its lists cannot be used, for so long, queue 'ops' is told, "
             "and again when it is over; of a list that does not hold and of a refused Redis at "
             "once. Needs the role 'correlate', which has the way to 'ops'."},
    {"keys.id_file", HS_OPTION_FILE, AT(id_key_file), "/etc/hitstream/id.key", .min = 1,
     .help =
         "File with the installation's id key, 64 hex digits: ids of hits and alerts are made with "
         "it. Never changed, the same on every daemon."},
    {"keys.token_file", HS_OPTION_FILE, AT(token_key_file), "/etc/hitstream/token.key", .min = 1,
     .help = "File with the key that seals reply tokens, 64 hex digits. The same on every daemon."},
    {"admin.listen", HS_OPTION_TEXT, AT(admin_listen), "127.0.0.1:9187", .max = 255,
     .help = "Loopback address and port of the admin pages (GET and HEAD only); empty: none."},
    {"admin.socket", HS_OPTION_FILE, AT(admin_socket), "/run/hitstream/admin.sock",
     .help = "Unix socket of the admin pages, and of hitctl's orders to this daemon; empty: none."},
    {"admin.group", HS_OPTION_TEXT, AT(admin_group), "", .max = 64,
     .help = "Group whose members may give orders by the socket, as root and the daemon's own user "
             "may; empty: the group the daemon runs as."},
    {"match.workers", HS_OPTION_U32, AT(match_workers), "1", 1, 64,
     .help = "Matcher threads, each with a consumer of its own."},
    {"match.reject_max_pct", HS_OPTION_U32, AT(match_reject_max_pct), "20", 1, 100, .unit = "%",
     .reloadable = true,
     .help =
         "A worker stops consuming when more than this share of the last reads cannot be used: a "
         "broken feed is not drained into the dead-letter topic."},
    {"match.reject_window_reads", HS_OPTION_U32, AT(match_reject_window_reads), "1000", 10, 1000000,
     .unit = "reads", .reloadable = true, .help = "How many last reads that share is taken of."},
    {"correlate.local_state_ms", HS_OPTION_I64, AT(correlate_local_state_ms), "300000", 0,
     HS_MS_PER_HOUR, .unit = "ms",
     .help = "How often the copy of the vehicles' states in state_dir is brought up to date, from "
             "which a takeover is quick; 0 keeps none."},
    {.key = NULL},
};

static const struct hs_option *map_row(void)
{
    const struct hs_option *row = hs_settings_table;
    while (row->type != HS_OPTION_MAP) {
        row++;
    }
    return row;
}

// ------------------------------------------------------------------ reading

static struct settings *settings_new(void)
{
    struct settings *settings = calloc(1, sizeof(*settings));
    if (settings &&
        hs_options_defaults(hs_settings_table, &settings->values, &settings->bump) != 0) {
        hs_settings_free(&settings->values);
        return NULL;
    }
    return settings;
}

void hs_settings_free(struct hs_settings *values)
{
    if (values) {
        struct settings *settings = (struct settings *)values;
        hs_bump_fini(&settings->bump);
        free(settings);
    }
}

static int set_host_name(struct settings *settings)
{
    if (settings->values.instance_id[0]) {
        return 0;
    }
    char name[HOST_MAX_BYTES] = "";
    if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') {
        snprintf(name, sizeof(name), "localhost");
    }
    const char *copy = hs_bump_copy(&settings->bump, name, strlen(name));
    if (!copy) {
        return HS_ENOMEM;
    }
    settings->values.instance_id = copy;
    return 0;
}

// One file onto what was read before it. HS_EFORMAT: its faults are in diags.
static int add_file(const char *path, struct hs_diags *diags, struct hs_yaml **document)
{
    struct hs_buf text = {0};
    struct hs_yaml *next = NULL;
    int rc = hs_file_read(path, FILE_MAX_BYTES, &text);
    if (rc != 0) {
        struct hs_diag_place place = {.file = path};
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "cannot be read: %s", hs_strerror(rc));
        rc = HS_EFORMAT;
        goto out;
    }
    rc = hs_yaml_parse(hs_buf_str(&text), path, diags, &next);
    if (rc == 0 && *document) {
        rc = hs_yaml_merge(*document, next);
    } else if (rc == 0) {
        *document = next;
    }
out:
    hs_buf_fini(&text);
    return rc;
}

static int read_document(const struct hs_yaml *document, struct hs_diags *diags,
                         struct settings *settings)
{
    const struct hs_yaml_node *root = hs_yaml_root(document);
    size_t errors = diags->errors;
    hs_options_read(hs_settings_table, root, diags, &settings->bump, &settings->values);
    hs_settings_read_properties(hs_options_node(root, map_row()->key), diags, &settings->bump,
                                &settings->values);
    hs_settings_check(root, &settings->values, diags);
    return diags->errors == errors ? 0 : HS_EFORMAT;
}

int hs_settings_load(const char *const *paths, size_t path_count, struct hs_diags *diags,
                     struct hs_settings **ret_settings)
{
    struct hs_yaml *document = NULL;
    struct settings *settings = settings_new();
    int rc = settings ? 0 : HS_ENOMEM;
    bool faulty = false;
    for (size_t i = 0; i < path_count && rc == 0; i++) {
        rc = add_file(paths[i], diags, &document);
        if (rc == HS_EFORMAT) { // go on: all faults of all files
            faulty = true;
            rc = 0;
        }
    }
    if (rc == 0 && document) {
        rc = read_document(document, diags, settings);
    }
    if (rc == 0 && faulty) {
        rc = HS_EFORMAT;
    }
    if (rc == 0) {
        rc = set_host_name(settings);
    }
    hs_yaml_free(document);
    if (rc != 0) {
        hs_settings_free(settings ? &settings->values : NULL);
        return rc;
    }
    *ret_settings = &settings->values;
    return 0;
}

// ------------------------------------------------------------------ the usual places

static int is_yaml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static void free_paths(char **paths, size_t count)
{
    for (size_t i = 0; paths && i < count; i++) {
        free(paths[i]);
    }
    free(paths);
}

static int bytewise(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

// The *.yaml of conf.d beside the main file, in order of name. A folder that is there and cannot be
// read is an error: without its files the daemon would be another one.
static int list_drop_ins(const char *main_path, struct hs_diags *diags, char ***ret_paths,
                         size_t *ret_count)
{
    const char *slash = strrchr(main_path, '/');
    char folder[PATH_MAX_BYTES];
    struct dirent **entries = NULL;
    int rc = 0;
    snprintf(folder, sizeof(folder), "%.*sconf.d", slash ? (int)(slash - main_path) + 1 : 0,
             main_path);
    int count = scandir(folder, &entries, is_yaml, bytewise);
    if (count < 0 && errno != ENOENT) {
        const struct hs_diag_place place = {.file = folder};
        hs_diags_add(diags, HS_DIAG_ERROR, &place, "cannot be read: %s", strerror(errno));
        return errno == ENOMEM ? HS_ENOMEM : HS_EFORMAT;
    }
    char **paths = count > 0 ? calloc((size_t)count, sizeof(*paths)) : NULL;
    for (int i = 0; i < count; i++) {
        if (!paths || asprintf(&paths[i], "%s/%s", folder, entries[i]->d_name) < 0) {
            rc = HS_ENOMEM;
        }
        free(entries[i]);
    }
    free(entries);
    if (rc != 0) {
        free_paths(paths, (size_t)count);
        return rc;
    }
    *ret_paths = paths;
    *ret_count = count > 0 ? (size_t)count : 0;
    return 0;
}

int hs_settings_load_usual(const char *main_path, struct hs_diags *diags,
                           struct hs_settings **ret_settings)
{
    const char *path = main_path ? main_path : DEFAULT_PATH;
    char **drop_ins = NULL;
    size_t drop_in_count = 0, count = 0;
    int rc = list_drop_ins(path, diags, &drop_ins, &drop_in_count);
    const char **paths = rc == 0 ? calloc(drop_in_count + 1, sizeof(*paths)) : NULL;
    rc = rc || paths ? rc : HS_ENOMEM;
    if (rc == 0 && (main_path || access(path, F_OK) == 0)) { // without a file all defaults hold
        paths[count++] = path;
    }
    for (size_t i = 0; rc == 0 && i < drop_in_count; i++) {
        paths[count++] = drop_ins[i];
    }
    if (rc == 0) {
        rc = hs_settings_load(paths, count, diags, ret_settings);
    }
    free_paths(drop_ins, drop_in_count);
    free(paths);
    return rc;
}

// ------------------------------------------------------------------ what a person reads

static void write_properties(const struct hs_option *row, const void *source, struct hs_buf *out)
{
    (void)row;
    const struct hs_settings *settings = source;
    hs_buf_add_text(out, settings->kafka_property_count == 0 ? " {}\n" : "\n");
    for (size_t i = 0; i < settings->kafka_property_count; i++) {
        hs_buf_add_text(out, "    ");
        hs_options_quote(hs_str(settings->kafka_properties[i].name), out);
        hs_buf_add_text(out, ": ");
        hs_options_quote(hs_str(settings->kafka_properties[i].value), out);
        hs_buf_add_char(out, '\n');
    }
}

static void write_value(const struct hs_option *row, const struct hs_settings *settings,
                        struct hs_buf *out)
{
    if (row->type == HS_OPTION_MAP) {
        write_properties(row, settings, out);
    } else {
        hs_option_value(row, settings, out);
    }
}

void hs_settings_compare(const struct hs_settings *a, const struct hs_settings *b,
                         hs_settings_difference *difference, void *ctx)
{
    for (const struct hs_option *row = hs_settings_table; row->key; row++) {
        struct hs_buf text_a = {0}, text_b = {0};
        write_value(row, a, &text_a);
        write_value(row, b, &text_b);
        if (!hs_str_eq(hs_buf_str(&text_a), hs_buf_str(&text_b))) {
            difference(ctx, row->key, row->reloadable);
        }
        hs_buf_fini(&text_a);
        hs_buf_fini(&text_b);
    }
}

void hs_settings_take_over(struct hs_settings *live, const struct hs_settings *next)
{
    for (const struct hs_option *row = hs_settings_table; row->key; row++) {
        if (row->reloadable && row->type == HS_OPTION_U32) {
            const void *from = (const char *)next + row->offset;
            void *to = (char *)live + row->offset;
            __atomic_store_n((uint32_t *)to, *(const uint32_t *)from, __ATOMIC_RELAXED);
        }
    }
}

void hs_settings_dump(const struct hs_settings *settings, struct hs_buf *out)
{
    hs_options_dump(hs_settings_table, settings, write_properties, out);
}

void hs_settings_sample(struct hs_buf *out)
{
    hs_buf_add_text(
        out,
        "# SPDX-License-Identifier: Apache-2.0\n"
        "#\n"
        "# hitstream: what is local to this machine; see hitstream.yaml(5).\n"
        "# Files conf.d/*.yaml beside this one are read after it, in order of name: the later\n"
        "# wins, key by key. Check with: hitstreamd --check\n"
        "# Every option stands here commented out, at its default.\n");
    hs_options_sample(hs_settings_table, out);
}

void hs_settings_reference(struct hs_buf *out)
{
    hs_options_reference(hs_settings_table, out);
}

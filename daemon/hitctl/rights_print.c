// SPDX-License-Identifier: Apache-2.0
// The commands that give everybody its rights: a shell script for kafka-acls.sh and redis-cli.
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/error.h"
#include "config/access.h"
#include "hitctl/list_common.h"
#include "hitctl/rights_access.h"

static const char *const resource_words[] = {"topic", "group", "cluster"};

// What a login needs of Kafka.
struct kafka_rows {
    struct hs_kafka_right *rows;
    size_t count, capacity;
    bool failed; // out of memory
};

static void keep_right(void *ctx, const struct hs_kafka_right *right)
{
    struct kafka_rows *kept = ctx;
    if (kept->count == kept->capacity) {
        size_t capacity = kept->capacity ? 2 * kept->capacity : 64;
        void *grown = reallocarray(kept->rows, capacity, sizeof(*kept->rows));
        if (!grown) {
            kept->failed = true;
            return;
        }
        kept->rows = grown;
        kept->capacity = capacity;
    }
    kept->rows[kept->count++] = *right;
}

static int kafka_rows_of(const struct hitctl_grants *grants, const struct hitctl_grant *grant,
                         struct kafka_rows *rows)
{
    struct hs_topics_plan plan;
    struct hs_kafka_principal principal;
    hitctl_grants_plan(grants, &plan);
    hitctl_grant_kafka(grant, &principal);
    *rows = (struct kafka_rows){0};
    hs_kafka_rights_needed(&principal.needs, &plan, keep_right, rows);
    return rows->failed ? HS_ENOMEM : 0;
}

// ---- for a shell ----

// One word of a shell's command.
static void print_word(const char *before, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+=,";
    bool quoted = !word[0] || word[strspn(word, plain)] != '\0';
    printf(" %s%s", before, quoted ? "'" : "");
    for (const char *at = word; *at; at++) {
        if (*at == '\'') {
            fputs("'\\''", stdout);
        } else {
            putchar(*at);
        }
    }
    fputs(quoted ? "'" : "", stdout);
}

static void print_principal(const char *name)
{
    char text[HS_KAFKA_TOPIC_TEXT_BYTES];
    snprintf(text, sizeof(text), "User:%s", name);
    fputs(" --allow-principal", stdout);
    print_word("", text);
}

// All that are given the same operations, in one command: each costs a second.
static void print_together(const struct hitctl *ctl, const struct hitctl_access_options *options,
                           const struct hitctl_grant *grant, const struct kafka_rows *rows,
                           size_t first)
{
    const struct hs_kafka_right *like = &rows->rows[first];
    fputs("kafka-acls.sh --bootstrap-server", stdout);
    print_word("", ctl->settings->kafka_bootstrap);
    if (options->command_config) {
        fputs(" --command-config", stdout);
        print_word("", options->command_config);
    }
    fputs(" --add", stdout);
    print_principal(grant->name);
    for (size_t bit = 0; hs_kafka_operation_words[bit]; bit++) {
        if (like->operations & 1u << bit) {
            printf(" --operation %s", hs_kafka_operation_words[bit]);
        }
    }
    for (size_t i = first; i < rows->count; i++) {
        const struct hs_kafka_right *right = &rows->rows[i];
        if (right->resource == like->resource && right->operations == like->operations) {
            printf(" --%s", resource_words[right->resource]);
            if (right->resource != HS_KAFKA_RESOURCE_CLUSTER) {
                print_word("", right->name);
            }
        }
    }
    putchar('\n');
}

static int print_kafka(const struct hitctl *ctl, const struct hitctl_access_options *options,
                       const struct hitctl_grants *grants, const struct hitctl_grant *grant)
{
    struct kafka_rows rows;
    int rc = kafka_rows_of(grants, grant, &rows);
    for (size_t i = 0; i < rows.count && rc == 0; i++) {
        size_t before = 0;
        while (before < i && (rows.rows[before].resource != rows.rows[i].resource ||
                              rows.rows[before].operations != rows.rows[i].operations)) {
            before++;
        }
        if (before == i) {
            print_together(ctl, options, grant, &rows, i);
        }
    }
    free(rows.rows);
    return rc;
}

static void print_redis_cli(const struct hitctl *ctl)
{
    const struct hs_settings *settings = ctl->settings;
    fputs("redis-cli", stdout);
    if (settings->redis_socket[0]) {
        fputs(" -s", stdout);
        print_word("", settings->redis_socket);
    } else {
        fputs(" -h", stdout);
        print_word("", settings->redis_host);
        printf(" -p %u", (unsigned)settings->redis_port);
    }
}

static int print_redis(const struct hitctl *ctl, const struct hitctl_grants *grants,
                       const struct hitctl_grant *grant)
{
    struct hs_bump bump = {0};
    struct hs_redis_principal principal;
    struct hs_redis_rules rules;
    hitctl_grant_redis(grants, grant, &principal);
    int rc = hs_redis_rights_needed(&principal.needs, &bump, &rules);
    if (rc == 0 && rules.count > 0) {
        print_redis_cli(ctl);
        fputs(" ACL SETUSER", stdout);
        print_word("", grant->name);
        fputs(" on nocommands resetkeys resetchannels clearselectors", stdout);
        for (size_t i = 0; i < rules.count; i++) {
            print_word("", rules.texts[i]);
        }
        putchar('\n');
    }
    hs_bump_fini(&bump);
    return rc;
}

// ---- all of them ----

static bool is_wanted(const struct hitctl_grant *grant, size_t name_count, char **login_names)
{
    bool wanted = name_count == 0;
    for (size_t i = 0; i < name_count; i++) {
        wanted = wanted || strcmp(grant->name, login_names[i]) == 0;
    }
    return wanted;
}

// A remark of the script: nothing of it may end its line.
static void print_remark(const struct hitctl_grant *grant)
{
    const char *const parts[] = {"# ", grant->name, ": ", grant->who};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (const char *at = parts[i]; *at; at++) {
            putchar((unsigned char)*at < ' ' ? '?' : *at);
        }
    }
    putchar('\n');
}

static int print_all(const struct hitctl *ctl, const struct hitctl_access_options *options,
                     const struct hitctl_grants *grants, size_t name_count, char **login_names)
{
    bool both = options->kafka == options->redis;
    int rc = 0;
    for (size_t i = 0; i < grants->count && rc == 0 && (both || options->kafka); i++) {
        if (is_wanted(&grants->rows[i], name_count, login_names)) {
            print_remark(&grants->rows[i]);
            rc = print_kafka(ctl, options, grants, &grants->rows[i]);
        }
    }
    if (rc == 0 && (both || options->redis)) {
        puts("# Passwords are given besides, and kept: ACL SETUSER NAME '>PASSWORD'.\n"
             "# At the end: ACL SETUSER default off, and ACL SAVE or CONFIG REWRITE.");
    }
    for (size_t i = 0; i < grants->count && rc == 0 && (both || options->redis); i++) {
        if (is_wanted(&grants->rows[i], name_count, login_names)) {
            rc = print_redis(ctl, grants, &grants->rows[i]);
        }
    }
    return rc;
}

// ---- for programs ----

static json_t *kafka_json(const struct kafka_rows *rows)
{
    json_t *array = json_array();
    for (size_t i = 0; i < rows->count; i++) {
        const struct hs_kafka_right *right = &rows->rows[i];
        json_t *operations = json_array();
        for (size_t bit = 0; hs_kafka_operation_words[bit]; bit++) {
            if (right->operations & 1u << bit) {
                json_array_append_new(operations, json_string(hs_kafka_operation_words[bit]));
            }
        }
        json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "resource",
                                               resource_words[right->resource], "name", right->name,
                                               "operations", operations));
    }
    return array;
}

static int grant_json(const struct hitctl_grants *grants, const struct hitctl_grant *grant,
                      json_t *ret_rows)
{
    struct hs_bump bump = {0};
    struct kafka_rows rows;
    struct hs_redis_principal principal;
    struct hs_redis_rules rules = {0};
    json_t *redis = json_array();
    hitctl_grant_redis(grants, grant, &principal);
    int rc = kafka_rows_of(grants, grant, &rows);
    rc = rc ? rc : hs_redis_rights_needed(&principal.needs, &bump, &rules);
    for (size_t i = 0; i < rules.count; i++) {
        json_array_append_new(redis, json_string(rules.texts[i]));
    }
    json_array_append_new(ret_rows,
                          json_pack("{s:s, s:s, s:o, s:o}", "login", grant->name, "who", grant->who,
                                    "kafka", kafka_json(&rows), "redis", redis));
    free(rows.rows);
    hs_bump_fini(&bump);
    return rc;
}

static int print_json(const struct hitctl_grants *grants, size_t name_count, char **login_names)
{
    json_t *rows = json_array();
    int rc = 0;
    for (size_t i = 0; i < grants->count && rc == 0; i++) {
        if (is_wanted(&grants->rows[i], name_count, login_names)) {
            rc = grant_json(grants, &grants->rows[i], rows);
        }
    }
    hitctl_print_json(rows);
    return rc;
}

static int check_names(const struct hitctl_grants *grants, size_t name_count, char **login_names)
{
    for (size_t i = 0; i < name_count; i++) {
        size_t row = 0;
        while (row < grants->count && strcmp(grants->rows[row].name, login_names[i]) != 0) {
            row++;
        }
        if (row == grants->count) {
            hitctl_error("'%s' is the login of nobody", login_names[i]);
            return HITCTL_REFUSED;
        }
    }
    return HITCTL_OK;
}

int hitctl_access_print(struct hitctl *ctl, const struct hitctl_access_options *options,
                        size_t name_count, char **login_names)
{
    struct hitctl_grants grants;
    int code = hitctl_grants_read(ctl, &options->names, &grants);
    code = code ? code : check_names(&grants, name_count, login_names);
    int rc = code        ? 0
             : ctl->json ? print_json(&grants, name_count, login_names)
                         : print_all(ctl, options, &grants, name_count, login_names);
    if (rc != 0) {
        hitctl_error("%s", hs_strerror(rc));
        code = HITCTL_FAILED;
    }
    hitctl_grants_fini(&grants);
    return code;
}

// SPDX-License-Identifier: Apache-2.0
// hitctl status, reload, resume, deregister: the daemons themselves.
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/admin_client.h"
#include "hitctl/store_open.h"

enum { SILENT_MS = 5000 }; // a daemon registers each second

// ---- all daemons, by Redis ----

static json_t *text_json(struct hs_str text)
{
    json_t *json = json_stringn(text.ptr ? text.ptr : "", text.len);
    return json ? json : json_null();
}

static json_t *time_json(int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES];
    if (at_ms <= 0) {
        return json_null();
    }
    hs_civil_format(at_ms, text);
    return json_string(text);
}

static json_t *instance_json(const struct hs_instance *row, int64_t now_ms)
{
    json_t *json = json_object();
    json_object_set_new(json, "instance", text_json(row->instance_id));
    json_object_set_new(json, "state", text_json(row->state));
    json_object_set_new(json, "silent", json_boolean(now_ms - row->last_seen_ms > SILENT_MS));
    json_object_set_new(json, "change", text_json(row->change_id));
    json_object_set_new(json, "controls", text_json(row->controls_hash));
    json_object_set_new(json, "lists", json_integer((json_int_t)row->lists));
    json_object_set_new(json, "entries", json_integer((json_int_t)row->entries));
    json_object_set_new(json, "as_of", time_json(row->as_of_ms));
    json_object_set_new(json, "started_at", time_json(row->started_at_ms));
    json_object_set_new(json, "last_seen", time_json(row->last_seen_ms));
    return json;
}

static void print_instance(const struct hs_instance *row, int64_t now_ms)
{
    char as_of[HS_CIVIL_TEXT_BYTES] = "never";
    if (row->as_of_ms > 0) {
        hs_civil_format(row->as_of_ms, as_of);
    }
    bool silent = now_ms - row->last_seen_ms > SILENT_MS;
    printf("%-20.*s %-8.*s %6llu %10llu  %-24s  %-12.12s  %.1f s ago\n",
           HS_STR_ARG(row->instance_id), silent ? 6 : (int)row->state.len,
           silent           ? "silent"
           : row->state.ptr ? row->state.ptr
                            : "",
           (unsigned long long)row->lists, (unsigned long long)row->entries, as_of,
           row->controls_hash.len ? row->controls_hash.ptr : "none",
           (double)(now_ms - row->last_seen_ms) / 1000);
}

static int show_instances(struct hitctl *ctl, json_t *json)
{
    struct hs_store *store;
    struct hs_bump bump = {0};
    struct hs_instance *rows;
    size_t count;
    int exit_code = hitctl_store_open(ctl, &store);
    if (exit_code != HITCTL_OK) {
        return exit_code;
    }
    int rc = hs_store_instances(store, &bump, &rows, &count);
    if (rc < 0) {
        exit_code = hitctl_store_failed(store, rc, "cannot read the daemons");
    } else {
        int64_t now_ms = hs_clock_realtime_ms();
        json_t *array = json_array();
        if (!ctl->json) {
            printf("%-20s %-8s %6s %10s  %-24s  %-12s  %s\n", "INSTANCE", "STATE", "LISTS",
                   "ENTRIES", "LISTS AS OF", "CONTROLS", "SEEN");
        }
        for (size_t i = 0; i < count; i++) {
            json_array_append_new(array, instance_json(&rows[i], now_ms));
            if (!ctl->json) {
                print_instance(&rows[i], now_ms);
            }
        }
        json_object_set_new(json, "instances", array);
    }
    hs_bump_fini(&bump);
    hs_store_free(store);
    return exit_code;
}

// ---- the daemon of this machine ----

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_reasons(const json_t *local)
{
    const json_t *reasons = json_object_get(local, "reasons");
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        printf("  %s\n", json_string_value(json_array_get(reasons, i)));
    }
}

static void print_stages(const json_t *local)
{
    const json_t *match = json_object_get(local, "match");
    const json_t *correlate = json_object_get(local, "correlate");
    if (match) {
        printf("  match: %s; %lld partitions, %lld reads, %lld hits, %lld rejected, lag %lld\n",
               text_of(match, "state"), number_of(match, "partitions"), number_of(match, "reads"),
               number_of(match, "hits"), number_of(match, "rejected"), number_of(match, "lag"));
    }
    if (correlate) {
        printf(
            "  correlate: %lld of %lld partitions running, %lld vehicles, %lld open incidents, lag "
            "%lld\n",
            number_of(correlate, "running"), number_of(correlate, "assigned"),
            number_of(correlate, "vehicles"), number_of(correlate, "open_incidents"),
            number_of(correlate, "lag"));
    }
}

static void print_lists(const json_t *local)
{
    const json_t *lists = json_object_get(local, "lists");
    const json_t *covert = json_object_get(lists, "covert");
    const json_t *open = json_object_get(lists, "open");
    for (size_t i = 0; i < json_array_size(open); i++) {
        const json_t *row = json_array_get(open, i);
        printf("  list %-24s %-10s revision %-10s %10lld entries\n", text_of(row, "list"),
               text_of(row, "status"), text_of(row, "revision"), number_of(row, "entries"));
    }
    if (number_of(covert, "lists") > 0) {
        printf("  %lld covert lists, %lld entries\n", number_of(covert, "lists"),
               number_of(covert, "entries"));
    }
}

static int ask_local(struct hitctl *ctl, const char *method, const char *path, int *ret_status,
                     struct hs_buf *body)
{
    int rc = admin_ask(ctl->settings->admin_socket, method, path, ret_status, body);
    if (rc < 0) {
        hitctl_error("no daemon answers at '%s': %s", ctl->settings->admin_socket, hs_strerror(rc));
        return rc == HS_EPERM ? HITCTL_FAILED : HITCTL_UNREACHABLE;
    }
    return HITCTL_OK;
}

static int show_local(struct hitctl *ctl, json_t *json)
{
    struct hs_buf body = {0};
    int status;
    int exit_code = ask_local(ctl, "GET", "/status", &status, &body);
    if (exit_code == HITCTL_OK) {
        json_t *local = json_loadb(body.ptr ? body.ptr : "", body.len, 0, NULL);
        if (!local) {
            hitctl_error("the daemon's status cannot be read");
            exit_code = HITCTL_FAILED;
        } else if (!ctl->json) {
            printf("\nhere: '%s', version %s, %s since %s\n", text_of(local, "instance"),
                   text_of(local, "version"),
                   json_is_true(json_object_get(local, "ready")) ? "ready; started"
                                                                 : "NOT READY; started",
                   text_of(local, "started_at"));
            print_reasons(local);
            print_stages(local);
            print_lists(local);
        }
        json_object_set_new(json, "local", local ? local : json_null());
    }
    hs_buf_fini(&body);
    return exit_code;
}

struct status_options {
    bool local;
    bool all;
};

static const struct hitctl_option status_options[] = {
    {"local", HITCTL_FLAG, offsetof(struct status_options, local), NULL,
     "only the daemon of this machine"},
    {"all", HITCTL_FLAG, offsetof(struct status_options, all), NULL,
     "only the table of all daemons, from Redis"},
    {0}};

static int run_status(struct hitctl *ctl, int argc, char **argv)
{
    struct status_options options = {0};
    int words = hitctl_options_parse(status_options, &options, argc, argv);
    if (words != 0) {
        if (words > 0) {
            hitctl_error("'%s' is one word too many", argv[1]);
        }
        return HITCTL_USAGE;
    }
    json_t *json = json_object();
    int exit_code = options.local ? HITCTL_OK : show_instances(ctl, json);
    int local_code = options.all ? exit_code : show_local(ctl, json);
    if (ctl->json) {
        json_dumpf(json, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(json);
    return exit_code != HITCTL_OK ? exit_code : local_code;
}

// ---- orders ----

static int order(struct hitctl *ctl, int argc, char **argv, const char *path)
{
    struct hs_buf body = {0};
    int status = 0;
    if (argc > 1) {
        hitctl_error("'%s' is one word too many", argv[1]);
        return HITCTL_USAGE;
    }
    int exit_code = ask_local(ctl, "POST", path, &status, &body);
    if (exit_code == HITCTL_OK) {
        fputs(hs_buf_text(&body), status == 200 ? stdout : stderr);
        exit_code = status == 200 ? HITCTL_OK : status == 422 ? HITCTL_CONFIG : HITCTL_FAILED;
    }
    hs_buf_fini(&body);
    return exit_code;
}

static int run_reload(struct hitctl *ctl, int argc, char **argv)
{
    return order(ctl, argc, argv, "/reload");
}

static int run_resume(struct hitctl *ctl, int argc, char **argv)
{
    return order(ctl, argc, argv, "/resume");
}

static int run_deregister(struct hitctl *ctl, int argc, char **argv)
{
    struct hs_store *store;
    if (argc != 2) {
        hitctl_error("name one instance");
        return HITCTL_USAGE;
    }
    int exit_code = hitctl_store_open(ctl, &store);
    if (exit_code != HITCTL_OK) {
        return exit_code;
    }
    int rc = hs_store_deregister(store, hs_str(argv[1]));
    if (rc < 0) {
        exit_code = hitctl_store_failed(store, rc, "cannot deregister");
    } else {
        printf("'%s' is no longer waited for\n", argv[1]);
    }
    hs_store_free(store);
    return exit_code;
}

// A restored backup stands behind the audit anchor, and daemons refuse it until a person says that
// it is right.
static int run_confirm(struct hitctl *ctl, int argc, char **argv)
{
    const struct hs_actor actor = {.who = ctl->who, .authority = ctl->authority};
    struct hs_store *store;
    struct hs_position position;
    if (argc != 2) {
        hitctl_error("name the audit anchor that the daemons miss; their log and /readyz say it");
        return HITCTL_USAGE;
    }
    int exit_code = hitctl_store_open(ctl, &store);
    if (exit_code != HITCTL_OK) {
        return exit_code;
    }
    int rc = hs_store_confirm(store, &actor, argv[1], &position);
    if (rc < 0) {
        exit_code = hitctl_store_failed(store, rc, "cannot confirm");
    } else {
        printf("confirmed: this redis is right although change '%s' is not in it; record '%s'\n",
               argv[1], position.id);
    }
    hs_store_free(store);
    return exit_code;
}

const struct hitctl_command hitctl_daemon_commands[] = {
    {NULL, "status", "[--local|--all]", "what every daemon has live, and how the one here is doing",
     run_status, status_options},
    {NULL, "reload", "", "the daemon here reads its settings and all lists again", run_reload,
     NULL},
    {NULL, "resume", "", "matchers that stopped at bad input go on", run_resume, NULL},
    {NULL, "deregister", "INSTANCE", "a daemon that will not come back is no longer waited for",
     run_deregister, NULL},
    {NULL, "confirm", "ANCHOR", "this redis is right although it does not hold that change",
     run_confirm, NULL},
    {0}};

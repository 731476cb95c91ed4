// SPDX-License-Identifier: Apache-2.0
#include "hitstreamd/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <jansson.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/log.h"

HS_LOG_EVENT(ev_asked, "asked-by-a-person", "c2d8f1a07e3b4f5a96c40be17d92a358");

static const char status_type[] = "application/json";
enum { TEST_ROWS_MAX = 1024 };

static void on_healthz(void *ctx, const struct hs_http_request *request,
                       struct hs_http_reply *reply)
{
    struct hs_daemon_status status;
    (void)request;
    hs_daemon_status(ctx, &status);
    if (status.stuck) {
        reply->status = 503;
        hs_buf_printf(&reply->body, "thread '%s' makes no progress\n", status.stuck_thread);
    } else {
        hs_buf_add_text(&reply->body, "ok\n");
    }
}

// When each queue's last test came back, a line each.
static void add_tests(struct hs_daemon *daemon, struct hs_buf *out)
{
    struct hs_test_row *rows = calloc(TEST_ROWS_MAX, sizeof(*rows));
    size_t count = rows ? hs_daemon_tests(daemon, rows, TEST_ROWS_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        char back[HS_CIVIL_TEXT_BYTES] = "no test came back yet";
        if (rows[i].back_at_ms > 0) {
            hs_civil_format(rows[i].back_at_ms, back);
        }
        hs_buf_printf(out, "%s: test of queue '%s': %s%s\n", rows[i].overdue ? "note" : "info",
                      rows[i].queue, rows[i].back_at_ms > 0 ? "last came back " : "", back);
        if (rows[i].overdue) {
            out->len--;
            hs_buf_add_text(out, ", overdue\n");
        }
    }
    free(rows);
}

static void on_readyz(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    struct hs_daemon_status status;
    (void)request;
    hs_daemon_status(ctx, &status);
    hs_buf_add_text(&reply->body, status.ready ? "ready\n" : "not ready\n");
    hs_daemon_reasons(&status, &reply->body);
    add_tests(ctx, &reply->body);
    if (!status.ready) {
        reply->status = 503;
    }
}

// What the process itself takes; asked for at the scrape.
static void refresh_process_metrics(struct hs_metrics *metrics)
{
    struct rusage usage;
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%ld %ld", &size, &resident) == 2) {
            hs_metric_set(hs_metrics_gauge(metrics, "process_resident_memory_bytes", "",
                                           "Resident memory size in bytes"),
                          (double)resident * (double)sysconf(_SC_PAGESIZE));
        }
        fclose(file);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        hs_metric_set(hs_metrics_gauge(metrics, "hitstream_process_cpu_seconds", "",
                                       "User and system time spent since the start"),
                      cpu_s);
        hs_metric_set(hs_metrics_gauge(metrics, "hitstream_process_peak_memory_bytes", "",
                                       "Largest resident memory since the start"),
                      (double)usage.ru_maxrss * 1024);
    }
}

static void on_metrics(void *ctx, const struct hs_http_request *request,
                       struct hs_http_reply *reply)
{
    struct hs_daemon_status status;
    struct hs_metrics *metrics = hs_daemon_metrics(ctx);
    (void)request;
    hs_daemon_status(ctx, &status);
    hs_metric_set(
        hs_metrics_gauge(metrics, "hitstream_ready", "", "1 when the daemon does its whole work"),
        status.ready);
    refresh_process_metrics(metrics);
    reply->content_type = HS_METRICS_CONTENT_TYPE;
    hs_metrics_print(metrics, &reply->body);
}

// ---- /status ----

static json_t *time_json(int64_t at_ms)
{
    char text[HS_CIVIL_TEXT_BYTES];
    if (at_ms == 0) {
        return json_null();
    }
    hs_civil_format(at_ms, text);
    return json_string(text);
}

static const char *list_status_name(enum hs_list_status status)
{
    return status == HS_LIST_LIVE ? "live" : status == HS_LIST_TRIAL ? "trial" : "suspended";
}

static json_t *rows_json(struct hs_daemon *daemon)
{
    json_t *array = json_array();
    struct hs_lists_row *rows = calloc(HS_LISTS_ROWS_MAX, sizeof(*rows));
    size_t count = rows ? hs_daemon_rows(daemon, rows, HS_LISTS_ROWS_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        char revision[48];
        snprintf(revision, sizeof(revision), "%llu.%llu", (unsigned long long)rows[i].generation,
                 (unsigned long long)rows[i].sequence);
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:I}", "list", rows[i].list_id, "status",
                                        list_status_name(rows[i].status), "revision", revision,
                                        "entries", (json_int_t)rows[i].entries));
    }
    free(rows);
    return array;
}

static json_t *lists_json(struct hs_daemon *daemon, const struct hs_lists_status *lists)
{
    return json_pack(
        "{s:b, s:b, s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:I, s:I, s:o, s:{s:I, s:I}}", //
        "live", lists->live, "current", lists->current,                               //
        "state", lists->state, "source", lists->source,                               //
        "reason", lists->reason, "as_of", time_json(lists->as_of_ms),                 //
        "change", lists->change_id, "lists", (json_int_t)lists->lists,                //
        "entries", (json_int_t)lists->entries,                                        //
        "overlay_changes", (json_int_t)lists->overlay_changes,                        //
        "memory_bytes", (json_int_t)lists->memory_bytes,                              //
        "open", rows_json(daemon), "covert", "lists",                                 //
        (json_int_t)lists->covert_lists, "entries", (json_int_t)lists->covert_entries);
}

static json_t *match_json(const struct hs_match_status *match)
{
    static const char *const states[] = {[HS_MATCH_STARTING] = "starting",
                                         [HS_MATCH_WAITING] = "waiting for lists",
                                         [HS_MATCH_RUNNING] = "running",
                                         [HS_MATCH_PARTLY] = "running in part",
                                         [HS_MATCH_STOPPED_BAD_INPUT] = "stopped: bad input",
                                         [HS_MATCH_NO_OFFSET] = "waiting for an offset",
                                         [HS_MATCH_ENDED] = "ended"};
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "state", states[match->state],
                     "why", match->why, "partitions", (json_int_t)match->partitions, "reads",
                     (json_int_t)match->reads, "hits", (json_int_t)match->hits, "rejected",
                     (json_int_t)match->rejected, "unknown_cameras",
                     (json_int_t)match->unknown_cameras, "lag", (json_int_t)match->lag);
}

static json_t *correlate_json(const struct hs_correlate_status *correlate)
{
    return json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I}", "ready", correlate->ready, "reason",
                     correlate->reason, "assigned", (json_int_t)correlate->assigned, "running",
                     (json_int_t)correlate->running, "lag", (json_int_t)correlate->lag, "vehicles",
                     (json_int_t)correlate->vehicles, "open_incidents",
                     (json_int_t)correlate->open_incidents);
}

static json_t *tests_json(struct hs_daemon *daemon)
{
    json_t *array = json_array();
    struct hs_test_row *rows = calloc(TEST_ROWS_MAX, sizeof(*rows));
    size_t count = rows ? hs_daemon_tests(daemon, rows, TEST_ROWS_MAX) : 0;
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(array,
                              json_pack("{s:s, s:I, s:o, s:b}", "queue", rows[i].queue,
                                        "interval_ms", (json_int_t)rows[i].interval_ms, "last_back",
                                        time_json(rows[i].back_at_ms), "overdue", rows[i].overdue));
    }
    free(rows);
    return array;
}

static json_t *intake_json(const struct hs_intake_status *intake)
{
    return json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "ready", intake->ready, "reason",
                     intake->reason, "topics", (json_int_t)intake->topics, "missing",
                     (json_int_t)intake->missing, "partitions", (json_int_t)intake->partitions,
                     "taken", (json_int_t)intake->taken, "rejected", (json_int_t)intake->rejected,
                     "lag", (json_int_t)intake->lag);
}

static json_t *cameras_json(const struct hs_daemon_status *status)
{
    return json_pack("{s:b, s:I, s:s, s:b, s:I, s:I, s:s}", "known", status->cameras.known, "wrong",
                     (json_int_t)status->cameras.cameras, "reason", status->cameras.reason,
                     "gathers", status->gather.gathers, "watched",
                     (json_int_t)status->gather.cameras, "observations",
                     (json_int_t)status->gather.observations, "gathering", status->gather.reason);
}

static json_t *reasons_json(const struct hs_daemon_status *status)
{
    json_t *array = json_array();
    struct hs_buf text = {0};
    hs_daemon_reasons(status, &text);
    struct hs_str rest = hs_buf_str(&text), line;
    while (hs_str_split(&rest, '\n', &line)) {
        if (line.len > 0) {
            json_array_append_new(array, json_stringn(line.ptr, line.len));
        }
    }
    hs_buf_fini(&text);
    return array;
}

static void on_status(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    struct hs_daemon_status status;
    (void)request;
    hs_daemon_status(ctx, &status);
    json_t *root = json_pack("{s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:{s:b, s:b, s:s, s:s}}", //
                             "version", status.version, "instance", status.instance_id,     //
                             "ready", status.ready, "draining", status.draining,            //
                             "started_at", time_json(status.started_at_ms),                 //
                             "reasons", reasons_json(&status),                              //
                             "lists", lists_json(ctx, &status.lists),                       //
                             "controls", "ready", status.controls.ready, "from_disk",
                             status.controls.from_disk, "hash", status.controls.live_hash, "reason",
                             status.controls.reason);
    if (root && status.has_match) {
        json_object_set_new(root, "match", match_json(&status.match));
    }
    if (root && status.has_correlate) {
        json_object_set_new(root, "correlate", correlate_json(&status.correlate));
        json_object_set_new(root, "intake", intake_json(&status.intake));
        json_object_set_new(root, "tests", tests_json(ctx));
    }
    if (root) {
        json_object_set_new(root, "cameras", cameras_json(&status));
    }
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    reply->content_type = status_type;
    if (text) {
        hs_buf_add_text(&reply->body, text);
        hs_buf_add_char(&reply->body, '\n');
    } else {
        reply->status = 500;
        hs_buf_add_text(&reply->body, "{}\n");
    }
    free(text);
    json_decref(root);
}

// ---- orders ----

static void on_reload(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    hs_log(HS_LOG_NOTICE, &ev_asked, "reload asked for by user '%u', process '%d'",
           (unsigned)request->peer.uid, (int)request->peer.pid);
    if (hs_daemon_reload(ctx, &reply->body) < 0) {
        reply->status = 422;
    }
}

static void on_resume(void *ctx, const struct hs_http_request *request, struct hs_http_reply *reply)
{
    hs_log(HS_LOG_NOTICE, &ev_asked, "resume asked for by user '%u', process '%d'",
           (unsigned)request->peer.uid, (int)request->peer.pid);
    hs_daemon_resume(ctx);
    hs_buf_add_text(&reply->body, "stopped matchers go on\n");
}

void hs_status_routes(struct hs_daemon *daemon, struct hs_http_route ret_routes[HS_STATUS_ROUTES])
{
    const struct hs_http_route routes[HS_STATUS_ROUTES] = {
        {"/healthz", HS_HTTP_GET, on_healthz, daemon},
        {"/readyz", HS_HTTP_GET, on_readyz, daemon},
        {"/metrics", HS_HTTP_GET, on_metrics, daemon},
        {"/status", HS_HTTP_GET, on_status, daemon},
        {"/reload", HS_HTTP_POST, on_reload, daemon},
        {"/resume", HS_HTTP_POST, on_resume, daemon},
        {0},
    };
    for (size_t i = 0; i < HS_STATUS_ROUTES; i++) {
        ret_routes[i] = routes[i];
    }
}

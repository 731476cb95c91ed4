// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/daemon_parts.h"
#include "hitstreamd/logging.h"
#include "hitstreamd/notify.h"

HS_LOG_EVENT(ev_started, "started", "6f0d3b8e52a14c7d9b4e81c6f2a7d035");
HS_LOG_EVENT(ev_ready, "ready", "b81e5c70d94f4a2e8d36f07a1c9e52b4");
HS_LOG_EVENT(ev_waiting, "waiting", "29c4f6a1e0b84d759f13c8a2d6e70b5f");
HS_LOG_EVENT(ev_signal, "stop-asked", "e7a50c3d1f864b9282d7b4f90e6c31a8");
HS_LOG_EVENT(ev_drained, "stopped", "4d92e8b7a3c04f16b05e7f1d8c6a29e3");
HS_LOG_EVENT(ev_undrained, "drain-timeout", "f3b6094e7d1c4a58a2e9d0c5871fb64a");
HS_LOG_EVENT(ev_stuck, "thread-stuck", "81d7c2f5b60e4e3f94a8c1e7d05b396f");
HS_LOG_EVENT(ev_refused, "order-refused", "5be1d9a47c3f4e60a2d8f71b93c604ea");
HS_LOG_EVENT(ev_part, "part-failed", "c05f8d2b6a974137b8e4f1d3097ca52e");

enum {
    TICK_MS = 200,
    WAITING_EACH_MS = 5000,    // systemd hears so often why we are not ready
    WAITING_EXTEND_MS = 30000, // and how much longer it may take
    STUCK_MS = 60000,          // without systemd's own limit
};

// ---- parts ----

static uint64_t progress_of_lists(void *ctx, size_t index)
{
    (void)index;
    return hs_lists_progress(((struct hs_daemon *)ctx)->lists);
}

static uint64_t progress_of_feed(void *ctx, size_t index)
{
    (void)index;
    return hs_controls_feed_progress(((struct hs_daemon *)ctx)->feed);
}

static uint64_t progress_of_match(void *ctx, size_t index)
{
    return hs_match_stage_progress(((struct hs_daemon *)ctx)->match, index);
}

static uint64_t progress_of_correlate(void *ctx, size_t index)
{
    (void)index;
    return hs_correlate_stage_progress(((struct hs_daemon *)ctx)->correlate);
}

static uint64_t progress_of_intake(void *ctx, size_t index)
{
    (void)index;
    return hs_intake_progress(((struct hs_daemon *)ctx)->intake);
}

static uint64_t progress_of_health(void *ctx, size_t index)
{
    (void)index;
    return hs_camera_health_progress(((struct hs_daemon *)ctx)->camera_health);
}

static uint64_t progress_of_gather(void *ctx, size_t index)
{
    (void)index;
    return hs_camera_gather_progress(((struct hs_daemon *)ctx)->camera_gather);
}

static int watch_threads(struct hs_daemon *daemon)
{
    int rc = hs_watch_add(daemon->watch, "store", progress_of_lists, daemon, 0);
    if (rc == 0) {
        rc = hs_watch_add(daemon->watch, "controls", progress_of_feed, daemon, 0);
    }
    for (size_t i = 0; rc == 0 && daemon->match && i < hs_match_stage_workers(daemon->match); i++) {
        rc = hs_watch_add(daemon->watch, "matcher", progress_of_match, daemon, i);
    }
    if (rc == 0 && daemon->correlate) {
        rc = hs_watch_add(daemon->watch, "correlator", progress_of_correlate, daemon, 0);
    }
    if (rc == 0 && daemon->intake) {
        rc = hs_watch_add(daemon->watch, "intake", progress_of_intake, daemon, 0);
    }
    if (rc == 0) {
        rc = hs_watch_add(daemon->watch, "camera health", progress_of_health, daemon, 0);
    }
    if (rc == 0 && daemon->camera_gather) {
        rc = hs_watch_add(daemon->watch, "cameras", progress_of_gather, daemon, 0);
    }
    return rc;
}

static int make_stages(struct hs_daemon *daemon, const struct hs_keys *keys)
{
    const struct hs_match_stage_config match = {
        .settings = daemon->settings,
        .id_key = keys->id,
        .snapshot = &daemon->snapshot,
        .health = &daemon->cameras,
        .controls = &daemon->controls,
        .as_of_ms = hs_lists_as_of_ms,
        .as_of_ctx = daemon->lists,
        .metrics = daemon->metrics,
    };
    const struct hs_correlate_stage_config correlate = {
        .settings = daemon->settings,
        .metrics = daemon->metrics,
        .id_key = keys->id,
        .token_key = keys->token,
        .controls_ctx = daemon->feed,
        .controls_head = hs_controls_feed_head,
        .controls_confirmed = hs_controls_feed_confirmed,
        .controls_lookup = hs_controls_feed_lookup,
        .snapshot = &daemon->snapshot,
        .lists_ctx = daemon->lists,
        .lists_as_of_ms = hs_lists_as_of_ms,
        .exclusions = true,
        .health = &daemon->cameras,
        .notices = daemon->notices,
    };
    const struct hs_intake_config intake = {
        .settings = daemon->settings,
        .metrics = daemon->metrics,
        .token_key = keys->token,
        .controls_ctx = daemon->feed,
        .controls_head = hs_controls_feed_head,
    };
    const struct hs_camera_health_config health = {
        .settings = daemon->settings, .metrics = daemon->metrics, .slot = &daemon->cameras};
    const struct hs_camera_gather_config gather = {
        .settings = daemon->settings,
        .metrics = daemon->metrics,
        .controls = &daemon->controls,
        .health = &daemon->cameras,
        .notices = daemon->notices,
    };
    int rc = hs_camera_health_new(&health, &daemon->camera_health);
    if (rc == 0 && daemon->settings->role_match) {
        rc = hs_match_stage_new(&match, &daemon->match);
    }
    if (rc == 0 && daemon->settings->role_correlate) {
        rc = hs_correlate_stage_new(&correlate, &daemon->correlate);
        rc = rc < 0 ? rc : hs_intake_new(&intake, &daemon->intake);
        rc = rc < 0 ? rc : hs_camera_gather_new(&gather, &daemon->camera_gather);
    }
    return rc;
}

static int make_parts(struct hs_daemon *daemon, const struct hs_keys *keys)
{
    const struct hs_controls_feed_config feed = {
        .settings = daemon->settings, .slot = &daemon->controls, .metrics = daemon->metrics};
    int rc = hs_controls_feed_new(&feed, &daemon->feed);
    if (rc == 0) {
        daemon->notices = daemon->settings->role_correlate ? hs_notices_new() : NULL;
        const struct hs_lists_config lists = {.notices = daemon->notices,
                                              .settings = daemon->settings,
                                              .snapshot = &daemon->snapshot,
                                              .feed = daemon->feed,
                                              .metrics = daemon->metrics};
        rc = hs_lists_new(&lists, &daemon->lists);
    }
    if (rc == 0) {
        rc = make_stages(daemon, keys);
    }
    if (rc == 0) {
        rc = watch_threads(daemon);
    }
    if (rc < 0) {
        hs_log(HS_LOG_ERROR, &ev_part, "a part cannot be made: %s", hs_strerror(rc));
    }
    return rc;
}

static void on_order_refused(void *ctx, const struct hs_http_request *request)
{
    (void)ctx;
    hs_log(HS_LOG_WARNING, &ev_refused,
           "order '%s' of user '%u', group '%u', process '%d' refused: only root, our own user and "
           "members of 'admin.group' give orders",
           request->path, (unsigned)request->peer.uid, (unsigned)request->peer.gid,
           (int)request->peer.pid);
}

static int open_admin(struct hs_daemon *daemon)
{
    const struct hs_settings *settings = daemon->settings;
    hs_status_routes(daemon, daemon->routes);
    const struct hs_http_config config = {.listen = settings->admin_listen,
                                          .socket_path = settings->admin_socket,
                                          .order_group = settings->admin_group,
                                          .refused = on_order_refused,
                                          .routes = daemon->routes};
    int rc = hs_http_new(daemon->base, &config, &daemon->http);
    if (rc < 0) {
        bool system = rc == HS_EIO || rc == HS_EPERM;
        hs_log(HS_LOG_ERROR, &ev_part,
               "admin pages cannot be opened at '%s' and '%s' for group '%s': %s%s%s",
               settings->admin_listen, settings->admin_socket, settings->admin_group,
               hs_strerror(rc), system ? ", " : "", system ? strerror(errno) : "");
    }
    return rc;
}

// ---- the main loop ----

// The first line that keeps the daemon from being ready.
static void first_blocking(struct hs_str text, char *ret_line, size_t size)
{
    static const char blocks[] = "not ready: ";
    const size_t len = sizeof(blocks) - 1;
    struct hs_str line;
    ret_line[0] = '\0';
    while (hs_str_split(&text, '\n', &line)) {
        if (line.len > len && memcmp(line.ptr, blocks, len) == 0) {
            snprintf(ret_line, size, "%.*s", (int)(line.len - len), line.ptr + len);
            return;
        }
    }
}

static void tell_ready(struct hs_daemon *daemon, const struct hs_daemon_status *status)
{
    char text[512];
    snprintf(text, sizeof(text), "'%llu' entries of '%llu' lists live, '%u' + '%u' partitions",
             (unsigned long long)status->lists.entries, (unsigned long long)status->lists.lists,
             status->match.partitions, status->correlate.assigned);
    if (!daemon->told_ready) {
        hs_notify_ready(text);
        hs_log(HS_LOG_NOTICE, &ev_ready, "ready: %s", text);
        daemon->told_ready = true;
    } else if (strcmp(text, daemon->told) != 0) {
        hs_notify_status(text);
    }
    snprintf(daemon->told, sizeof(daemon->told), "%s", text);
}

static void tell_waiting(struct hs_daemon *daemon, const struct hs_daemon_status *status)
{
    char text[512];
    struct hs_buf reasons = {0};
    int64_t now_ms = hs_clock_boottime_ms();
    hs_daemon_reasons(status, &reasons);
    first_blocking(hs_buf_str(&reasons), text, sizeof(text));
    hs_buf_fini(&reasons);
    bool changed = strcmp(text, daemon->told) != 0;
    if (changed) {
        hs_log(HS_LOG_INFO, &ev_waiting, "waiting: %s", text);
        snprintf(daemon->told, sizeof(daemon->told), "%s", text);
    }
    if (daemon->told_ready) {
        if (changed) {
            hs_notify_status(text);
        }
    } else if (changed || now_ms - daemon->waiting_told_at_ms >= WAITING_EACH_MS) {
        hs_notify_waiting(text, WAITING_EXTEND_MS);
        daemon->waiting_told_at_ms = now_ms;
    }
}

static void feed_watchdog(struct hs_daemon *daemon)
{
    int64_t now_ms = hs_clock_boottime_ms();
    const char *stuck = hs_watch_look(daemon->watch, now_ms);
    if (stuck) {
        hs_log(HS_LOG_ERROR, &ev_stuck, "thread '%s' makes no progress, the watchdog is not fed",
               stuck);
        return;
    }
    if (daemon->watchdog_ms > 0 && now_ms - daemon->watchdog_fed_at_ms >= daemon->watchdog_ms / 4) {
        hs_notify_watchdog();
        daemon->watchdog_fed_at_ms = now_ms;
    }
}

static void on_tick(evutil_socket_t fd, short events, void *arg)
{
    struct hs_daemon *daemon = arg;
    struct hs_daemon_status status;
    (void)fd;
    (void)events;
    feed_watchdog(daemon);
    hs_daemon_status(daemon, &status);
    if (status.ready) {
        tell_ready(daemon, &status);
    } else {
        tell_waiting(daemon, &status);
    }
}

static void on_stop_signal(evutil_socket_t number, short events, void *arg)
{
    struct hs_daemon *daemon = arg;
    (void)events;
    hs_log(HS_LOG_NOTICE, &ev_signal, "signal '%s', draining", strsignal((int)number));
    event_base_loopbreak(daemon->base);
}

static void on_reload_signal(evutil_socket_t number, short events, void *arg)
{
    struct hs_buf said = {0};
    (void)number;
    (void)events;
    hs_daemon_reload(arg, &said);
    hs_buf_fini(&said);
}

static struct event *signal_event(struct hs_daemon *daemon, int number, event_callback_fn callback)
{
    struct event *event = evsignal_new(daemon->base, number, callback, daemon);
    if (event) {
        event_add(event, NULL);
    }
    return event;
}

static int open_loop(struct hs_daemon *daemon)
{
    const struct timeval tick = {.tv_usec = TICK_MS * 1000};
    daemon->base = event_base_new();
    if (!daemon->base) {
        return HS_ENOMEM;
    }
    daemon->on_term = signal_event(daemon, SIGTERM, on_stop_signal);
    daemon->on_int = signal_event(daemon, SIGINT, on_stop_signal);
    daemon->on_hup = signal_event(daemon, SIGHUP, on_reload_signal);
    daemon->on_tick = event_new(daemon->base, -1, EV_PERSIST, on_tick, daemon);
    if (!daemon->on_term || !daemon->on_int || !daemon->on_hup || !daemon->on_tick) {
        return HS_ENOMEM;
    }
    event_add(daemon->on_tick, &tick);
    return open_admin(daemon);
}

// ---- life ----

int hs_daemon_new(const struct hs_daemon_config *config, struct hs_settings *settings,
                  const struct hs_keys *keys, struct hs_daemon **ret_daemon)
{
    struct hs_daemon *daemon = calloc(1, sizeof(*daemon));
    if (!daemon) {
        hs_settings_free(settings);
        return HS_ENOMEM;
    }
    daemon->config = *config;
    daemon->settings = settings;
    daemon->started_at_ms = hs_clock_realtime_ms();
    daemon->watchdog_ms = hs_notify_watchdog_ms();
    daemon->metrics = hs_metrics_new();
    int rc = daemon->metrics
                 ? hs_watch_new(daemon->watchdog_ms > 0 ? daemon->watchdog_ms / 2 : STUCK_MS,
                                &daemon->watch)
                 : HS_ENOMEM;
    if (rc == 0) {
        rc = make_parts(daemon, keys);
    }
    if (rc == 0) {
        rc = open_loop(daemon);
    }
    if (rc < 0) {
        hs_daemon_free(daemon);
        return rc;
    }
    *ret_daemon = daemon;
    return 0;
}

static void event_release(struct event *event)
{
    if (event) {
        event_free(event);
    }
}

void hs_daemon_free(struct hs_daemon *daemon)
{
    if (!daemon) {
        return;
    }
    hs_http_free(daemon->http);
    event_release(daemon->on_term);
    event_release(daemon->on_int);
    event_release(daemon->on_hup);
    event_release(daemon->on_tick);
    if (daemon->base) {
        event_base_free(daemon->base);
    }
    hs_match_stage_free(daemon->match);
    hs_intake_free(daemon->intake);
    hs_camera_gather_free(daemon->camera_gather);
    hs_correlate_stage_free(daemon->correlate);
    hs_camera_health_free(daemon->camera_health);
    hs_lists_free(daemon->lists);
    hs_notices_free(daemon->notices);
    hs_controls_feed_free(daemon->feed);
    hs_watch_free(daemon->watch);
    hs_metrics_free(daemon->metrics);
    hs_settings_free(daemon->settings);
    hs_settings_free(daemon->latest);
    free(daemon);
}

// Threads inherit a mask without signals: only main's loop takes them.
static int start_parts(struct hs_daemon *daemon)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int rc = hs_controls_feed_start(daemon->feed);
    if (rc == 0) {
        rc = hs_lists_start(daemon->lists);
    }
    rc = rc < 0 ? rc : hs_camera_health_start(daemon->camera_health);
    if (rc == 0 && daemon->match) {
        rc = hs_match_stage_start(daemon->match);
    }
    if (rc == 0 && daemon->correlate) {
        rc = hs_correlate_stage_start(daemon->correlate);
    }
    if (rc == 0 && daemon->intake) {
        rc = hs_intake_start(daemon->intake);
    }
    if (rc == 0 && daemon->camera_gather) {
        rc = hs_camera_gather_start(daemon->camera_gather);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static int64_t time_left_ms(int64_t until_ms, int64_t most_ms)
{
    int64_t left_ms = until_ms - hs_clock_boottime_ms();
    left_ms = left_ms < most_ms ? left_ms : most_ms;
    return left_ms > 0 ? left_ms : 0;
}

static int ended(const char *part, int rc)
{
    if (rc < 0) {
        hs_log(HS_LOG_ERROR, &ev_undrained, "'%s' did not end in time: %s", part, hs_strerror(rc));
    }
    return rc;
}

// In the order of the flow, so that what a stage still writes is taken by nobody who is ending.
static int drain(struct hs_daemon *daemon)
{
    int64_t until_ms = hs_clock_boottime_ms() + HS_DAEMON_DRAIN_MS;
    int rc = 0, failed = 0;
    daemon->draining = true;
    hs_notify_stopping(HS_DAEMON_DRAIN_MS + 5000);
    if (daemon->match) {
        rc = hs_match_stage_stop(daemon->match, time_left_ms(until_ms, HS_DAEMON_DRAIN_STAGE_MS));
        failed |= ended("match stage", rc);
    }
    if (daemon->intake) {
        rc = hs_intake_stop(daemon->intake, time_left_ms(until_ms, HS_DAEMON_DRAIN_STAGE_MS));
        failed |= ended("intake", rc);
    }
    if (daemon->camera_gather) {
        rc = hs_camera_gather_stop(daemon->camera_gather,
                                   time_left_ms(until_ms, HS_DAEMON_DRAIN_STAGE_MS));
        failed |= ended("gatherer of cameras", rc);
    }
    if (daemon->correlate) {
        rc = hs_correlate_stage_stop(daemon->correlate,
                                     time_left_ms(until_ms, HS_DAEMON_DRAIN_STAGE_MS));
        failed |= ended("correlate stage", rc);
    }
    failed |= ended("camera health",
                    hs_camera_health_stop(daemon->camera_health, time_left_ms(until_ms, 5000)));
    failed |= ended("store thread", hs_lists_stop(daemon->lists, time_left_ms(until_ms, 10000)));
    failed |=
        ended("controls feed", hs_controls_feed_stop(daemon->feed, time_left_ms(until_ms, 5000)));
    if (failed == 0) {
        hs_log(HS_LOG_NOTICE, &ev_drained, "stopped");
    }
    return failed ? HS_ETIMEDOUT : 0;
}

int hs_daemon_run(struct hs_daemon *daemon)
{
    hs_log(HS_LOG_NOTICE, &ev_started, "hitstreamd '%s' starts as '%s', roles '%s%s%s'", HS_VERSION,
           daemon->settings->instance_id, daemon->match ? "match" : "",
           daemon->match && daemon->correlate ? " " : "", daemon->correlate ? "correlate" : "");
    int rc = start_parts(daemon);
    if (rc == 0) {
        on_tick(-1, 0, daemon);
        event_base_dispatch(daemon->base);
    } else {
        hs_log(HS_LOG_ERROR, &ev_part, "a thread cannot be started: %s", hs_strerror(rc));
    }
    int drained = drain(daemon);
    return rc < 0 ? rc : drained;
}

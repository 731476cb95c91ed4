// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_DAEMON_H
#define HITSTREAMD_DAEMON_H
/*
 * The daemon: makes all parts, connects them, runs the main loop, ends them in order.
 *
 * Threads: main, which runs libevent: signals, timers, admin HTTP. Ownership: the daemon owns every
 * part and its settings. Bounds: a drain ends within HS_DAEMON_DRAIN_MS, whatever is away.
 */

#include "config/settings.h"
#include "hitstreamd/camera_gather.h"
#include "hitstreamd/camera_health.h"
#include "hitstreamd/controls_feed.h"
#include "hitstreamd/correlate_stage.h"
#include "hitstreamd/intake.h"
#include "hitstreamd/keys.h"
#include "hitstreamd/lists.h"
#include "hitstreamd/match_stage.h"

enum {
    HS_DAEMON_DRAIN_MS = 30000,       // all parts together
    HS_DAEMON_DRAIN_STAGE_MS = 12000, // one stage
};

struct hs_daemon_config {
    const char *config_path; // of --config, NULL: the usual place; read again at a reload
    const char *roles;       // of --roles, NULL: as the settings say
    bool log_level_given;    // HITSTREAM log level is not taken from the settings
};

struct hs_daemon;

// Takes `settings`. HS_ENOMEM, or what a part could not do; it was logged.
int hs_daemon_new(const struct hs_daemon_config *config, struct hs_settings *settings,
                  const struct hs_keys *keys, struct hs_daemon **ret_daemon);
// Until SIGTERM or SIGINT, then drains. 0; HS_ETIMEDOUT: a part did not end in time, exit without
// freeing.
int hs_daemon_run(struct hs_daemon *daemon);
void hs_daemon_free(struct hs_daemon *daemon);

// ---- for the admin pages (main thread) ----

struct hs_metrics *hs_daemon_metrics(struct hs_daemon *daemon);

// All parts' status at once.
struct hs_daemon_status {
    bool ready; // everything is, now
    bool draining;
    bool stuck; // a thread makes no progress
    const char *version;
    const char *instance_id;
    int64_t started_at_ms; // Unix
    char stuck_thread[32]; // "" none
    bool has_match;
    bool has_correlate;
    struct hs_lists_status lists;
    struct hs_controls_feed_status controls;
    struct hs_match_status match;
    struct hs_correlate_status correlate;
    struct hs_intake_status intake;        // with it
    struct hs_camera_gather_status gather; // likewise
    struct hs_camera_health_status cameras;
};
void hs_daemon_status(struct hs_daemon *daemon, struct hs_daemon_status *ret_status);
size_t hs_daemon_rows(struct hs_daemon *daemon, struct hs_lists_row *ret_rows, size_t max);
// Queues whose way is tested from here; returns how many were copied.
size_t hs_daemon_tests(struct hs_daemon *daemon, struct hs_test_row *ret_rows, size_t max);
// One line a reason why the daemon is not ready, or works with less than it should; returns those
// that keep it from being ready.
size_t hs_daemon_reasons(const struct hs_daemon_status *status, struct hs_buf *out);

// Reads the settings again; what happened is said in `ret_said`, a line each. HS_EFORMAT: the old
// ones stay.
int hs_daemon_reload(struct hs_daemon *daemon, struct hs_buf *ret_said);
// A person says that the input is good again.
void hs_daemon_resume(struct hs_daemon *daemon);

#endif

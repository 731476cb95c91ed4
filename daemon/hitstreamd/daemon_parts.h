// SPDX-License-Identifier: Apache-2.0
#ifndef HITSTREAMD_DAEMON_PARTS_H
#define HITSTREAMD_DAEMON_PARTS_H
/*
 * The daemon's inside, for daemon.c (life and main loop), daemon_status.c and daemon_reload.c.
 * Threads: main.
 */

#include "hitstreamd/camera_gather.h"
#include "hitstreamd/camera_health.h"
#include "hitstreamd/daemon.h"
#include "hitstreamd/status.h"
#include "hitstreamd/watch.h"

struct event;
struct event_base;

struct hs_daemon {
    struct hs_daemon_config config;
    struct hs_settings *settings;  // owned
    struct hs_settings *latest;    // owned; as last read by a reload, NULL: none was
    struct hs_metrics *metrics;    // owned
    struct hs_rcu_slot snapshot;   // struct hs_snapshot, by the store thread
    struct hs_rcu_slot controls;   // struct hs_controls, by the controls feed
    struct hs_controls_feed *feed; // owned, like all parts
    struct hs_lists *lists;
    struct hs_rcu_slot cameras; // struct hs_camera_findings, by the next
    struct hs_camera_health *camera_health;
    struct hs_camera_gather *camera_gather; // with the correlate stage
    struct hs_notices *notices;             // to ops; NULL without correlator
    struct hs_match_stage *match;           // NULL: not this daemon's role
    struct hs_correlate_stage *correlate;   // likewise
    struct hs_intake *intake;               // with the correlate stage
    struct hs_watch *watch;
    struct event_base *base;
    struct event *on_term;
    struct event *on_int;
    struct event *on_hup;
    struct event *on_tick;
    struct hs_http *http;
    struct hs_http_route routes[HS_STATUS_ROUTES];
    int64_t started_at_ms; // Unix
    bool told_ready;       // READY=1 was sent
    bool draining;
    int64_t waiting_told_at_ms; // CLOCK_BOOTTIME
    int64_t watchdog_ms;        // 0: systemd keeps none
    int64_t watchdog_fed_at_ms; // CLOCK_BOOTTIME
    char told[512];             // last STATUS
};

#endif

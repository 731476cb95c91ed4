// SPDX-License-Identifier: Apache-2.0
// What the daemon says of itself, all parts together.
#include <stdio.h>

#include "hitstreamd/daemon_parts.h"

struct hs_metrics *hs_daemon_metrics(struct hs_daemon *daemon)
{
    return daemon->metrics;
}

size_t hs_daemon_rows(struct hs_daemon *daemon, struct hs_lists_row *ret_rows, size_t max)
{
    return hs_lists_rows(daemon->lists, ret_rows, max);
}

size_t hs_daemon_tests(struct hs_daemon *daemon, struct hs_test_row *ret_rows, size_t max)
{
    return daemon->correlate ? hs_correlate_stage_tests(daemon->correlate, ret_rows, max) : 0;
}

void hs_daemon_status(struct hs_daemon *daemon, struct hs_daemon_status *ret)
{
    *ret = (struct hs_daemon_status){.version = HS_VERSION,
                                     .instance_id = daemon->settings->instance_id,
                                     .started_at_ms = daemon->started_at_ms,
                                     .draining = daemon->draining,
                                     .has_match = daemon->match != NULL,
                                     .has_correlate = daemon->correlate != NULL};
    hs_lists_status(daemon->lists, &ret->lists);
    hs_controls_feed_status(daemon->feed, &ret->controls);
    if (daemon->match) {
        hs_match_stage_status(daemon->match, &ret->match);
    }
    if (daemon->correlate) {
        hs_correlate_stage_status(daemon->correlate, &ret->correlate);
        hs_intake_status(daemon->intake, &ret->intake);
        hs_camera_gather_status(daemon->camera_gather, &ret->gather);
    }
    hs_camera_health_status(daemon->camera_health, &ret->cameras);
    const char *stuck = hs_watch_stuck(daemon->watch);
    ret->stuck = stuck != NULL;
    snprintf(ret->stuck_thread, sizeof(ret->stuck_thread), "%s", stuck ? stuck : "");
    struct hs_buf none = {0};
    ret->ready = hs_daemon_reasons(ret, &none) == 0;
    hs_buf_fini(&none);
}

static void reason(struct hs_buf *out, size_t *count, bool blocks, const char *part,
                   const char *why)
{
    hs_buf_printf(out, "%s: %s: %s\n", blocks ? "not ready" : "note", part, why);
    *count += blocks;
}

size_t hs_daemon_reasons(const struct hs_daemon_status *status, struct hs_buf *out)
{
    size_t count = 0;
    if (status->draining) {
        reason(out, &count, true, "daemon", "stopping");
    }
    if (status->stuck) {
        reason(out, &count, true, status->stuck_thread, "the thread makes no progress");
    }
    if (!status->lists.live) {
        reason(out, &count, true, "lists",
               status->lists.reason[0] ? status->lists.reason : "not read yet");
    } else if (!status->lists.current) {
        reason(out, &count, false, "lists", status->lists.reason);
    }
    if (!status->controls.ready || status->controls.reason[0]) {
        reason(out, &count, !status->controls.ready, "controls", status->controls.reason);
    }
    if (status->has_match && (status->match.state != HS_MATCH_RUNNING || status->match.why[0])) {
        bool reads =
            status->match.state == HS_MATCH_RUNNING || status->match.state == HS_MATCH_PARTLY;
        reason(out, &count, !reads, "match", status->match.why);
    }
    if (status->has_correlate && (!status->correlate.ready || status->correlate.reason[0])) {
        reason(out, &count, !status->correlate.ready, "correlate", status->correlate.reason);
    }
    if (status->has_correlate && status->intake.reason[0]) {
        reason(out, &count, false, "intake", status->intake.reason);
    }
    if (status->has_correlate && status->gather.reason[0]) {
        reason(out, &count, false, "gathering of cameras", status->gather.reason);
    }
    if (status->cameras.reason[0]) {
        reason(out, &count, false, "cameras", status->cameras.reason);
    }
    return count;
}

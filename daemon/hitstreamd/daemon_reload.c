// SPDX-License-Identifier: Apache-2.0
// Reload: settings are read anew, checked whole, and taken over where that can be; with any error
// the old stay.
#include "base/error.h"
#include "base/log.h"
#include "hitstreamd/daemon_parts.h"
#include "hitstreamd/logging.h"
#include "hitstreamd/notify.h"
#include "kafka/properties.h"

HS_LOG_EVENT(ev_reloaded, "reloaded", "ad4f07e1c8924b6db3f5e26a90d7c81b");
HS_LOG_EVENT(ev_kept, "reload-refused", "5e1b9ac4f72d48e0a6c30d8f7b249e65");

struct reload {
    struct hs_buf *said;
    bool roles_given;
    bool reloadable; // which of the two kinds is looked for
    size_t restart;  // options that only a restart takes over
    size_t taken;
};

static void on_difference(void *ctx, const char *key, bool reloadable)
{
    struct reload *reload = ctx;
    if (reloadable != reload->reloadable || (reload->roles_given && strcmp(key, "roles") == 0)) {
        return; // --roles overrides them
    }
    hs_buf_printf(reload->said,
                  reloadable ? "option '%s' is taken over\n"
                             : "option '%s' has changed: it is taken over by a restart only\n",
                  key);
    reload->restart += !reloadable;
    reload->taken += reloadable;
}

// What can be changed while running, changed; of the rest it is said that it waits. What runs is in
// daemon->settings, what was read last (and taken over where that can be) in daemon->latest. Takes
// `next`.
static void take_over(struct hs_daemon *daemon, struct hs_settings *next, struct reload *reload)
{
    const struct hs_settings *before = daemon->latest ? daemon->latest : daemon->settings;
    reload->reloadable = true;
    hs_settings_compare(before, next, on_difference, reload);
    reload->reloadable = false;
    hs_settings_compare(daemon->settings, next, on_difference, reload);
    hs_settings_take_over(daemon->settings, next);
    if (!daemon->config.log_level_given) {
        hs_log_set_level(hs_logging_level(next->log_level));
    }
    hs_settings_free(daemon->latest);
    daemon->latest = next;
}

static void refuse_reload(const struct hs_diags *diags, struct hs_buf *said)
{
    for (size_t i = 0; i < diags->count; i++) {
        struct hs_buf line = {0};
        hs_diag_format(&diags->rows[i], &line);
        hs_log(HS_LOG_ERROR, &ev_kept, "%s", hs_buf_text(&line));
        hs_buf_printf(said, "%s\n", hs_buf_text(&line));
        hs_buf_fini(&line);
    }
    hs_log(HS_LOG_ERROR, &ev_kept,
           "reload refused: '%zu' errors in the settings, the old ones stay", diags->errors);
    hs_buf_printf(said, "reload refused: '%zu' errors in the settings, the old ones stay\n",
                  diags->errors);
}

int hs_daemon_reload(struct hs_daemon *daemon, struct hs_buf *ret_said)
{
    struct hs_diags diags = {0};
    struct hs_settings *next;
    struct reload reload = {.said = ret_said, .roles_given = daemon->config.roles != NULL};
    if (daemon->told_ready) {
        hs_notify_reloading();
    }
    int rc = hs_settings_load_usual(daemon->config.config_path, &diags, &next);
    if (rc == 0 && hs_kafka_properties_check(next, &diags) != 0) {
        hs_settings_free(next);
        rc = HS_EFORMAT;
    }
    if (rc < 0) {
        refuse_reload(&diags, ret_said);
    } else {
        take_over(daemon, next, &reload);
        hs_lists_reload(daemon->lists);
        hs_buf_printf(ret_said,
                      "reloaded: '%zu' options taken over, '%zu' wait for a restart; lists "
                      "are read again\n",
                      reload.taken, reload.restart);
        hs_log(HS_LOG_NOTICE, &ev_reloaded,
               "reloaded: '%zu' options taken over, '%zu' wait for a restart; lists are read again",
               reload.taken, reload.restart);
    }
    hs_diags_fini(&diags);
    if (daemon->told_ready) {
        hs_notify_ready(daemon->told);
    }
    return rc;
}

void hs_daemon_resume(struct hs_daemon *daemon)
{
    if (daemon->match) {
        hs_match_stage_resume(daemon->match);
    }
}

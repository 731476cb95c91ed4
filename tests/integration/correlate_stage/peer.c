// SPDX-License-Identifier: Apache-2.0
//
// The correlate stage as a program: correlate_peer BOOTSTRAP INSTANCE [QUEUES.yaml RULES.yaml].
// Runs until SIGTERM. The controls are the story's, or those of the files; it stands for lists,
// admin and feed.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/log.h"
#include "hitstreamd/correlate_stage.h"
#include "scenario/story.h"
#include "support/process.h"

static struct hs_controls *the_controls;   // the head
static struct hs_controls *the_usual_ones; // in force before, in some tests

static struct hs_controls *head(void *ctx)
{
    (void)ctx;
    return hs_controls_ref(the_controls);
}

static struct hs_controls *lookup(void *ctx, const char *hash)
{
    (void)ctx;
    if (strcmp(hash, hs_controls_hash(the_usual_ones)) == 0) {
        return hs_controls_ref(the_usual_ones);
    }
    return strcmp(hash, hs_controls_hash(the_controls)) == 0 ? hs_controls_ref(the_controls) : NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    char *queues = argc > 3 ? hs_test_file_read(argv[3]) : NULL;
    char *rules = argc > 4 ? hs_test_file_read(argv[4]) : NULL;
    struct hs_settings settings = {
        .instance_id = argv[2],
        .role_correlate = true,
        .kafka_bootstrap = argv[1],
        .kafka_sasl_password_file = "",
        .kafka_ssl_key_password_file = "",
        .kafka_session_timeout_ms = 3000,
        .kafka_lease_ms = 2400,
        .kafka_message_timeout_ms = 1000,
    };
    char state_dir[HS_TEST_PATH_BYTES];
    if (getenv("HS_PEER_STATE")) { // a folder: each instance has one of its own there
        snprintf(state_dir, sizeof(state_dir), "%s/%s", getenv("HS_PEER_STATE"), argv[2]);
        mkdir(state_dir, 0700);
        settings.state_dir = state_dir;
        settings.correlate_local_state_ms = 300;
    }
    sigset_t wanted;
    int got;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    hs_log_open(NULL, NULL, getenv("HS_PEER_DEBUG") ? HS_LOG_DEBUG : HS_LOG_WARNING);
    the_controls = story_controls(queues, rules);
    the_usual_ones = story_controls(NULL, NULL);
    struct hs_correlate_stage_config config = {.settings = &settings,
                                               .metrics = hs_metrics_new(),
                                               .controls_head = head,
                                               .controls_lookup = lookup};
    memset(&config.id_key, 0x11, sizeof(config.id_key));
    memset(&config.token_key, 0x22, sizeof(config.token_key));
    struct hs_correlate_stage *stage;
    if (hs_correlate_stage_new(&config, &stage) != 0 || hs_correlate_stage_start(stage) != 0) {
        return 1;
    }
    sigwait(&wanted, &got);
    int rc = hs_correlate_stage_stop(stage, 10000);
    if (rc == 0) {
        hs_correlate_stage_free(stage);
    }
    if (getenv("HS_PEER_METRICS")) {
        struct hs_buf text = {0};
        hs_metrics_print(config.metrics, &text);
        fputs(hs_buf_text(&text), stderr);
        hs_buf_fini(&text);
    }
    hs_metrics_free(config.metrics);
    hs_controls_unref(the_controls);
    hs_controls_unref(the_usual_ones);
    free(queues);
    free(rules);
    return rc == 0 ? 0 : 3;
}

// SPDX-License-Identifier: Apache-2.0
#include "ground.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"

enum { LARGE_LIST = 20000, LOOK_MS = 100 };

unsigned ground_dice(struct ground *ground, unsigned below)
{
    return (unsigned)rand_r(&ground->seed) % below;
}

void ground_start_daemon(struct ground *ground, size_t daemon)
{
    world_start(&ground->world, daemon, NULL);
    world_await_ready(&ground->world, daemon);
}

enum network_host ground_daemon_host(size_t daemon)
{
    return HOST_DAEMON_1 + (unsigned)daemon;
}

enum network_host ground_broker_host(const struct ground *ground, const struct hs_broker *broker)
{
    return HOST_KAFKA_1 + (unsigned)(broker - ground->cluster.brokers);
}

enum network_host ground_redis_host(const struct ground *ground,
                                    const struct hs_redis_server *redis)
{
    return HOST_REDIS_1 + (unsigned)(redis - ground->cluster.redises);
}

void ground_change_a_list(struct ground *ground)
{
    char vrm[32];
    snprintf(vrm, sizeof(vrm), "VRM=Q%03uXYX", ++ground->changes);
    WORLD_HITCTL(&ground->world, "list", "put", "stolen", vrm, "action=STOP", "reason=test",
                 "weed date=2099-12-31", "priority=medium");
}

static bool says(const struct world_instance *instance, const char *text)
{
    char *log = hs_test_file_read(instance->log);
    bool said = log && strstr(log, text);
    free(log);
    return said;
}

void ground_await_log(struct ground *ground, const char *text, int64_t timeout_ms)
{
    int64_t until_ms = hs_clock_boottime_ms() + timeout_ms;
    bool said = false;
    while (!said) {
        for (size_t i = 0; i < WORLD_INSTANCES; i++) {
            said = said || says(&ground->world.instances[i], text);
        }
        if (!said && hs_clock_boottime_ms() > until_ms) {
            world_tell_logs(&ground->world);
            fail_msg("no daemon says '%s'", text);
        }
        hs_test_pause_ms(said ? 0 : LOOK_MS);
    }
}

void ground_start_load(struct ground *ground, struct hs_process *ret_hitctl)
{
    static unsigned number;
    char path[HS_TEST_PATH_BYTES + 48], id[32];
    struct hs_buf text = {0};
    snprintf(id, sizeof(id), "large%u", ++number);
    snprintf(path, sizeof(path), "%s/%s.csv", ground->world.folder, id);
    hs_buf_add_text(&text, "VRM,action,reason,weed date,entry id,priority\n");
    for (unsigned i = 0; i < LARGE_LIST; i++) {
        hs_buf_printf(&text, "Q%03uA%c%c,STOP,test,2099-12-31,e%u,medium\n", i % 1000,
                      'A' + (int)(i / 1000 % 8), 'A' + (int)(i / 8000), i);
    }
    assert_int_equal(hs_test_file_write(path, hs_buf_text(&text)), 0);
    hs_buf_fini(&text);
    WORLD_HITCTL(&ground->world, "list", "create", id, "--title", id, "--owner-force", "north",
                 "--purpose", "test", "--open", "--status", "live");
    world_hitctl_start(&ground->world, ret_hitctl,
                       (const char *const[]){"list", "load", id, path, "--replace", NULL});
}

// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "faults.h"

#define HOUR_NS INT64_C(3600000000000)

static void set_clock(const struct ground *ground, size_t daemon, int64_t moved_ns)
{
    FILE *file = fopen(ground->clocks[daemon].path, "r+e");
    assert_non_null(file);
    assert_int_equal(fwrite(&moved_ns, sizeof(moved_ns), 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

// Each daemon gets a clock that can be set.
void clock_prepare(struct ground *ground)
{
    for (size_t i = 0; i < WORLD_INSTANCES; i++) {
        struct ground_clock *clock = &ground->clocks[i];
        snprintf(clock->path, sizeof(clock->path), "%s/clock-%zu", ground->world.folder, i);
        snprintf(clock->words[0], sizeof(clock->words[0]), "LD_PRELOAD=%s", STEPPED_CLOCK_LIBRARY);
        snprintf(clock->words[1], sizeof(clock->words[1]), "HS_STEPPED_CLOCK=%s", clock->path);
        clock->env[0] = clock->words[0];
        clock->env[1] = clock->words[1];
        assert_int_equal(hs_test_file_write(clock->path, ""), 0);
        set_clock(ground, i, 0);
        ground->world.instances[i].env = clock->env;
    }
}

static void step_one(struct ground *ground, int64_t moved_ns)
{
    ground->daemon = ground_dice(ground, WORLD_INSTANCES);
    set_clock(ground, ground->daemon, moved_ns);
}

void clock_ahead(struct ground *ground)
{
    step_one(ground, HOUR_NS);
}

void clock_behind(struct ground *ground)
{
    step_one(ground, -HOUR_NS);
}

// What it left behind by the wrong clock is the other's now, and its own when it comes again.
void clock_right(struct ground *ground)
{
    hs_process_kill(&ground->world.instances[ground->daemon].process);
    set_clock(ground, ground->daemon, 0);
    daemon_again(ground);
}

// SPDX-License-Identifier: Apache-2.0
#include "findings/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "geo/roads_learn.h"

enum { JOURNEY_MAX_MS = 3600000, MIN_VEHICLES = 3 };

// Where a mark was read last.
struct last {
    int64_t at_ms;
    unsigned camera; // plus one; 0: nowhere yet
};

static const char queues[] = "queues:\n  desk:\n    owner: bench\n    kind: intelligence\n"
                             "    lists: [\"*\"]\n    default: true\n";

static char *make_register(const struct net *net)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (file) {
        net_write_register(net, file);
        fclose(file);
    }
    return text;
}

static void count_journeys(struct sim *sim, struct last *lasts, size_t count,
                           struct hs_roads_learner *learner)
{
    const struct net *net = sim_net(sim);
    struct sim_read read;
    while (sim_next(sim, &read)) {
        struct last *last = read.mark < count ? &lasts[read.mark] : NULL;
        if (!last || read.reading.misread) {
            continue;
        }
        int64_t took_ms = read.captured_at_ms - last->at_ms;
        if (last->camera > 0 && took_ms > 0 && took_ms <= JOURNEY_MAX_MS) {
            hs_roads_learner_add(learner, hs_str(net->cameras[last->camera - 1].camera_id),
                                 hs_str(net->cameras[read.camera].camera_id),
                                 hs_civil_london(last->at_ms).hour, 1, took_ms);
        }
        *last = (struct last){read.captured_at_ms, read.camera + 1};
    }
}

// Learns the road table; the register is that of `sim`'s world, which is the same for all seeds.
static int learn(struct sim *sim, const struct sim_plan *plan, const char *cameras_text,
                 struct hs_buf *out)
{
    struct hs_diags diags = {0};
    struct hs_cameras *cameras = NULL;
    size_t count = (size_t)plan->listed + plan->vehicles + plan->convoys + plan->clones;
    struct last *lasts = calloc(count, sizeof(*lasts));
    int rc = hs_cameras_parse(hs_str(cameras_text), "cameras.csv", &diags, &cameras);
    struct hs_roads_learner *learner = rc == 0 ? hs_roads_learner_new(cameras) : NULL;
    if (lasts && learner) {
        count_journeys(sim, lasts, count, learner);
        rc = hs_roads_learner_finish(learner, MIN_VEHICLES, out);
    }
    hs_roads_learner_free(learner);
    hs_cameras_free(cameras);
    free(lasts);
    hs_diags_fini(&diags);
    return learner ? rc : -1;
}

struct hs_controls *table_learn(const struct sim_plan *plan, const char *rules, uint64_t seed,
                                double days)
{
    struct sim_plan survey = *plan;
    struct hs_buf roads = {0};
    struct hs_diags diags = {0};
    struct hs_controls *controls = NULL;
    survey.seed = seed;
    survey.seconds = days * 86400.0;
    survey.clock_faults = survey.place_faults = survey.silent_faults = survey.collapse_faults = 0;
    struct sim *sim = sim_new(&survey, HITSIM_DATA, NULL);
    char *cameras = sim ? make_register(sim_net(sim)) : NULL;
    if (cameras && learn(sim, &survey, cameras, &roads) == 0) {
        const struct hs_controls_file files[] = {{HS_STR("cameras.csv"), hs_str(cameras)},
                                                 {HS_STR("queues.yaml"), hs_str(queues)},
                                                 {HS_STR("rules.yaml"), hs_str(rules)},
                                                 {HS_STR("roads.csv"), hs_buf_str(&roads)}};
        hs_controls_parse(files, 4, &diags, &controls);
    }
    for (size_t i = 0; i < diags.count && i < 5; i++) {
        fprintf(stderr, "findings_bench: %s:%u: %s\n", diags.rows[i].file, diags.rows[i].line,
                diags.rows[i].message);
    }
    hs_diags_fini(&diags);
    hs_buf_fini(&roads);
    free(cameras);
    sim_free(sim);
    return controls;
}

// SPDX-License-Identifier: Apache-2.0
#include "truth/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "controls/controls.h"
#include "hitsim/desks.h"
#include "hitstream/v1/read.pb-c.h"
#include "hitstreamd/hit_event.h"
#include "match/matcher.h"
#include "watchlist/voi.h"

enum { SPACE_BYTES = 1 << 20, READ_BYTES_MAX = 1024, CLOCK_MS = 1000 };

struct pipeline {
    const struct sim *sim;
    pipeline_alert *sink;
    void *sink_ctx;
    struct hs_controls *controls; // owned reference
    struct hs_snapshot *snapshot; // owned
    struct hs_matcher *matcher;   // owned
    struct hs_offline *offline;   // owned
    struct hs_hit_space space;
    struct hs_hit_context context;
    const struct hs_read_view *view; // the read at hand
    uint64_t offset;                 // of the next event
    int64_t clock_ms;                // when the owner last looked at its clock
    struct pipeline_counts counts;
};

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "pipeline: %s: %s\n", what, why);
    exit(1);
}

static void check(int rc, const char *what)
{
    if (rc != 0) {
        die(what, hs_strerror(rc));
    }
}

static void print_diags(const struct hs_diags *diags)
{
    for (size_t i = 0; i < diags->count && i < 5; i++) {
        struct hs_buf line = {0};
        hs_diag_format(&diags->rows[i], &line);
        fprintf(stderr, "%s\n", hs_buf_text(&line));
        hs_buf_fini(&line);
    }
}

static struct hs_str slurp(const char *folder, const char *name)
{
    char path[4096];
    struct hs_buf text = {0};
    char chunk[4096];
    size_t len;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    if (!file) {
        die("cannot read", path);
    }
    while ((len = fread(chunk, 1, sizeof(chunk), file)) > 0) {
        hs_buf_add(&text, chunk, len);
    }
    fclose(file);
    return hs_buf_str(&text);
}

static void load_controls(struct pipeline *pipeline, const char *folder, const char *rules)
{
    static const char *const names[] = {"cameras.csv", "queues.yaml", "rules.yaml"};
    struct hs_controls_file files[3];
    struct hs_diags diags = {0};
    for (unsigned i = 0; i < 3; i++) {
        files[i] = (struct hs_controls_file){hs_str(names[i]), slurp(folder, names[i])};
    }
    struct hs_str written = files[2].text;
    files[2].text = rules ? hs_str(rules) : written;
    if (hs_controls_parse(files, 3, &diags, &pipeline->controls) != 0) {
        print_diags(&diags);
        die("controls", "refused");
    }
    files[2].text = written;
    for (unsigned i = 0; i < 3; i++) {
        free((char *)(uintptr_t)files[i].text.ptr);
    }
    hs_diags_fini(&diags);
}

static void load_entries(struct hs_snapshot_builder *builder, const struct sim_list *list,
                         const char *folder, int64_t now_ms)
{
    char path[4096];
    struct hs_voi *voi;
    struct hs_voi_row row;
    struct hs_diags diags = {0};
    struct hs_buf packed = {0};
    snprintf(path, sizeof(path), "%s/%s.csv", folder, list->list_id);
    struct hs_entry_rules rules = hs_entry_rules_at(path, hs_str(list->list_id), now_ms);
    check(hs_voi_open(path, HS_VOI_CSV, &diags, &voi), path);
    while (hs_voi_next(voi, &diags, &row) == 1) {
        struct hs_entry entry;
        if (hs_entry_make(&rules, row.texts, &diags, &packed, &entry) != 0) {
            print_diags(&diags);
            die(path, "refused");
        }
        check(hs_snapshot_builder_entry(builder, entry.packed), path);
    }
    hs_voi_free(voi);
    hs_buf_fini(&packed);
    hs_diags_fini(&diags);
}

static void load_lists(struct pipeline *pipeline, const char *folder)
{
    struct hs_snapshot_builder *builder;
    int64_t start_ms = sim_plan_of(pipeline->sim)->start_ms;
    check(hs_snapshot_builder_new(&builder), "lists");
    for (unsigned i = 0; i < sim_list_count; i++) {
        const struct sim_list *list = &sim_lists[i];
        struct hs_list_spec spec = {.list_id = hs_str(list->list_id),
                                    .title = hs_str(list->title),
                                    .owner_force = hs_str(list->owner),
                                    .covert = list->covert,
                                    .status = list->trial ? HS_LIST_TRIAL : HS_LIST_LIVE,
                                    .policy = HS_STR(""),
                                    .generation = 1};
        check(hs_snapshot_builder_list(builder, &spec), "list");
        load_entries(builder, list, folder, start_ms);
    }
    check(hs_snapshot_builder_build(builder, start_ms, HS_STR("1-0"), &pipeline->snapshot),
          "lists");
}

static void hand_over(struct pipeline *pipeline)
{
    struct hs_offline *offline = pipeline->offline;
    for (size_t i = 0; i < offline->alert_count; i++) {
        pipeline->counts.alerts++;
        pipeline->sink(pipeline->sink_ctx, &offline->alerts[i]);
    }
    hs_offline_forget(offline, 0);
}

static void apply(struct pipeline *pipeline, struct hs_str event, int64_t now_ms)
{
    check(hs_offline_apply(pipeline->offline, pipeline->offset++, now_ms, event,
                           (struct hs_str){NULL, 0}),
          "event");
    hand_over(pipeline);
}

static void activate(struct pipeline *pipeline, int64_t now_ms)
{
    Hitstream__V1__ControlsActivated activated = HITSTREAM__V1__CONTROLS_ACTIVATED__INIT;
    Hitstream__V1__VehicleEvent event = HITSTREAM__V1__VEHICLE_EVENT__INIT;
    uint8_t packed[256];
    activated.hash = (char *)(uintptr_t)hs_controls_hash(pipeline->controls);
    event.event_case = HITSTREAM__V1__VEHICLE_EVENT__EVENT_CONTROLS_ACTIVATED;
    event.controls_activated = &activated;
    size_t len = hitstream__v1__vehicle_event__pack(&event, packed);
    hs_offline_know(pipeline->offline, hs_controls_ref(pipeline->controls));
    apply(pipeline, hs_str_n((const char *)packed, len), now_ms);
}

struct pipeline *pipeline_new(const struct sim *sim, const char *folder, const char *rules,
                              pipeline_alert *sink, void *sink_ctx)
{
    struct pipeline *pipeline = calloc(1, sizeof(*pipeline));
    const struct sim_plan *plan = sim_plan_of(sim);
    if (!pipeline || !desks_write(sim, folder) ||
        !lists_write(folder, plan->listed, plan->start_ms, sim_span_ms(plan))) {
        die("world", "cannot be written");
    }
    pipeline->sim = sim;
    pipeline->sink = sink;
    pipeline->sink_ctx = sink_ctx;
    load_controls(pipeline, folder, rules);
    load_lists(pipeline, folder);
    check(hs_matcher_new(&pipeline->matcher), "matcher");
    pipeline->offline = hs_offline_new();
    pipeline->space = (struct hs_hit_space){.ptr = malloc(SPACE_BYTES), .capacity = SPACE_BYTES};
    pipeline->context = (struct hs_hit_context){.id_key = &pipeline->offline->id_key,
                                                .rules = hs_controls_rules(pipeline->controls),
                                                .as_of_ms = plan->start_ms};
    activate(pipeline, plan->start_ms);
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline) {
        hs_offline_free(pipeline->offline);
        hs_matcher_free(pipeline->matcher);
        hs_snapshot_free(pipeline->snapshot);
        hs_controls_unref(pipeline->controls);
        free(pipeline->space.ptr);
        free(pipeline);
    }
}

static void on_hit(void *ctx, const struct hs_hit *hit)
{
    struct pipeline *pipeline = ctx;
    struct hs_hit_event event;
    pipeline->counts.hits++;
    check(hs_hit_event_pack(&pipeline->context, hit, pipeline->view, &pipeline->space, &event),
          "hit");
    apply(pipeline, event.value, pipeline->context.appended_at_ms);
}

// What the owner appends when its clock says so comes back to it as part of the log.
static void run_clock(struct pipeline *pipeline, int64_t now_ms)
{
    struct hs_offline *offline = pipeline->offline;
    if (now_ms < pipeline->clock_ms + CLOCK_MS) {
        return;
    }
    pipeline->clock_ms = now_ms;
    while (hs_correlator_due(offline->correlator, now_ms, 100) > 0) {
        for (size_t i = 0; i < offline->appended_count; i++) {
            struct hs_str event = offline->appended[i].value;
            apply(pipeline, event, now_ms);
            free((char *)(uintptr_t)event.ptr);
        }
        offline->appended_count = 0;
    }
}

static size_t pack_read(const struct sim *sim, const struct sim_read *read,
                        uint8_t packed[READ_BYTES_MAX])
{
    Hitstream__V1__PlateRead pb = HITSTREAM__V1__PLATE_READ__INIT;
    Hitstream__V1__Candidate candidate = HITSTREAM__V1__CANDIDATE__INIT;
    Hitstream__V1__Candidate *candidates[1] = {&candidate};
    struct sim_read copy = *read;
    struct looks looks = looks_of_vehicle(read->vehicle);
    char id[64];
    snprintf(id, sizeof(id), "sim-%" PRIu64 "-%" PRIu64, sim_plan_of(sim)->seed, read->number);
    pb.vrm = copy.reading.text;
    pb.camera_id = (char *)(uintptr_t)sim_net(sim)->cameras[read->camera].camera_id;
    pb.captured_at_ms = read->captured_at_ms;
    pb.received_at_ms = read->delivered_at_ms;
    pb.char_confidence_pct =
        (ProtobufCBinaryData){strlen(copy.reading.text), copy.reading.confidence};
    candidate.vrm = copy.reading.candidates[0].text;
    candidate.confidence_pct = copy.reading.candidate_confidence[0];
    pb.n_candidates = copy.reading.candidate_count;
    pb.candidates = candidates;
    pb.read_id = id;
    pb.lane = read->lane;
    pb.make = (char *)(uintptr_t)looks.make;
    pb.model = (char *)(uintptr_t)looks.model;
    pb.colour = (char *)(uintptr_t)looks.colour;
    return hitstream__v1__plate_read__pack(&pb, packed);
}

void pipeline_read(struct pipeline *pipeline, const struct sim_read *read)
{
    const struct net *net = sim_net(pipeline->sim);
    uint8_t packed[READ_BYTES_MAX];
    struct hs_candidate_view scratch[HS_READ_CANDIDATES_MAX];
    struct hs_read_view view;
    unsigned post = net->cameras[read->camera].listed_post;
    struct hs_match_context context = {.cameras = hs_controls_cameras(pipeline->controls)};
    run_clock(pipeline, read->delivered_at_ms);
    size_t len = pack_read(pipeline->sim, read, packed);
    hs_read_view_of(hs_str_n((const char *)packed, len), scratch, &view);
    pipeline->view = &view;
    pipeline->space.used = 0;
    pipeline->context.appended_at_ms = read->delivered_at_ms;
    pipeline->context.site = hs_str(net->sites[net->posts[post].site].site_id);
    pipeline->counts.reads++;
    hs_matcher_run(pipeline->matcher, pipeline->snapshot, &context, &view, 1, NULL, on_hit,
                   pipeline);
}

struct pipeline_counts pipeline_counts(const struct pipeline *pipeline)
{
    return pipeline->counts;
}

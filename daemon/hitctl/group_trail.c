// SPDX-License-Identifier: Apache-2.0
#include "hitctl/group_trail.h"

#include <inttypes.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/controls_edit.h"
#include "hitctl/group_text.h"
#include "hitctl/report_json.h"
#include "hitctl/report_text.h"
#include "hitctl/sight.h"
#include "hitctl/stream.h"
#include "kafka/tail.h"
#include "report/trail.h"

enum { READ_TIMEOUT_MS = 600000, DAYS_DEFAULT = 7 };

struct trail_options {
    const char *from, *to, *covert;
};

#define AT(member) offsetof(struct trail_options, member)
const struct hitctl_option group_trail_options[] = {
    {"from", HITCTL_TEXT, AT(from), "TIME", "time of the reads, as 2026-11-21T00:00:00Z (7 days)"},
    {"to", HITCTL_TEXT, AT(to), "TIME", "not including it"},
    HITCTL_SIGHT_OPTION(struct trail_options),
    {0},
};

// A run of the command.
struct run {
    const struct hitctl *ctl;
    struct hitctl_sight sight;
    const struct hs_group *group;
    struct hs_trail *trail;
    int64_t from_ms, to_ms; // of the reads
    int rc;
};

static int take_time(const char *option, const char *text, int64_t *ret_ms)
{
    if (text && hs_civil_parse(hs_str(text), ret_ms) != 0) {
        hitctl_error("--%s '%s' is no time; as in 2026-12-31T22:00:00Z", option, text);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static bool on_message(void *ctx, const struct hs_kafka_message *message)
{
    struct run *run = ctx;
    struct hs_event_view view;
    if (hs_event_view(message->value, &view) == 0 && view.kind == HS_VIEW_HIT &&
        hitctl_sight_allows(&run->sight, &view.hit.audience)) {
        run->rc = hs_trail_add(run->trail, &view.hit);
    }
    return run->rc == 0 && !hitctl_interrupted();
}

// A read comes after it was made, but for clocks that are ahead.
static int read_hits(struct run *run)
{
    struct hs_kafka_tail *tail = NULL;
    const struct hs_kafka_range range = {
        .topic = HS_KAFKA_HITS,
        .partition = -1,
        .from_time_ms = run->from_ms > HS_MS_PER_HOUR ? run->from_ms - HS_MS_PER_HOUR : 0};
    const struct hs_kafka_tail_options options = {.timeout_ms = READ_TIMEOUT_MS};
    int rc = hs_kafka_tail_new(run->ctl->settings, NULL, &tail);
    rc = rc ? rc : hs_kafka_tail_read(tail, &range, 1, &options, on_message, run);
    hs_kafka_tail_free(tail);
    if (run->rc != 0 || rc == HS_ECANCELED) {
        hitctl_error("%s", run->rc ? hs_strerror(run->rc) : "interrupted");
        return HITCTL_FAILED;
    }
    return rc == 0 ? HITCTL_OK : hitctl_kafka_failed(rc, HS_KAFKA_HITS);
}

// ------------------------------------------------------------------ printing

static json_t *place_json(const struct hs_trail_place *place)
{
    json_t *object = json_object();
    report_set_instant(object, "at", place->at_ms);
    report_set_instant(object, "until", place->until_ms);
    json_object_set_new(object, "vehicle", report_text_json(place->vehicle));
    json_object_set_new(object, "list", report_text_json(place->list_id));
    json_object_set_new(object, "site", report_text_json(place->site_id));
    json_object_set_new(object, "road", report_text_json(place->road));
    json_object_set_new(object, "force", report_text_json(place->force));
    json_object_set_new(object, "area", report_text_json(place->area));
    json_object_set_new(object, "reads", json_integer(place->reads));
    return object;
}

static int print_json(const struct run *run)
{
    size_t count;
    const struct hs_trail_place *places = hs_trail_places(run->trail, &count);
    json_t *object = json_object();
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(rows, place_json(&places[i]));
    }
    json_object_set_new(object, "group", group_json(run->group));
    json_object_set_new(object, "vehicles",
                        json_integer((json_int_t)hs_trail_vehicles(run->trail)));
    json_object_set_new(object, "places", rows);
    int rc = json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
    return rc == 0 ? HITCTL_OK : HITCTL_FAILED;
}

static int print_text(const struct run *run)
{
    char at[HS_CIVIL_TEXT_BYTES];
    size_t count;
    const struct hs_trail_place *places = hs_trail_places(run->trail, &count);
    group_print(run->group, stdout);
    printf("%" PRIu64 " vehicles at %zu places\n", hs_trail_vehicles(run->trail), count);
    for (size_t i = 0; i < count; i++) {
        const struct hs_trail_place *place = &places[i];
        hs_civil_format(place->at_ms, at);
        printf("%s  ", at);
        report_put(stdout, place->vehicle, 14);
        report_put(stdout, place->site_id, 21);
        report_put(stdout, place->road, 9);
        report_put(stdout, place->force, 17);
        printf("%u reads\n", place->reads);
    }
    return HITCTL_OK;
}

// ------------------------------------------------------------------ running

static int find(struct run *run, const struct hs_controls *controls, const char *id)
{
    run->group = hs_groups_find(hs_controls_groups(controls), hs_str(id));
    if (!run->group || !group_visible(run->ctl, run->group)) {
        hitctl_error("there is no group '%s'", id);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

static int show(struct run *run)
{
    int rc = hs_trail_new(run->group->id, run->from_ms, run->to_ms, &run->trail);
    int code = rc == 0 ? read_hits(run) : HITCTL_FAILED;
    if (code == HITCTL_OK) {
        hs_trail_finish(run->trail);
        code = run->ctl->json ? print_json(run) : print_text(run);
    }
    if (code == HITCTL_OK && hs_trail_beyond_bounds(run->trail) > 0) {
        hitctl_error("%" PRIu64 " reads found no room: ask for a shorter time",
                     hs_trail_beyond_bounds(run->trail));
    }
    hs_trail_free(run->trail);
    return code;
}

int group_trail_run(struct hitctl *ctl, int argc, char **argv)
{
    struct trail_options options = {0};
    struct run run = {.ctl = ctl, .to_ms = INT64_MAX};
    struct controls_edit head = {0};
    int words = hitctl_options_parse(group_trail_options, &options, argc, argv);
    if (words != 1) {
        if (words >= 0) {
            hitctl_error("one group's id is expected");
        }
        return HITCTL_USAGE;
    }
    run.from_ms = hs_clock_realtime_ms() - DAYS_DEFAULT * HS_MS_PER_DAY;
    int code = take_time("from", options.from, &run.from_ms);
    code = code ? code : take_time("to", options.to, &run.to_ms);
    code = code ? code : hitctl_sight_open(ctl, options.covert, &run.sight);
    code = code ? code : controls_edit_begin(ctl, NULL, &head);
    code = code ? code : find(&run, head.head.controls, argv[1]);
    hitctl_catch_interrupt();
    code = code ? code : hitctl_sight_log_about(&run.sight, argv[1]);
    code = code ? code : show(&run);
    controls_edit_end(&head);
    return code;
}

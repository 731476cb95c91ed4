// SPDX-License-Identifier: Apache-2.0
//
// hitctl roads: learn, show, export, diff, activate: the road table, which is a part of the
// controls.
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "config/file.h"
#include "hitctl/controls_head.h"
#include "hitctl/controls_text.h"
#include "hitctl/roads_learn.h"
#include "hitctl/store_open.h"

enum { FILE_MAX_BYTES = 256 << 20, MIN_VEHICLES_DEFAULT = 3 };

struct options {
    const char *cameras;   // learn: register to learn for; NULL: the active one
    const char *movements; // learn: counted journeys
    const char *links;     // learn: what a person knows of links
    const char *from;      // activate: file
    int64_t min;           // learn: fewer vehicles are no link
    bool hits;             // learn: retained open hits too
    bool dry_run;
};

static const struct hitctl_option learn_options[] = {
    {"cameras", HITCTL_TEXT, offsetof(struct options, cameras), "FILE",
     "the camera register; else that of the active controls"},
    {"movements", HITCTL_TEXT, offsetof(struct options, movements), "FILE",
     "counted journeys: from_camera,to_camera,hour,vehicles,mean_seconds"},
    {"hits", HITCTL_FLAG, offsetof(struct options, hits), NULL,
     "retained hits of open lists, from anpr.hits"},
    {"links", HITCTL_TEXT, offsetof(struct options, links), "FILE",
     "what is known of links: from,direction,to,distance_m,corridor"},
    {"min", HITCTL_NUMBER, offsetof(struct options, min), "COUNT",
     "a way that fewer vehicles took is no link (3)"},
    {0},
};
static const struct hitctl_option activate_options[] = {
    {"from", HITCTL_TEXT, offsetof(struct options, from), "FILE", "the road table"},
    {"dry-run", HITCTL_FLAG, offsetof(struct options, dry_run), NULL,
     "print the difference, change nothing"},
    {0},
};
static const struct hitctl_option no_options[] = {{0}};

static int take_words(const struct hitctl_option *table, struct options *options, int argc,
                      char **argv, int min, int max, const char *wanted)
{
    int words = hitctl_options_parse(table, options, argc, argv);
    if (words >= 0 && (words < min || words > max)) {
        hitctl_error("%s", wanted);
        return -1;
    }
    return words;
}

// The active controls; says when there are none.
static int open_head(const struct hitctl *ctl, struct hs_store **ret_store,
                     struct controls_head *ret_head)
{
    int code = hitctl_store_open(ctl, ret_store);
    code = code == HITCTL_OK ? controls_head_read(*ret_store, ret_head) : code;
    if (code == HITCTL_OK && ret_head->hash[0] == '\0') {
        hitctl_error("no controls are active; see hitctl controls activate");
        code = HITCTL_REFUSED;
    }
    return code;
}

// ------------------------------------------------------------------ learn

static int read_register(const char *path, struct hs_cameras **ret_cameras)
{
    struct hs_buf text = {0};
    struct hs_diags diags = {0};
    int rc = hs_file_read(path, FILE_MAX_BYTES, &text);
    if (rc != 0) {
        hitctl_error("'%s' cannot be read: %s", path, hs_strerror(rc));
    } else {
        rc = hs_cameras_parse(hs_buf_str(&text), path, &diags, ret_cameras);
        hitctl_print_diags(&diags);
    }
    hs_diags_fini(&diags);
    hs_buf_fini(&text);
    return rc == 0 ? HITCTL_OK : HITCTL_REFUSED;
}

static void say_impossible(const struct hs_roads_learner *learner)
{
    uint64_t impossible = hs_roads_learner_impossible(learner);
    if (impossible > 0) {
        hitctl_error("%" PRIu64 " journeys are quicker than anybody drives: clones, misreads, or "
                     "cameras with a wrong clock or place, ignoring",
                     impossible);
    }
}

static int learn(const struct hitctl *ctl, const struct options *options,
                 const struct hs_cameras *cameras)
{
    struct hs_buf out = {0};
    struct hs_roads_learner *learner = hs_roads_learner_new(cameras);
    int code = learner ? HITCTL_OK : HITCTL_FAILED;
    if (code == HITCTL_OK && options->movements) {
        code = roads_learn_movements(learner, options->movements);
    }
    if (code == HITCTL_OK && options->hits) {
        code = roads_learn_hits(ctl, learner);
    }
    if (code == HITCTL_OK && options->links) {
        code = roads_learn_links(learner, options->links);
    }
    if (code == HITCTL_OK) {
        say_impossible(learner);
        code = hs_roads_learner_finish(learner, (uint64_t)options->min, &out) == 0 ? HITCTL_OK
                                                                                   : HITCTL_FAILED;
    }
    if (code == HITCTL_OK) {
        fwrite(out.ptr, out.len, 1, stdout);
        code = fflush(stdout) == 0 ? HITCTL_OK : HITCTL_FAILED;
    }
    hs_roads_learner_free(learner);
    hs_buf_fini(&out);
    return code;
}

static int run_learn(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {.min = MIN_VEHICLES_DEFAULT};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    struct hs_cameras *cameras = NULL;
    if (take_words(learn_options, &options, argc, argv, 0, 0, "no word is expected") < 0) {
        return HITCTL_USAGE;
    }
    if (!options.movements && !options.hits) {
        hitctl_error("from what? --movements FILE, --hits, or both");
        return HITCTL_USAGE;
    }
    int code =
        options.cameras ? read_register(options.cameras, &cameras) : open_head(ctl, &store, &head);
    if (code == HITCTL_OK) {
        code = learn(ctl, &options, cameras ? cameras : hs_controls_cameras(head.controls));
    }
    hs_cameras_free(cameras);
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

// ------------------------------------------------------------------ show and export

static json_t *json_link(const struct hs_road_link *link)
{
    json_t *row = json_object();
    json_t *typical = json_array();
    json_object_set_new(row, "from", json_stringn(link->from.ptr, link->from.len));
    json_object_set_new(row, "direction", json_stringn(link->direction.ptr, link->direction.len));
    json_object_set_new(row, "to", json_stringn(link->to.ptr, link->to.len));
    json_object_set_new(row, "distance_m", json_integer(link->distance_m));
    json_object_set_new(row, "fastest_ms", json_integer(link->fastest_ms));
    json_object_set_new(row, "free_ms", json_integer(link->free_ms));
    for (size_t hour = 0; hour < HS_ROADS_HOURS; hour++) {
        json_array_append_new(typical, json_integer(link->typical_ms[hour]));
    }
    json_object_set_new(row, "typical_ms", typical);
    json_object_set_new(row, "spread_pct", json_integer(link->spread_pct));
    json_object_set_new(row, "share_ppm", json_integer(link->share_ppm));
    json_object_set_new(row, "corridor", json_boolean(link->corridor));
    return row;
}

static void print_link(const struct hs_road_link *link)
{
    int64_t least_ms = link->typical_ms[0];
    int64_t most_ms = link->typical_ms[0];
    for (size_t hour = 1; hour < HS_ROADS_HOURS; hour++) {
        least_ms = link->typical_ms[hour] < least_ms ? link->typical_ms[hour] : least_ms;
        most_ms = link->typical_ms[hour] > most_ms ? link->typical_ms[hour] : most_ms;
    }
    printf("%.*s%s%.*s -> %.*s: %u.%u %% of the traffic, %u m, %lld to %lld s, below %lld s "
           "impossible%s\n",
           HS_STR_ARG(link->from), link->direction.len ? " " : "", HS_STR_ARG(link->direction),
           HS_STR_ARG(link->to), link->share_ppm / 10000, link->share_ppm / 1000 % 10,
           link->distance_m, (long long)(least_ms / 1000), (long long)(most_ms / 1000),
           (long long)(link->fastest_ms / 1000), link->corridor ? ", one corridor" : "");
}

static int show(const struct hitctl *ctl, const struct hs_roads *roads, const char *from)
{
    json_t *rows = json_array();
    size_t shown = 0;
    for (size_t i = 0; i < hs_roads_count(roads); i++) {
        const struct hs_road_link *link = hs_roads_at(roads, i);
        if (from && !hs_str_is(link->from, from)) {
            continue;
        }
        shown++;
        if (ctl->json) {
            json_array_append_new(rows, json_link(link));
        } else {
            print_link(link);
        }
    }
    if (ctl->json) {
        return controls_print_json(rows);
    }
    json_decref(rows);
    if (shown == 0) {
        hitctl_error(from ? "no link leads from site '%s'" : "the controls have no road table%s",
                     from ? from : "");
    }
    return HITCTL_OK;
}

static int run_show(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    int words = take_words(no_options, &options, argc, argv, 0, 1, "one site may be named");
    if (words < 0) {
        return HITCTL_USAGE;
    }
    int code = open_head(ctl, &store, &head);
    if (code == HITCTL_OK) {
        code = show(ctl, hs_controls_roads(head.controls), words == 1 ? argv[1] : NULL);
    }
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

static int run_export(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    struct hs_buf out = {0};
    if (take_words(no_options, &options, argc, argv, 0, 0, "no word is expected") < 0) {
        return HITCTL_USAGE;
    }
    int code = open_head(ctl, &store, &head);
    if (code == HITCTL_OK) {
        hs_roads_canonical(hs_controls_roads(head.controls), &out);
        fwrite(out.ptr, out.len, 1, stdout);
        code = hs_buf_status(&out) == 0 && fflush(stdout) == 0 ? HITCTL_OK : HITCTL_FAILED;
    }
    hs_buf_fini(&out);
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

// ------------------------------------------------------------------ diff and activate

static int with_table(const struct controls_head *head, const char *path,
                      struct hs_controls **ret_controls)
{
    struct hs_buf text = {0};
    int rc = hs_file_read(path, FILE_MAX_BYTES, &text);
    int code = HITCTL_REFUSED;
    if (rc != 0) {
        hitctl_error("'%s' cannot be read: %s", path, hs_strerror(rc));
    } else {
        code = controls_head_exchange(head, "roads.csv", hs_buf_str(&text), ret_controls);
    }
    hs_buf_fini(&text);
    return code;
}

static int print_diff(const struct hitctl *ctl, const struct hs_controls *before,
                      const struct hs_controls *after)
{
    if (ctl->json) {
        json_t *rows = controls_json_diff(before, after);
        bool same = json_array_size(rows) == 0;
        int code = controls_print_json(rows);
        return code != HITCTL_OK ? code : same ? HITCTL_OK : HITCTL_DIFFERS;
    }
    int64_t count = controls_print_diff(before, after, 0, stdout);
    return count < 0 ? HITCTL_FAILED : count > 0 ? HITCTL_DIFFERS : HITCTL_OK;
}

static int exchange_table(struct hitctl *ctl, const char *path, bool activate, bool dry_run)
{
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    struct hs_controls *controls = NULL;
    int code = open_head(ctl, &store, &head);
    code = code == HITCTL_OK ? with_table(&head, path, &controls) : code;
    if (code == HITCTL_OK) {
        code = activate ? controls_head_change(ctl, store, &head, controls, "activate", dry_run)
                        : print_diff(ctl, head.controls, controls);
    }
    hs_controls_unref(controls);
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

static int run_diff(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    if (take_words(no_options, &options, argc, argv, 1, 1, "one file is expected") < 0) {
        return HITCTL_USAGE;
    }
    return exchange_table(ctl, argv[1], false, false);
}

static int run_activate(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    if (take_words(activate_options, &options, argc, argv, 0, 0, "no word is expected") < 0) {
        return HITCTL_USAGE;
    }
    if (!options.from) {
        hitctl_error("--from FILE is needed");
        return HITCTL_USAGE;
    }
    return exchange_table(ctl, options.from, true, options.dry_run);
}

const struct hitctl_command hitctl_roads_commands[] = {
    {"roads", "learn", "--movements FILE|--hits [--cameras FILE] [--links FILE] [--min COUNT]",
     "make a road table of what was counted, on stdout", run_learn, learn_options},
    {"roads", "show", "[SITE]", "the active road table, for a person", run_show, NULL},
    {"roads", "export", "", "the active road table as roads.csv", run_export, NULL},
    {"roads", "diff", "FILE", "what another road table would change", run_diff, NULL},
    {"roads", "activate", "--from FILE [--dry-run]",
     "the active controls with this road table in them", run_activate, activate_options},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

// SPDX-License-Identifier: Apache-2.0
//
// hitctl route: why a queue would be told of a hit or not, and what in the controls does not fit
// together.
#include <stdio.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/error.h"
#include "hitctl/controls_folder.h"
#include "hitctl/controls_head.h"
#include "hitctl/controls_lists.h"
#include "hitctl/controls_text.h"
#include "hitctl/rights.h"
#include "hitctl/store_open.h"

struct options {
    const char *list;
    const char *site;
    const char *handling;
    const char *at;
    const char *safeguarding;
    bool late;
};

static const struct hitctl_option explain_options[] = {
    {"list", HITCTL_TEXT, offsetof(struct options, list), "LIST", "of the entry; needed"},
    {"site", HITCTL_TEXT, offsetof(struct options, site), "SITE",
     "of the read; else a camera that is not in the register"},
    {"handling", HITCTL_TEXT, offsetof(struct options, handling), "WORD", "stop or monitor; stop"},
    {"at", HITCTL_TEXT, offsetof(struct options, at), "TIME", "event time of the read; now"},
    {"safeguarding", HITCTL_TEXT, offsetof(struct options, safeguarding), "LEVEL",
     "of the entry: vulnerable_adult, missing, exploited_child"},
    {"late", HITCTL_FLAG, offsetof(struct options, late), NULL,
     "the read came too late for live queues"},
    {0},
};

// ------------------------------------------------------------------ the question

// Index of a word among others that end with NULL; says what is allowed. -1 then.
static int choose(const char *option, const char *word, const char *const *words)
{
    struct hs_buf allowed = {0};
    for (int i = 0; words[i]; i++) {
        if (strcmp(word, words[i]) == 0) {
            hs_buf_fini(&allowed);
            return i;
        }
        hs_buf_printf(&allowed, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    hitctl_error("--%s '%s': allowed are %s", option, word, hs_buf_text(&allowed));
    hs_buf_fini(&allowed);
    return -1;
}

static int take_words(const struct options *options, struct hs_route_query *query)
{
    static const char *const handlings[] = {"stop", "monitor", NULL};
    static const char *const levels[] = {"vulnerable_adult", "missing", "exploited_child", NULL};
    int handling = options->handling ? choose("handling", options->handling, handlings) : 0;
    int level = options->safeguarding ? choose("safeguarding", options->safeguarding, levels) : 0;
    if (handling < 0 || level < 0) {
        return HITCTL_USAGE;
    }
    query->handling = 1U << handling;
    query->safeguarding = options->safeguarding ? 1U << level : 0;
    query->stale = options->late;
    query->at_ms = hs_clock_realtime_ms();
    if (options->at && hs_civil_parse(hs_str(options->at), &query->at_ms) != 0) {
        hitctl_error("--at '%s' is no time", options->at);
        return HITCTL_USAGE;
    }
    return HITCTL_OK;
}

static int take_list(const struct hitctl *ctl, struct hs_store *store, const char *list,
                     struct hs_bump *bump, struct hs_route_query *query)
{
    struct hs_store_list *rows = NULL;
    size_t count = 0;
    int rc = hs_store_lists(store, bump, &rows, &count);
    if (rc != 0) {
        return hitctl_store_failed(store, rc, "lists");
    }
    for (size_t i = 0; i < count; i++) {
        if (hs_str_is(rows[i].list_id, list)) {
            query->list_id = rows[i].list_id;
            query->list_owner = rows[i].owner_force;
            query->covert = rows[i].covert;
            return hitctl_may_list(ctl, HITCTL_MAY_SEE, &rows[i]);
        }
    }
    hitctl_error("there is no list '%s'", list);
    return HITCTL_REFUSED;
}

static int take_site(const struct hs_cameras *cameras, const char *site,
                     struct hs_route_query *query)
{
    query->camera_unknown = site == NULL;
    query->site = hs_str(site);
    for (size_t i = 0; site && i < hs_cameras_count(cameras); i++) {
        const struct hs_camera *camera = hs_cameras_at(cameras, i);
        if (hs_str_is(camera->site_id, site)) {
            query->force = camera->force;
            query->area = camera->area;
            query->road = camera->road;
            return HITCTL_OK;
        }
    }
    if (site) {
        hitctl_error("no camera stands at a site '%s'", site);
        return HITCTL_REFUSED;
    }
    return HITCTL_OK;
}

// ------------------------------------------------------------------ explain

// Queues that receive covert lists alone are shown to who sees one of those lists.
static bool visible(const struct hitctl *ctl, const struct hs_queue *queue)
{
    bool sees = queue->covert_list_count == 0 || queue->list_count > 0 || queue->safeguarding != 0;
    for (size_t i = 0; i < queue->covert_list_count && !sees; i++) {
        sees = hitctl_sees(ctl, queue->covert_lists[i], true);
    }
    return sees;
}

static bool is_diverted_to(const struct hs_routes *routes, const struct hs_route_query *query,
                           const struct hs_queue *queue)
{
    const struct hs_queue *told[HS_ROUTE_QUEUES_MAX];
    size_t count = hs_route_decide(routes, query, told, HS_ROUTE_QUEUES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (told[i] == queue) {
            return true;
        }
    }
    return false;
}

static void explain_queue(const struct hitctl *ctl, const struct hs_routes *routes,
                          const struct hs_route_query *query, const struct hs_queue *queue,
                          json_t *rows)
{
    struct hs_buf why = {0};
    bool told = hs_route_explain(routes, query, queue, &why);
    if (!told && query->stale && is_diverted_to(routes, query, queue)) {
        told = true;
        hs_buf_add_text(&why, "; a live queue that is too late diverts to it");
    }
    if (ctl->json) {
        json_t *row = json_object();
        json_object_set_new(row, "queue", json_stringn(queue->name.ptr, queue->name.len));
        json_object_set_new(row, "told", json_boolean(told));
        json_object_set_new(row, "why", json_string(hs_buf_text(&why)));
        json_array_append_new(rows, row);
    } else {
        printf("%-8s %-24.*s %s\n", told ? "told" : "not told", HS_STR_ARG(queue->name),
               hs_buf_text(&why));
    }
    hs_buf_fini(&why);
}

static int explain_all(const struct hitctl *ctl, const struct hs_routes *routes,
                       const struct hs_route_query *query)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        if (queue->kind != HS_QUEUE_OPS && visible(ctl, queue)) {
            explain_queue(ctl, routes, query, queue, rows);
        }
    }
    int code = ctl->json ? controls_print_json(json_incref(rows)) : HITCTL_OK;
    json_decref(rows);
    return code;
}

static int run_explain(struct hitctl *ctl, int argc, char **argv)
{
    struct options options = {0};
    struct hs_route_query query = {0};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    struct hs_bump bump = {0};
    int words = hitctl_options_parse(explain_options, &options, argc, argv);
    if (words != 0 || !options.list) {
        hitctl_error(words > 0 ? "no word is expected" : "--list LIST is needed");
        return HITCTL_USAGE;
    }
    int code = take_words(&options, &query);
    code = code == HITCTL_OK ? hitctl_store_open(ctl, &store) : code;
    code = code == HITCTL_OK ? controls_head_read(store, &head) : code;
    code = code == HITCTL_OK ? take_list(ctl, store, options.list, &bump, &query) : code;
    if (code == HITCTL_OK) {
        code = take_site(hs_controls_cameras(head.controls), options.site, &query);
    }
    if (code == HITCTL_OK) {
        code = explain_all(ctl, hs_controls_routes(head.controls), &query);
    }
    hs_bump_fini(&bump);
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

// ------------------------------------------------------------------ check

// Whether any open list reaches the queue.
static bool reached(const struct hs_routes *routes, const struct hs_queue *queue)
{
    bool reached = queue->list_count + queue->covert_list_count > 0 || queue->safeguarding != 0;
    for (size_t i = 0; i < hs_routes_operation_count(routes) && !reached; i++) {
        const struct hs_operation *o = hs_routes_operation(routes, i);
        for (size_t q = 0; q < o->queue_count && !reached; q++) {
            reached = hs_str_eq(o->queues[q], queue->name);
        }
        for (size_t q = 0; q < o->covert_queue_count && !reached; q++) {
            reached = hs_str_eq(o->covert_queues[q], queue->name);
        }
    }
    return reached;
}

static void check_reached(const struct hs_routes *routes, struct hs_diags *diags)
{
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        struct hs_diag_place place = {.file = "queues.yaml", .key = "queues", .value = queue->name};
        if (queue->kind != HS_QUEUE_OPS && !reached(routes, queue)) {
            hs_diags_add(diags, HS_DIAG_WARNING, &place,
                         "no list reaches this queue, by itself or by an operation");
        }
    }
}

// Whether an alert of the list would be told to anybody, somewhere, now or in an operation.
static bool has_route(const struct hs_routes *routes, const struct hs_store_list *list)
{
    for (size_t i = 0; i < hs_routes_queue_count(routes); i++) {
        const struct hs_queue *queue = hs_routes_queue(routes, i);
        const struct hs_str *names = list->covert ? queue->covert_lists : queue->lists;
        size_t count = list->covert ? queue->covert_list_count : queue->list_count;
        for (size_t n = 0; n < count; n++) {
            if (hs_str_eq(names[n], list->list_id) || (!list->covert && hs_str_is(names[n], "*"))) {
                return true;
            }
        }
    }
    return false;
}

static int check_lists(const struct hitctl *ctl, struct hs_store *store,
                       const struct hs_controls *controls, struct hs_diags *diags)
{
    struct hs_bump bump = {0};
    struct hs_store_list *rows = NULL;
    size_t count = 0;
    int rc = controls_check_lists(store, controls, diags);
    rc = rc ? rc : hs_store_lists(store, &bump, &rows, &count);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct hs_diag_place place = {
            .file = "queues.yaml", .key = "lists", .value = rows[i].list_id};
        if (hitctl_sees(ctl, rows[i].list_id, rows[i].covert) && !rows[i].covert &&
            !has_route(hs_controls_routes(controls), &rows[i])) {
            hs_diags_add(diags, HS_DIAG_WARNING, &place,
                         "no queue may receive this list: its alerts go to dispatch.unrouted");
        }
    }
    hs_bump_fini(&bump);
    return rc == 0 ? HITCTL_OK : hitctl_store_failed(store, rc, "lists");
}

static int check_all(const struct hitctl *ctl, struct hs_store *store,
                     const struct hs_controls *controls)
{
    struct hs_diags diags = {0};
    check_reached(hs_controls_routes(controls), &diags);
    int code = check_lists(ctl, store, controls, &diags);
    hitctl_print_diags(&diags);
    if (code == HITCTL_OK) {
        printf("%zu errors, %zu warnings\n", diags.errors, diags.warnings);
        code = diags.errors > 0 ? HITCTL_REFUSED : HITCTL_OK;
    }
    hs_diags_fini(&diags);
    return code;
}

static int read_folder(const char *folder, struct hs_controls **ret_controls)
{
    struct hs_diags diags = {0};
    int rc = controls_folder_read(folder, &diags, ret_controls);
    if (rc != 0) {
        hitctl_print_diags(&diags);
        hitctl_error("'%s' is refused: %zu errors", folder, diags.errors);
    }
    hs_diags_fini(&diags);
    return rc == 0 ? HITCTL_OK : rc == HS_EFORMAT ? HITCTL_REFUSED : HITCTL_FAILED;
}

static int run_check(struct hitctl *ctl, int argc, char **argv)
{
    static const struct hitctl_option none[] = {{0}};
    struct hs_store *store = NULL;
    struct controls_head head = {0};
    int words = hitctl_options_parse(none, NULL, argc, argv);
    if (words < 0 || words > 1) {
        hitctl_error("at most one folder is expected; without it the active controls");
        return HITCTL_USAGE;
    }
    int code = hitctl_store_open(ctl, &store);
    if (code == HITCTL_OK) {
        code = words == 1 ? read_folder(argv[1], &head.controls) : controls_head_read(store, &head);
    }
    if (code == HITCTL_OK) {
        code = check_all(ctl, store, head.controls);
    }
    hs_controls_unref(head.controls);
    hs_store_free(store);
    return code;
}

const struct hitctl_command hitctl_route_commands[] = {
    {"route", "explain", "--list LIST [--site SITE] [--handling WORD] [--at TIME] [OPTIONS]",
     "for each queue why it is told of such a hit or not", run_explain, explain_options},
    {"route", "check", "[FOLDER]",
     "queues that nothing reaches, lists without a route, what must not be told", run_check, NULL},
    {0},
};

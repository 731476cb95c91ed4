// SPDX-License-Identifier: Apache-2.0
//
// The object: parsing its files, what stands in it, and its places against the camera register.
#include "route/route.h"

#include <stdlib.h>

#include "base/error.h"
#include "route/table.h"

void hs_routes_free(struct hs_routes *routes)
{
    if (routes) {
        hs_yaml_free(routes->document);
        hs_yaml_free(routes->operations_document);
        hs_bump_fini(&routes->bump);
        free(routes);
    }
}

size_t hs_routes_queue_count(const struct hs_routes *routes)
{
    return routes->count;
}

const struct hs_queue *hs_routes_queue(const struct hs_routes *routes, size_t index)
{
    return index < routes->count ? &routes->queues[index] : NULL;
}

size_t hs_routes_number(const struct hs_routes *routes, struct hs_str name)
{
    size_t low = 0;
    size_t high = routes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (hs_str_cmp(routes->queues[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < routes->count && hs_str_eq(routes->queues[low].name, name) ? low : routes->count;
}

const struct hs_queue *hs_routes_find(const struct hs_routes *routes, struct hs_str queue)
{
    return hs_routes_queue(routes, hs_routes_number(routes, queue));
}

size_t hs_routes_operation_count(const struct hs_routes *routes)
{
    return routes->operation_count;
}

const struct hs_operation *hs_routes_operation(const struct hs_routes *routes, size_t index)
{
    return index < routes->operation_count ? &routes->operation_rows[index].operation : NULL;
}

const struct hs_operation *hs_routes_find_operation(const struct hs_routes *routes,
                                                    struct hs_str id)
{
    for (size_t i = 0; i < routes->operation_count; i++) {
        if (hs_str_eq(routes->operation_rows[i].operation.id, id)) {
            return &routes->operation_rows[i].operation;
        }
    }
    return NULL;
}

// ------------------------------------------------------------------ against the camera register

static bool is_known(struct hs_str name, const char *const *known)
{
    size_t k = 0;
    while (known[k] && !hs_str_is(name, known[k])) {
        k++;
    }
    return known[k] != NULL;
}

// What is said of a place without a camera.
static void say_unknown(struct hs_str name, const char *const *known, struct hs_buf *out)
{
    const char *nearest = hs_str_nearest(name, known);
    hs_buf_printf(out, "no camera stands in '%.*s'%s%s%s", HS_STR_ARG(name),
                  nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

static void check_queue(const struct hs_queue_row *row, const char *key, const struct hs_str *names,
                        size_t count, const char *const *known, struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        struct hs_buf text = {0};
        if (!is_known(names[i], known)) {
            say_unknown(names[i], known, &text);
            hs_queues_fault(row, key, HS_DIAG_ERROR, diags, "%s", hs_buf_text(&text));
        }
        hs_buf_fini(&text);
    }
}

static void check_operation(const struct hs_row *row, const char *key, const struct hs_str *names,
                            size_t count, const char *const *known, struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        struct hs_buf text = {0};
        if (!is_known(names[i], known)) {
            say_unknown(names[i], known, &text);
            hs_row_fault(row, key, HS_DIAG_ERROR, diags, "%s", hs_buf_text(&text));
        }
        hs_buf_fini(&text);
    }
}

static bool has_desk(const struct hs_routes *routes, struct hs_str force)
{
    for (size_t i = 0; i < routes->count; i++) {
        if (hs_str_eq(routes->rows[i].queue.owner_force, force)) {
            return true;
        }
    }
    return false;
}

// A force that takes part has territory, or at least a desk.
static void check_forces(const struct hs_routes *routes, const struct hs_row *row, const char *key,
                         const struct hs_str *names, size_t count, const char *const *known,
                         struct hs_diags *diags)
{
    for (size_t i = 0; i < count; i++) {
        const char *nearest = hs_str_nearest(names[i], known);
        if (names[i].len > 0 && !has_desk(routes, names[i]) && !is_known(names[i], known)) {
            hs_row_fault(row, key, HS_DIAG_ERROR, diags,
                         "no camera stands in '%.*s', and no queue is its own%s%s%s",
                         HS_STR_ARG(names[i]), nearest ? ", did you mean '" : "",
                         nearest ? nearest : "", nearest ? "'?" : "");
        }
    }
}

static void check_places(const struct hs_routes *routes, const struct hs_route_places *known,
                         struct hs_diags *diags)
{
    for (size_t i = 0; i < routes->count; i++) {
        const struct hs_queue_row *row = &routes->rows[i];
        const struct hs_queue *queue = &row->queue;
        check_queue(row, "forces", queue->forces, queue->force_count, known->forces, diags);
        check_queue(row, "areas", queue->areas, queue->area_count, known->areas, diags);
    }
    for (size_t i = 0; i < routes->operation_count; i++) {
        const struct hs_row *row = &routes->operation_rows[i].row;
        const struct hs_operation *o = &routes->operation_rows[i].operation;
        check_forces(routes, row, "lead", &o->lead_force, 1, known->forces, diags);
        check_forces(routes, row, "forces", o->forces, o->force_count, known->forces, diags);
        check_operation(row, "roads", o->roads, o->road_count, known->roads, diags);
        check_operation(row, "sites", o->sites, o->site_count, known->sites, diags);
        check_operation(row, "areas", o->areas, o->area_count, known->areas, diags);
    }
}

// ------------------------------------------------------------------ parsing

static int parse_queues(struct hs_routes *routes, const struct hs_routes_file *file,
                        struct hs_diags *diags)
{
    int rc = hs_yaml_parse(file->text, file->name, diags, &routes->document);
    return rc ? rc
              : hs_queues_read(hs_yaml_root(routes->document), diags, &routes->bump, &routes->rows,
                               &routes->count);
}

static int parse_operations(struct hs_routes *routes, const struct hs_routes_file *file,
                            struct hs_diags *diags)
{
    int rc = hs_yaml_parse(file->text, file->name, diags, &routes->operations_document);
    return rc ? rc
              : hs_operations_read(hs_yaml_root(routes->operations_document), diags, &routes->bump,
                                   &routes->operation_rows, &routes->operation_count);
}

// A queue that takes no list by itself lives by operations.
static void warn_of_idle(const struct hs_routes *routes, struct hs_diags *diags)
{
    for (size_t i = 0; i < routes->count; i++) {
        const struct hs_queue *queue = &routes->rows[i].queue;
        if (queue->kind != HS_QUEUE_OPS && queue->list_count + queue->covert_list_count == 0 &&
            queue->safeguarding == 0 &&
            !hs_operations_name(routes->operation_rows, routes->operation_count, queue->name)) {
            hs_queues_fault(&routes->rows[i], "lists", HS_DIAG_WARNING, diags,
                            "this queue takes no list by itself, and no operation names it");
        }
    }
}

static int parse(struct hs_routes *routes, const struct hs_routes_file *queues,
                 const struct hs_routes_file *operations, const struct hs_route_places *known,
                 struct hs_diags *diags)
{
    size_t errors = diags->errors;
    int queues_rc = parse_queues(routes, queues, diags);
    int rc = operations ? parse_operations(routes, operations, diags) : 0;
    if (queues_rc == HS_ENOMEM || rc == HS_ENOMEM) {
        return HS_ENOMEM;
    }
    if (!routes->rows) {
        return queues_rc;
    }
    hs_queues_check(routes->rows, routes->count, diags);
    hs_operations_check(routes->operation_rows, routes->operation_count, routes->rows,
                        routes->count, diags);
    if (known) {
        check_places(routes, known, diags);
    }
    if (diags->errors != errors) {
        return HS_EFORMAT;
    }
    warn_of_idle(routes, diags);
    return hs_routes_compile(routes);
}

int hs_routes_parse_all(const struct hs_routes_file *queues,
                        const struct hs_routes_file *operations,
                        const struct hs_route_places *known, struct hs_diags *diags,
                        struct hs_routes **ret_routes)
{
    struct hs_routes *routes = calloc(1, sizeof(*routes));
    if (!routes) {
        return HS_ENOMEM;
    }
    int rc = parse(routes, queues, operations, known, diags);
    if (rc != 0) {
        hs_routes_free(routes);
        return rc;
    }
    *ret_routes = routes;
    return 0;
}

int hs_routes_parse(struct hs_str text, const char *name, struct hs_diags *diags,
                    struct hs_routes **ret_routes)
{
    return hs_routes_parse_all(&(struct hs_routes_file){text, name}, NULL, NULL, diags, ret_routes);
}
